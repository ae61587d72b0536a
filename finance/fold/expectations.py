"""What is expected to happen next as planned: the facts a practice ledger assumes on their dates.

What has been stated is never assumed again: each expectation counts everything recorded for the order,
also what is recorded for a later day.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from domain.accounts import Account
from domain.exchange import converted, converted_up
from domain.network import DrawRule, Role
from domain.states import ENDED, OrderState
from domain.terms import Event
from finance.agreed.contract import BUYER, TAX, Contract, Due
from finance.agreed.facts import PHASE, Fact, FactKind, fact_id, standing
from finance.books.booking_account import BookingAccount
from finance.books.debt import Debt
from finance.books.position import OWN_EVENTS, Position
from finance.fold.handlers import currency_of_payee, take_out_amount
from finance.fold.stops import stops
from finance.sides.amendment import contract_in_force
from finance.sides.creditors import creditors
from finance.sides.lenders import cost_of_draw, due_at_funding, is_foreign, undrawn
from finance.sides.taxes import tax_due_on, tax_with_surcharge

ORDER_EVENTS = (Event.PRODUCTION_END, Event.INSPECTION, Event.DELIVERY, Event.INVOICE)
BY = "as planned"
STILL = frozenset({FactKind.ADVANCED, FactKind.REVALUATION, FactKind.STAGE, FactKind.CONFIRMATION})
"""Facts that leave no debt: an order may be settled on a day before one of them."""
ROUNDED = 3
"""Minor units by which draws one after another may round up beyond the plan's one draw of the day."""


