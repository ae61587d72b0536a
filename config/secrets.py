"""Secrets by name: from a command, the system's keyring, or a file that only its owner can read.

``net.toml`` says where each is kept, never what it is::

    [secret.acme]
    command = ["pass", "show", "acme"]     # or: keyring = "acme", or: file = "~/keys/acme"

A secret that is named nowhere is looked for in the keyring (service ``net``), then in ``secrets/NAME``
beside the keys. What is found shows itself to nobody but who calls ``reveal``.
"""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.reading import read_toml
from domain.errors import NotFoundError, RefusedError, UsageError

SERVICE = "net"
MAXIMUM = 16_384
COMMAND_SECONDS = 30
_OTHERS = 0o077


class Secret:
    """A text that prints as stars."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> Any:
        raise TypeError("a secret is not written anywhere")


class Secrets:
    """Finds secrets as the settings file says; nothing is read before it is asked for."""

    def __init__(self, config_path: Path, keys_folder: Path) -> None:
        self._config_path, self._folder = config_path, keys_folder / "secrets"

    def find(self, name: str) -> Secret:
        """NotFoundError when it is nowhere; RefusedError when others may read its file."""
        place = self._place(name)
        if "command" in place:
            return _of_command(name, place["command"])
        if "file" in place:
            return _of_file(name, Path(str(place["file"])).expanduser())
        if "keyring" in place:
            return _required(name, _of_keyring(str(place["keyring"])))
        path = self._folder / name
        return _of_keyring(name) or _of_file(name, path)

    def _place(self, name: str) -> Mapping[str, Any]:
        if not name or "/" in name or name.startswith("."):
            raise UsageError(f"{name!r} is no name for a secret", "use letters, digits and hyphens")
        data = read_toml(self._config_path) if self._config_path.is_file() else {}
        place = data.get("secret", {}).get(name, {})
        if not isinstance(place, Mapping) or (place and not {"command", "file", "keyring"} & set(place)):
            raise UsageError(f"[secret.{name}] says not where it is kept", "give command, keyring or file")
        return place


def _required(name: str, found: Secret | None) -> Secret:
    if found is None:
        raise NotFoundError(f"the keyring has no secret {name!r}", f"run `keyring set {SERVICE} {name}`")
    return found


def _of_command(name: str, command: Any) -> Secret:
    """The first line that the command prints; its own errors stay out of ours, they may quote it."""
    if not isinstance(command, list) or not all(isinstance(part, str) for part in command) or not command:
        raise UsageError(
            f"the command of secret {name!r} must be a list of words", 'as in ["pass", "show", "acme"]'
        )
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=COMMAND_SECONDS, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        raise NotFoundError(f"the command of secret {name!r} did not run", "run it yourself to see") from None
    if done.returncode != 0:
        raise NotFoundError(
            f"the command of secret {name!r} failed with {done.returncode}", "run it to see why"
        )
    return _first_line(name, done.stdout)


def _of_file(name: str, path: Path) -> Secret:
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except OSError:
        raise NotFoundError(
            f"there is no secret {name!r}",
            f"keep it with `keyring set {SERVICE} {name}`, or in a file of mode 0600 named in net.toml",
        ) from None
    if os.name == "posix" and mode & _OTHERS:
        raise RefusedError(f"others can read the file of secret {name!r}", f"run `chmod 600 {path}`")
    return _first_line(name, content)


def _of_keyring(name: str) -> Secret | None:
    """None where there is no keyring (a server without a desktop has none) or it lacks the secret."""
    try:
        import keyring

        found = keyring.get_password(SERVICE, name)
    except Exception:  # every backend fails in its own way, and its text may quote the secret
        return None
    return None if found is None else Secret(found)


def _first_line(name: str, content: bytes) -> Secret:
    line = content[:MAXIMUM].split(b"\n", 1)[0].strip()
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise UsageError(f"secret {name!r} is empty or no text", "keep it on the first line, in UTF-8")
    return Secret(text)
