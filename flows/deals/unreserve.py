"""Give back what an order holds, so that it can be amended and planned anew (``deals/cancel.py`` ends it).

What a firm keeps for that stands in its cancellation terms, by the state that the order is in.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from domain.accounts import Account
from domain.errors import StateError
from domain.posting import Entry, Leg
from domain.record_kinds import RecordKey, RecordKind
from domain.states import ENDED, OrderState
from finance.agreed.contract import TRADER, Contract
from finance.agreed.facts import FactKind
from finance.sides.providers import cancellation_fee
from flows.books.acceptance import acceptance
from flows.books.order_book import read_book
from flows.desk.session import Session
from flows.orders.find import Placed, find_order
from flows.orders.place import UNCOMMITTED
from flows.slots.release import GivenBack, release
from ledger.book.transaction import Transaction

BOOKED = frozenset({OrderState.HELD, OrderState.RESERVED})
REASON = "given back"
UNMOVED = frozenset({FactKind.ACCEPTED, FactKind.GIVEN_BACK, FactKind.ADVANCED})
"""Kinds of facts by which no money or goods have moved."""
Fees = tuple[tuple[str, int], ...]
"""By firm, in minor units of the order's currency."""


@dataclass(frozen=True, slots=True)
class GaveBack:
    """What became of the order; ``fees`` are kept by firms, by name, in minor units of ``currency``.

    ``left`` could not be given back yet: the sweep goes on trying.
    """

    order: str
    state: OrderState
    currency: str
    fees: Fees = ()
    firms: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    dry_run: bool = False


def give_back_slots(session: Session, order_id: str, on: date, *, dry_run: bool = False) -> GaveBack:
    """Give back every slot and the credit of an order on which no money has moved; it can be planned anew.

    StateError when it holds nothing, or when money or goods have moved.
    """
    known = find_order(session.ledger, order_id)
    if known.state not in BOOKED:
        raise StateError(
            f"order {known.id} is {known.state}: it holds no slots that could be given back", _way_out(known)
        )
    after = OrderState.PLANNED if known.state is OrderState.HELD else OrderState.CONFIRMED
    return _give_back(session, known, after, on, dry_run)


def _way_out(known: Placed) -> str:
    if known.state in UNCOMMITTED or known.state in ENDED:
        return f"net order show {known.id}"
    return f"net order cancel {known.id} --dry-run shows what calling it off costs"


def _give_back(session: Session, known: Placed, after: OrderState, on: date, dry_run: bool) -> GaveBack:
    currency = known.order.currency
    record = acceptance(session.ledger, known.id)
    if dry_run:
        fees = _fees(read_book(session.ledger, known.id).contract, known.state) if record else ()
        return GaveBack(known.id, after, currency, fees, dry_run=True)
    fees = ()
    if record is not None:
        with session.ledger.write() as transaction:
            fees = withdraw(transaction, known, on)
    given = release(session.ledger, session.firms, known.id, on, state=after.value, reason=REASON)
    return GaveBack(known.id, after, currency, _kept(fees, given, currency), given.firms, given.left)


def _kept(by_terms: Fees, given: GivenBack, currency: str) -> Fees:
    """What each firm keeps: as it answered, and by its terms where it has not yet."""
    answered = {firm: fee for (firm, code), fee in given.fees.items() if code == currency}
    rest = tuple((name, fee) for name, fee in by_terms if name.partition("#")[0] not in answered)
    return (*((firm, fee) for firm, fee in answered.items() if fee), *rest)


def withdraw(
    transaction: Transaction, known: Placed, on: date, *, unmoved: Collection[FactKind] = UNMOVED
) -> Fees:
    """Undo the acceptance of an order on which nothing has happened yet: what firms keep for that."""
    record = acceptance(transaction, known.id)
    if record is None:
        return ()
    book = read_book(transaction, known.id)
    moved = [fact for fact in book.facts if fact.kind not in unmoved]
    if moved:
        raise StateError(
            f"order {known.id}: a {moved[0].kind.value.replace('_', ' ')} is recorded on {moved[0].on}",
            f"net order cancel {known.id} --dry-run shows what calling it off costs",
        )
    fees = _fees(book.contract, known.state)
    number = int(record.key.removeprefix(RecordKey.finance_accepted(known.id)).lstrip(":") or 0)
    back = tuple(Leg(leg.entity, leg.account, leg.currency, -leg.amount_minor) for leg in record.legs)
    body = {"reason": REASON, "fees": {name: str(fee) for name, fee in fees}}
    legs = (*back, *_fee_legs(book.contract, fees))
    transaction.append(
        Entry(
            RecordKind.FINANCE_WITHDRAWN,
            RecordKey.finance_withdrawn(known.id, number),
            on,
            known.id,
            body,
            legs,
        )
    )
    for fingerprint, order, _ in transaction.finance_claims(known.id):
        transaction.release_finance(fingerprint, order)
    return fees


def _fees(contract: Contract, state: OrderState) -> Fees:
    every = [(booking.id, cancellation_fee(booking, state.value)) for booking in contract.bookings]
    return tuple((name, fee) for name, fee in every if fee)


def _fee_legs(contract: Contract, fees: Fees) -> list[Leg]:
    legs = []
    for name, fee in fees:
        booking = contract.booking(name)
        if booking is None:
            continue
        legs += [
            Leg(TRADER, Account.CANCELLATION, contract.currency, fee),
            Leg(TRADER, booking.payable_account, contract.currency, -fee),
            Leg(booking.entity, booking.receivable_account, contract.currency, fee),
            Leg(booking.entity, Account.CANCELLATION_INCOME, contract.currency, -fee),
        ]
    return legs
