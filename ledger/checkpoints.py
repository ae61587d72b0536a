"""Checkpoints and proofs of one ledger: what is handed to others so that nobody can rewrite it quietly.

The newest checkpoint signed is kept outside the database, one file per ledger beside the keys. A ledger put
back from an old copy, cut or rewritten no longer fits it, and is not signed again.
"""

from pathlib import Path

from domain.errors import LedgerBrokenError, NotFoundError, RefusedError, UsageError
from ledger.record.records import Record
from ledger.store import Ledger
from trust.durable import write_whole
from trust.grammar import is_origin, require_origin
from trust.keys import Actor, PublicKey
from trust.merkle import consistency_proof, inclusion_proof, root_at
from trust.notes import (
    Checkpoint,
    format_consistency_proof,
    format_inclusion_proof,
    note_signers,
    parse_checkpoint,
    sign_checkpoint,
)

LONGEST_NUMBER = 18
"""Digits; a longer number is no record's in 64 bits."""


def held_checkpoint(directory: Path, ledger_id: str) -> Checkpoint | None:
    """The newest checkpoint of this ledger that we signed or were given; None before the first."""
    if not is_origin(ledger_id):  # nothing of it was ever signed, and it names no file
        return None
    path = _held_path(directory, ledger_id)
    return read_checkpoint(path) if path.exists() else None


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file, its line ends as any system writes them; ``UsageError`` names the file."""
    try:
        return parse_checkpoint(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, UsageError):
        raise UsageError(f"{path} is not a checkpoint", "give the file as it was written") from None


def make_checkpoint(ledger: Ledger, actor: Actor, directory: Path) -> Checkpoint:
    """Sign the ledger as it is, unless it contradicts the checkpoint held in ``directory``.

    ``LedgerBrokenError`` when it does: the ledger was cut, rewritten or put back from an old copy.
    ``RefusedError`` for a key that may not write: what it signs proves nothing to anybody.
    """
    ledger.require_good_id()
    key = actor.key.public.text
    if not any(ledger.backend.reader().rows("SELECT 1 FROM actor WHERE actor_key = ?", (key,))):
        raise RefusedError(
            f"a checkpoint of this ledger counts only with a key that may write to it ({key} may not)",
            f"ask somebody who may: net ledger enrol NAME {key}",
        )
    if ledger.withdrawn_at(key) is not None:
        raise RefusedError(
            f"the key {key} was withdrawn from this ledger", "sign with the one that replaces it"
        )
    tree = ledger.backend.tree()
    size = ledger.size()
    held = held_checkpoint(directory, ledger.id)
    if held is not None and (problem := contradiction(ledger, held)):
        raise LedgerBrokenError(problem, "stop, keep the ledger as it is, and run net ledger verify")
    if held is not None and held.size == size and note_signers(held.note, [(ledger.id, actor.key.public)]):
        return held
    made = sign_checkpoint(ledger.id, size, root_at(size, tree), actor.key)
    _hold(directory, made)
    return made


def require_held(ledger: Ledger, directory: Path) -> None:
    """``LedgerBrokenError`` where the ledger lacks records that the checkpoint held for it was signed over.

    So it is after a failover to a server that had not got everything, and after an old copy was put back:
    whoever writes on then makes a second history, and every proof of the first one ends there.
    """
    held = held_checkpoint(directory, ledger.id)
    if held is not None and (problem := contradiction(ledger, held)):
        raise LedgerBrokenError(
            problem,
            "nothing was written; bring back what is missing, or record the loss: net ledger accept-loss",
        )


def accept_loss(ledger: Ledger, actor: Actor, directory: Path, reason: str) -> Checkpoint:
    """Record that what the held checkpoint was signed over is lost, and sign the ledger as it stands now.

    The checkpoint that contradicts it is kept beside the new one: it is the evidence of what was there.
    ``RefusedError`` where nothing is lost.
    """
    held = held_checkpoint(directory, ledger.id)
    problem = contradiction(ledger, held) if held is not None else None
    if held is None or problem is None:
        raise RefusedError("nothing is lost: the ledger fits the checkpoint kept beside your keys", "go on")
    body = {
        "reason": reason,
        "found": problem,
        "signed_records": held.size,
        "signed_root": held.root.hex(),
        "records": ledger.size(),
    }
    ledger.look_before_writing(None)
    with ledger.write() as transaction:
        transaction.accept_loss(held.size, held.root, body)
    kept = _held_path(directory, ledger.id).with_suffix(f".lost-{held.size}")
    write_whole(kept, held.note.encode())
    made = sign_checkpoint(ledger.id, ledger.size(), root_at(ledger.size(), ledger.backend.tree()), actor.key)
    _hold(directory, made)
    return made


def contradiction(ledger: Ledger, checkpoint: Checkpoint) -> str | None:
    """Why the ledger cannot be the one that ``checkpoint`` was made of; None when it can."""
    if checkpoint.origin != ledger.id:
        return f"the checkpoint is of the ledger {checkpoint.origin}, this one is {ledger.id}"
    if problem := _unsigned(ledger, checkpoint):
        return problem
    size = ledger.size()
    if size < checkpoint.size:
        return (
            f"the ledger ends at record {size}, but a checkpoint was signed at record {checkpoint.size}:"
            " its tail was cut off or an old copy was put back"
        )
    if root_at(checkpoint.size, ledger.backend.tree()) != checkpoint.root:
        return (
            f"the first {checkpoint.size} records are not those that the checkpoint was signed over:"
            " some were edited, dropped, swapped or inserted, or the ledger forked"
        )
    return None


def _unsigned(ledger: Ledger, checkpoint: Checkpoint) -> str | None:
    """Why the checkpoint itself proves nothing: anyone can write down a root, only writers can sign it."""
    rows = list(ledger.backend.reader().rows("SELECT actor_key FROM actor"))
    ends = {key: ledger.withdrawn_at(key) for (key,) in rows}
    counting = [key for key, end in ends.items() if end is None or checkpoint.size < end]
    try:
        signers = note_signers(checkpoint.note, [(ledger.id, PublicKey(key)) for key in counting])
    except UsageError as error:
        return f"the checkpoint was changed: {error.message}"
    return None if signers else "the checkpoint is signed by no key that may write to this ledger"


def prove_record(ledger: Ledger, record: Record, checkpoint: Checkpoint) -> str:
    """The .tlog-proof that ``record`` is in the ledger as of ``checkpoint``."""
    ledger.require_good_id()
    if checkpoint.size < record.sequence:
        raise UsageError(
            f"record {record.sequence} is newer than the checkpoint, which ends at {checkpoint.size}",
            "run net ledger checkpoint first",
        )
    path = inclusion_proof(record.sequence, checkpoint.size, ledger.backend.tree())
    return format_inclusion_proof(record.sequence, path, checkpoint.note)


def prove_consistency(ledger: Ledger, old: Checkpoint, new: Checkpoint) -> str:
    """The proof that nothing before ``old`` changed up to ``new``; ``LedgerBrokenError`` when it did."""
    ledger.require_good_id()
    for checkpoint in (old, new):
        if problem := contradiction(ledger, checkpoint):
            raise LedgerBrokenError(problem, "run net ledger verify, which says what changed")
    if old.size > new.size:
        raise UsageError("the first checkpoint is newer than the second", "give the older one first")
    # every tree begins with the empty one, which needs no proof (https://c2sp.org/tlog-witness)
    path = consistency_proof(old.size, new.size, ledger.backend.tree()) if old.size else []
    return format_consistency_proof(old.size, path, new.note)


def find_record(ledger: Ledger, name: str) -> Record:
    """A record by its number, its key or the beginning of its id."""
    ledger.backend.tree()  # gives what was written a moment ago its place
    is_number = name.isascii() and name.isdigit() and len(name) <= LONGEST_NUMBER
    if is_number and (found := ledger.record_by_sequence(int(name))):
        return found
    if found := ledger.record_by_key(name) or ledger.record_by_id(name):
        return found
    raise NotFoundError(f"there is no record {name!r}", "net ledger log shows numbers, keys and ids")


def record_bytes(ledger: Ledger, record: Record) -> bytes:
    """The canonical bytes that the leaf hash is over."""
    row = next(iter(ledger.backend.reader().rows("SELECT body FROM record WHERE key = ?", (record.key,))))
    return str(row[0]).encode()


def _held_path(directory: Path, ledger_id: str) -> Path:
    return directory / f"{require_origin(ledger_id)}.checkpoint"


def _hold(directory: Path, checkpoint: Checkpoint) -> None:
    """In the place of the one before, so that a crash or a power cut leaves the old or the new."""
    write_whole(_held_path(directory, checkpoint.origin), checkpoint.note.encode())
