"""The network's secret for fingerprints of orders, kept beside the other keys."""

import os
import secrets
from pathlib import Path

from domain.errors import RefusedError

KEY_FILE = "registry.key"


def load_registry_key(folder: Path) -> bytes:
    """The network's secret for fingerprints; firms that share a registry share it. Made when missing."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return load_registry_key(folder)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"others may read the key file {path}", f"chmod 600 {path}")
    return bytes.fromhex(path.read_text().strip())
