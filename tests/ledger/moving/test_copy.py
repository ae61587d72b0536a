"""A ledger moves between databases with the same root, and the place it left takes nothing more."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import LedgerBrokenError, NetError, RefusedError, UsageError
from ledger.moving import copy as subject
from ledger.moving.copy import copy_ledger
from ledger.moving.target import SignedCommand
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.parts.full_ledger import full_ledger
from trust.merkle import root_at

pytestmark = pytest.mark.postgres


def root_of(ledger: Ledger, size: int) -> bytes:
    return root_at(size, ledger.backend.tree())


def state_of(ledger: Ledger) -> dict[str, object]:
    """All that the databases derive, as the API tells it."""
    return {
        "balances": ledger.balance(),
        "by order": [ledger.balance(order=head.order) for head in ledger.orders()],
        "orders": [(head.order, head.state) for head in ledger.orders()],
        "slots": list(ledger.slots()),
        "holds": ledger.holds(live=False),
        "claims": ledger.finance_claims(),
        "open calls": ledger.unfinished_intents(),
        "records": [
            (record.sequence, record.record_id) for record in ledger.records() if record.kind not in MOVED
        ],
    }


MOVED = (subject.LEDGER_HANDED_OVER, subject.LEDGER_TAKEN_OVER)


def test_ledger_moves_there_and_back_with_the_same_root(postgres_database: str, tmp_path: Path) -> None:
    start, back = tmp_path / "net.ledger", tmp_path / "again.ledger"
    full_ledger(start)
    with open_ledger(start) as ledger:
        size, before = ledger.size(), state_of(ledger)
        root = root_of(ledger, size)
    there = copy_ledger(str(start), postgres_database, ACTOR, Clock())
    assert (there.records, there.root) == (size, root)
    with open_ledger(there.url, actor=ACTOR) as ledger:
        assert state_of(ledger) == before
        assert root_of(ledger, size) == root
        assert verify_ledger(ledger).sound
        ledger.append(draw(999, order="o99"))
    again = copy_ledger(there.url, str(back), ACTOR, Clock())
    assert again.records == size + 2
    with open_ledger(back) as ledger:
        assert root_of(ledger, size) == root
        assert root_of(ledger, size + 2) == again.root
        assert verify_ledger(ledger).sound
        assert [record.kind for record in ledger.records()][size:] == [
            "ledger.taken-over",
            "loan.drawn",
            "ledger.taken-over",
        ]


@pytest.mark.parametrize("direction", ["to a server", "to a file"])
def test_source_is_read_only_after_and_says_where_it_went(
    postgres_database: str, tmp_path: Path, direction: str
) -> None:
    start, file = tmp_path / "net.ledger", tmp_path / "copy.ledger"
    full_ledger(start)
    source, target = str(start), str(postgres_database)
    if direction == "to a file":
        source, target = copy_ledger(source, target, ACTOR, Clock()).url, str(file)
    copy_ledger(source, target, ACTOR, Clock())
    with open_ledger(source, actor=ACTOR) as ledger:
        with pytest.raises(NetError, match="handed over"), ledger.write() as transaction:
            transaction.append(draw(999))
        last = ledger.record_by_sequence(ledger.size())
        assert last
        assert last.kind == "ledger.handed-over"
        assert last.body["to"] == subject.place_name(target)
        assert verify_ledger(ledger).sound


def test_copy_again_is_the_same_copy(postgres_database: str, tmp_path: Path) -> None:
    start = tmp_path / "net.ledger"
    full_ledger(start, orders=2)
    first = copy_ledger(str(start), postgres_database, ACTOR, Clock())
    again = copy_ledger(str(start), first.url, ACTOR, Clock())
    assert (again.records, again.root) == (first.records, first.root)
    with open_ledger(first.url) as ledger:
        assert len(list(ledger.records(kind="ledger.taken-over"))) == 1


@pytest.mark.parametrize("stop", ["replay", "hand over", "take over"])
@pytest.mark.parametrize("to", ["postgres", "sqlite"])
def test_interrupted_copy_goes_on_where_it_stopped(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: str, to: str
) -> None:
    start = tmp_path / "net.ledger"
    full_ledger(start, orders=3)
    target = postgres_database if to == "postgres" else str(tmp_path / "copy.ledger")
    with monkeypatch.context() as patch:
        if stop == "replay":
            whole = subject.batches
            patch.setattr(subject, "batches", lambda commands: stopped(whole(commands, 7)))
        else:
            patch.setattr(subject, {"hand over": "_hand_over", "take over": "_take_over"}[stop], cut)
        with pytest.raises(KeyboardInterrupt):
            copy_ledger(str(start), target, ACTOR, Clock())
    done = copy_ledger(str(start), target, ACTOR, Clock())
    with open_ledger(done.url) as copy, open_ledger(start) as source:
        assert root_of(copy, done.records) == root_of(source, done.records) == done.root
        assert verify_ledger(copy).sound


def stopped(batches: Iterator[list[SignedCommand]]) -> Iterator[list[SignedCommand]]:
    yield next(batches)
    yield next(batches)
    raise KeyboardInterrupt


def cut(*_: object) -> None:
    raise KeyboardInterrupt


def test_copy_over_another_ledger_is_refused(postgres_database: str, tmp_path: Path) -> None:
    start = tmp_path / "net.ledger"
    full_ledger(start, orders=1)
    other = tmp_path / "other.ledger"
    create_ledger(other, practice=True, actor=ACTOR).close()
    with pytest.raises(RefusedError, match="another ledger"):
        copy_ledger(str(start), str(other), ACTOR, Clock())
    create_ledger(postgres_database, practice=True, actor=ACTOR).close()
    with pytest.raises(RefusedError, match="another ledger"):
        copy_ledger(str(start), postgres_database, ACTOR, Clock())


def test_copy_onto_itself_is_refused(tmp_path: Path) -> None:
    full_ledger(tmp_path / "net.ledger", orders=1)
    with pytest.raises(UsageError):
        copy_ledger(str(tmp_path / "net.ledger"), str(tmp_path / "net.ledger"), ACTOR, Clock())


def test_copy_in_use_is_never_continued(tmp_path: Path) -> None:
    """Two files that were one ledger: what was written to the copy is not mixed with the source's rest."""
    start, kept, copy = tmp_path / "net.ledger", tmp_path / "kept.ledger", tmp_path / "copy.ledger"
    full_ledger(start, orders=1)
    shutil.copyfile(start, kept)
    copy_ledger(str(start), str(copy), ACTOR, Clock())
    with open_ledger(copy, actor=ACTOR) as ledger:
        ledger.append(draw(999))
    with pytest.raises(RefusedError):
        copy_ledger(str(kept), str(copy), ACTOR, Clock())


