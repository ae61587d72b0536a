"""Answers and calls as plain JSON data: how they are recorded, and how they travel between nodes.

Amounts and quantities travel as strings, times as RFC 3339 in UTC. Reading is strict: these bytes come
from outside.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from domain.slots import CREDIT_PERIOD
from providers.protocol import (
    Answer,
    Booked,
    Declined,
    Held,
    Pending,
    Quoted,
    Released,
    SlotLine,
    SlotRequest,
    Unseen,
)

MAXIMUM_TEXT = 2000
MAXIMUM_LINES = 1000
_INTEGER_DIGITS = 18


class AnswerError(ValueError):
    """Bytes from outside that are no answer or no request of this protocol."""


def _text(data: Mapping[str, Any], name: str, *, least: int = 0) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not least <= len(value) <= MAXIMUM_TEXT:
        raise AnswerError(f"{name} must be a text of {least} to {MAXIMUM_TEXT} characters")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise AnswerError(f"{name} has control characters or half a surrogate pair")
    return value


def _integer(data: Mapping[str, Any], name: str) -> int:
    value = data.get(name)
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _INTEGER_DIGITS):
        raise AnswerError(f"{name} must be a whole number written as a string")
    return int(str(value))


def instant_text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def read_instant(text: str, name: str = "expires_at") -> datetime:
    """The time in UTC, whole seconds; AnswerError for no time or one without a zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise AnswerError(f"{name} must be a time such as 2026-03-02T09:00:00Z") from None
    if at.tzinfo is None:
        raise AnswerError(f"{name} must say its time zone")
    try:
        return at.astimezone(UTC).replace(microsecond=0)
    except OverflowError:  # the first or last day of all time, in another zone
        return at.replace(tzinfo=UTC, microsecond=0)


def _instant(data: Mapping[str, Any], name: str) -> datetime:
    return read_instant(_text(data, name, least=1), name)


def answer_data(answer: Answer) -> dict[str, Any]:
    """The answer as JSON data; ``answer`` names which it is. ``proof`` only where there is one."""
    proof = getattr(answer, "proof", None)
    return {**_answer_data(answer), "proof": dict(proof)} if proof else _answer_data(answer)


def _answer_data(answer: Answer) -> dict[str, Any]:
    match answer:
        case Quoted(price, currency, until):
            rest = {"price_minor": str(price), "currency": currency, "valid_until": instant_text(until)}
            return {"answer": "quoted", **rest}
        case Held(reference, until, price, currency, simulated, _):
            rest = {"price_minor": str(price), "currency": currency, "expires_at": instant_text(until)}
            return {"answer": "held", "reference": reference, "simulated": simulated, **rest}
        case Booked(reference, price, currency, _):
            money = {"price_minor": str(price), "currency": currency}
            return {"answer": "booked", "reference": reference, **money}
        case Released(fee, currency, _):
            return {"answer": "released", "fee_minor": str(fee), "currency": currency}
        case Declined(code, reason, _):
            return {"answer": "declined", "code": code, "reason": reason}
        case Pending(reference, reason, _):
            return {"answer": "pending", "reference": reference, "reason": reason}
        case Unseen():
            return {"answer": "unseen"}


def _held(data: Mapping[str, Any]) -> Held:
    simulated = data.get("simulated", False)
    if not isinstance(simulated, bool):
        raise AnswerError("simulated must be true or false")
    return Held(
        _text(data, "reference", least=1),
        _instant(data, "expires_at"),
        _integer(data, "price_minor"),
        _text(data, "currency", least=3),
        simulated,
    )


def read_answer(data: object) -> Answer:
    """The answer that the JSON data says; AnswerError for anything else. Unknown keys are ignored."""
    if not isinstance(data, Mapping):
        raise AnswerError("an answer is a JSON object")
    match data.get("answer"):
        case "quoted":
            price, currency = _integer(data, "price_minor"), _text(data, "currency", least=3)
            return Quoted(price, currency, _instant(data, "valid_until"))
        case "held":
            return _held(data)
        case "booked":
            price, currency = _integer(data, "price_minor"), _text(data, "currency", least=3)
            return Booked(_text(data, "reference", least=1), price, currency)
        case "released":
            return Released(_integer(data, "fee_minor"), _text(data, "currency", least=3))
        case "declined":
            return Declined(_text(data, "code", least=1), _text(data, "reason"))
        case "pending":
            return Pending(_text(data, "reference"), _text(data, "reason"))
        case "unseen":
            return Unseen()
    raise AnswerError("answer must be quoted, held, booked, released, declined, pending or unseen")


def request_data(request: SlotRequest) -> dict[str, Any]:
    """The request as JSON data; no clock and no key in it, so that it hashes the same when repeated."""
    lines = [
        {"resource": line.resource, "period": line.period, "quantity": str(line.quantity)}
        for line in request.lines
    ]
    return {
        "order": request.order,
        "leg": request.leg,
        "kind": request.kind,
        "provider": request.provider,
        "lines": lines,
        "price_minor": str(request.price_minor),
        "currency": request.currency,
    }


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _line(data: object) -> SlotLine:
    if not isinstance(data, Mapping):
        raise AnswerError("a line is a JSON object")
    period = _text(data, "period", least=1)
    if period != CREDIT_PERIOD and not _is_date(period):
        raise AnswerError(f"period must be a date such as 2026-03-02, or {CREDIT_PERIOD}")
    quantity = _integer(data, "quantity")
    if quantity <= 0:
        raise AnswerError("quantity must be positive")
    return SlotLine(_text(data, "resource", least=1), period, quantity)


def read_request(data: object) -> SlotRequest:
    """The request that the JSON data says; AnswerError for anything else."""
    if not isinstance(data, Mapping):
        raise AnswerError("a request is a JSON object")
    lines = data.get("lines")
    if not isinstance(lines, list) or not 1 <= len(lines) <= MAXIMUM_LINES:
        raise AnswerError(f"lines must be a list of 1 to {MAXIMUM_LINES} lines")
    return SlotRequest(
        _text(data, "order", least=1),
        _text(data, "leg", least=1),
        _text(data, "kind", least=1),
        _text(data, "provider", least=1),
        tuple(_line(line) for line in lines),
        _integer(data, "price_minor"),
        _text(data, "currency", least=3),
    )
