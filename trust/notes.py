"""Signed notes, checkpoints and proofs as the C2SP specifications write them.

https://c2sp.org/signed-note, https://c2sp.org/tlog-checkpoint, https://c2sp.org/tlog-proof. Anyone with a
tool for these formats (Go's ``sumdb/note`` is one) can check them without this program.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from domain.errors import RefusedError, UsageError
from trust.grammar import is_origin
from trust.keys import PublicKey, SigningKey

ED25519 = b"\x01"
PROOF_HEADER = "c2sp.org/tlog-proof@v1"
LARGEST_NOTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``size`` records of the ledger ``origin`` have the root ``root``; ``note`` is the signed text."""

    origin: str
    size: int
    root: bytes
    note: str


def key_id(name: str, key: PublicKey) -> bytes:
    return sha256(name.encode() + b"\n" + ED25519 + key.raw).digest()[:4]


def verifier_key(name: str, key: PublicKey) -> str:
    """The key as note tools take it: ``name+id+base64``."""
    return f"{name}+{key_id(name, key).hex()}+{_encoded(ED25519 + key.raw)}"


def sign_note(text: str, name: str, key: SigningKey) -> str:
    """``text``, which ends in a newline, with the signature line of ``name``."""
    if not text.endswith("\n"):
        raise ValueError("the text of a note ends in a newline")
    signature = key_id(name, key.public) + key.sign(text.encode())
    return f"{text}\n— {name} {_encoded(signature)}\n"


def note_signers(note: str, keys: Sequence[tuple[str, PublicKey]]) -> list[tuple[str, PublicKey]]:
    """Which of ``keys`` signed; lines of unknown keys are ignored, a bad one of a known key is an error."""
    text, lines = _split(note)
    known = {(name, key_id(name, key)): key for name, key in keys}
    signers = []
    for line in lines:
        name, signature = _signature(line)
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        if not key.verify(text.encode(), signature[4:]):
            raise UsageError(f"the signature of {name} does not fit the note", "get the note again")
        signers.append((name, key))
    return signers


def _split(note: str) -> tuple[str, list[str]]:
    if len(note) > LARGEST_NOTE or not note.endswith("\n") or any(ord(c) < 32 and c != "\n" for c in note):
        raise UsageError("this is not a signed note", "give the file as it was written")
    text, gap, signatures = note.rpartition("\n\n")
    if not gap:
        raise UsageError("this is not a signed note", "give the file as it was written")
    return text + "\n", signatures.splitlines()


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.rpartition(" ")
    try:
        signature = base64.b64decode(encoded, validate=True)
    except ValueError:
        signature = b""
    if dash != "—" or not name or len(signature) < 5:
        raise UsageError(f"{line!r} is not a signature line", "give the note as it was written")
    return name, signature


def sign_checkpoint(origin: str, size: int, root: bytes, key: SigningKey) -> Checkpoint:
    """A checkpoint of our own; ``RefusedError`` for an origin that could say more than a name."""
    if not is_origin(origin):
        raise RefusedError(
            f"a ledger called {origin!r} is not signed: its name could pass for other lines of a checkpoint",
            "net ledger verify says what is wrong with it",
        )
    note = sign_note(f"{origin}\n{size}\n{_encoded(root)}\n", origin, key)
    return Checkpoint(origin, size, root, note)


def parse_checkpoint(note: str) -> Checkpoint:
    """What a checkpoint says; whoever relies on it checks ``note_signers`` first."""
    text, _ = _split(note)
    lines = text.splitlines()
    try:
        size = int(lines[1])
        root = base64.b64decode(lines[2], validate=True)
        if len(root) != 32 or str(size) != lines[1] or size < 0 or not lines[0]:
            raise ValueError
    except (ValueError, IndexError):
        raise UsageError("this is not a checkpoint", "give the file as it was written") from None
    return Checkpoint(lines[0], size, root, note)


def format_inclusion_proof(number: int, path: Sequence[bytes], checkpoint: str) -> str:
    """``number`` counts from 1, as records do; the file counts from 0, as its specification does."""
    hashes = "".join(f"{_encoded(node)}\n" for node in path)
    return f"{PROOF_HEADER}\nindex {number - 1}\n{hashes}\n{checkpoint}"


def format_consistency_proof(old: int, path: Sequence[bytes], checkpoint: str) -> str:
    """As a witness takes it (https://c2sp.org/tlog-witness): ``old N``, the hashes, the new checkpoint."""
    hashes = "".join(f"{_encoded(node)}\n" for node in path)
    return f"old {old}\n{hashes}\n{checkpoint}"


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
