"""A person's words about a firm's answer, as that answer: every word is checked before it counts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from domain.errors import UsageError
from domain.money import MoneyError, parse_minor
from flows.calls.resolve import OpenCall
from providers.protocol import Answer, Booked, Declined, Held, Quoted, Released, Verb

CONFIRMED, NOT_DONE = "confirmed", "not-done"
"""The firm did what it was asked to; it never did."""


@dataclass(frozen=True, slots=True)
class Stated:
    """As typed; empty means not given. ``until`` is a date, and the hold lasts to its end (UTC)."""

    said: str
    reference: str = ""
    price: str = ""
    fee: str = ""
    until: str = ""
    reason: str = ""
    by: str = ""


def stated_answer(call: OpenCall, stated: Stated) -> Answer | None:
    """The answer; None for a call that the firm never got. UsageError names what is missing."""
    if not stated.by:
        raise UsageError("who says so is missing", "give --by with a name and how they know")
    request = call.call.request
    said = "never-arrived" if stated.said == NOT_DONE else stated.said
    if said == CONFIRMED:
        return _confirmed(call, stated)
    match said:
        case "held":
            price = _amount(stated.price, request.currency, request.price_minor)
            return Held(_reference(stated), _end_of(stated.until), price, request.currency)
        case "booked":
            price = _amount(stated.price, request.currency, request.price_minor)
            return Booked(_reference(stated), price, request.currency)
        case "released":
            return Released(_amount(stated.fee, request.currency, 0), request.currency)
        case "declined":
            return Declined("refused", stated.reason or "says no")
        case "never-arrived":
            return None
    raise UsageError(
        f"{stated.said!r} is no answer",
        "it can be confirmed, declined or not-done; or held, booked, released, never-arrived",
    )


def _confirmed(call: OpenCall, stated: Stated) -> Answer:
    """The firm did what it was asked to: as asked, where nothing else is said."""
    one, request = call.call, call.call.request
    price = _amount(stated.price, request.currency, request.price_minor)
    until = _end_of(stated.until) if stated.until else one.expires_at
    match one.verb:
        case Verb.HOLD:
            return Held(stated.reference or one.key, until, price, request.currency)
        case Verb.CONFIRM:
            return Booked(stated.reference or one.reference or one.key, price, request.currency)
        case Verb.QUOTE:
            return Quoted(price, request.currency, until)
    return Released(_amount(stated.fee, request.currency, 0), request.currency)


def _reference(stated: Stated) -> str:
    if not stated.reference:
        raise UsageError("the firm's own reference is missing", "give --reference")
    return stated.reference


def _amount(text: str, currency: str, otherwise: int) -> int:
    try:
        return parse_minor(text, currency) if text else otherwise
    except MoneyError as problem:
        raise UsageError(str(problem), "write it as 1130.00") from None


def _end_of(text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(
            "until when it is held is missing or no date", "give --until, as in --until 2026-03-20"
        ) from None
    return datetime.combine(day, time(23, 59, 59), UTC)