class Expectations:
    """Callable as the fold's ``assume``: the earliest thing that the plan expects and nobody stated."""

    def __init__(
        self, contract: Contract, facts: Sequence[Fact], after: date | None = None, *, stopped: bool = False
    ) -> None:
        """``after``: nothing is expected up to that day, so what was due then comes later. ``stopped``: the
        ledger knows of something, beside the facts, that somebody has to decide on first."""
        facts = standing(facts)
        self.contract = contract = contract_in_force(contract, facts)
        self._after = after
        self._stopped = stopped
        self._own = own_milestones(contract)
        self._numbers = count(1 + max((fact.sequence for fact in facts), default=0))
        self._names = {fact.id for fact in facts}
        self._stated: set[str] = set()
        self._paid: dict[str, int] = defaultdict(int)
        self._draws: dict[str, int] = defaultdict(int)
        self._received = 0
        self._receipt_on: date | None = None
        self._taxes = 0
        moving = (fact.on for fact in facts if fact.kind not in STILL)
        self._stated_until = max(moving, default=contract.accepted_on)
        for fact in facts:
            self._note(fact)

    def _note(self, fact: Fact) -> None:
        """Remember what was stated, so that it is not expected again."""
        if fact.kind is FactKind.MILESTONE:
            booking = fact.text("booking")
            self._stated.add(f"{fact.text('name')}/{booking}" if booking else fact.text("name"))
        elif fact.kind is FactKind.RECEIPT and fact.data.get("unknown") is not True:
            self._received += fact.minor("amount") or 0
            if not fact.assumed:
                self._receipt_on = max(fact.on, self._receipt_on or fact.on)
        elif fact.kind is FactKind.PAYMENT:
            self._paid[fact.text("payee")] += fact.minor("amount") or 0
            self._taxes += fact.text("payee") == TAX
        elif fact.kind is FactKind.DRAW:
            self._draws[fact.text("facility")] += 1
            for payee, amount, _ in fact.payees:
                self._paid[payee] += amount
                self._taxes += payee == TAX
        else:
            self._stated.add(fact.kind.value)

    def __call__(self, position: Position, today: date) -> Fact | None:
        """The earliest expectation not before ``today``; it counts as stated from now on."""
        if position.frozen or position.state in ENDED or position.state is OrderState.DEFAULTED:
            return None  # an order that went wrong is for people to state
        if self._stopped or stops(position):
            return None  # what was stated is for people to decide on
        if self._after is not None:
            today = max(today, self._after)
        best: tuple[tuple[date, int], FactKind, dict[str, Any]] | None = None
        for day, kind, data in self._expected(position, today):
            place = max(day, today), PHASE[kind]
            if best is None or place < best[0]:
                best = place, kind, data
        if best is None:
            return None
        (day, _), kind, data = best
        return Fact(kind, day, "", by=BY, evidence="plan", assumed=True, data=data)

    def taken(self, fact: Fact) -> Fact:
        """The assumption with its id, now that the fold takes it."""
        self._note(fact)
        name = fact_id(fact.kind, fact.on, fact.data)
        while name in self._names:
            name += "+"
        self._names.add(name)
        return replace(fact, id=name, sequence=next(self._numbers))

    def _expected(self, position: Position, today: date) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        yield from self._milestones(position)
        yield from self._take_outs(position)
        yield from self._planned_draws(position)
        yield from self._receipts(position)
        yield from self._changed_repayments(position, today)
        yield from self._payments(position, today)
        yield from self._repayments(position, today)
        yield from self._tax(position, today)
        if self._complete(position, today):
            yield max(today, self._stated_until), FactKind.SETTLED, {}

    def _slip(self, position: Position) -> timedelta:
        """How late the latest milestone came against the plan; what follows moves with it."""
        slips = [
            position.happened[event] - self.contract.events[event]
            for event in ORDER_EVENTS
            if event in position.happened and event in self.contract.events
        ]
        return max([*slips[-1:], timedelta(0)])

    def _milestones(self, position: Position) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        slip = self._slip(position)
        for event in ORDER_EVENTS:
            planned = self.contract.events.get(event)
            if planned is None or event in position.happened:
                continue
            if event in self._stated:
                break  # stated for a later day: what comes after it waits for it
            if event is not Event.INVOICE:
                yield planned + slip, FactKind.MILESTONE, {"name": event.value}
            elif Event.DELIVERY in position.happened:
                yield planned + slip, FactKind.INVOICE, {}
            break
        yield from self._own_milestones(position, slip)
        if Event.DELIVERY in position.happened and not position.sales.complete and not self._open_delivery():
            planned = self.contract.events[Event.DELIVERY]
            yield planned + slip, FactKind.MILESTONE, {"name": Event.DELIVERY.value}

    def _open_delivery(self) -> bool:
        """Whether somebody states deliveries in parts; then the rest is theirs to state."""
        return Event.DELIVERY in self._stated

    def _own_milestones(
        self, position: Position, slip: timedelta
    ) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        happened, stated = position.happened, self._stated
        for booking, event, name, planned in self._own:
            account = position.accounts.get(booking)
            if name in happened or name in stated or account is None or account.ended:
                continue
            yield planned + slip, FactKind.MILESTONE, {"name": event.value, "booking": booking}

    def _take_outs(self, position: Position) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        debt = position.take_out()
        if debt is None or debt.facility.standby or not position.sales.complete:
            return
        count, full = self._draws[debt.id], debt.facility.draw is DrawRule.FULL
        if not full and count >= len(debt.facility.draws):
            return  # the plan takes no more than it needs
        if count and (full or not 0 < count < len(debt.facility.draws)):
            return
        start = position.happened.get(debt.facility.available_from)
        amount = take_out_amount(position, debt)
        if start is None or amount <= 0:
            return
        if not full and debt.facility.draws:
            amount = min(amount, debt.facility.draws[count].principal_minor)
        day = self.contract.calendar.roll(start + timedelta(days=debt.facility.available_days))
        if debt.facility.draws and start == self.contract.events.get(debt.facility.available_from):
            day = debt.facility.draws[count].on
        yield day, FactKind.DRAW, {"facility": debt.id, "amount": str(amount)}

    def _planned_draws(self, position: Position) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        """Draws of a facility that is not drawn payment by payment: on the plan's dates, of its amounts."""
        for debt in position.debts.values():
            facility = debt.facility
            if facility.role is not Role.PRE_SHIPMENT or facility.draw is DrawRule.NEED or facility.standby:
                continue
            for draw in facility.draws[self._draws[facility.id] : self._draws[facility.id] + 1]:
                payees = [[name, str(amount)] for name, amount in draw.payees]
                for payee, cost in zip(payees, draw.costs, strict=False):
                    payee += [str(cost)] if currency_of_payee(position, payee[0]) else []
                data = {"facility": facility.id, "payees": payees, "amount": str(draw.cash_minor)}
                yield draw.on + self._slip(position), FactKind.DRAW, data

    def _receipts(self, position: Position) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        if position.insolvent_on is not None:
            return
        due_so_far = 0
        withheld = position.sales.credited + position.books.own(Account.DISPUTED)
        if position.sales.closed_short:
            withheld += self.contract.sale.gross_minor - position.sales.gross
        for due in sorted(self.contract.sale.payment, key=lambda one: one.planned_on):
            day = self._buyer_due(position, due)
            if day is None:
                return
            due_so_far += due.amount_minor
            open_amount = due_so_far - withheld - self._received
            if open_amount > 0 and self._receipt_on is not None and self._receipt_on >= day:
                return  # the buyer pays in its own way: the rest is for somebody to state
            if open_amount > 0:
                yield day, FactKind.RECEIPT, {"amount": str(open_amount), "from": BUYER}
                return

    def _buyer_due(self, position: Position, due: Due) -> date | None:
        if due.term.event in (Event.INVOICE, Event.DELIVERY) and len(position.sales.invoices) > 1:
            return position.sales.due_on
        return position.due_date(due)

    def _repayments(self, position: Position, today: date) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        """A loan that is repaid on an event of the goods is repaid from the loop on its day."""
        for debt in position.debts.values():
            event = debt.facility.repaid_on
            if event in (Event.FUNDING, Event.BUYER_PAYMENT) or not debt.principal or position.cash <= 0:
                continue
            if is_foreign(position, debt):
                continue
            day = position.happened.get(event)
            if day is not None:
                yield max(day, today), FactKind.PAYMENT, {"payee": debt.id}

    def _payments(self, position: Position, today: date) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        """The payments of the next due day: from the loop while it can, the rest of the day in one draw."""
        dues: list[tuple[date, str, int, int]] = []
        for account in position.accounts.values():
            found = self._next_due(position, account)
            if found is not None:
                dues.append((max(found[0], today), account.booking.id, *found[1:]))
        for facility in self.contract.facilities:
            due_so_far = 0
            for charge in facility.charges:
                due_so_far += charge.amount_minor
                if due_so_far > self._paid[facility.id]:
                    left = due_so_far - self._paid[facility.id]
                    dues.append((max(charge.on, today), facility.id, left, charge.amount_minor - left))
                    break
        if not dues:
            return
        first = min(day for day, *_ in dues)
        yield from self._settle_day(
            position, first, [(payee, left, before) for day, payee, left, before in dues if day == first]
        )

    def _changed_repayments(
        self, position: Position, today: date
    ) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        """A loan in another currency is repaid on its day with money that is changed for it."""
        for debt in position.debts.values():
            day = position.happened.get(debt.facility.repaid_on)
            if day is None or not is_foreign(position, debt) or not debt.claim:
                continue
            day = max(day, today)
            amount = claim_on(debt, day)
            cost = cost_of(position, debt.currency, amount)
            if position.cash >= cost:
                yield day, FactKind.PAYMENT, _payment(debt.id, amount, cost)

    def _settle_day(
        self, position: Position, day: date, dues: list[tuple[str, int, int]]
    ) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        """``dues`` are payee, amount, and what of the same instalment was paid before: what an instalment
        costs in the order's currency is rounded once, whatever parts it is paid in."""
        cash = max(position.cash, 0)
        needs: list[DrawNeed] = []
        for payee, amount, before in sorted(dues, key=lambda due: bool(currency_of_payee(position, due[0]))):
            currency = currency_of_payee(position, payee)
            cost = cost_of(position, currency, before + amount) - cost_of(position, currency, before)
            if not needs and cash >= cost:
                yield day, FactKind.PAYMENT, _payment(payee, amount, cost if currency else None)
                return
            by_cash = affordable(position, currency, cash)
            cash = 0
            rest = amount - by_cash
            needs.append(DrawNeed(payee, currency, rest, cost - cost_of(position, currency, by_cash)))
        taxes = self._taxes_on(position, day)
        found = self._source(position, [*needs, DrawNeed(TAX, "", taxes, taxes)] if taxes else needs, day)
        if found is not None:
            debt, payees = found
            yield day, FactKind.DRAW, _drawn(position, debt, payees)

    def _taxes_on(self, position: Position, day: date) -> int:
        """What the tax office gets on the same day: it is drawn together with the rest."""
        if self._tax_is_stated(position) or tax_due_on(position) != day:
            return 0
        return tax_with_surcharge(position, day)

    def _tax_is_stated(self, position: Position) -> bool:
        """Whether somebody states a payment of tax that is still to come."""
        return self._taxes > position.tax.payments

    def _next_due(self, position: Position, account: BookingAccount) -> tuple[date, int, int] | None:
        """The first instalment of a booking that nothing stated pays: day, open amount, paid of it."""
        paid = self._paid[account.booking.id]
        if account.ended:
            return None
        due_so_far = 0
        dated = [(position.due_date(due, account.booking), due.amount_minor) for due in account.booking.dues]
        dated.append((position.fees_due(account), account.fees))
        for day, amount in sorted((day, amount) for day, amount in dated if day is not None):
            due_so_far += amount
            if due_so_far > paid:
                left = due_so_far - paid
                return day, left, amount - left
        return None

    def _source(
        self, position: Position, needs: list["DrawNeed"], day: date
    ) -> tuple[Debt, list[list[str]]] | None:
        """What may still be drawn for payments, and whom that pays: the first facility that holds all, else
        what the first of several gives that hold it together."""
        for debt in self._sources(position):
            payees, cash = drawn_for_needs(position, debt, needs)
            over = cost_of_draw(position, debt, cash, day).principal - undrawn(debt)
            if over > 0 and over <= ROUNDED and len(payees[-1]) > 2:
                # what is sold was rounded up once more than the plan did, which made it one draw
                payees[-1][2] = str(int(payees[-1][2]) - over)
                over = cost_of_draw(position, debt, cash - over, day).principal - undrawn(debt)
            if over <= 0:
                return debt, payees
        return self._first_of_several(position, needs, day)

    def _sources(self, position: Position) -> Iterator[Debt]:
        """Pre-shipment before the take-out, then contingencies, in the order of the contract."""
        for role in (Role.PRE_SHIPMENT, Role.CONTINGENCY):
            for facility in self.contract.of_role(role):
                debt = position.debts[facility.id]
                if role is Role.CONTINGENCY or self._open(position, debt):
                    yield debt

    def _first_of_several(
        self, position: Position, needs: list["DrawNeed"], day: date
    ) -> tuple[Debt, list[list[str]]] | None:
        """The part of the first facility where several cover a day together; the rest of the day follows.

        Only in the order's own currency: what changes money is one draw.
        """
        if any(need.currency for need in needs):
            return None
        wanted = left = sum(need.cost for need in needs)
        first: Debt | None = None
        for debt in self._sources(position):
            most = 0 if debt.currency else min(most_cash(position, debt, day, wanted), left)
            left -= most
            if most > 0 and first is None:
                first, given = debt, most
        if left > 0 or first is None:
            return None
        return first, _payees_within(needs, given)

    def _open(self, position: Position, debt: Debt) -> bool:
        if debt.closed or debt.facility.draw is not DrawRule.NEED or debt.facility.standby:
            return False
        return not (due_at_funding(debt) and Event.FUNDING in position.happened)

    def _tax(self, position: Position, today: date) -> Iterator[tuple[date, FactKind, dict[str, Any]]]:
        day = tax_due_on(position)
        if day is None or self._tax_is_stated(position):
            return
        amount = tax_with_surcharge(position, max(day, today))
        if position.cash >= amount:
            yield max(day, today), FactKind.PAYMENT, {"payee": TAX}
            return
        missing = amount - position.cash
        found = self._source(position, [DrawNeed(TAX, "", missing, missing)], day)
        if found is not None and day >= today:
            yield max(day, today), FactKind.DRAW, _drawn(position, *found)

    def _complete(self, position: Position, today: date) -> bool:
        """Whether everybody was paid and nothing is open: the order can be settled."""
        if position.state is not OrderState.PAID or "settled" in self._stated:
            return False
        if any(debt.claim for debt in position.debts.values()):
            return False
        books = position.books
        if books.own(Account.PROVIDER_CLAIM) or position.foreign.owed():
            return False
        if not all(account.ended or account.billed_share == 1 for account in position.accounts.values()):
            return False
        taxed = any(books.own(code) for code in (Account.OUTPUT_TAX, Account.INPUT_TAX, Account.TAX_CREDIT))
        if taxed and tax_due_on(position) is not None:
            return False
        return not creditors(position, today)


