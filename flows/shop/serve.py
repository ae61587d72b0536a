"""The other side of reserving: a firm answers what other firms ask of its slots, once for each key.

Every answer is a record of the firm's own ledger, with the proof of who asked: the same key again gets
the answer that was recorded, and another firm's hold is as good as unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from domain.errors import KeyReusedError, NotFoundError
from domain.ports import HoldLine, NotFree
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.slots import CREDIT_PERIOD
from domain.states import OrderState
from flows.firms.cancellation_terms import fee_by_terms
from flows.shop.catalogue import Catalogue, Offered
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.record.records import Hold
from providers.answers import answer_data, read_answer, request_data
from providers.protocol import (
    Answer,
    Booked,
    Declined,
    Held,
    Proof,
    Quoted,
    Released,
    SlotRequest,
    Unseen,
    Verb,
)
from trust.canonical import canonical_bytes

QUOTE_FOR = timedelta(hours=1)
HOLD_MAXIMUM = timedelta(days=14)
SOLD = "sold/"
"""What the holds of other firms are named by in our calendar."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One call as it arrived and was proven: ``caller`` is the trusted firm's name."""

    caller: str
    verb: Verb
    key: str
    now: datetime
    request: SlotRequest | None = None
    reference: str = ""
    expires_at: datetime | None = None
    proof: Proof = field(default_factory=dict)

    @property
    def on(self) -> date:
        return self.now.date()

    @property
    def digest(self) -> str:
        """What the key stands for: the same key with another digest is another call."""
        body = {
            "verb": self.verb.value,
            "reference": self.reference,
            "request": None if self.request is None else request_data(self.request),
        }
        return sha256(canonical_bytes(body)).hexdigest()


def quote(catalogue: Catalogue, reading: Reading, inquiry: Inquiry) -> Answer:
    """The list price and whether it is free now; nothing is kept and nothing recorded."""
    request = _request(inquiry)
    problem = _unfit(catalogue, request)
    if problem is not None:
        return problem
    for line in request.lines:
        offered = catalogue.find(line.resource)
        known = reading.capacity(line.resource, line.period)
        free = (offered.capacity if offered else 0) - (known[1] if known else 0)
        if line.quantity > free:
            return _too_few(line.resource, line.period, line.quantity, free)
    return Quoted(_price(catalogue, request), request.currency, _seconds(inquiry.now + QUOTE_FOR))


def status(reading: Reading, caller: str, key: str) -> Answer:
    """What was answered to the caller's key; Unseen when it never arrived."""
    record = reading.record_by_key(RecordKey.served(caller, key))
    return Unseen() if record is None else read_answer(record.body["answer"])


def answer(transaction: Transaction, catalogue: Catalogue, inquiry: Inquiry) -> Answer:
    """Do what is asked and record it, or repeat what was answered to that key before.

    KeyReusedError for a key that stood for something else; NotFoundError for an unknown reference.
    """
    key = RecordKey.served(inquiry.caller, inquiry.key)
    before = transaction.record_by_key(key)
    if before is not None:
        if before.body["digest"] != inquiry.digest:
            raise KeyReusedError(
                "that idempotency key was used for another call", "give each call a key of its own"
            )
        return read_answer(before.body["answer"])
    given = _DOING[inquiry.verb](transaction, catalogue, inquiry)
    body = {
        "caller": inquiry.caller,
        "verb": inquiry.verb.value,
        "reference": inquiry.reference,
        "request": None if inquiry.request is None else request_data(inquiry.request),
        "digest": inquiry.digest,
        "answer": answer_data(given),
        "proof": dict(inquiry.proof),
    }
    transaction.append(
        Entry(RecordKind.sold(inquiry.verb.value), key, inquiry.on, _order_of(transaction, inquiry), body)
    )
    return given


def _order_of(transaction: Transaction, inquiry: Inquiry) -> str | None:
    """The buyer's order under a name of our own: two buyers may use the same reference."""
    if inquiry.request is not None:
        return f"{inquiry.caller}:{inquiry.request.order}"
    hold = transaction.hold_by_id(_hold_id(inquiry.caller, inquiry.reference))
    return None if hold is None else hold.order


def _request(inquiry: Inquiry) -> SlotRequest:
    if inquiry.request is None:
        raise NotFoundError("the call says not what it asks for")
    return inquiry.request


def _unfit(catalogue: Catalogue, request: SlotRequest) -> Declined | None:
    for line in request.lines:
        offered = catalogue.find(line.resource)
        if offered is None:
            return Declined("unknown", f"{line.resource} is not in this catalogue")
        if not catalogue.is_open(offered, line.period):
            return Declined("no_capacity", f"{line.resource} is closed on {line.period}")
    if catalogue.price_minor(request) is None:
        return Declined("price", f"there is no price in {request.currency} for this")
    return None


def _price(catalogue: Catalogue, request: SlotRequest) -> int:
    """What the buyer offers, unless the list price is higher."""
    return max(catalogue.price_minor(request) or 0, request.price_minor)


