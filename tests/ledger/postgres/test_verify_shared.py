"""Verification by several processes that share one snapshot says what one process alone says."""

from collections.abc import Iterator

import psycopg
import pytest

import ledger.verify.postgres as subject
from ledger.record.findings import Report
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify import postgres_walk as verify_postgres_walk
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.postgres.test_guards import fill
from tests.ledger.postgres.test_verify import GUARDS

pytestmark = pytest.mark.postgres


@pytest.fixture
def ledger(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """Long enough for several stretches, which are short here."""
    monkeypatch.setattr(subject, "STRETCH", 8)
    monkeypatch.setattr(subject, "FEWEST", 4)
    with create_ledger(postgres_database, practice=True, actor=ACTOR, clock=Clock()) as made:
        fill(made)
        for number in range(10, 40):
            made.append(draw(number, order=f"o{number % 7}"))
        yield made


def damage(owner_url: str, statement: str) -> None:
    with psycopg.connect(owner_url) as owner:
        owner.execute("SET search_path = net, pg_temp")
        owner.execute(GUARDS.format("DISABLE"))
        owner.execute(statement)
        owner.execute(GUARDS.format("ENABLE ALWAYS"))


def said(report: Report) -> tuple[object, ...]:
    told = sorted(str(finding) for finding in report.findings)
    return report.ledger_id, report.records, report.legs, report.commands, report.root, told


def shared(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The snapshots that were shared from now on; None where one was not."""
    names: list[str | None] = []
    share = verify_postgres_walk.share_snapshot

    def noted(*given: object) -> str | None:
        names.append(share(*given))  # type: ignore[arg-type]
        return names[-1]

    monkeypatch.setattr(subject, "share_snapshot", noted)
    return names


def test_several_processes_find_a_sound_ledger_sound(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    names = shared(monkeypatch)
    together, alone = verify_ledger(ledger, workers=2), verify_ledger(ledger, workers=1)
    assert together.sound
    assert said(together) == said(alone)
    assert len(names) == 1
    assert names[0]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE leg SET amount_minor = amount_minor + 1 WHERE sequence = 30 AND n = 0",
        "UPDATE record SET body = replace(body, '100', '101') WHERE key = 'draw-33'",
        "UPDATE command SET signature = sha256(signature) || sha256(digest)",
        "UPDATE sealing SET node = sha256(node) WHERE sequence = 11",
        "UPDATE balance_part SET amount_minor = amount_minor + 1",
        "UPDATE slot SET used = used - 1",
        "DELETE FROM command WHERE command > 9",
    ],
)
def test_several_processes_find_what_one_finds(
    ledger: Ledger, postgres_database: str, statement: str
) -> None:
    damage(postgres_database, statement)
    together, alone = verify_ledger(ledger, workers=2), verify_ledger(ledger, workers=1)
    assert not together.sound
    assert said(together) == said(alone)


def test_table_that_cannot_be_read_is_a_finding_for_several_processes_too(
    ledger: Ledger, postgres_database: str
) -> None:
    damage(postgres_database, "ALTER TABLE leg RENAME amount_minor TO amount")
    for workers in (1, 2):
        told = str(verify_ledger(ledger, workers=workers).findings)
        assert "cannot be read as a ledger" in told


def test_server_without_room_for_more_connections_is_walked_by_one_process(
    ledger: Ledger, postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = shared(monkeypatch)
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        row = owner.execute(
            "SELECT rolname FROM pg_roles WHERE rolname = current_database() || '_net_program'"
        )
        (role,) = row.fetchone() or ("",)
        owner.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT 2')
        try:
            with open_ledger(ledger.backend.url) as reader:
                assert verify_ledger(reader, workers=2).sound
        finally:
            owner.execute(f'ALTER ROLE "{role}" CONNECTION LIMIT -1')
    assert names == [None]


def test_writes_during_verification_are_not_in_its_snapshot(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone writes between the walk's beginning and its end: both processes still see what was there."""
    extent = subject._extent

    def then_write(connection: psycopg.Connection[object]) -> tuple[str, int, int]:
        known = extent(connection)  # type: ignore[arg-type]
        with open_ledger(ledger.backend.url, actor=ACTOR) as other:
            other.append(draw(99))
        return known

    before = ledger.size()
    monkeypatch.setattr(subject, "_extent", then_write)
    report = verify_ledger(ledger, workers=2)
    assert report.sound
    assert report.records == before