@dataclass(frozen=True, slots=True)
class DrawNeed:
    """A payment to be drawn for: the amount in the payee's currency and what the plan has it cost."""

    payee: str
    currency: str
    amount: int
    cost: int


def drawn_for_needs(position: Position, debt: Debt, needs: list[DrawNeed]) -> tuple[list[list[str]], int]:
    """Whom a draw pays and the cash it takes, in the facility's currency; what is sold for other
    currencies is rounded up once for the whole draw."""
    payees: list[list[str]] = []
    direct = sold_for = sold = 0
    for need in needs:
        if need.currency == position.currency_of(debt.id):
            payees.append([need.payee, str(need.amount)])
            direct += need.amount
            continue
        sold_for += need.cost
        total = bringing(position, debt.currency, sold_for)
        payees.append([need.payee, str(need.amount), str(total - sold)])
        sold = total
    return payees, direct + sold


def _payees_within(needs: list[DrawNeed], cash: int) -> list[list[str]]:
    """Whom so much cash pays, in the order of the needs; the last one in part."""
    payees = []
    for need in needs:
        if cash > 0:
            payees.append([need.payee, str(min(need.amount, cash))])
        cash -= need.amount
    return payees


def most_cash(position: Position, debt: Debt, day: date, wanted: int) -> int:
    """The most that a facility still pays out in one draw, up to ``wanted``: the plan's next draw where
    that is what is left, else as much as its limit holds with what the draw costs."""
    free, count = undrawn(debt), len(debt.drawings)
    planned = debt.facility.draws[count].cash_minor if count < len(debt.facility.draws) else 0
    if 0 < planned <= wanted and cost_of_draw(position, debt, planned, day).principal == free:
        return planned
    least, most = 0, min(wanted, free)
    while least < most:
        middle = (least + most + 1) // 2
        if cost_of_draw(position, debt, middle, day).principal <= free:
            least = middle
        else:
            most = middle - 1
    return least


