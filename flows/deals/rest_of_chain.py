"""The rest of an order's chain planned again without the firms that failed, tested like every plan.

What has begun stays as it was agreed, what the lenders have paid out stays with them, and what guarantors of
prepayments owe is counted on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from domain.money import format_minor, round_minor, split_minor
from domain.network import FinanceProduct, Network, Role
from domain.plan import Certificate, FacilityPlan, Plan, PlanLeg, ShareOf
from domain.terms import Event
from finance.agreed.contract import NETWORK, Booking, Contract, Facility, PlannedDraw
from finance.books.booking_account import BookingAccount
from finance.books.position import Position
from finance.sides.lenders import due_at_funding
from flows.books.order_book import OrderBook
from flows.books.record import fold_at
from flows.credit.contract import contract_of
from flows.credit.refusals import refusals_of
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.availability import LedgerAvailability
from flows.plans.recorded_plan import current_plan, known_as
from routing.offers.situation import Situation
from routing.plans.choose import choose, others

ROUNDS = 6
LOOKED_AT = 60


@dataclass
class RemainingChain:
    """One order whose chain is planned again without the firms that failed."""

    session: Session
    known: Placed
    book: OrderBook
    position: Position
    on: date
    without: frozenset[str]
    reasons: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def plan(self) -> Plan | None:
        """The best plan that passes with what is owed from before, and whose lenders agree."""
        while True:
            found = self._settled()
            if found is None:
                return None
            if not self._covered(found):
                return None
            whole = self._with_what_is_out(found)
            refusals = refusals_of(self.session, self.known, whole, self.on)
            if not refusals:
                return whole
            for product, some in refusals.items():
                self.refused.add(product)
                self.reasons += [f"{lender} ({product}): {reason.text}" for lender, reason in some]

    def _settled(self) -> Plan | None:
        """Plan until what is carried over is what the plan itself makes of it."""
        carried: tuple[tuple[Event, int], ...] = ()
        for _ in range(ROUNDS):
            found = self._once(carried)
            if found is None:
                return None
            owed = self._owed_from_before(found)
            if owed == carried:
                return found
            carried = owed
        self.reasons.append("what is owed from before changes the dates again and again")
        return None

    def _once(self, carried: tuple[tuple[Event, int], ...]) -> Plan | None:
        network = self._network(carried)
        begun = self._begun()
        if not begun:
            if (same := self._keeping(network)) is not None:
                return same
            found = choose(self._situation(network, self.on), repairs=False)
            if isinstance(found, Plan):
                return found
            self._explain(found)
            return None
        return self._around(begun, network)

    def _keeping(self, network: Network) -> Plan | None:
        """The best plan in which every slot that is still held is used as it is; None when there is none."""
        held = {
            _slots(leg)
            for leg in current_plan(self.session.ledger, self.known.id).legs
            if leg.provider not in self.without
        }
        situation = self._situation(network, self.on)
        for other in others(situation, limit=LOOKED_AT, per_chain=LOOKED_AT):
            if held <= {_slots(leg) for leg in other.brief.legs}:
                return other.whole()
        return None

    def _situation(self, network: Network, on: date) -> Situation:
        return Situation(known_as(self.known), network, self.session.policy, on, self._free())

    def _explain(self, found: Certificate) -> None:
        told = format_minor(found.gap_minor, found.currency, grouped=True)
        gap = f": {told} {found.currency} are missing" if found.gap_minor else ""
        self.reasons.append(f"{found.reason}{gap}")
        self.reasons += [f"{one.subject}: {one.reason}" for one in found.refusals[:5]]

    @property
    def guaranteed(self) -> int:
        """What guarantors still have to pay the lenders for prepayments to firms that failed."""
        return sum(
            round_minor(account.booking.deposit_guarantee * max(account.claimed - account.refunded, 0))
            for account in self.position.accounts.values()
            if account.failed
        )

    def _around(self, begun: Sequence[Booking], network: Network) -> Plan | None:
        """The chain as it was planned, with another firm in place of the one that failed."""
        old = current_plan(self.session.ledger, self.known.id)
        situation = self._situation(network, old.planned_on)
        for other in others(situation, limit=LOOKED_AT, per_chain=LOOKED_AT):
            if _keeps(other.brief, begun) and self._in_time(other.brief, begun):
                return other.whole()
        self.reasons.append("no other firm can step in between what has begun and the day of delivery")
        return None

    def _in_time(self, plan: Plan, begun: Sequence[Booking]) -> bool:
        """Whether nothing new would have to begin in the past."""
        known = {_course(booking.entity, booking.starts_on, booking.ends_on) for booking in begun}
        return all(
            leg.starts_on >= self.on
            or _course(f"provider:{leg.provider}", leg.starts_on, leg.ends_on) in known
            for leg in plan.legs
        )

    def _begun(self) -> list[Booking]:
        """Bookings that go on: paid or billed in part, or under way."""
        return [
            account.booking
            for account in self.position.accounts.values()
            if account.booking.entity != NETWORK and not account.ended and self._has_begun(account)
        ]

    def _has_begun(self, account: BookingAccount) -> bool:
        return bool(account.paid or account.billed_share or account.booking.starts_on < self.on)

    def _network(self, carried: tuple[tuple[Event, int], ...]) -> Network:
        network = self.session.network
        return replace(
            network,
            providers=tuple(one for one in network.providers if one.id not in self.without),
            products=tuple(self._remaining(one) for one in network.products if one.id not in self.refused),
            carried=carried,
        )

    def _remaining(self, product: FinanceProduct) -> FinanceProduct:
        """The product with what of its ceiling is still to be had."""
        debt = self.position.debts.get(product.id)
        if debt is None or not debt.drawn or self._begun():
            return product
        old = current_plan(self.session.ledger, self.known.id)
        ceilings = [one.ceiling_minor for one in old.facilities if one.product == product.id]
        out = max(debt.principal - self.guaranteed, 0)
        left = max(max(ceilings, default=debt.facility.limit_minor) - out, 0)
        return replace(product, limit_minor=min(left, product.limit_minor or left))

    def _free(self) -> LedgerAvailability:
        """What is free to this order: what it holds itself is."""
        free = LedgerAvailability(self.session.ledger)
        for hold in self.session.ledger.holds(self.known.id):
            free.claim((line.resource, line.period, -line.quantity) for line in hold.lines)
        return free

    def _owed_from_before(self, plan: Plan) -> tuple[tuple[Event, int], ...]:
        """By event: money that the plan counts on and that is spent already, and loans beyond its own."""
        seen = sum(
            flow.amount_minor for flow in plan.flows if flow.on <= self.on and flow.counterparty != "before"
        )
        missing = max(seen - self.position.cash, 0)
        funding = plan.events.get(Event.FUNDING.value, self.on)
        folded = fold_at(self.book, max(funding, self.on))
        debts = [debt for debt in folded.position.debts.values() if due_at_funding(debt) and debt.claim]
        planned = sum(
            draw.principal_minor
            for one in plan.facilities
            if one.role is Role.PRE_SHIPMENT
            for draw in one.draws
            if draw.on <= self.on
        )
        principal = sum(debt.principal for debt in debts)
        claim = sum(debt.claim for debt in debts)
        beyond = max(principal - planned, 0)
        over = round_minor(Fraction(claim * beyond, principal)) if principal else 0
        over = max(over - self.guaranteed, 0)
        fees = self._fees_open()
        owed = ((Event.BOOKING, missing), (Event.FUNDING, over), (Event.BUYER_PAYMENT, fees))
        return tuple((event, amount) for event, amount in owed if amount)

    def _fees_open(self) -> int:
        """What firms are still owed for what was called off or given back."""
        home = (one for one in self.position.accounts.values() if not one.currency)
        return sum(one.payable if one.ended else max(one.fees - one.paid, 0) for one in home)

    def _covered(self, plan: Plan) -> bool:
        """The take-out must cover the new loan together with the old one."""
        before = sum(-flow.amount_minor for flow in plan.flows if flow.counterparty == "before")
        own = sum(one.repaid_minor for one in plan.facilities if one.role is Role.PRE_SHIPMENT)
        paid = sum(
            draw.cash_minor for one in plan.facilities if one.role is Role.TAKE_OUT for draw in one.draws
        )
        least = self.session.policy.cover_minimum
        if not own + before or not paid or Fraction(paid, own + before) >= least:
            return True
        cover = float(Fraction(paid, own + before))
        self.reasons.append(
            f"the take-out covers {cover:.4f} of the loans it repays, with what is owed from before;"
            f" at least {float(least):.4f} is asked"
        )
        return False

    def _with_what_is_out(self, plan: Plan) -> Plan:
        """Limits include what is drawn already, so that the credit held is what is owed and to come."""
        if self._begun():
            return plan
        return replace(plan, facilities=tuple(self._enlarged(one) for one in plan.facilities))

    def _enlarged(self, facility: FacilityPlan) -> FacilityPlan:
        debt = self.position.debts.get(facility.product)
        if debt is None or not debt.drawn or facility.standby:
            return facility
        limit = facility.limit_minor + debt.drawn
        amounts = split_minor(limit, [share.share for share in facility.shares]) if facility.shares else []
        shares = tuple(
            ShareOf(share.lender, share.share, amount)
            for share, amount in zip(facility.shares, amounts, strict=True)
        )
        return replace(facility, limit_minor=limit, shares=shares)

    def contract(self, plan: Plan) -> Contract:
        """What is agreed on the new plan; facilities go on with the draws that were made."""
        made = contract_of(known_as(self.known), plan, self.session.network, self.book.contract.accepted_on)
        taken = {name for name, account in self.position.accounts.items() if account.ended}
        names = {one.id: _free_name(one.id, taken) for one in made.bookings}
        return replace(
            made,
            bookings=tuple(replace(one, id=names[one.id]) for one in made.bookings),
            facilities=tuple(self._continued(one, names) for one in made.facilities),
        )

    def _continued(self, facility: Facility, names: dict[str, str]) -> Facility:
        draws = tuple(
            replace(draw, payees=tuple((names.get(name, name), amount) for name, amount in draw.payees))
            for draw in facility.draws
        )
        debt = self.position.debts.get(facility.id)
        if debt is None or not debt.drawings or facility.standby:
            return replace(facility, draws=draws)
        past = tuple(
            PlannedDraw(one.on, sum(part.drawn for part in one.parts.values())) for one in debt.drawings
        )
        new = draws[len(past) :] if self._begun() else draws
        fees = debt.facility.fees if self._begun() else facility.fees
        limit = max(facility.limit_minor, debt.drawn + sum(draw.principal_minor for draw in new))
        return replace(facility, draws=(*past, *new), fees=fees, limit_minor=limit)


def _slots(leg: PlanLeg) -> tuple[object, ...]:
    return leg.provider, leg.item, leg.starts_on, leg.ends_on, leg.slots, leg.net_minor


def _free_name(name: str, taken: set[str]) -> str:
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}~{number}"
    return found


def _course(entity: str, starts: date, ends: date) -> tuple[str, date, date]:
    return entity, starts, ends


def _keeps(plan: Plan, begun: Sequence[Booking]) -> bool:
    """Whether what has begun is in the plan as it was agreed, price and dates."""
    legs = {
        (*_course(f"provider:{leg.provider}", leg.starts_on, leg.ends_on), leg.net_minor, leg.tax_minor)
        for leg in plan.legs
    }
    return all(
        (*_course(one.entity, one.starts_on, one.ends_on), one.net_minor, one.tax_minor) in legs
        for one in begun
    )
