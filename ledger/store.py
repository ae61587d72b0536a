"""The one face of the ledger: create, open, write, ask."""

import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

from domain.accounts import Account
from domain.errors import RefusedError, UsageError
from domain.posting import Entry
from ledger.book.reading import Reading
from ledger.book.transaction import Clock, Transaction, new_record, require_free_kind
from ledger.record.backend import Backend, ContendedError, Queries
from ledger.record.body import BodyWriter
from ledger.record.kinds import ACTOR_WITHDRAWN, LEDGER_CREATED
from ledger.record.records import Floor, Receipt
from ledger.schema.versions import SCHEMA_VERSION, newest_version
from trust.grammar import is_origin, require_key_name, require_origin
from trust.keys import Actor

DEFAULT_FLOORS = (Floor("trader", Account.CASH),)
"""The closed loop: an order's cash account never goes below zero."""


CONTENDED_TRIES = 8
LOOK_EVERY = 1.0
"""Seconds between two looks whether one's own key still counts, where a look costs a message to a server."""
FIRST_WAIT, LONGEST_WAIT = 0.02, 1.0
"""Seconds, at most, before the second try, and before any; twice as many before each further one."""
Answer = TypeVar("Answer")


def utc_now() -> datetime:
    return datetime.now(UTC)


class Ledger(Reading):
    """An open ledger; reads see committed state, ``write`` is one atomic, durable, signed commit."""

    def __init__(self, backend: Backend, actor: Actor | None, clock: Clock, on: date | None = None) -> None:
        self._backend = backend
        self._on = on
        self._actor = actor
        self._clock = clock
        self._may_write = False
        self._bodies: BodyWriter | None = None
        self._before_writing: Callable[[Ledger], None] | None = None
        self._looked_at = float("-inf")

    @property
    def id(self) -> str:
        return self._backend.ledger_id

    @property
    def practice(self) -> bool:
        return self._backend.practice

    @property
    def backend(self) -> Backend:
        """For the ledger's own files: verification, proofs, backup."""
        return self._backend

    def _queries(self) -> Queries:
        return self._backend.reader()

    def committed(self) -> "Ledger":
        return self

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Everything inside is written together or not at all; on return it is on the disk."""
        actor = self._writer()
        with self._backend.write(actor) as write:
            opened = Transaction(write, self.id, actor, self._clock, self._on, self._body_writer(actor))
            self._require_not_withdrawn(opened, actor)
            yield opened

    def commit(self, work: Callable[[Transaction], Answer]) -> Answer:
        """``work`` in one write, run again from the start while the database prefers another writer's.

        ``ContendedError`` when it still does after several tries. ``work`` must not act on the outside.
        """

        def once() -> Answer:
            with self.write() as transaction:
                return work(transaction)

        for tries in range(CONTENDED_TRIES - 1):
            try:
                return once()
            except ContendedError:
                time.sleep(random.uniform(0, min(LONGEST_WAIT, FIRST_WAIT * 2**tries)))
        return once()

    def append(self, *entries: Entry) -> list[Receipt]:
        """Record the entries in one commit of their own: the fastest way to write."""
        for entry in entries:
            require_free_kind(entry)
        actor = self._writer()
        bodies = self._body_writer(actor)
        records = [new_record(entry, bodies.body(entry)) for entry in entries]
        if time.monotonic() - self._looked_at > LOOK_EVERY:
            self._require_not_withdrawn(self, actor)
        if records and self._backend.at_once(actor, records):
            return [Receipt(0, record.leaf.hex(), record.leaf) for record in records]
        return self.commit(lambda transaction: transaction.append_records(records, entries))

    def _writer(self) -> Actor:
        if self._actor is None:
            raise UsageError("writing to the ledger needs a signing key", "open the ledger with an actor")
        if not self._may_write:
            self.require_good_id()
            self.require_newest()
            if self._before_writing is not None:
                self._before_writing(self)
            key = self._actor.key.public.text
            if self._row("SELECT 1 FROM actor WHERE actor_key = ?", key) is None:
                raise RefusedError(
                    f"the key of {self._actor.name} may not write to this ledger ({key})",
                    f"ask somebody who may: net ledger enrol NAME {key}",
                )
            self._may_write = True
        return self._actor

    def _body_writer(self, actor: Actor) -> BodyWriter:
        if self._bodies is None:
            self._bodies = BodyWriter(self.id, actor.key.public.text, self._clock)
        return self._bodies

    def _require_not_withdrawn(self, reading: Reading, actor: Actor) -> None:
        """The key may have been withdrawn since it was looked at, by another process."""
        key = actor.key.public.text
        if reading.withdrawn_at(key) is not None:
            raise RefusedError(
                f"the key of {actor.name} was withdrawn from this ledger ({key})",
                f"net ledger log --kind {ACTOR_WITHDRAWN} says why; write with the key that replaces it",
            )
        self._looked_at = time.monotonic()

    def look_before_writing(self, look: "Callable[[Ledger], None] | None") -> None:
        """What is asked once, before the first write: it raises where the ledger is not to be written."""
        self._before_writing = look

    def require_good_id(self) -> None:
        """``RefusedError`` before anything is written, signed or handed out under an id that is no name."""
        if not is_origin(self.id):
            raise RefusedError(
                f"the id of this ledger, {self.id!r}, is no name: with it one could sign what nobody wrote",
                "it can be read; make a new ledger with net init, and see SECURITY.md",
            )

    def require_newest(self) -> None:
        """``RefusedError`` for a ledger that has to be upgraded before it is written or moved."""
        if self._backend.version < newest_version():
            raise RefusedError(
                "this ledger has the schema of an older version of net; it can be read", "net ledger upgrade"
            )

    def close(self) -> None:
        self._backend.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def create_ledger(
    url: str | Path,
    *,
    practice: bool,
    actor: Actor,
    clock: Clock = utc_now,
    floors: Sequence[Floor] = DEFAULT_FLOORS,
    ledger_id: str | None = None,
) -> Ledger:
    """A new ledger at ``url`` whose first writer is ``actor``; ``RefusedError`` when one is there."""
    name = require_origin(ledger_id or f"net-{secrets.token_hex(8)}")
    require_key_name(actor.name)

    def begin(transaction: Transaction) -> None:
        _first_records(transaction, practice, actor, clock().date().isoformat(), floors)

    if is_postgres(url):
        require_driver()
        from ledger.postgres import backend as postgres

        return Ledger(postgres.create(str(url), name, actor, clock, begin), actor, clock)
    from ledger.sqlite import backend as sqlite

    return Ledger(sqlite.create(sqlite_path(url), name, actor, clock, begin), actor, clock)


def open_ledger(
    url: str | Path, *, actor: Actor | None = None, clock: Clock = utc_now, on: date | None = None
) -> Ledger:
    """The ledger at ``url``; ``NotFoundError`` when there is none. Without an actor it is read-only.

    ``on`` is the trade date of what the ledger notes by itself (holds, claims, calls); today when None.
    """
    if is_postgres(url):
        require_driver()
        from ledger.postgres import backend as postgres

        return Ledger(postgres.PostgresBackend(str(url)), actor, clock, on)
    from ledger.sqlite import backend as sqlite

    return Ledger(sqlite.SqliteBackend(sqlite_path(url)), actor, clock, on)


def _first_records(
    transaction: Transaction, practice: bool, actor: Actor, on: str, floors: Sequence[Floor]
) -> None:
    transaction._append(
        Entry(
            LEDGER_CREATED,
            "ledger",
            datetime.fromisoformat(on).date(),
            None,
            {"practice": practice, "schema_version": SCHEMA_VERSION},
        )
    )
    transaction.enrol_actor(actor.name, actor.key.public)
    for floor in floors:
        transaction.set_floor(floor)


def is_postgres(url: str | Path) -> bool:
    """Whether the URL names a database server and not a file."""
    return str(url).startswith(("postgresql://", "postgres://"))


def require_driver() -> None:
    """``UsageError`` where the driver for PostgreSQL cannot be loaded: it comes as a part of its own."""
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"the driver for PostgreSQL cannot be loaded: {str(error).splitlines()[0]}",
            'pip install "psycopg[binary]", in the environment where net is installed',
        ) from None


def sqlite_path(url: str | Path) -> Path:
    """The file that a path or ``sqlite:///PATH`` names."""
    text = str(url)
    if text.startswith("sqlite:///"):
        return Path(text.removeprefix("sqlite:///"))
    if "://" in text:
        raise UsageError(f"{text!r} names no ledger", "use a path, sqlite:///PATH or postgresql://...")
    return Path(text)
