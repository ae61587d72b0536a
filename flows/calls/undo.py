"""Answers to calls that we have given up: what a firm did all the same is undone, at what that costs."""

from datetime import date, datetime
from typing import NamedTuple

from flows.calls.fees import post_fee
from flows.firms.call_journal import CallJournal, call_key
from flows.firms.operation import Operation
from ledger.book.transaction import Transaction
from providers.protocol import Answer, Booked, Call, Held, Released, Verb


def close_call(
    transaction: Transaction, journal: CallJournal, on: date, operation: str, call: Call, answer: Answer
) -> None:
    """The call's final answer, in one commit with what follows from it: a fee is owed from then on."""
    journal.answered(transaction, operation, answer)
    if isinstance(answer, Released) and call.verb in (Verb.RELEASE, Verb.CANCEL):
        post_fee(transaction, on, operation, call, answer)


class Undoing(NamedTuple):
    """The call that undoes another."""

    operation: str
    call: Call


def undoing(ledger_id: str, operation: str, call: Call, answer: Answer, until: datetime) -> Undoing | None:
    """Release for what is held, cancel for what is booked, nothing for any other answer."""
    if isinstance(answer, Held) and not answer.simulated:
        verb, reference = Verb.RELEASE, answer.reference
    elif isinstance(answer, Booked):
        verb, reference = Verb.CANCEL, answer.reference
    else:
        return None
    name = str(Operation.parse(operation).hold.operation(verb))
    return Undoing(name, Call(verb, call_key(ledger_id, name), call.request, until, reference))


def intend_undoing(
    transaction: Transaction,
    journal: CallJournal,
    ledger_id: str,
    operation: str,
    call: Call,
    answer: Answer,
    now: datetime,
) -> bool:
    """Record that the answer is to be undone, in the commit that records it; the sweep then does it."""
    found = undoing(ledger_id, operation, call, answer, now.replace(microsecond=0))
    if found is None or transaction.intent(found.operation) is not None:
        return False
    journal.intend(transaction, found.operation, call.request.order, found.call)
    return True
