"""What a firm says by itself: an answer that comes late, twice, or takes back an earlier one."""

from datetime import date, datetime
from enum import StrEnum

from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from flows.calls.undo import close_call, intend_undoing
from flows.firms.call_journal import CallJournal, KnownCall
from flows.firms.withdrawals import note_withdrawal
from ledger.book.transaction import Transaction
from ledger.record import kinds
from ledger.store import Ledger
from providers.answers import answer_data
from providers.protocol import (
    WITHDRAWN,
    Answer,
    Booked,
    Declined,
    Held,
    Pending,
    Unseen,
)


class Taken(StrEnum):
    """What became of an answer."""

    ANSWERED = "answered"
    UNDONE = "undone"
    DUPLICATE = "duplicate"
    LATE = "late"
    ORPHAN = "orphan"
    WITHDRAWN = "withdrawn"


def _answer(
    transaction: Transaction,
    ledger_id: str,
    on: date,
    operation: str,
    known: KnownCall,
    answer: Answer,
    now: datetime,
) -> Taken:
    journal = CallJournal()
    close_call(transaction, journal, on, operation, known.call, answer)
    if not known.given_up:
        return Taken.ANSWERED
    intend_undoing(transaction, journal, ledger_id, operation, known.call, answer, now)
    return Taken.UNDONE


def take_message(
    ledger: Ledger, on: date, firm: str, message_id: str, order: str, key: str, answer: Answer, now: datetime
) -> Taken:
    """Take in a firm's own message about the call that we made with ``key``; twice is once."""
    with ledger.write() as transaction:
        return take_message_in(transaction, ledger.id, on, firm, message_id, order, key, answer, now)


def take_message_in(
    transaction: Transaction,
    ledger_id: str,
    on: date,
    firm: str,
    message_id: str,
    order: str,
    key: str,
    answer: Answer,
    now: datetime,
) -> Taken:
    """The same inside an open transaction."""
    if not transaction.inbox(firm, message_id):
        return Taken.DUPLICATE
    operation = _operation_of(transaction, order, key, firm)
    if operation is None:
        return _file(transaction, on, RecordKind.FIRM_ORPHAN, firm, message_id, None, answer, Taken.ORPHAN)
    known = CallJournal().look(transaction, operation)
    if known is None or isinstance(answer, Pending | Unseen):
        return Taken.DUPLICATE
    if known.answer is None:
        return _answer(transaction, ledger_id, on, operation, known, answer, now)
    if known.answer == answer:
        return Taken.DUPLICATE
    if isinstance(answer, Declined) and _takes_back(known.answer, answer):
        order, firm = known.call.request.order, known.call.request.provider
        note_withdrawal(transaction, on, operation, order, firm, answer)
        return Taken.WITHDRAWN
    _undo_late(transaction, ledger_id, operation, known, answer, now)
    return _file(transaction, on, RecordKind.FIRM_LATE, firm, message_id, order, answer, Taken.LATE)


def _takes_back(before: Answer, answer: Declined) -> bool:
    """Whether a firm says of its own accord that what it held or booked is no more."""
    return isinstance(before, Held | Booked) and answer.code == WITHDRAWN


def _undo_late(
    transaction: Transaction, ledger_id: str, operation: str, known: KnownCall, answer: Answer, now: datetime
) -> None:
    """A yes after its no counts for nothing here, so it must not count there either."""
    if not isinstance(known.answer, Held | Booked):
        intend_undoing(transaction, CallJournal(), ledger_id, operation, known.call, answer, now)


def _operation_of(transaction: Transaction, order: str, key: str, firm: str) -> str | None:
    for record in transaction.records(order=order, kind=kinds.CALL_INTENDED):
        request = record.body["request"]
        if request["key"] == key and request["request"]["provider"] == firm:
            return str(record.body["operation"])
    return None


def _file(
    transaction: Transaction,
    on: date,
    kind: str,
    firm: str,
    message_id: str,
    order: str | None,
    answer: Answer,
    taken: Taken,
) -> Taken:
    body = {"firm": firm, "message_id": message_id, "answer": answer_data(answer)}
    transaction.append(Entry(kind, RecordKey.message(kind, firm, message_id), on, order, body))
    return taken
