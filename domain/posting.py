"""What is written to the book of record: entries made of legs.

Sign convention everywhere: a debit is positive, a credit negative. The legs of one entry sum to zero
per entity and per currency.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting: ``amount_minor`` of ``currency`` to ``account`` in the books of ``entity``.

    ``entity`` is whose books ("trader", "lender:harbour", "network", "provider:brightworks", "tax").
    ``account`` is a code of the chart of accounts ("1010"). The order is the entry's.
    """

    entity: str
    account: str
    currency: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One step to record: what happened (``kind``, ``body``), when in trade (``on``), and its legs.

    ``key`` is the idempotency key: the same key with the same content returns the first answer, with
    other content is a ``KeyReusedError``. Keys never expire. ``body`` is plain JSON data (str, int
    within 2**53, bool, None, lists, dicts with string keys); amounts are strings. ``legs`` may be
    empty for a step that moves no money.
    """

    kind: str
    key: str
    on: date
    order: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    legs: tuple[Leg, ...] = ()


def imbalances(legs: Iterable[Leg]) -> dict[tuple[str, str], int]:
    """What is left over per (entity, currency), in minor units; empty when the legs balance."""
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for leg in legs:
        sums[leg.entity, leg.currency] += leg.amount_minor
    return {place: rest for place, rest in sums.items() if rest}
