"""Proofs that others check: with the standard library and OpenSSL alone, and by the published vectors."""

import hashlib
import importlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UsageError
from ledger.checkpoints import (
    accept_loss,
    find_record,
    held_checkpoint,
    make_checkpoint,
    prove_consistency,
    prove_record,
    record_bytes,
    require_held,
)
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from tests.parts.verifier import accept_checkpoint
from trust.keys import SigningKey
from trust.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, root_at
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


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()


@pytest.fixture
def outsiders(monkeypatch: pytest.MonkeyPatch) -> tuple[ModuleType, ModuleType]:
    """The two checkers that ship as examples, which import nothing of this program."""
    monkeypatch.syspath_prepend(str(CHECKER.parent))
    return importlib.import_module("check_proof"), importlib.import_module("check_consistency")


def accepts(check: Callable[[], object]) -> bool:
    try:
        return bool(check())
    except SystemExit:
        return False


def test_every_inclusion_proof_holds_for_its_record_and_size_alone(
    filled: Ledger, outsiders: tuple[ModuleType, ModuleType]
) -> None:
    checker, _ = outsiders
    tree = filled.backend.tree()
    leaves = [tree.leaf(number) for number in range(1, filled.size() + 1)]
    for size in range(1, len(leaves) + 1):
        root = mth(leaves[:size])
        for number in range(1, size + 1):
            path = inclusion_proof(number, size, tree)

            def fits(index: int, of: int, steps: list[bytes], root: bytes = root, n: int = number) -> bool:
                return accepts(lambda: checker.root_from(index, of, leaves[n - 1], steps) == root)

            assert fits(number - 1, size, path)
            wrong = {*range(len(leaves) + 1), number - 1 + 32, number - 1 + 64} - {number - 1}
            assert not any(fits(index, size, path) for index in wrong)
            assert not fits(number - 1, size, [*path, root])
            assert not path or not fits(number - 1, size, path[:-1])
            assert not path or not fits(number - 1, size, [path[0][::-1], *path[1:]])
            assert mth(leaves[:size]) == root_at(size, tree)


def test_every_consistency_proof_holds_for_its_two_sizes_alone(
    filled: Ledger, outsiders: tuple[ModuleType, ModuleType]
) -> None:
    _, checker = outsiders
    tree = filled.backend.tree()
    roots = {size: root_at(size, tree) for size in range(1, filled.size() + 1)}
    for new in roots:
        for old in range(1, new):
            path = consistency_proof(old, new, tree)

            def fits(of: int, until: int, steps: list[bytes], old: int = old, new: int = new) -> bool:
                wanted = (roots[old], roots[new])
                return accepts(lambda: checker.roots_from(of, until, roots[old], steps) == wanted)

            assert fits(old, new, path)
            assert not fits(old, new, [*path, roots[1]])
            assert not fits(old, new, path[:-1])
            assert not fits(old, new, [path[0][::-1], *path[1:]])
            if old > 1:
                assert checker.roots_from(old, new, roots[1], path) != (roots[1], roots[new])


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_consistency_is_checked_without_this_program(filled: Ledger, tmp_path: Path) -> None:
    """A kept checkpoint fits what came after it; another ledger's, a changed one, a stranger's do not."""
    key = verifier_key(filled.id, KEY)
    stranger = SigningKey.from_seed(b"\3" * 32)

    def told(kept: str, proof: str, by: str = key) -> str:
        (tmp_path / "kept").write_text(kept, encoding="utf-8")
        (tmp_path / "proof").write_text(proof, encoding="utf-8")
        command = [sys.executable, str(CHECKER.with_name("check_consistency.py")), "kept", "proof", by]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.stdout + done.stderr

    old = make_checkpoint(filled, ACTOR, tmp_path)
    for number in range(30, 45):
        filled.append(draw(number))
    new = make_checkpoint(filled, ACTOR, tmp_path)
    proof = prove_consistency(filled, old, new)
    assert told(old.note, proof) == (
        f"the first {old.size} of {new.size} records in the ledger {filled.id}"
        " are those of the checkpoint you kept\n"
    )
    forged = sign_checkpoint(filled.id, old.size, b"\0" * 32, ACTOR.key)
    assert "does not begin with" in told(forged.note, proof)
    other_size = sign_checkpoint(filled.id, old.size - 1, old.root, ACTOR.key)
    assert "not from the checkpoint" in told(other_size.note, proof)
    elsewhere = sign_checkpoint("net-other", old.size, old.root, ACTOR.key)
    assert "did not sign" in told(elsewhere.note, proof)
    strange = sign_checkpoint(filled.id, old.size, old.root, stranger)
    assert "did not sign" in told(strange.note, proof)
    assert "does not hold" in told(old.note.replace(f"\n{old.size}\n", f"\n{old.size - 1}\n"), proof)
    assert "not from" in told(old.note, proof.replace(f"old {old.size}\n", f"old {old.size - 1}\n"))


def test_every_ledger_begins_with_the_empty_one(filled: Ledger, tmp_path: Path) -> None:
    """As witnesses ask for it who saw nothing yet: old 0, and no hashes."""
    made = make_checkpoint(filled, ACTOR, tmp_path)
    empty = sign_checkpoint(filled.id, 0, EMPTY_ROOT, ACTOR.key)
    assert prove_consistency(filled, empty, made) == f"old 0\n\n{made.note}"
    other = sign_checkpoint(filled.id, 0, made.root, ACTOR.key)
    with pytest.raises(LedgerBrokenError):
        prove_consistency(filled, other, made)


@pytest.mark.both_databases
def test_a_ledger_that_lost_records_is_not_written_until_that_is_recorded(
    new_ledger_url: str, tmp_path: Path
) -> None:
    """As after a failover to a server that had not got the last of it."""
    folder = tmp_path / "checkpoints"
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=Clock()) as ledger:
        ledger.append(draw(1))
        ahead = sign_checkpoint(ledger.id, 9, b"\7" * 32, ACTOR.key)
        folder.mkdir()
        (folder / f"{ledger.id}.checkpoint").write_text(ahead.note, encoding="utf-8")
        url = ledger.backend.url
    with open_ledger(url, actor=ACTOR, clock=Clock()) as ledger:
        ledger.look_before_writing(lambda one: require_held(one, folder))
        with pytest.raises(LedgerBrokenError, match="its tail was cut off") as told:
            ledger.append(draw(2))
        assert "accept-loss" in told.value.hint
        assert ledger.size() == 4
        made = accept_loss(ledger, ACTOR, folder, "failover")
        assert (made.size, held_checkpoint(folder, ledger.id)) == (5, made)
        record = next(ledger.records(kind="ledger.loss-accepted"))
        assert (record.body["reason"], record.body["signed_records"]) == ("failover", 9)
        assert verify_ledger(ledger, [made]).sound
        assert not verify_ledger(ledger, [ahead]).sound
        with pytest.raises(RefusedError, match="nothing is lost"):
            accept_loss(ledger, ACTOR, folder, "again")
    assert (folder / f"{made.origin}.lost-9").read_text(encoding="utf-8") == ahead.note
    with open_ledger(url, actor=ACTOR, clock=Clock()) as ledger:
        ledger.look_before_writing(lambda one: require_held(one, folder))
        ledger.append(draw(2))
