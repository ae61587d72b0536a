"""The key that this installation signs messages with, and the keys of the firms that it trusts.

One folder beside the settings: ``node.key`` (PKCS 8 PEM, readable by its owner alone) and, for each
trusted firm, ``trusted/NAME.json`` with its public key and, where it wants to be told, its address.
"""

import base64
import binascii
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.errors import NotFoundError, RefusedError, UsageError
from trust.durable import make_folder, sync_folder, write_whole

PREFIX = "net-ed25519"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z")
_FOLDER_MODE = 0o700
_KEY_MODE = 0o600
_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class TrustedFirm:
    """A firm whose signature counts; ``callback`` is where its own node takes events, may be empty."""

    name: str
    key_id: str
    public_key: Ed25519PublicKey
    callback: str = ""


def key_id_of(key: Ed25519PublicKey) -> str:
    """The first 32 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:32]


def public_line(key: Ed25519PublicKey) -> str:
    """What one firm sends the other: ``net-ed25519 BASE64``."""
    return f"{PREFIX} {base64.b64encode(key.public_bytes_raw()).decode()}"


def parse_public_line(text: str) -> Ed25519PublicKey:
    """UsageError unless the text is what ``public_line`` writes."""
    prefix, _, encoded = text.strip().partition(" ")
    try:
        if prefix != PREFIX:
            raise ValueError(prefix)
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(encoded.strip(), validate=True))
    except (ValueError, binascii.Error):
        raise UsageError(
            "this is no public key of a node", f"it is one line, `{PREFIX} ...`, as `net node keygen` prints"
        ) from None


def replace_signing_key(folder: Path, stamp: str) -> Ed25519PrivateKey:
    """A new key in the place of the one there is, which is kept as ``node.key.STAMP``.

    Firms that trust the old one refuse the new one until they trust it too.
    """
    load_signing_key(folder)
    kept, name = folder / f"node.key.{stamp}", folder / "node.key"
    if kept.exists():
        raise RefusedError(f"{kept.name} is there already", "move it away first")
    write_whole(kept, name.read_bytes(), mode=_KEY_MODE, over=False)
    key = Ed25519PrivateKey.generate()
    write_whole(name, _encoded(key), mode=_KEY_MODE)
    return key


def create_signing_key(folder: Path) -> Ed25519PrivateKey:
    """A new key in the folder; RefusedError when there is one, because firms trust that one."""
    make_folder(folder, mode=_FOLDER_MODE)
    key = Ed25519PrivateKey.generate()
    if (folder / "node.key").exists():
        raise RefusedError(
            "this installation has a signing key already",
            "other firms trust it; net node keygen --replace makes a new one",
        )
    write_whole(folder / "node.key", _encoded(key), mode=_KEY_MODE, over=False)
    return key


def _encoded(key: Ed25519PrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def load_signing_key(folder: Path) -> Ed25519PrivateKey:
    """NotFoundError without a key; RefusedError when others than its owner may read the file."""
    path = folder / "node.key"
    try:
        mode, encoded = path.stat().st_mode, path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            "this installation has no signing key", "make one with `net node keygen`"
        ) from None
    if mode & _OTHERS:
        raise RefusedError("node.key can be read by others", f"run `chmod 600 {path}`")
    key = serialization.load_pem_private_key(encoded, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise RefusedError("node.key is not an Ed25519 key", "make one with `net node keygen`")
    return key


def trust_firm(folder: Path, name: str, line: str, callback: str = "", *, keep: bool = False) -> TrustedFirm:
    """Trust the firm's key from now on, in the place of what was trusted under that name; with ``keep``
    beside it, while the firm changes its key, and with the callback that is known if none is given."""
    if not _NAME.match(name):
        raise UsageError(f"{name!r} is no name for a firm", "use lower-case letters, digits, - and .")
    key = parse_public_line(line)
    store = folder / "trusted"
    make_folder(store, mode=_FOLDER_MODE)
    known = _trusted(store / f"{name}.json") if (store / f"{name}.json").exists() else []
    callback = callback or (known[0].callback if known and keep else "")
    older = [public_line(one.public_key) for one in known if keep and one.key_id != key_id_of(key)]
    data = {"name": name, "key": public_line(key), "callback": callback, "older": older}
    write_whole(store / f"{name}.json", (json.dumps(data, indent=1) + "\n").encode())
    return TrustedFirm(name, key_id_of(key), key, callback)


def distrust_firm(folder: Path, name: str) -> None:
    """The firm's signature counts no more; NotFoundError when it did not."""
    path = folder / "trusted" / f"{name}.json"
    if not _NAME.match(name) or not path.exists():
        raise NotFoundError(f"no firm {name!r} is trusted", "net node trust lists those that are")
    path.unlink()
    sync_folder(path.parent)


def trusted_firms(folder: Path) -> dict[str, TrustedFirm]:
    """Every trusted firm by key id, a firm's newest key first; UsageError names a file that is damaged."""
    paths = sorted((folder / "trusted").glob("*.json"))
    return {firm.key_id: firm for path in paths for firm in _trusted(path)}


def _trusted(path: Path) -> list[TrustedFirm]:
    """The firm once for each of its keys."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        keys = [parse_public_line(line) for line in (data["key"], *data.get("older", []))]
        name, callback = str(data["name"]), str(data.get("callback", ""))
    except (ValueError, KeyError, TypeError, UsageError):
        raise UsageError(f"{path.name} is damaged", "trust that firm again: `net node trust`") from None
    return [TrustedFirm(name, key_id_of(key), key, callback) for key in keys]
