"""References that come again in a batch: the same order again is harmless, other content is a defect."""

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from types import TracebackType
from typing import Self

from domain.errors import Defect
from domain.order import Order


def fingerprint(order: Order) -> bytes:
    """A digest of everything the order says, wherever it stood in the file."""
    return hashlib.blake2b(repr(replace(order, source="")).encode(), digest_size=16).digest()


class Seen:
    """What a batch has held so far, in a private temporary database so that memory stays flat."""

    def __enter__(self) -> Self:
        self.database = sqlite3.connect("")
        self.database.execute("PRAGMA cache_size = -8000")
        self.database.execute("PRAGMA journal_mode = OFF")
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.execute(
            "CREATE TABLE seen (key TEXT PRIMARY KEY, digest BLOB, source TEXT) WITHOUT ROWID"
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()

    def other_content(self, order: Order, file: str) -> Defect | None:
        """The defect of an order whose reference stood before with other content."""
        key = f"{order.buyer.identifier or order.buyer.name}\n{order.reference}"
        digest = fingerprint(order)
        with closing(self.database.execute("SELECT digest, source FROM seen WHERE key = ?", (key,))) as found:
            row = found.fetchone()
        if row is None:
            self.database.execute("INSERT INTO seen VALUES (?, ?, ?)", (key, digest, order.source))
            return None
        if row[0] == digest:
            return None
        line = order.source.rpartition(":")[2]
        problem = f"{order.reference} stands at {row[1]} with other content"
        return Defect(
            file, int(line) if line.isdigit() else 0, "reference", problem, "number each order once"
        )
