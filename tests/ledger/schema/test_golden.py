"""Every ledger that a tagged version wrote opens, verifies and keeps its root, on both databases.

``schema-1.gz`` was written before the first release; it is kept to be refused.
"""

from pathlib import Path

import pytest

from domain.errors import UsageError
from ledger import store
from ledger.export.query import query
from ledger.moving.backup import restore
from ledger.moving.copy import copy_ledger
from ledger.moving.upgrade import upgrade_ledger
from ledger.store import create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from ledger.verify.sqlite import verify_file
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.golden.kept import GOLDEN, assert_as_written, unpacked, unpacked_file

VERSIONS = sorted(path.name.removesuffix(".ledger.gz") for path in GOLDEN.glob("*.ledger.gz"))


def test_every_tagged_version_has_a_golden_ledger() -> None:
    assert "0.1.0" in VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_golden_ledger_opens_and_keeps_its_root(version: str, tmp_path: Path) -> None:
    path, told = unpacked(version, tmp_path)
    with open_ledger(path) as ledger:
        assert (ledger.size(), ledger.backend.version) == (told["records"], told["schema"])
        assert_as_written(ledger, told)


@pytest.mark.parametrize("version", VERSIONS)
def test_golden_ledger_is_upgraded_and_written_on(version: str, tmp_path: Path) -> None:
    path, told = unpacked(version, tmp_path)
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    with open_ledger(path, actor=ACTOR) as ledger:
        assert_as_written(ledger, told)
        ledger.append(draw(4_711, order="new"))
        assert verify_ledger(ledger).sound


@pytest.mark.postgres
@pytest.mark.parametrize("version", VERSIONS)
def test_golden_ledger_moves_to_postgresql(version: str, tmp_path: Path, postgres_database: str) -> None:
    path, told = unpacked(version, tmp_path)
    upgrade_ledger(str(path), ACTOR, Clock(), tmp_path / "before.ledger")
    moved = copy_ledger(str(path), postgres_database, ACTOR, Clock())
    with open_ledger(moved.url) as ledger:
        assert_as_written(ledger, told)


REFUSED = r"has schema 1, from before the first release of net$"


def ask(url: str) -> None:
    with query(url, "SELECT 1"):
        pass


@pytest.mark.parametrize(
    "opening",
    [
        open_ledger,
        lambda path: upgrade_ledger(str(path), ACTOR, Clock(), path.with_name("before")),
        lambda path: copy_ledger(str(path), str(path.with_name("other")), ACTOR, Clock()),
        lambda path: restore(path, path.with_name("other")),
        lambda path: ask(str(path)),
        verify_file,
    ],
    ids=["open", "upgrade", "copy", "restore", "query", "verify"],
)
def test_ledger_of_the_first_schema_is_refused_and_left_alone(opening, tmp_path: Path) -> None:
    path = unpacked_file("schema-1.gz", tmp_path)
    before = path.read_bytes()
    with pytest.raises(UsageError, match=REFUSED) as caught:
        opening(path)
    assert "net init" in caught.value.hint
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir() if "-" not in file.name] == ["net.ledger"]


@pytest.mark.postgres
def test_database_of_the_first_schema_is_refused(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made with today's tables and yesterday's number, which is what the refusal reads."""
    with monkeypatch.context() as yesterday:
        yesterday.setattr(store, "SCHEMA_VERSION", 1)
        with pytest.raises(UsageError, match=REFUSED):
            create_ledger(postgres_database, practice=True, actor=ACTOR)
    with pytest.raises(UsageError, match=REFUSED) as caught:
        open_ledger(postgres_database)
    assert "net init" in caught.value.hint
    with pytest.raises(UsageError, match=REFUSED):
        ask(postgres_database)
