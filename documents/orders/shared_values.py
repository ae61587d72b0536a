"""Values that stand once for several rows: found over the whole table first, then divided among its rows.

What is needed of the table is kept in a private temporary database, so that memory stays flat.
"""

import sqlite3
from collections.abc import Iterable
from fractions import Fraction

from documents.files.section import decimal_of, plain_text
from documents.maps.csv import Row
from documents.maps.source import CellError, Cells, Source
from domain.money import MoneyError, round_minor, split_minor

CHAIN = 10
"""How many references may follow one another before the value is reached."""
_CACHED = 4_096


class SharedValues:
    """The parts of shared values, by source and identity of the row."""

    def __init__(self, sources: list[Source], identity: str) -> None:
        self.identity = identity
        self.numbers = {id(source): number for number, source in enumerate(sources)}
        self.sources = sources
        self.parts: dict[tuple[int, str], dict[str, str]] = {}
        self.database = sqlite3.connect("")
        self.database.execute("PRAGMA journal_mode = OFF")
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.execute(
            "CREATE TABLE row (source INTEGER, identity TEXT, raw TEXT, refers TEXT, share TEXT,"
            " PRIMARY KEY (source, identity)) WITHOUT ROWID"
        )

    def close(self) -> None:
        self.database.close()

    def gather(self, rows: Iterable[Row]) -> None:
        """Keep what each row says of each shared value."""
        insert = "INSERT OR IGNORE INTO row VALUES (?, ?, ?, ?, ?)"
        for row in rows:
            identity = row.cells.get(self.identity, "").strip()
            for number, source in enumerate(self.sources):
                raw = source.raw(row.cells)
                share = row.cells.get(source.sharing.by, "").strip() if source.sharing else ""
                self.database.execute(insert, (number, identity, raw, _refers(source, raw), share))
        self.database.execute("CREATE INDEX referring ON row (refers, source, identity)")

    def part(self, source: Source, cells: Cells) -> str | None:
        """This row's part of the value; None when the value is not shared and is read as it stands."""
        number = self.numbers[id(source)]
        identity = cells.get(self.identity, "").strip()
        holder = self.holder(number, source, identity, source.raw(cells))
        if holder is None:
            return ""
        parts = self.divided(number, source, holder)
        return parts.get(identity) if parts else None

    def holder(self, number: int, source: Source, identity: str, raw: str) -> str | None:
        """The identity of the row that has the value; None when it is missing and may be."""
        for _ in range(CHAIN):
            refers = _refers(source, raw)
            if not refers:
                return identity
            found = self.database.execute(
                "SELECT raw FROM row WHERE source = ? AND identity = ?", (number, refers)
            ).fetchone()
            if found is None:
                if source.sharing and source.sharing.missing == "absent":
                    return None
                raise CellError(f"{source.columns[0]} refers to row {refers}, which is not in the file")
            identity, raw = refers, found[0]
        raise CellError(f"{source.columns[0]} refers from row to row without an end, by {identity}")

    def divided(self, number: int, source: Source, holder: str) -> dict[str, str]:
        """Parts by identity for the row that has the value and all that refer to it; empty for one alone."""
        key = (number, holder)
        if key not in self.parts:
            if len(self.parts) >= _CACHED:
                self.parts.clear()
            self.parts[key] = self.divide(number, source, holder)
        return self.parts[key]

    def divide(self, number: int, source: Source, holder: str) -> dict[str, str]:
        members = self.members(number, holder)
        raw = members[0][1]
        if len(members) == 1:
            return {}
        if source.kind.is_absent(raw):
            return {identity: source.default for identity, _, _ in members}
        try:
            value = Fraction(decimal_of(source.changed(source.kind.canonical(source.looked_up(raw)), {})))
        except (ValueError, MoneyError) as error:
            raise CellError(f"{source.columns[0]} holds {raw[:60]!r}, which {error}") from None
        decimals = source.sharing.decimals if source.sharing else 2
        whole = round_minor(value * 10**decimals)
        shares = split_minor(whole, _weights([share for _, _, share in members]))
        return {
            identity: plain_text(Fraction(part, 10**decimals), decimals)
            for (identity, _, _), part in zip(members, shares, strict=True)
        }

    def members(self, number: int, holder: str) -> list[tuple[str, str, str]]:
        """Identity, text and share of the row that has the value, then of those that lead to it."""
        own = "SELECT identity, raw, share FROM row WHERE source = ? AND identity = ?"
        # the plus keeps SQLite from scanning a whole source by its primary key
        leading = "SELECT identity, raw, share FROM row WHERE refers = ?2 AND +source = ?1"
        found: dict[str, tuple[str, str, str]] = {}
        for member in self.database.execute(own, (number, holder)).fetchall():
            found[member[0]] = member
        wave = list(found)
        for _ in range(CHAIN):
            reached = [row for name in wave for row in sorted(self.database.execute(leading, (number, name)))]
            wave = [row[0] for row in reached if row[0] not in found]
            found.update((row[0], row) for row in reached if row[0] not in found)
        return list(found.values())


def _refers(source: Source, raw: str) -> str:
    match = source.sharing.pattern.search(raw) if source.sharing else None
    return match[1].strip() if match else ""


def _weights(shares: list[str]) -> list[Fraction]:
    """Positive weights as they stand; equal ones where a share is unreadable or none is positive."""
    try:
        weights = [Fraction(decimal_of(share)) for share in shares]
    except MoneyError:
        return [Fraction(1)] * len(shares)
    return weights if min(weights) >= 0 and sum(weights) > 0 else [Fraction(1)] * len(shares)
