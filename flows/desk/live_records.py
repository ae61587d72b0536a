"""The records as they are, then each new one as it is written, also when the file is put back meanwhile."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import takewhile

from domain.errors import NotFoundError, UsageError
from flows.desk.session import Session
from ledger.record.records import Record
from ledger.store import Ledger

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records; days of trade, both in. All clauses hold together."""

    order: str | None = None
    kind: str | None = None
    since: date | None = None
    until: date | None = None

    def of(self, ledger: Ledger, after: int = 0) -> Iterator[Record]:
        return ledger.records(self.order, self.kind, self.since, self.until, after)

    def before_last(self, ledger: Ledger, count: int, newest: int) -> int:
        """The record after which the last ``count`` of them up to ``newest`` begin."""
        return ledger.before_last(count, newest, self.order, self.kind, self.since, self.until)


def written(ledger: Ledger, wanted: Wanted, newest: int, last: int | None) -> Iterator[Record]:
    """Records up to ``newest``; what is written while they are read belongs to what comes after."""
    after = wanted.before_last(ledger, last, newest) if last is not None else 0
    return takewhile(lambda record: record.sequence <= newest, wanted.of(ledger, after))


def follow(
    session: Session, wanted: Wanted, last: int | None, wait: Callable[[float], None] = time.sleep
) -> Iterator[Record]:
    """Each record once, in order, without end.

    Where the ledger's file is replaced (restored from a backup, moved away and back) it goes on with the one
    that is there now, from where that one ends.
    """
    ledger, newest, seen = session.ledger, session.ledger.size(), _identity(session)
    yield from written(ledger, wanted, newest, last)
    while True:
        wait(POLL_SECONDS)
        there = _identity(session)
        if there not in (seen, None) and (opened := _opened(session)) is not None:
            ledger, seen = opened, there
            newest = min(newest, ledger.size())
        for record in wanted.of(ledger, newest):
            newest = record.sequence
            yield record


def _identity(session: Session) -> tuple[int, int] | None:
    """Which file lies at the ledger's place; None for none, and always for a database."""
    from ledger.store import is_postgres, sqlite_path

    url = session.ledger_url or ""
    if is_postgres(url):
        return None
    try:
        found = sqlite_path(url).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _opened(session: Session) -> Ledger | None:
    """The ledger that is there now; None while it is still being put there."""
    from ledger.store import open_ledger

    try:
        return open_ledger(session.ledger_url or "")
    except (NotFoundError, UsageError):
        return None
