"""What ``net doctor`` looks at; each finding carries its remedy."""

import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from config.locations import data_directory, shipped_network
from config.logins import shown_url
from domain.errors import NetError
from flows.desk.session import Session
from ledger.store import is_postgres

WAL_RESET_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
"""Releases, each of its own line, in which SQLite's WAL-reset defect is mended; later lines have it too."""

ROOM_LEAST = 200 * 2**20
"""Bytes free below which a ledger may soon be unable to grow."""


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at: ``verdict`` is ok, note or wrong; ``exit_code`` is 0 unless it is wrong."""

    verdict: str
    subject: str
    found: str
    remedy: str = ""
    exit_code: int = 0


def examine(session: Session) -> list[Examined]:
    """Every check in turn; a check that fails is a finding, never an exception."""
    return [finding for check in CHECKS for finding in check(session)]


def wrong(subject: str, error: NetError, remedy: str = "") -> Examined:
    return Examined("wrong", subject, error.message, remedy or error.hint, error.exit_code)


def _interpreter(_session: Session) -> Iterator[Examined]:
    yield Examined("ok", "python", f"{platform.python_version()} on {sys.platform}")


def _sqlite(_session: Session) -> Iterator[Examined]:
    version = sqlite3.sqlite_version_info
    if has_wal_reset_defect(version):
        told = f"{sqlite3.sqlite_version} has the WAL-reset defect; the ledger works around it"
        yield Examined("note", "sqlite", told, "nothing; docs/decisions tells how")
    else:
        yield Examined("ok", "sqlite", sqlite3.sqlite_version)


def has_wal_reset_defect(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite (3.7.0 to 3.51.2, less the mended releases) can lose a WAL reset."""
    if version >= WAL_RESET_FIXED[-1] or version < (3, 7, 0):
        return False
    return not any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_FIXED)


def _config(session: Session) -> Iterator[Examined]:
    try:
        network, policy = session.network, session.policy
    except NetError as error:
        yield wrong("network file", error)
        return
    whose = "the one that ships" if session.config_path == shipped_network() else str(session.config_path)
    told = f"{len(network.providers)} providers, {len(network.lenders)} lenders"
    yield Examined("ok", "network file", f"{whose}: {told}")
    yield from _adapters(session)
    asked = [stress.name for stress in policy.stresses if stress.must_pass]
    yield Examined("ok", "policy", f"must survive: {', '.join(asked) or 'the plan itself'}")


def _adapters(session: Session) -> Iterator[Examined]:
    """Firms whose adapter is not installed: nothing could be reserved there."""
    from providers.registry import installed_adapters

    known = installed_adapters()
    firms = [(firm.id, firm.adapter) for firm in session.network.providers]
    firms += [(firm.id, firm.adapter) for firm in session.network.lenders]
    for name, adapter in firms:
        if adapter not in known:
            told = f"its adapter {adapter!r} is not installed"
            yield Examined("wrong", name, told, f"install it, or use one of: {', '.join(sorted(known))}", 4)


def _keys(session: Session) -> Iterator[Examined]:
    key = session.keys_folder / "ledger.pem"
    if not key.exists():
        yield Examined("note", "signing key", f"none yet at {key}", "made at the first write, or by net init")
    elif key.stat().st_mode & 0o077:
        yield Examined("wrong", "signing key", f"others may read {key}", f"chmod 600 {key}", 3)
    else:
        yield Examined("ok", "signing key", str(key))


def _ledger(session: Session) -> Iterator[Examined]:
    if session.ledger_url is None:
        yield Examined("note", "ledger", "none yet", "net init, or net init --practice")
        return
    try:
        ledger = session.ledger
        size = ledger.size()
    except NetError as error:
        yield wrong("ledger", error)
        return
    kind = "practice ledger" if ledger.practice else "ledger"
    yield Examined("ok", kind, f"{shown_url(session.ledger_url)}: {size:,} records")
    yield from _database(session)
    yield from _clock(session)
    yield from _left_open(session)


def _database(session: Session) -> Iterator[Examined]:
    """What the database itself can be asked, each in its own way."""
    backend = session.ledger.backend
    if is_postgres(str(session.ledger_url)):
        from ledger.postgres.backend import PostgresBackend
        from ledger.postgres.health import look as look_at_server

        seen = look_at_server(backend) if isinstance(backend, PostgresBackend) else iter(())
    else:
        from ledger.sqlite.backend import SqliteBackend
        from ledger.sqlite.health import look as look_at_file

        seen = look_at_file(backend) if isinstance(backend, SqliteBackend) else iter(())
    for verdict, subject, found, remedy in seen:
        yield Examined(verdict, subject, found, remedy, 3 if verdict == "wrong" else 0)


def _clock(session: Session) -> Iterator[Examined]:
    """Whether time went back while records were written: holds expire by it."""
    from ledger.book.clocks import set_back

    told = set_back(session.ledger, session.clock())
    if told:
        remedy = "set the clock by a time server; holds may have ended too early or too late"
        yield Examined("note", "clock", told, remedy)
    else:
        yield Examined("ok", "clock", "it went forward over the last records")


def _left_open(session: Session) -> Iterator[Examined]:
    """What an interrupted command, or a firm that did not answer, left behind."""
    expired = session.ledger.expired_holds(session.clock())
    if expired:
        orders = ", ".join(sorted({hold.order for hold in expired})[:5])
        yield Examined("note", "holds", f"{len(expired)} are past their time ({orders})", "net slot sweep")
    else:
        yield Examined("ok", "holds", "none is past its time")
    waiting = session.ledger.unfinished_intents()
    if waiting:
        orders = ", ".join(sorted({intent.order or "" for intent in waiting})[:5])
        told = f"{len(waiting)} calls to other firms have no answer ({orders})"
        yield Examined("note", "calls", told, "run the same command again, or net slot resolve ORDER")
    messages = session.ledger.undelivered(limit=1000)
    if messages:
        yield Examined(
            "note", "messages", f"{len(messages)} are not delivered yet", "net node serve sends them"
        )


def _room(session: Session) -> Iterator[Examined]:
    place = Path(session.ledger_url or "").parent if _is_file(session.ledger_url) else data_directory()
    while not place.exists() and place != place.parent:
        place = place.parent
    free = shutil.disk_usage(place).free
    told = f"{free // 2**20:,} MiB free at {place}"
    if free < ROOM_LEAST:
        yield Examined("wrong", "disk", told, "make room before the ledger cannot grow", 3)
    else:
        yield Examined("ok", "disk", told)


def _is_file(url: str | None) -> bool:
    return bool(url) and not is_postgres(str(url))


CHECKS: tuple[Callable[[Session], Iterator[Examined]], ...] = (
    _interpreter,
    _sqlite,
    _config,
    _keys,
    _ledger,
    _room,
)
