"""What a writer signs: the list of leaf hashes that one command wrote.

The message names the ledger and the digest of the leaves in the order written, so it holds on any backend,
also where the place of a record in the tree is decided later.
"""

from collections.abc import Iterable
from hashlib import sha256


def command_digest(leaves: Iterable[bytes]) -> bytes:
    """SHA-256 over the leaf hashes, 32 bytes each, in the order written."""
    digest = sha256()
    for leaf in leaves:
        digest.update(leaf)
    return digest.digest()


def command_message(ledger_id: str, digest: bytes) -> bytes:
    return f"net command\n{ledger_id}\n{digest.hex()}\n".encode()
