"""Logins to ledgers on PostgreSQL: kept in a file that only its owner may read, never in a command line."""

import os
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, urlsplit

from domain.errors import RefusedError
from trust.durable import make_folder, write_whole

FILE = "ledger-logins"


def save_login(folder: Path, url: str) -> Path:
    """Keep the URL, password and all; a login to the same database kept before gives way to it."""
    path = folder / FILE
    kept = [line for line in _lines(path) if _place(line) != _place(url)]
    make_folder(folder, mode=0o700)
    write_whole(path, ("\n".join([*kept, url]) + "\n").encode(), mode=0o600)
    return path


def with_login(folder: Path, url: str) -> str:
    """The kept URL of the same database; the URL as given when it carries a password or none is kept."""
    if "://" not in url or urlsplit(url).password:
        return url
    return next((line for line in _lines(folder / FILE) if _place(line) == _place(url)), url)


def _lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"others may read the logins in {path}", f"chmod 600 {path}")
    return path.read_text(encoding="utf-8").split()


def _place(url: str) -> tuple[object, ...]:
    """Which database a URL means, whoever logs in."""
    parts: SplitResult = urlsplit(url)
    given = sorted(pair for pair in parse_qsl(parts.query) if pair[0] not in ("user", "password"))
    hosts = parts.netloc.rpartition("@")[2].lower()  # several, with a port each, as libpq takes them
    return hosts, parts.path, tuple(given)


def shown_url(url: str) -> str:
    """The ledger's address as people may see it: without the password."""
    password = urlsplit(url).password if "://" in url else None
    return url.replace(f":{password}@", "@", 1) if password else url
