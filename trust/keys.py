"""Ed25519 keys: whoever writes to the ledger, or speaks to another node, signs with one."""

import base64
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from domain.errors import NotFoundError, RefusedError, UsageError
from trust.durable import write_whole

PUBLIC_PREFIX = "ed25519:"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as text: ``ed25519:`` and the base64 of its 32 bytes."""

    text: str

    @classmethod
    def of(cls, raw: bytes) -> "PublicKey":
        return cls(PUBLIC_PREFIX + base64.b64encode(raw).decode())

    @property
    def raw(self) -> bytes:
        if not self.text.startswith(PUBLIC_PREFIX):
            raise UsageError(f"{self.text!r} is not a public key", "a key looks like ed25519:BASE64")
        try:
            raw = base64.b64decode(self.text.removeprefix(PUBLIC_PREFIX), validate=True)
        except ValueError:
            raw = b""
        if len(raw) != 32:
            raise UsageError(f"{self.text!r} is not a public key", "a key looks like ed25519:BASE64")
        return raw

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            _loaded(self).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def verifier(text: str) -> Callable[[bytes, bytes], None]:
    """What checks signatures (signature, message) of the key in a text, and raises ``InvalidSignature``: for
    many signatures of one key. UsageError for what is no key."""
    return _loaded(PublicKey(text)).verify


@lru_cache(maxsize=1_024)
def _loaded(key: PublicKey) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key.raw)


class SigningKey:
    """A private Ed25519 key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey.of(private.public_key().public_bytes_raw())

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> "SigningKey":
        """The key of 32 seed bytes: for tests and for restoring a key from paper."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def private_bytes(self) -> bytes:
        """PKCS #8 PEM, unencrypted; what a key file holds."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass(frozen=True, slots=True)
class Actor:
    """Who writes: a name for people and the key that signs."""

    name: str
    key: SigningKey

    @classmethod
    def generate(cls, name: str) -> "Actor":
        return cls(name, SigningKey.generate())


def save_key(key: SigningKey, path: Path) -> None:
    """Write a new key file, mode 0600; an existing file is never overwritten."""
    if path.exists():
        raise RefusedError(f"the key file {path} exists", "use it, or name another file")
    write_whole(path, key.private_bytes(), mode=0o600, over=False)


def load_key(path: Path) -> SigningKey:
    """The key in a file that nobody else can read."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise RefusedError(f"others may read the key file {path}", f"chmod 600 {path}")
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise NotFoundError(f"there is no key file {path}", "run net init, which makes one") from None
    except ValueError:
        if path.stat().st_size == 0:  # a version before 0.2 was killed while it made the key
            raise UsageError(f"{path} is empty, no key was ever in it", f"remove it: rm {path}") from None
        raise UsageError(f"{path} is not a private key", "restore it from your backup") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(f"{path} is not an Ed25519 key", "restore it from your backup")
    return SigningKey(private)


def load_or_create_actor(name: str, path: Path) -> Actor:
    """The actor whose key is in ``path``; the key is made there first if there is none."""
    if not path.exists():
        with suppress(RefusedError):  # another process made it since we looked
            save_key(SigningKey.generate(), path)
    return Actor(name, load_key(path))
