"""What a flow and the driver of its calls say to each other."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from domain.errors import NetError
from ledger.book.transaction import Transaction
from providers.protocol import (
    Adapter,
    Answer,
    Booked,
    Call,
    Declined,
    Held,
    Pending,
    Quoted,
    Verb,
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A call that a flow wants made; ``operation`` names it for ever, ``firm`` is who is asked."""

    operation: str
    order: str
    firm: str
    adapter: Adapter
    call: Call


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer, and asking again later is safe."""

    operation: str
    error: NetError


@dataclass(frozen=True, slots=True)
class MustAsk:
    """No answer, and only a person can find out whether the firm did it."""

    operation: str
    firm: str
    reason: str


NEVER_ARRIVED = Declined("given_up", "we gave it up, and it never arrived")
"""The outcome of a call given up that the firm never saw."""


Reply = Answer | Unreachable | MustAsk


@dataclass(frozen=True, slots=True)
class Turn:
    """What a flow is advanced with: the open transaction, the replies to what it asked, and the time."""

    transaction: Transaction
    replies: dict[str, Reply]
    now: datetime


Steps = Generator[Sequence[WantedCall], Turn, Result]


ENDING = (Verb.RELEASE, Verb.CANCEL, Verb.COMPLETE)
"""Calls that end something: whatever else becomes of the order, they are still made."""


def missing(reply: Reply) -> str:
    """Why there is no answer to go on with, for people."""
    match reply:
        case Pending(_, reason):
            return reason
        case Unreachable(_, error):
            return error.message
        case MustAsk(_, _, reason):
            return reason
        case Declined(_, reason):
            return f"says no: {reason}"
        case Quoted() | Held() | Booked():
            return f"answered {type(reply).__name__}, which is no answer to that"
    return "has no such call"
