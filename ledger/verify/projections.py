"""The questions of derived tables: what the records give, what is stored; and how a difference is told.

Each is a pair of SELECTs that must give the same rows. Those that both databases are asked stand here once;
``sqlite_projections`` and ``postgres_projections`` add what each stores and sorts in its own way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ledger.record import kinds
from ledger.record.findings import Flaw
from ledger.schema.dialect import Dialect

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Projection:
    """``expected`` from the records, ``stored`` in the table; the first ``key`` columns name the place."""

    name: str
    expected: str
    stored: str
    key: int


def projections(d: Dialect) -> tuple[Projection, ...]:
    """What both databases derive alike."""
    return (*_capacity(d), *_holds(d), *_claims(d), *_calls(d), *_messages(d), _actors(d))


Columns = dict[str, str]
"""Each column of a table, and what it is in the record."""


def _noted(d: Dialect, table: str, kind: str | tuple[str, ...], columns: Columns, key: int) -> Projection:
    """A table with one row for each record of some kinds."""
    one_of = _listed(*kind) if isinstance(kind, tuple) else _listed(kind)
    return Projection(
        table.replace("_", " "),
        f"SELECT {', '.join(columns.values())}, sequence FROM {d.said} WHERE kind IN ({one_of})",  # noqa: S608
        f"SELECT {', '.join(columns)}, sequence FROM {table}",  # noqa: S608
        key,
    )


def _listed(*names: str) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _capacity(d: Dialect) -> Iterator[Projection]:
    lines = f"SELECT given.sequence, {d.line()} FROM {d.said} AS given, {d.lines('given')}"  # noqa: S608
    yield Projection(
        "capacity line",
        f"{lines} WHERE given.kind = '{kinds.CAPACITY_OPENED}' AND {d.is_line()}",
        "SELECT sequence, n, resource, period, capacity FROM capacity_line",
        2,
    )
    yield Projection(
        "use of capacity",
        f"{lines} WHERE given.kind = '{kinds.CAPACITY_HELD}' UNION ALL"  # noqa: S608
        f" SELECT given.sequence, {d.line('-')} FROM {d.said} AS given"
        f" JOIN hold ON hold.hold_id = {d.told('hold', 'given.')}"
        f" JOIN {d.said} AS held ON held.sequence = hold.sequence, {d.lines('held')}"
        f" WHERE given.kind IN ({_listed(*kinds.GIVEN_BACK)})",
        "SELECT sequence, n, resource, period, quantity FROM slot_move",
        2,
    )


def _holds(d: Dialect) -> Iterator[Projection]:
    until, hold = d.told("expires_at"), d.told("hold")
    columns = {
        "hold_id": hold,
        "order_reference": "order_reference",
        "expires_at": until,
        "lines": d.count_of_lines(),
    }
    yield _noted(d, "hold", kinds.CAPACITY_HELD, columns, 1)
    yield Projection(
        "expiring hold",
        f"SELECT {until}, {hold} FROM {d.said} WHERE kind = '{kinds.CAPACITY_HELD}' AND {until} IS NOT NULL"  # noqa: S608
        f" AND NOT EXISTS (SELECT 1 FROM hold_end WHERE hold_end.hold_id = {hold})",
        "SELECT expires_at, hold_id FROM expiring_hold",
        2,
    )
    ended = {"hold_id": hold, "ending": f"substr(kind, {len('capacity.') + 1})"}
    yield _noted(d, "hold_end", kinds.HOLD_ENDED, ended, 1)
    yield _noted(d, "booking_end", kinds.BOOKING_ENDED, ended, 1)


def _claims(d: Dialect) -> Iterator[Projection]:
    fingerprint = d.told("fingerprint")
    columns = {
        "fingerprint": fingerprint,
        "turn": f"ROW_NUMBER() OVER (PARTITION BY {fingerprint} ORDER BY {d.order})",
        "order_reference": "order_reference",
        "financier": d.told("financier"),
    }
    yield _noted(d, "finance_claim", kinds.CLAIM_MADE, columns, 2)
    freed = {"fingerprint": fingerprint, "turn": d.told_number("turn")}
    yield _noted(d, "finance_release", kinds.CLAIM_RELEASED, freed, 2)


def _calls(d: Dialect) -> Iterator[Projection]:
    operation = {"operation": d.told("operation")}
    numbered = operation | {"n": d.told_number("n")}
    intended = operation | {"order_reference": "order_reference"}
    yield _noted(d, "intent", kinds.CALL_INTENDED, intended, 1)
    yield _noted(d, "attempt", kinds.CALL_ATTEMPTED, numbered, 2)
    yield _noted(d, "outcome", kinds.CALL_ANSWERED, numbered | {"status": d.told("status")}, 2)


def _messages(d: Dialect) -> Iterator[Projection]:
    message = {"message_id": d.told("message_id")}
    yield _noted(d, "outbox", kinds.MESSAGE_QUEUED, message | {"recipient": d.told("recipient")}, 1)
    yield _noted(d, "delivery", kinds.MESSAGE_DELIVERED, message, 1)
    yield _noted(d, "inbox", kinds.MESSAGE_RECEIVED, {"provider": d.told("provider")} | message, 2)


def _actors(d: Dialect) -> Projection:
    columns = {"actor_key": d.told("actor_key"), "name": d.told("name")}
    return _noted(d, "actor", kinds.ACTOR_ENROLLED, columns, 1)


Rows = Iterable[tuple[Any, ...]]


def differences(projection: Projection, expected: Rows, stored: Rows) -> Iterator[Flaw]:
    """What rows found on one side alone say; nothing where there are none."""
    key = projection.key
    found = {row[:key]: row for row in stored}
    for row in expected:
        other = found.pop(row[:key], None)
        place = f"{projection.name} {_named(row[:key])}"
        if other is None:
            yield Flaw(projection.name, place, f"is missing; the records give {_named(row)}")
        else:
            told = f"is stored as {_named(other[key:])}; the records give {_named(row[key:])}"
            yield Flaw(projection.name, place, told)
    for known in found:
        place = f"{projection.name} {_named(known)}"
        yield Flaw(projection.name, place, "is stored, but no record gives it")


def unreadable(projection: Projection, error: Exception) -> Flaw:
    """A side that the database cannot even read."""
    return Flaw(projection.name, f"{projection.name}s", f"cannot be recomputed: {error}")


def _named(values: tuple[Any, ...]) -> str:
    return " / ".join("-" if value in (None, "") else str(value) for value in values)
