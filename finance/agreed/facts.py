"""Facts: what somebody states has happened to an order, the only input of its books besides the contract.

``data`` is plain JSON; amounts are strings of minor units, quantities strings of numbers.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Any


class FactKind(StrEnum):
    """Declared in the order in which facts of one day are taken: goods, bad news, money in, money out."""

    ACCEPTED = "accepted"
    GIVEN_BACK = "given_back"
    CONFIRMATION = "confirmation"
    MILESTONE = "milestone"
    INVOICE = "invoice"
    CLOSED_SHORT = "closed_short"
    PROVIDER_FAILED = "provider_failed"
    INSOLVENT = "insolvent"
    DISPUTE = "dispute"
    CREDIT_NOTE = "credit_note"
    DAMAGES = "damages"
    REPLANNED = "replanned"
    CANCELLED = "cancelled"
    LATE_INTEREST = "late_interest"
    TRANSFER = "transfer"
    RECEIPT = "receipt"
    COLLECTION = "collection"
    RECOVERY = "recovery"
    REFUND = "refund"
    INSURANCE = "insurance"
    GUARANTEE = "guarantee"
    DRAW = "draw"
    CONVERSION = "conversion"
    PAYMENT = "payment"
    DEFAULT = "default"
    WRITE_OFF = "write_off"
    STAGE = "stage"
    ADVANCED = "advanced"
    REVALUATION = "revaluation"
    RETRACTED = "retracted"
    SETTLED = "settled"


PHASE: dict[FactKind, int] = {kind: place for place, kind in enumerate(FactKind)}


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement: what, when in trade (``on``), by whom, on what evidence, or merely assumed.

    ``id`` is unique in the order and never changes; ``sequence`` is the order of recording, which
    matters only between facts of one kind on one day.
    """

    kind: FactKind
    on: date
    id: str
    sequence: int = 0
    by: str = ""
    evidence: str = ""
    assumed: bool = False
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> tuple[date, int, int]:
        return self.on, PHASE[self.kind], self.sequence

    def text(self, name: str, default: str = "") -> str:
        return str(self.data.get(name, default))

    def minor(self, name: str) -> int | None:
        """The amount of that name in minor units, None when the fact does not say."""
        value = self.data.get(name)
        return None if value is None else int(value)

    @property
    def payees(self) -> list[tuple[str, int, int]]:
        """Whom a draw pays: the payee, the amount in its currency, and what of the drawn money that takes
        where the currencies differ."""
        found = []
        for name, amount, *cost in self.data.get("payees", []):
            found.append((str(name), int(amount), int(cost[0]) if cost else int(amount)))
        return found

    def number(self, name: str) -> Fraction | None:
        value = self.data.get(name)
        return None if value is None else Fraction(str(value))


RETRACTABLE = frozenset(
    {
        FactKind.MILESTONE,
        FactKind.INVOICE,
        FactKind.CLOSED_SHORT,
        FactKind.DISPUTE,
        FactKind.CREDIT_NOTE,
        FactKind.DAMAGES,
        FactKind.LATE_INTEREST,
        FactKind.RECEIPT,
        FactKind.RECOVERY,
        FactKind.REFUND,
        FactKind.INSURANCE,
        FactKind.GUARANTEE,
        FactKind.DRAW,
        FactKind.PAYMENT,
    }
)
"""Statements that may turn out to be wrong; decisions (to accept, replace, cancel, settle) stand."""


def retracted(facts: Iterable[Fact]) -> set[str]:
    """The ids of statements that were taken back."""
    return {fact.text("fact") for fact in facts if fact.kind is FactKind.RETRACTED}


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that count: without those that were taken back, and without the taking back itself."""
    every = list(facts)
    gone = retracted(every)
    if not gone:
        return every
    return [fact for fact in every if fact.id not in gone and fact.kind is not FactKind.RETRACTED]


def fact_id(kind: FactKind, on: date, data: Mapping[str, Any]) -> str:
    """A short name made of what the fact says, so that saying it twice is one fact.

    What happens twice on one day for one amount is told apart by a ``reference`` in the data.
    """
    content = json.dumps([kind.value, on.isoformat(), dict(data)], sort_keys=True, ensure_ascii=False)
    return f"{kind.value}-{sha256(content.encode()).hexdigest()[:10]}"
