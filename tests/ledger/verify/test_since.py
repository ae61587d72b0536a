"""Verification of what is newer than a checkpoint."""

from pathlib import Path

import pytest

from ledger.checkpoints import make_checkpoint
from ledger.store import Ledger, create_ledger
from ledger.verify.ledger import verify_ledger
from ledger.verify.since import verify_since
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.ledger.verify.test_ledger import edit_column
from tests.parts.full_ledger import attack
from trust.notes import sign_checkpoint


@pytest.mark.both_databases
@pytest.mark.parametrize("before", [1, 5, 8])
def test_what_is_newer_is_verified_with_the_same_root(
    new_ledger_url: str, tmp_path: Path, before: int
) -> None:
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=Clock()) as made:
        for number in range(before):
            made.append(draw(number))
        checkpoint = make_checkpoint(made, ACTOR, tmp_path)
        assert verify_since(made, checkpoint).sound
        for number in range(20, 33):
            made.append(draw(number))
        report = verify_since(made, checkpoint)
        assert (report.findings, report.records, report.legs) == ([], 13, 26)
        assert report.commands >= 13
        assert report.root == verify_ledger(made).root
        other = sign_checkpoint(made.id, checkpoint.size, b"\0" * 32, ACTOR.key)
        assert [flaw.subject for flaw in verify_since(made, other).findings] == ["checkpoint"]


@pytest.mark.parametrize("column", ["body", "leaf", "node", "key"])
def test_damage_in_what_is_newer_is_found(ledger: Ledger, tmp_path: Path, column: str) -> None:
    ledger.append(draw(1))
    checkpoint = make_checkpoint(ledger, ACTOR, tmp_path / "kept")
    for number in range(20, 33):
        ledger.append(draw(number))
    value = b"\1" * 32 if column in ("leaf", "node") else "other"
    attack(tmp_path / "net.ledger", lambda connection: edit_column(column, value)(connection, 9))
    assert "record 9" in {flaw.place.split(" (")[0] for flaw in verify_since(ledger, checkpoint).findings}
