"""The lenders' side: draws, accruals, repayments, in the trader's books and in each lender's."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor, split_minor
from domain.network import Role
from domain.terms import PREPAYING, Event, FeeBasis, InterestTaking
from finance.agreed.contract import TRADER, Facility, PlannedDraw, Rank
from finance.agreed.facts import Fact
from finance.books.accruals import Amounts
from finance.books.debt import Debt
from finance.books.order_books import booked
from finance.books.position import Position
from finance.pricing.fees import draw_fees, fee_on_growth, fees_within, principal_for
from finance.pricing.interest import exact_interest
from finance.sides.allowance import set_allowance

LENDER_RANKS = (Rank.PENALTY, Rank.FEE, Rank.INTEREST, Rank.PRINCIPAL)


def lender_entity(lender: str) -> str:
    return f"lender:{lender}"


def grant(position: Position, fact: Fact) -> None:
    """Memo: the undrawn facilities, in the trader's books and in each lender's."""
    for debt in position.debts.values():
        if debt.facility.role is Role.GUARANTEE:
            promise(position, debt, debt.facility.limit_minor, "guarantee_given", fact)
        else:
            memo(position, debt, debt.facility.limit_minor, "facility_granted", fact)


def promise(position: Position, debt: Debt, amount: int, kind: str, fact: Fact) -> None:
    """Memo in the guarantors' books: what they have promised (negative: what they no longer do)."""
    debt.promised += amount
    for lender, part in debt.split(amount).items():
        entity = lender_entity(lender)
        position.post(
            kind,
            fact,
            entity,
            booked(entity, Account.GUARANTEE_GIVEN, Account.GUARANTEE_GIVEN_CONTRA, part),
            debt.id,
        )


def memo(position: Position, debt: Debt, amount: int, kind: str, fact: Fact) -> None:
    """Add to the undrawn memo accounts, or take from them when the amount is negative."""
    if not amount or debt.facility.standby:  # a standby is not promised
        return
    for lender, part in debt.split(amount).items():
        entity = lender_entity(lender)
        postings = [
            *booked(TRADER, Account.UNDRAWN, Account.UNDRAWN_CONTRA, part),
            *booked(entity, Account.UNDRAWN, Account.UNDRAWN_CONTRA, part),
        ]
        position.post(kind, fact, entity, postings, debt.id)


