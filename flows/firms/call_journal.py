"""Calls to the outside as the ledger keeps them: intent before, attempt before each send, outcome after.

Operations are named by what they are (order, leg, verb), never by their place in a run, so that a resumed
run finds them whatever order it asks in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from providers.answers import answer_data, instant_text, read_answer, read_request, request_data
from providers.protocol import Answer, Call, Declined, Pending, Verb

KEY_DIGITS = 40


@dataclass(frozen=True, slots=True)
class KnownCall:
    """What the journal has of an operation; ``unsent`` says that its last attempt certainly failed."""

    call: Call
    attempts: int
    answer: Answer | None
    pending: Pending | None
    unsent: bool
    given_up: bool
    attempted_at: datetime


def call_key(ledger_id: str, operation: str) -> str:
    """The idempotency key that a firm sees: unique to this ledger, and it tells nobody anything."""
    return sha256(f"{ledger_id}\n{operation}".encode()).hexdigest()[:KEY_DIGITS]


def call_data(call: Call) -> dict[str, Any]:
    return {
        "verb": call.verb.value,
        "key": call.key,
        "reference": call.reference,
        "expires_at": instant_text(call.expires_at),
        "request": request_data(call.request),
    }


def read_call(data: Mapping[str, Any]) -> Call:
    """The call exactly as it was intended, so that sending it again sends the same."""
    return Call(
        Verb(data["verb"]),
        data["key"],
        read_request(data["request"]),
        datetime.fromisoformat(data["expires_at"]),
        data["reference"],
    )


class CallJournal:
    """Reads and writes the calls of one ledger inside an open transaction."""

    def look(self, transaction: Reading, operation: str) -> KnownCall | None:
        intent = transaction.intent(operation)
        if intent is None:
            return None
        final = intent.status in {"ok", "failed"}
        pending = transaction.record_by_key(RecordKey.pending(operation))
        unsent = transaction.record_by_key(RecordKey.unsent(operation, intent.attempts)) is not None
        given_up = transaction.record_by_key(RecordKey.given_up(operation)) is not None
        answer = read_answer(intent.answer) if final else None
        waiting = read_answer(pending.body["answer"]) if pending is not None and not final else None
        return KnownCall(
            read_call(intent.request),
            intent.attempts,
            answer,
            waiting if isinstance(waiting, Pending) else None,
            unsent,
            given_up,
            self._first_attempt(transaction, operation, intent.attempts),
        )

    def _first_attempt(self, transaction: Reading, operation: str, attempts: int) -> datetime:
        record = transaction.record_by_key(RecordKey.attempt(operation, 1)) if attempts else None
        return datetime.fromisoformat(record.at) if record else datetime.max.replace(tzinfo=UTC)

    def outcome(self, transaction: Reading, operation: str) -> Answer | None:
        """The final answer alone: what ``look`` finds, for a tenth of the questions."""
        record = transaction.record_by_key(RecordKey.outcome(operation, 1))
        return None if record is None else read_answer(record.body["answer"])

    def intend(self, transaction: Transaction, operation: str, order: str, call: Call) -> None:
        transaction.record_intent(operation, order, call_data(call))

    def attempt(self, transaction: Transaction, operation: str) -> int:
        return transaction.record_attempt(operation)

    def answered(self, transaction: Transaction, operation: str, answer: Answer) -> None:
        """The final answer; a second, different one is left to whoever takes in late answers."""
        status = "failed" if isinstance(answer, Declined) else "ok"
        transaction.record_outcome(operation, status, answer_data(answer))

    def pending(
        self, transaction: Transaction, on: date, operation: str, order: str, answer: Pending
    ) -> None:
        key = RecordKey.pending(operation)
        if transaction.record_by_key(key) is None:
            body = {"operation": operation, "answer": answer_data(answer)}
            transaction.append(Entry(RecordKind.FIRM_PENDING, key, on, order, body))

    def unsent(self, transaction: Transaction, on: date, operation: str, order: str, attempt: int) -> None:
        """That attempt certainly never arrived, so that sending again is safe at any firm."""
        body = {"operation": operation, "attempt": attempt}
        transaction.append(
            Entry(RecordKind.FIRM_UNREACHED, RecordKey.unsent(operation, attempt), on, order, body)
        )

    def give_up(self, transaction: Transaction, on: date, operation: str, order: str, reason: str) -> None:
        """We no longer want what this call asked for: whatever still comes of it is undone."""
        key = RecordKey.given_up(operation)
        if transaction.record_by_key(key) is None:
            body = {"operation": operation, "reason": reason}
            transaction.append(Entry(RecordKind.FIRM_GIVEN_UP, key, on, order, body))
