"""Proofs that others check: with the standard library and OpenSSL alone, and by the published vectors."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from domain.errors import LedgerBrokenError, NotFoundError, UsageError
from ledger.checkpoints import (
    accept_checkpoint,
    find_record,
    make_checkpoint,
    prove_consistency,
    prove_record,
    record_bytes,
)
from ledger.store import Ledger
from tests.ledger.conftest import ACTOR, draw
from trust.keys import SigningKey
from trust.notes import sign_checkpoint, verifier_key

CHECKER = Path(__file__).resolve().parents[2] / "examples" / "check_proof.py"
KEY = ACTOR.key.public


@pytest.fixture
def filled(ledger: Ledger) -> Ledger:
    for number in range(20):
        with ledger.write() as transaction:
            transaction.append(draw(number))
    return ledger


def checked(folder: Path, body: bytes, proof: str, key: str) -> subprocess.CompletedProcess[str]:
    (folder / "record.json").write_bytes(body)
    (folder / "record.tlog-proof").write_text(proof, encoding="utf-8")
    command = [sys.executable, "-I", str(CHECKER), "record.json", "record.tlog-proof", key]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_proof_is_checked_without_this_program(filled: Ledger, tmp_path: Path) -> None:
    made = make_checkpoint(filled, ACTOR, tmp_path)
    key = verifier_key(filled.id, KEY)
    for number in (1, 2, 16, 17, made.size):
        record = find_record(filled, str(number))
        body, proof = record_bytes(filled, record), prove_record(filled, record, made)
        told = checked(tmp_path, body, proof, key)
        assert told.stdout == f"record {number} of {made.size} is in the ledger {filled.id}, as signed\n"
        assert checked(tmp_path, body + b" ", proof, key).returncode
        other = verifier_key(filled.id, SigningKey.from_seed(b"\3" * 32).public)
        assert "did not sign" in checked(tmp_path, body, proof, other).stderr
        forged = proof.replace(f"\n{made.size}\n", f"\n{made.size + 1}\n")
        assert "signature does not hold" in checked(tmp_path, body, forged, key).stderr


def test_proof_needs_a_checkpoint_that_reaches_the_record(filled: Ledger, tmp_path: Path) -> None:
    made = make_checkpoint(filled, ACTOR, tmp_path)
    with filled.write() as transaction:
        transaction.append(draw(99))
    with pytest.raises(UsageError, match="newer than the checkpoint"):
        prove_record(filled, find_record(filled, "draw-99"), made)


def test_record_is_found_by_number_key_and_id(filled: Ledger) -> None:
    record = find_record(filled, "draw-3")
    assert find_record(filled, str(record.sequence)) == record
    assert find_record(filled, record.record_id[:10]) == record
    with pytest.raises(NotFoundError):
        find_record(filled, "nobody")


def test_consistency_is_refused_for_a_checkpoint_of_other_records(filled: Ledger, tmp_path: Path) -> None:
    made = make_checkpoint(filled, ACTOR, tmp_path)
    assert prove_consistency(filled, made, made).startswith(f"old {made.size}\n\n")
    other = sign_checkpoint(filled.id, 5, b"\0" * 32, ACTOR.key)
    with pytest.raises(LedgerBrokenError, match="not those"):
        prove_consistency(filled, other, made)


def test_checkpoint_counts_only_with_a_known_signature(filled: Ledger, tmp_path: Path) -> None:
    made = make_checkpoint(filled, ACTOR, tmp_path)
    assert accept_checkpoint(made.note, [(filled.id, KEY)]) == made
    with pytest.raises(UsageError, match="no known key"):
        accept_checkpoint(made.note, [("other", KEY)])
