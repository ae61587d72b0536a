"""Every ledger that a tagged version wrote opens, verifies and keeps its root, on both databases."""

from pathlib import Path

import pytest

from ledger.moving.copy import copy_ledger
from ledger.moving.upgrade import upgrade_ledger
from ledger.store import open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.golden.kept import GOLDEN, assert_as_written, unpacked

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
