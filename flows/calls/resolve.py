"""Answers that do not come back on the call itself: a person's, and a firm's own message.

Each is taken in once. An answer to a call that waits for it is its outcome; one to a call given up is
recorded and undone; a second one that says otherwise is recorded, and undone if it gave us something;
one to a call never made is recorded for a person to look at. None of them is lost and none is an error.
"""

from dataclasses import dataclass
from datetime import date, datetime

from domain.errors import NotFoundError, RefusedError
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from flows.calls.messages import Taken, _answer
from flows.firms.call_journal import CallJournal, KnownCall
from ledger.book.reading import Reading
from ledger.store import Ledger
from providers.answers import answer_data
from providers.protocol import (
    Answer,
    Booked,
    Call,
    Declined,
    Held,
    Quoted,
    Released,
    Verb,
)

_FITTING: dict[Verb, tuple[type, ...]] = {
    Verb.QUOTE: (Quoted,),
    Verb.HOLD: (Held,),
    Verb.CONFIRM: (Booked,),
    Verb.RELEASE: (Released,),
    Verb.CANCEL: (Released,),
    Verb.COMPLETE: (Released,),
}


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call without an outcome; ``in_doubt`` when the firm may have done it without our knowing."""

    operation: str
    order: str
    firm: str
    call: Call
    attempts: int
    in_doubt: bool
    waiting_for: str
    given_up: bool
    first_asked: datetime | None = None

    @property
    def waits_for_a_person(self) -> bool:
        """Whether somebody has to find out, rather than the program to try again."""
        return self.in_doubt or bool(self.waiting_for)

    @property
    def state(self) -> str:
        if self.given_up:
            return "given up"
        if self.in_doubt:
            return "in doubt"
        return self.waiting_for or "not sent"

    @property
    def fitting(self) -> list[str]:
        """The answers that fit what was asked."""
        own = {
            Verb.HOLD: ["held"], Verb.CONFIRM: ["booked"], Verb.RELEASE: ["released"],
            Verb.CANCEL: ["released"], Verb.COMPLETE: ["released"],
        }  # fmt: skip
        return ["confirmed", "declined", "not-done", *own.get(self.call.verb, [])]

    def is_called(self, name: str) -> bool:
        """Whether the name, empty for any, means it: its leg, firm, key or whole name."""
        return name in {"", self.call.request.leg, self.firm, self.operation, self.call.key}


def open_calls(reading: Reading, order: str | None = None) -> list[OpenCall]:
    """Every call that still has no outcome, oldest first."""
    journal = CallJournal()
    found = []
    for intent in reading.unfinished_intents(order):
        known = journal.look(reading, intent.operation)
        if known is not None:
            found.append(_open(intent.operation, known))
    return found


def _open(operation: str, known: KnownCall) -> OpenCall:
    request = known.call.request
    waiting_for = known.pending.reason if known.pending else ""
    in_doubt = known.attempts > 0 and not known.unsent and known.pending is None
    return OpenCall(
        operation,
        request.order,
        request.provider,
        known.call,
        known.attempts,
        in_doubt,
        waiting_for,
        known.given_up,
        known.attempted_at if known.attempts else None,
    )


def find_open(reading: Reading, order: str | None, leg: str = "") -> OpenCall:
    """The one open call of the order (and leg, firm, or call); NotFoundError, or RefusedError when several
    are."""
    found = [one for one in open_calls(reading, order) if one.is_called(leg)]
    whose = f"order {order}" if order else "no order"
    if not found:
        waits = "waits for no answer" if order else "waits for an answer"
        raise NotFoundError(f"{whose} {waits}{f' of {leg}' if leg else ''}", "net slot resolve lists them")
    if len(found) > 1:
        names = ", ".join(f"{one.operation}" for one in found)
        raise RefusedError(
            f"several answers are waited for: {names}", "name one as it stands here, or answer --all"
        )
    return found[0]


def resolve(
    ledger: Ledger,
    on: date,
    operation: str,
    answer: Answer | None,
    *,
    stated_by: str,
    evidence: str,
    now: datetime,
) -> Taken:
    """Record what a person found out; no answer means that the firm never did it, so it is sent again.

    RefusedError when the answer does not fit the question, or the call has its outcome already.
    """
    with ledger.write() as transaction:
        known = CallJournal().look(transaction, operation)
        if known is None:
            raise NotFoundError(
                f"there is no call {operation!r}", "net slot resolve ORDER shows what is open"
            )
        if known.answer is not None:
            raise RefusedError(f"{operation} has its answer already", "net ledger trace shows it")
        _require_fit(known.call.verb, answer)
        body = {
            "operation": operation,
            "stated_by": stated_by,
            "evidence": evidence,
            "answer": None if answer is None else answer_data(answer),
        }
        order = known.call.request.order
        key = RecordKey.stated(operation, known.attempts)
        transaction.append(Entry(RecordKind.FIRM_STATED, key, on, order, body))
        if answer is None:
            CallJournal().unsent(transaction, on, operation, order, known.attempts)
            return Taken.ANSWERED
        return _answer(transaction, ledger.id, on, operation, known, answer, now)


def _require_fit(verb: Verb, answer: Answer | None) -> None:
    if answer is None or isinstance(answer, (Declined, *_FITTING.get(verb, ()))):
        return
    names = " or ".join(one.__name__.lower() for one in _FITTING.get(verb, ()))
    raise RefusedError(f"that is no answer to {verb}", f"it can be {names}, declined, or never arrived")