def _seconds(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def _too_few(resource: str, period: str, wanted: int, free: int) -> Declined:
    return Declined("no_capacity", f"{free} of {resource} left on {period}, {wanted} wanted")


def _hold(transaction: Transaction, catalogue: Catalogue, inquiry: Inquiry) -> Answer:
    request = _request(inquiry)
    problem = _unfit(catalogue, request)
    if problem is not None:
        return problem
    until = _seconds(min(inquiry.expires_at or inquiry.now, inquiry.now + HOLD_MAXIMUM))
    if until <= inquiry.now:
        return Declined("expired", "the hold would end before it begins")
    lines = [(line, catalogue.find(line.resource)) for line in request.lines]
    transaction.open_capacities(
        [(line.resource, line.period, offered.capacity) for line, offered in lines if offered]
    )
    wanted = [HoldLine(line.resource, line.period, line.quantity) for line in request.lines]
    order = f"{inquiry.caller}:{request.order}"
    held = transaction.hold(_hold_id(inquiry.caller, inquiry.key), order, wanted, until)
    if isinstance(held, NotFree):
        return _too_few(held.resource, held.period, held.wanted, held.free)
    return Held(inquiry.key, until, _price(catalogue, request), request.currency)


def _hold_id(caller: str, key: str) -> str:
    """The key that the caller gave names the hold, to him and, with his name, to us."""
    return f"{SOLD}{caller}/{key}"


def _known(transaction: Transaction, inquiry: Inquiry) -> tuple[Hold, Held]:
    """The caller's own hold and what was answered to it; NotFoundError for anybody else's."""
    hold = transaction.hold_by_id(_hold_id(inquiry.caller, inquiry.reference))
    said = status(transaction, inquiry.caller, inquiry.reference)
    if hold is None or not isinstance(said, Held):
        raise NotFoundError("there is no such hold of yours", "use the reference that the hold's answer gave")
    return hold, said


def _confirm(transaction: Transaction, _: Catalogue, inquiry: Inquiry) -> Answer:
    hold, said = _known(transaction, inquiry)
    expired = hold.expires_at is not None and hold.expires_at <= inquiry.now
    if hold.ending is None and not expired:
        transaction.confirm_hold(hold.hold_id)
    elif hold.ending != "confirmed" or hold.booking_ending is not None:
        return Declined("expired", f"the hold has ended: {hold.booking_ending or hold.ending or 'expired'}")
    return Booked(inquiry.reference, said.price_minor, said.currency)


def _end(transaction: Transaction, catalogue: Catalogue, inquiry: Inquiry) -> Answer:
    """Release a hold or cancel a booking, whichever it is by now; twice costs once."""
    hold, said = _known(transaction, inquiry)
    offered = catalogue.find(hold.lines[0].resource)
    if not hold.live:
        return Released(0, said.currency)
    if hold.ending is None:
        transaction.release_hold(hold.hold_id)
        return Released(_fee(offered, OrderState.HELD, said), said.currency)
    if inquiry.verb is Verb.RELEASE:
        return Declined("refused", "it is booked by now: cancel it")
    transaction.end_booking(hold.hold_id, "cancelled")
    return Released(_fee(offered, OrderState.RESERVED, said), said.currency)


def _fee(offered: Offered | None, state: OrderState, said: Held) -> int:
    return fee_by_terms(offered.provider if offered else None, state.value, said.price_minor)


def _complete(transaction: Transaction, _: Catalogue, inquiry: Inquiry) -> Answer:
    """The buyer says that the booking was used, or that the credit is back; twice is once."""
    hold, said = _known(transaction, inquiry)
    if hold.ending != "confirmed" or hold.booking_ending == "cancelled":
        return Declined("refused", f"it is not booked: {hold.booking_ending or hold.ending or 'held'}")
    if hold.booking_ending is None:
        end_used(transaction, hold)
    return Released(0, said.currency)


def end_used(transaction: Transaction, hold: Hold) -> None:
    """A slot's capacity stays used; a credit line's is free again."""
    credit = all(line.period == CREDIT_PERIOD for line in hold.lines)
    transaction.end_booking(hold.hold_id, "returned" if credit else "used")


_DOING = {
    Verb.HOLD: _hold,
    Verb.CONFIRM: _confirm,
    Verb.RELEASE: _end,
    Verb.CANCEL: _end,
    Verb.COMPLETE: _complete,
}


def expire_sold(transaction: Transaction, now: datetime) -> list[str]:
    """End holds of other firms whose time is over, and queue the message that tells each of them."""
    ended = []
    for hold in transaction.expired_holds(now):
        if not hold.hold_id.startswith(SOLD):
            continue
        transaction.expire_hold(hold.hold_id)
        _, caller, key = hold.hold_id.split("/", 2)
        said = Declined("expired", "the hold was not confirmed in time")
        content = event_data(caller, hold.order, key, said)
        transaction.put_outbox(RecordKey.sold_expired(hold.hold_id), caller, content, hold.order)
        ended.append(hold.hold_id)
    return ended


def event_data(caller: str, order: str, key: str, said: Answer) -> Mapping[str, Any]:
    """A message to the firm whose call with ``key`` this is about; the order in its own words."""
    return {"order": order.removeprefix(f"{caller}:"), "key": key, "answer": answer_data(said)}