def undrawn(debt: Debt) -> int:
    return 0 if debt.closed or debt.stopped else max(debt.facility.limit_minor - debt.drawn, 0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a draw owes beside the cash it pays out, in minor units."""

    principal: int
    fee: int
    discount: int

    @property
    def cash(self) -> int:
        return self.principal - self.fee - self.discount


def cost_of_draw(position: Position, debt: Debt, cash: int, on: date) -> Cost:
    """What is owed when ``cash`` is to be paid out (for a take-out: when ``cash`` is the principal).

    As the plan has it where the draw is the plan's. Fees on the limit and fixed ones are taken once, by
    the first draw, those on the face once for each face.
    """
    planned = _planned(debt, cash)
    if planned is not None:
        return Cost(planned.principal_minor, planned.fee_minor, planned.discount_minor)
    facility = debt.facility
    once = _fees_once(position, debt, on)
    before = debt.drawn if debt.drawings else None
    advance = _discount_share(position, facility, on)
    if facility.factoring:
        return Cost(cash, once + fees_within(facility.fees, cash, before), round_minor(advance * cash))
    principal = round_minor(principal_for(draw_fees(facility.fees), cash + once, before, advance))
    discount = round_minor(advance * principal)
    return Cost(principal, principal - cash - discount, discount)


def _planned(debt: Debt, cash: int) -> PlannedDraw | None:
    """The plan's next draw of this facility, when this is it."""
    draws, count = debt.facility.draws, len(debt.drawings)
    if count >= len(draws) or not draws[count].cash_minor:
        return None
    wanted = draws[count].principal_minor if debt.facility.factoring else draws[count].cash_minor
    return draws[count] if wanted == cash else None


def _fees_once(position: Position, debt: Debt, on: date) -> int:
    before = debt.face if debt.drawings else None
    bases = {FeeBasis.LIMIT: debt.facility.limit_minor, FeeBasis.FACE: face_of(position, debt, on)}
    total = 0
    for fee in debt.facility.fees:
        if fee.at_repayment or fee.basis is FeeBasis.DRAW:
            continue
        if fee.basis is FeeBasis.FACE or not debt.drawings:
            total += fee_on_growth(fee, before, bases.get(fee.basis, 0))
    return total


def face_of(position: Position, debt: Debt, on: date) -> int:
    """The face that fees are charged on once a draw is made now, in the debt's currency.

    A take-out's grows by what was sold since its last draw and is not paid yet; a loan's is the invoice to
    come, less what the buyer pays before.
    """
    sale = position.contract.sale
    if not debt.facility.factoring:
        before = sum(due.amount_minor for due in sale.payment if due.term.event in PREPAYING)
        return position.foreign.between(sale.gross_minor - before, "", debt.currency, on)
    new = min(position.receivable, position.sales.opened - debt.sold)
    return debt.face + position.foreign.between(max(new, 0), "", debt.currency, on)


def _discount_share(position: Position, facility: Facility, on: date) -> Fraction:
    """Interest kept back when the draw is paid out, as a share of its principal."""
    if facility.price.taken is not InterestTaking.IN_ADVANCE:
        return Fraction(0)
    return exact_interest(facility.price, 1, on, planned_repayment(position, facility) or on)


def draw(position: Position, debt: Debt, cash: int, fact: Fact, absent: Iterable[str] = ()) -> int:
    """Draw so that ``cash`` can be paid out (take-out: ``cash`` is the principal); what reaches the loop."""
    cost = cost_of_draw(position, debt, cash, fact.on)
    amounts = debt.split(cost.principal, absent)
    weights = list(amounts.values()) if cost.principal else [1] * len(amounts)
    for lender, fee, discount in zip(
        amounts, split_minor(cost.fee, weights), split_minor(cost.discount, weights), strict=True
    ):
        _post_draw(position, debt, lender, Cost(amounts[lender], fee, discount), fact)
    headroom = undrawn(debt)
    debt.face, debt.sold = face_of(position, debt, fact.on), position.sales.opened
    debt.draw(amounts, fact.on)
    debt.closed = False  # a draw that a late fact puts after the end is owed all the same
    debt.taken += cost.fee + cost.discount
    _set_fee_life(position, debt, fact.on)
    memo(position, debt, -min(cost.principal, headroom), "drawn", fact)
    return cost.cash


def planned_repayment(position: Position, facility: Facility) -> date | None:
    """The day a facility is expected to be repaid: the invoice's due date, or the event it waits for."""
    if facility.factoring and position.sales.invoices:
        return position.sales.due_on
    return position.expected(facility.repaid_on)


def _set_fee_life(position: Position, debt: Debt, on: date) -> None:
    if debt.fee.life is None:
        end = planned_repayment(position, debt.facility) or on
        debt.fee.life = (on, max(end, on))


def _post_draw(position: Position, debt: Debt, lender: str, cost: Cost, fact: Fact) -> None:
    """One lender's part; a loan's fee is deferred over its life, a factor's is earned at once."""
    accounts, entity = debt.facility.accounts, lender_entity(lender)
    postings = [
        (TRADER, Account.CASH, cost.cash),
        (TRADER, accounts.owed, -cost.principal),
        (entity, accounts.lent, cost.principal),
        (entity, Account.CASH, -cost.cash),
    ]
    if debt.facility.factoring:
        taken = cost.fee + cost.discount
    else:
        taken = cost.discount
        debt.fee.take(lender, cost.fee)
        postings.append((TRADER, Account.DEFERRED_FINANCE_COST, cost.fee))
        postings.append((entity, Account.UNEARNED_FEE, -cost.fee))
    postings += [(TRADER, accounts.cost, taken), (entity, accounts.income, -taken)]
    position.post("draw", fact, entity, postings, debt.id)


def accrue(position: Position, debt: Debt, fact: Fact) -> None:
    """Post interest, late charges, tax and earned fees up to ``on``; only what was not posted before."""
    if debt.released:
        return
    own = debt.facility.accounts
    end = fact.on if debt.struck_on is None else min(fact.on, debt.struck_on)
    parts = [(day, debt.accrue(day)) for day in _accrual_days(position, debt, end)]
    for kind, accounts in (
        ("interest", (own.cost, own.income)),
        ("late_charge", (Account.LATE_CHARGE, Account.LATE_CHARGE_INCOME)),
        ("fee", (Account.LENDER_FEE, Account.FEE_INCOME)),
        ("tax_on_finance", (Account.TAX_ON_FINANCE, Account.OUTPUT_TAX)),
    ):
        _post_accrual(position, debt, kind, [(day, one.get(kind, {})) for day, one in parts], accounts, fact)
    _post_fee_earned(position, debt, debt.fee.earn(fact.on, entirely=debt.closed), fact)


def _accrual_days(position: Position, debt: Debt, end: date) -> list[date]:
    """The days up to which a debt is accrued one after another: for one in another currency also the days
    on which its rate changed, since each part is worth what the rate of its time says."""
    days = [end]
    since = debt.accruals.up_to or min((drawing.on for drawing in debt.drawings), default=end)
    if position.currency_of(debt.id):
        days = [*position.foreign.changes(debt.currency, since, end), end]
    debt.accruals.up_to = max(since, end)
    return days


def _post_accrual(
    position: Position,
    debt: Debt,
    kind: str,
    parts: list[tuple[date, Amounts]],
    accounts: tuple[str, str],
    fact: Fact,
) -> None:
    own = debt.facility.accounts
    for lender in dict.fromkeys(lender for _, amounts in parts for lender in amounts):
        entity = lender_entity(lender)
        added = [(day, amounts.get(lender, 0)) for day, amounts in parts]
        amount = sum(part for _, part in added)
        worth = None
        if position.currency_of(debt.id):
            owed = [(day, -part) for day, part in added]
            place = own.payable, debt.currency, debt.id, f"{kind}/{lender}"
            worth = position.foreign.accrual_worth(*place, owed)
        postings = [
            *booked(TRADER, accounts[0], own.payable, amount),
            *booked(entity, own.receivable, accounts[1], amount),
        ]
        position.post(kind, fact, entity, postings, debt.id, worth=worth)


def _post_fee_earned(position: Position, debt: Debt, amounts: Amounts, fact: Fact) -> None:
    for lender, amount in amounts.items():
        entity = lender_entity(lender)
        postings = [
            *booked(TRADER, Account.LENDER_FEE, Account.DEFERRED_FINANCE_COST, amount),
            *booked(entity, Account.UNEARNED_FEE, Account.FEE_INCOME, amount),
        ]
        position.post("fee_earned", fact, entity, postings, debt.id)


def repay(
    position: Position, debt: Debt, available: int, fact: Fact, ranks: Sequence[Rank] = LENDER_RANKS
) -> int:
    """Pay a debt from the loop, up to ``available``, class by class; what was paid."""
    if not debt.drawings or debt.released:
        return 0
    accrue(position, debt, fact)
    left = available
    paid: dict[Rank, Amounts] = {}
    for rank in ranks:
        paid[rank] = debt.pay(rank, left, fact.on)
        left -= sum(paid[rank].values())
    _post_repayment(position, debt, paid, fact)
    if not debt.claim:
        close(position, debt, fact)
    return available - left


def _post_repayment(position: Position, debt: Debt, paid: dict[Rank, Amounts], fact: Fact) -> None:
    lent, owed, receivable, payable, *_ = debt.facility.accounts
    for lender in debt.lenders():
        principal = paid.get(Rank.PRINCIPAL, {}).get(lender, 0)
        total = sum(amounts.get(lender, 0) for amounts in paid.values())
        entity = lender_entity(lender)
        postings = [
            (TRADER, owed, principal),
            (TRADER, payable, total - principal),
            (TRADER, Account.CASH, -total),
            (entity, Account.CASH, total),
            (entity, lent, -principal),
            (entity, receivable, principal - total),
        ]
        position.post("repayment", fact, entity, postings, debt.id)


def close(position: Position, debt: Debt, fact: Fact) -> None:
    """The facility has done its work: the rest of its fee is earned, what was undrawn is released."""
    if debt.closed:
        return
    if debt.promised:
        promise(position, debt, -debt.promised, "guarantee_released", fact)
    rest = 0 if debt.facility.role is Role.GUARANTEE else undrawn(debt)
    debt.closed = True
    set_allowance(position, debt, 0, fact)
    memo(position, debt, -rest, "facility_released", fact)
    _post_fee_earned(position, debt, debt.fee.earn(fact.on, entirely=True), fact)


def stop(position: Position, debt: Debt, fact: Fact) -> None:
    """Nothing more is drawn; what is owed stays owed."""
    rest = 0 if debt.facility.role is Role.GUARANTEE else undrawn(debt)
    debt.stopped = True
    memo(position, debt, -rest, "facility_released", fact)
    if not debt.claim:
        close(position, debt, fact)


def is_foreign(position: Position, debt: Debt) -> bool:
    """Whether the debt is in another currency than the order: then only money that somebody has changed
    repays it."""
    return bool(position.currency_of(debt.id))


def sweepable(position: Position, debt: Debt, available: int) -> int:
    """What of the order's money may repay a debt without anybody changing it: ``available`` where both are
    in one currency, else what the account holds in the debt's."""
    if not is_foreign(position, debt):
        return max(available, 0)
    return max(position.cash_in(debt.currency), 0)


def due_at_funding(debt: Debt) -> bool:
    return debt.facility.repaid_on is Event.FUNDING and not debt.facility.factoring


def charge(position: Position, debt: Debt, amount: int, fact: Fact) -> None:
    """A guarantee's fee is paid from the loop; tax on it is part of it."""
    tax = amount - round_minor(Fraction(amount) / (1 + debt.facility.tax_rate))
    for lender, part in debt.split(amount).items():
        entity, taxed = lender_entity(lender), round_minor(Fraction(part * tax, amount)) if amount else 0
        postings = [
            (TRADER, Account.LENDER_FEE, part - taxed),
            (TRADER, Account.TAX_ON_FINANCE, taxed),
            (TRADER, Account.CASH, -part),
            (entity, Account.CASH, part),
            (entity, Account.FEE_INCOME, taxed - part),
            (entity, Account.OUTPUT_TAX, -taxed),
        ]
        position.post("guarantee_fee", fact, entity, postings, debt.id)


def waits_for_buyer(position: Position, facility: Facility) -> bool:
    """Whether the buyer's payment repays it; a standby is drawn late by its nature and has no due date."""
    if facility.role is not Role.PRE_SHIPMENT:
        return facility.factoring
    own = facility.repaid_on
    return own is Event.BUYER_PAYMENT or (own is Event.FUNDING and position.take_out() is None)


def set_due_dates(position: Position) -> None:
    """Grace counts from the invoice's due date where the buyer's payment repays, else from a tenor's end."""
    for debt in position.debts.values():
        if not debt.drawings:
            continue
        if waits_for_buyer(position, debt.facility):
            debt.due_on = position.sales.due_on
        elif debt.facility.tenor_days is not None:
            first = min(drawing.on for drawing in debt.drawings)
            debt.due_on = first + timedelta(days=debt.facility.tenor_days)


def sell(position: Position, debt: Debt, seller: str, buyer: str, price: int | None, fact: Fact) -> None:
    """A lender's place changes hands at ``price`` (None: what it is owed); the rest is gain or loss."""
    lent, owed, receivable, payable, *_ = debt.facility.accounts
    principal = debt.owed_to(seller, Rank.PRINCIPAL)
    income = debt.income_owed_to(seller)
    paid = principal + income if price is None else price
    old, new = lender_entity(seller), lender_entity(buyer)
    gain = paid - principal - income
    postings = [
        (TRADER, owed, principal),
        (TRADER, payable, income),
        (TRADER, owed, -principal),
        (TRADER, payable, -income),
        (old, Account.CASH, paid),
        (old, lent, -principal),
        (old, receivable, -income),
        (old, Account.RECOVERY, -gain),
        (new, Account.CASH, -paid),
        (new, lent, principal),
        (new, receivable, income),
        (new, Account.RECOVERY, gain),
    ]
    position.post("participation_sold", fact, old, postings, debt.id)
    for account, other, amount in (
        (Account.UNEARNED_FEE, Account.FEE_INCOME, debt.fee.unearned(seller)),
        (Account.ALLOWANCE, Account.IMPAIRMENT, debt.allowance.get(seller, 0)),
    ):
        moved = (*booked(old, account, other, amount), *booked(new, account, other, -amount))
        position.post("participation_moved", fact, old, moved, debt.id)
    debt.transfer(seller, buyer)
