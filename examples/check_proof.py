"""Check a proof from a net ledger with the Python standard library and OpenSSL; nothing of net is used.

    python check_proof.py 42.json 42.tlog-proof 'net-1a2b...+58704bea+AcSC...'

The arguments: the record's exact bytes, the proof, and the verifier key that the ledger's owner gave you. The
formats are public: RFC 6962 (tree), https://c2sp.org/tlog-proof, https://c2sp.org/signed-note.
"""

import base64
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(index: int, size: int, leaf: bytes, path: list[bytes]) -> bytes:
    """The root that the path leads to, RFC 9162 section 2.1.3.2."""
    here, last = leaf, size - 1
    if index > last:
        sys.exit("the proof is for a record that the ledger signed does not reach")
    for sibling in path:
        if not last:
            sys.exit("the path is too long")
        if index & 1 or index == last:
            here = node(sibling, here)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            here = node(here, sibling)
        index, last = index >> 1, last >> 1
    if last:
        sys.exit("the path is too short")
    return here


def whole(text: str) -> int:
    """A number as the formats write it: digits alone, none of them a leading zero."""
    if not text.isascii() or not text.isdigit() or str(int(text)) != text:
        sys.exit(f"{text!r} is not a number of the format")
    return int(text)


def signed(text: bytes, signature: bytes, key: bytes) -> bool:
    """Whether OpenSSL accepts this Ed25519 signature."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        der = bytes.fromhex("302a300506032b6570032100") + key
        (folder / "key").write_bytes(der)
        (folder / "text").write_bytes(text)
        (folder / "signature").write_bytes(signature)
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
        return subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0


def main(record: str, proof: str, verifier_key: str) -> None:
    head, _, note = Path(proof).read_text(encoding="utf-8").partition("\n\n")
    kind, *lines = head.splitlines()
    (index,) = [line for line in lines if line.startswith("index ")]
    path = [base64.b64decode(line) for line in lines if " " not in line]
    if kind != "c2sp.org/tlog-proof@v1":
        sys.exit("this is not a proof")
    text, _, signature_lines = note.rpartition("\n\n")
    origin, size, root = text.splitlines()[:3]
    name, identity, encoded = verifier_key.split("+", 2)
    key = base64.b64decode(encoded)[1:]
    for line in signature_lines.splitlines():
        _, signer, signature = line.split(" ")
        raw = base64.b64decode(signature)
        if signer == name == origin and raw[:4].hex() == identity:
            if not signed(text.encode() + b"\n", raw[4:], key):
                sys.exit("the signature does not hold")
            break
    else:
        sys.exit("this key did not sign the checkpoint")
    leaf = hashlib.sha256(b"\x00" + Path(record).read_bytes()).digest()
    number = whole(index.split(" ")[1])
    if root_from(number, whole(size), leaf, path) != base64.b64decode(root):
        sys.exit("the record is not in the ledger that was signed")
    print(f"record {number + 1} of {size} is in the ledger {origin}, as signed")


if __name__ == "__main__":
    main(*sys.argv[1:4])
