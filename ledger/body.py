"""The canonical bytes of one record: what is hashed, signed and never rebuilt from columns.

``{"actor", "at", "body", "format", "key", "kind", "ledger", "legs", "on", "order"}``, RFC 8785. A leg is
``[entity, account, currency, amount]`` with the amount in minor units as a string. ``at`` is when it was
written and ``actor`` who wrote it: neither is part of the content that a key stands for.
"""

from typing import Any

from domain.errors import NetError, UsageError
from domain.posting import Entry
from trust.canonical import canonical_bytes, parse_canonical

FORMAT = 1
LARGEST_AMOUNT = 2**63 - 1


def record_body(ledger_id: str, entry: Entry, actor_key: str, at: str) -> bytes:
    """The canonical bytes of ``entry`` as written by ``actor_key`` at ``at``."""
    return canonical_bytes(
        {
            "actor": actor_key,
            "at": at,
            "body": entry.body,
            "format": FORMAT,
            "key": _text("key", entry.key),
            "kind": _text("kind", entry.kind),
            "ledger": ledger_id,
            "legs": leg_rows(entry),
            "on": entry.on.isoformat(),
            "order": None if entry.order is None else _text("order", entry.order),
        }
    )


def leg_rows(entry: Entry) -> list[list[str]]:
    rows = []
    for leg in entry.legs:
        amount = leg.amount_minor
        if type(amount) is not int or not -LARGEST_AMOUNT <= amount <= LARGEST_AMOUNT:
            raise NetError(f"the leg {leg} of {entry.key!r} has no whole amount of 64 bits")
        rows.append([leg.entity, leg.account, leg.currency, str(amount)])
    if len(rows) == 1:
        raise NetError(f"the entry {entry.key!r} has one leg; an entry has none or at least two")
    return rows


def same_content(body: str, entry: Entry) -> bool:
    """Whether a stored record says what ``entry`` says, whoever wrote it and whenever."""
    stored = parse_canonical(body)
    wanted = parse_canonical(record_body("", entry, "", ""))
    return all(stored[name] == wanted[name] for name in ("body", "key", "kind", "legs", "on", "order"))


def state_of(body: Any) -> str | None:
    """The state that a record gives to its order, if it names one."""
    state = body.get("state")
    return state if type(state) is str else None


def _text(name: str, value: str) -> str:
    if type(value) is not str or not value:
        raise UsageError(f"a record needs a {name}", "give it a text that is not empty")
    return value