def test_damaged_source_is_not_handed_over(tmp_path: Path) -> None:
    start, copy = tmp_path / "net.ledger", tmp_path / "copy.ledger"
    full_ledger(start, orders=2)
    connection = sqlite3.connect(start)
    connection.execute("DROP TRIGGER record_update_guard")
    connection.execute("UPDATE record SET node = zeroblob(32) WHERE sequence = 8")
    connection.commit()
    connection.close()
    with pytest.raises(LedgerBrokenError):
        copy_ledger(str(start), str(copy), ACTOR, Clock())
    with open_ledger(start) as ledger:
        assert not list(ledger.records(kind="ledger.handed-over"))


def test_copy_goes_on_where_it_was_killed_before_its_first_table(ledger: Ledger, tmp_path: Path) -> None:
    """Changing the journal writes the file's first page: a copy killed then leaves a file without a table."""
    ledger.append(draw(1))
    target = tmp_path / "copy.ledger"
    begun = sqlite3.connect(target)
    begun.execute("PRAGMA journal_mode = WAL")
    begun.close()
    assert target.stat().st_size > 0
    moved = copy_ledger(ledger.backend.url, str(target), ACTOR, Clock())
    with open_ledger(target) as copy:
        assert verify_ledger(copy).sound
        assert copy.size() == moved.records + 1
