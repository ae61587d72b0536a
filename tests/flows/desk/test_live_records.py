"""Following the ledger: each record once and in order, whatever happens to the file meanwhile."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from domain.posting import Entry, Leg
from flows.desk.live_records import Wanted, follow, written
from ledger.book.reading import PAGE
from ledger.moving.backup import backup, restore
from ledger.store import Ledger, create_ledger, open_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("tester", SigningKey.from_seed(b"\1" * 32))


def entry(number: int, order: str = "o1", kind: str = "draw", on: date = date(2026, 3, 5)) -> Entry:
    legs = (Leg("trader", "1010", "CNY", 5), Leg("trader", "2310", "CNY", -5))
    return Entry(kind, f"{kind}-{order}-{number}-{on}", on, order, {}, legs)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.ledger"
    with create_ledger(path, practice=True, actor=ACTOR) as ledger:
        ledger.append(*(entry(number) for number in range(PAGE + 5)))
    return path


def session(path: Path) -> Any:
    return SimpleNamespace(ledger=open_ledger(path), ledger_url=str(path))


def writing(path: Path, *steps: Callable[[Ledger], object]) -> Callable[[float], None]:
    """What happens while the follower waits, one step each time."""
    left = list(steps)

    def wait(_: float) -> None:
        if left:
            with open_ledger(path, actor=ACTOR) as ledger:
                left.pop(0)(ledger)

    return wait


def numbers(records: Iterator[Any], count: int) -> list[int]:
    return [record.sequence for record in islice(records, count)]


def test_records_written_while_others_are_read_come_once(path: Path) -> None:
    """The first page is out when a record is added: neither lost nor shown twice."""
    with open_ledger(path, actor=ACTOR) as writer:
        size = writer.size()
        found = follow(session(path), Wanted(), None, writing(path, lambda one: one.append(entry(8_000))))
        assert numbers(found, 3) == [1, 2, 3]
        writer.append(entry(7_000))
        assert numbers(found, size - 1) == [*range(4, size + 1), size + 1, size + 2]


def test_last_loses_nothing_that_is_written_meanwhile(path: Path) -> None:
    with open_ledger(path, actor=ACTOR) as writer:
        size = writer.size()
        found = follow(session(path), Wanted(), 2, writing(path, lambda _: None))
        assert numbers(found, 1) == [size - 1]
        writer.append(entry(7_000))
        assert numbers(found, 2) == [size, size + 1]


def test_follow_goes_on_with_the_file_that_was_put_back(path: Path, tmp_path: Path) -> None:
    """The ledger is moved away and an older backup restored; what is written to that one is followed."""
    kept = tmp_path / "kept"
    with open_ledger(path, actor=ACTOR) as ledger:
        size = ledger.size()
        backup(ledger, kept)
        ledger.append(entry(6_000))

    def away(_: Ledger) -> None:
        path.rename(tmp_path / "old")
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def nothing_there(_: float) -> None:
        steps.pop(0)()

    steps: list[Callable[[], object]] = [
        lambda: writing(path, away)(0),
        lambda: None,
        lambda: restore(kept, path),
        lambda: writing(path, lambda one: one.append(entry(9_000, kind="after")))(0),
    ]
    found = follow(session(path), Wanted(), 1, nothing_there)
    assert numbers(found, 1) == [size + 1]
    record = next(found)
    assert (record.kind, record.sequence) == ("after", size + 1)


def test_filters_hold_together(path: Path) -> None:
    with open_ledger(path, actor=ACTOR) as ledger:
        days = [date(2026, 4, day) for day in (1, 2, 3)]
        made = [entry(n, o, k, d) for n in (1, 2) for o in ("a", "b") for k in ("x", "y") for d in days]
        ledger.append(*made)
        everything = list(ledger.records())
        for order in ("a", None):
            for kind in ("x", None):
                for since in (days[1], None):
                    for until in (days[1], None):
                        wanted = Wanted(order, kind, since, until)
                        expected = [
                            one.sequence
                            for one in everything
                            if (order is None or one.order == order)
                            and (kind is None or one.kind == kind)
                            and (since is None or one.on >= since)
                            and (until is None or one.on <= until)
                        ]
                        found = [one.sequence for one in written(ledger, wanted, ledger.size(), None)]
                        assert found == expected
                        assert [one.sequence for one in written(ledger, wanted, ledger.size(), 3)] == (
                            expected[-3:]
                        )
