"""The other side of checkpoints and proofs: what somebody does who was handed them and trusts nobody."""

import base64
from collections.abc import Sequence

from domain.errors import UsageError
from trust.keys import PublicKey
from trust.merkle import inclusion_holds, node_hash
from trust.notes import ED25519, PROOF_HEADER, Checkpoint, key_id, note_signers, parse_checkpoint


def parse_verifier_key(text: str) -> tuple[str, PublicKey]:
    """Name and key of ``name+id+base64``; ``UsageError`` when the id is not that of the key."""
    try:
        name, identity, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        key = PublicKey.of(raw[1:])
        if raw[:1] != ED25519 or key_id(name, key).hex() != identity:
            raise ValueError
    except ValueError:
        raise UsageError(f"{text!r} is not a verifier key", "it looks like name+id+base64") from None
    return name, key


def parse_inclusion_proof(text: str) -> tuple[int, list[bytes], Checkpoint]:
    """Record number from 1, path and checkpoint of a proof file."""
    head, _, note = text.partition("\n\n")
    lines = head.splitlines()
    try:
        if lines.pop(0) != PROOF_HEADER:
            raise ValueError
        if lines[0].startswith("extra "):
            lines.pop(0)
        word, number = lines.pop(0).split(" ")
        path = [base64.b64decode(line, validate=True) for line in lines]
        if word != "index" or str(int(number)) != number or any(len(node) != 32 for node in path):
            raise ValueError
    except (ValueError, IndexError):
        raise UsageError("this is not a proof", "give the .tlog-proof file as it was written") from None
    return int(number) + 1, path, parse_checkpoint(note)


def proof_holds(text: str, leaf: bytes, keys: Sequence[tuple[str, PublicKey]]) -> bool:
    """Whether a proof file shows, under one of ``keys``, that the record with ``leaf`` is in the ledger."""
    number, path, checkpoint = parse_inclusion_proof(text)
    signed = any(name == checkpoint.origin for name, _ in note_signers(checkpoint.note, keys))
    return signed and inclusion_holds(number, checkpoint.size, leaf, path, checkpoint.root)


def accept_checkpoint(note: str, keys: list[tuple[str, PublicKey]]) -> Checkpoint:
    """A checkpoint that one of ``keys`` signed under its origin; ``UsageError`` otherwise."""
    checkpoint = parse_checkpoint(note)
    if not any(name == checkpoint.origin for name, _ in note_signers(note, keys)):
        raise UsageError(
            f"no known key signed this checkpoint of {checkpoint.origin}", "give the key of its signer"
        )
    return checkpoint


def consistency_holds(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        return not path and old_root == new_root
    if not 1 <= old < new or not path:
        return False
    nodes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root
