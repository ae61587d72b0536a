"""The network's secret for fingerprints of orders, kept beside the other keys."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from domain.errors import RefusedError
from trust.durable import make_folder, write_whole

KEY_FILE = "registry.key"


def load_registry_key(folder: Path) -> bytes:
    """The network's secret for fingerprints; firms that share a registry share it. Made when missing."""
    path = folder / KEY_FILE
    if not path.exists():
        make_folder(folder, mode=0o700)
        with suppress(RefusedError):  # another process made it since we looked
            write_whole(path, secrets.token_hex(32).encode(), mode=0o600, over=False)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"others may read the key file {path}", f"chmod 600 {path}")
    return bytes.fromhex(path.read_text().strip())
