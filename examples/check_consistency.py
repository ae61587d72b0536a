"""Check that nothing before an older checkpoint changed; standard library and OpenSSL, nothing of net.

    python check_consistency.py monday.checkpoint proof.txt 'net-1a2b...+58704bea+AcSC...'

The arguments: the checkpoint you kept, what ``net ledger consistency OLD NEW --to proof.txt`` wrote (it ends
in the newer checkpoint), and the verifier key of the owner. The formats are public: RFC 6962 (tree), RFC 9162
section 2.1.4.2 (how to check), https://c2sp.org/tlog-witness, https://c2sp.org/tlog-checkpoint.
"""

import base64
import sys
from pathlib import Path

from check_proof import node, signed, whole

Checkpoint = tuple[str, int, bytes]


def checkpoint(note: str, verifier_key: str) -> Checkpoint:
    """Origin, size and root of a checkpoint that the key signed."""
    text, _, signature_lines = note.rpartition("\n\n")
    origin, size, root = text.splitlines()[:3]
    name, identity, encoded = verifier_key.split("+", 2)
    for line in signature_lines.splitlines():
        _, signer, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if signer == name == origin and raw[:4].hex() == identity:
            if signed(text.encode() + b"\n", raw[4:], base64.b64decode(encoded)[1:]):
                return origin, whole(size), base64.b64decode(root)
            sys.exit("the signature does not hold")
    sys.exit("this key did not sign the checkpoint")


def roots_from(old: int, new: int, old_root: bytes, path: list[bytes]) -> tuple[bytes, bytes]:
    """The older and the newer root that the path leads to."""
    nodes = [old_root, *path] if old & (old - 1) == 0 else path
    if not nodes:
        sys.exit("the proof is too short")
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    first = second = nodes[0]
    for sibling in nodes[1:]:
        if not last:
            sys.exit("the proof is too long")
        if index & 1 or index == last:
            first, second = node(sibling, first), node(sibling, second)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            second = node(second, sibling)
        index, last = index >> 1, last >> 1
    if last:
        sys.exit("the proof is too short")
    return first, second


def main(kept: str, proof: str, verifier_key: str) -> None:
    origin, old, old_root = checkpoint(Path(kept).read_text(encoding="utf-8"), verifier_key)
    head, _, note = Path(proof).read_text(encoding="utf-8").partition("\n\n")
    newer, new, new_root = checkpoint(note, verifier_key)
    start, *hashes = head.splitlines()
    if start != f"old {old}" or newer != origin or not 1 <= old <= new:
        sys.exit("the proof is not from the checkpoint that you kept")
    path = [base64.b64decode(line, validate=True) for line in hashes]
    if old == new:
        fits = not path and old_root == new_root
    else:
        fits = roots_from(old, new, old_root, path) == (old_root, new_root)
    if not fits:
        sys.exit("the ledger of today does not begin with the one that you kept a checkpoint of")
    print(f"the first {old} of {new} records in the ledger {origin} are those of the checkpoint you kept")


if __name__ == "__main__":
    main(*sys.argv[1:4])
