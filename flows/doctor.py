"""What ``net doctor`` looks at; each finding carries its remedy."""

import platform
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from domain.errors import NetError
from flows.session import Session

WAL_RESET_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``verdict`` is ok, note or wrong; ``remedy`` is empty where none is needed."""

    verdict: str
    subject: str
    found: str
    remedy: str = ""


def examine(session: Session) -> list[Finding]:
    return [finding for check in CHECKS for finding in check(session)]


def _interpreter(_session: Session) -> Iterator[Finding]:
    yield Finding("ok", "python", f"{platform.python_version()} on {sys.platform}")


def _sqlite(_session: Session) -> Iterator[Finding]:
    version = sqlite3.sqlite_version_info
    sound = version >= (3, 51, 3) or any(
        version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_FIXED
    )
    note = "" if sound else "; has the WAL-reset defect, the ledger's journal mode avoids it"
    yield Finding("ok" if sound else "note", "sqlite", sqlite3.sqlite_version + note)


def _config(session: Session) -> Iterator[Finding]:
    try:
        session.network  # noqa: B018
    except (NetError, ImportError) as error:
        yield Finding("wrong", "network file", f"{session.config_path}: {error}", "mend the file")
    else:
        yield Finding("ok", "network file", str(session.config_path))


def _ledger(session: Session) -> Iterator[Finding]:
    if session.ledger_url is None:
        yield Finding("note", "ledger", "none yet", "net init, or net init --practice")
        return
    try:
        session.ledger  # noqa: B018
    except (NetError, ImportError) as error:
        yield Finding("wrong", "ledger", f"{session.ledger_url}: {error}", "net ledger verify")
    else:
        yield Finding("ok", "ledger", session.ledger_url)


CHECKS: tuple[Callable[[Session], Iterator[Finding]], ...] = (_interpreter, _sqlite, _config, _ledger)
