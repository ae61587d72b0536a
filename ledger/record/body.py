"""The canonical bytes of one record: what is hashed, signed and never rebuilt from columns.

``{"actor", "at", "body", "format", "key", "kind", "ledger", "legs", "on", "order"}``, RFC 8785. A leg is
``[entity, account, currency, amount]`` with the amount in minor units as a string. ``at`` is when it was
written and ``actor`` who wrote it: neither is part of the content that a key stands for.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from domain.errors import NetError, UsageError
from domain.money import CURRENCY_EXPONENTS
from domain.posting import Entry
from ledger.record.records import instant_text
from trust.canonical import canonical_bytes, canonical_text, parse_canonical
from trust.grammar import is_name

FORMAT = 1
LARGEST_AMOUNT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class ReadyEntry(Entry):
    """An entry whose canonical bytes for one ledger are made already: all after the moment of writing.

    Made outside a write, so that less is done while others wait. ``body`` must not change any more.
    """

    ledger: str = ""
    tail: bytes = b""


def ready(entry: Entry, ledger_id: str) -> ReadyEntry:
    """The entry made ready for the ledger of that id."""
    tail = _tail(entry, _ledger_part(ledger_id))
    return ReadyEntry(entry.kind, entry.key, entry.on, entry.order, entry.body, entry.legs, ledger_id, tail)


class BodyWriter:
    """Writes bodies for one ledger and one actor; what never changes is encoded once."""

    def __init__(self, ledger_id: str, actor_key: str, clock: Callable[[], datetime]) -> None:
        self._start = b'{"actor":' + canonical_bytes(actor_key) + b',"at":'
        self._ledger_id = ledger_id
        self._ledger = _ledger_part(ledger_id)
        self._clock = clock
        self._at: tuple[float, bytes] = (-1, b"")

    def body(self, entry: Entry) -> bytes:
        """The canonical bytes of ``entry`` as written now."""
        if isinstance(entry, ReadyEntry) and entry.ledger == self._ledger_id:
            return self._start + self._now() + entry.tail
        return self._start + self._now() + _tail(entry, self._ledger)

    def _now(self) -> bytes:
        moment = self._clock()
        second, text = self._at
        if second != moment.timestamp() // 1:
            text = canonical_bytes(instant_text(moment))
            self._at = moment.timestamp() // 1, text  # in one step: threads may share a writer
        return text


def _ledger_part(ledger_id: str) -> bytes:
    return b',"ledger":' + canonical_bytes(ledger_id) + b',"legs":'


def _tail(entry: Entry, ledger: bytes) -> bytes:
    """The canonical bytes after ``at``; the order of the keys is that of the alphabet."""
    return b"".join(
        (
            b',"body":',
            canonical_bytes(entry.body),
            b',"format":1,"key":',
            _text("key", entry.key),
            b',"kind":',
            _text("kind", entry.kind),
            ledger,
            orjson.dumps(leg_rows(entry)) if entry.legs else b"[]",
            b',"on":"',
            entry.on.isoformat().encode(),
            b'","order":',
            b"null" if entry.order is None else _text("order", entry.order),
            b"}",
        )
    )


def leg_rows(entry: Entry) -> list[list[str]]:
    if len(entry.legs) == 1:
        raise NetError(f"the entry {entry.key!r} has one leg; an entry has none or at least two")
    rows = []
    for leg in entry.legs:
        amount = leg.amount_minor
        if type(amount) is not int or not -LARGEST_AMOUNT <= amount <= LARGEST_AMOUNT:
            raise NetError(f"the leg {leg} of {entry.key!r} has no whole amount of 64 bits")
        _require_names(leg.entity, leg.account, leg.currency)
        rows.append(
            [
                canonical_text(leg.entity),
                canonical_text(leg.account),
                canonical_text(leg.currency),
                str(amount),
            ]
        )
    return rows


@lru_cache(maxsize=4_096)
def _require_names(entity: str, account: str, currency: str) -> None:
    """What a leg says goes into every export: ``UsageError`` for what could not be read back there."""
    if currency not in CURRENCY_EXPONENTS:
        raise UsageError(
            f"{currency!r} is no currency that can be recorded", "use a code of ISO 4217, such as CNY"
        )
    for name in (entity, account):
        if not is_name(name):
            raise UsageError(
                f"{name!r} cannot name an account", "take out line breaks and control characters"
            )


def same_content(body: str, entry: Entry) -> bool:
    """Whether a stored record says what ``entry`` says, whoever wrote it and whenever."""
    stored = parse_canonical(body)
    wanted = {
        "body": entry.body,
        "key": entry.key,
        "kind": entry.kind,
        "legs": leg_rows(entry),
        "on": entry.on.isoformat(),
        "order": entry.order,
    }
    return canonical_bytes({name: stored[name] for name in wanted}) == canonical_bytes(wanted)


def state_of(body: Any) -> str | None:
    """The state that a record gives to its order, if it names one."""
    state = body.get("state")
    return canonical_text(state) if type(state) is str else None


def _text(name: str, value: str) -> bytes:
    if type(value) is not str or not value:
        raise UsageError(f"a record needs a {name}", "give it a text that is not empty")
    return orjson.dumps(canonical_text(value))