def _drawn(position: Position, debt: Debt, payees: list[list[str]]) -> dict[str, Any]:
    """A draw as it is stated; what the tax office gets goes through the account where no money is changed."""
    if is_foreign(position, debt):
        return {"facility": debt.id, "payees": payees}
    named = [payee for payee in payees if payee[0] != TAX]
    data: dict[str, Any] = {"facility": debt.id, "payees": named}
    if named != payees:
        data["amount"] = str(sum(int(payee[-1]) for payee in payees))
    return data


def cost_of(position: Position, currency: str, amount: int) -> int:
    """What an amount of a payee's currency is planned to cost of the order's own."""
    dealing = position.contract.dealing(currency)
    return converted(amount, dealing.buy) if dealing is not None else amount


def affordable(position: Position, currency: str, cash: int) -> int:
    """How much of a currency so much of the order's own buys as planned, rounded down."""
    dealing = position.contract.dealing(currency)
    return cash if dealing is None else int(cash / dealing.buy)


def bringing(position: Position, currency: str, wanted: int) -> int:
    """How much of a lender's currency must be sold to bring so much of the order's own, rounded up."""
    dealing = position.contract.dealing(currency)
    return wanted if dealing is None else converted_up(wanted, 1 / dealing.sell)


def _payment(payee: str, amount: int, cost: int | None) -> dict[str, Any]:
    data = {"payee": payee, "amount": str(amount)}
    return data if cost is None else {**data, "cost": str(cost)}


def claim_on(debt: Debt, day: date) -> int:
    """All that a debt comes to on a day, without touching it."""
    ahead = deepcopy(debt)
    ahead.accrue(day)
    return ahead.claim


def own_milestones(contract: Contract) -> list[tuple[str, Event, str, date]]:
    """The events of single bookings that something waits for: booking, event, its name, the plan's date."""
    found = []
    for booking in contract.bookings:
        needed = {due.term.event for due in booking.dues} | {booking.bill_on}
        for event in OWN_EVENTS:
            if event in needed:
                planned = booking.starts_on if event is Event.DEPARTURE else booking.ends_on
                found.append((booking.id, event, f"{event.value}/{booking.id}", planned))
    return found
