"""What ``net doctor`` asks of a ledger in a file: what grows beside it."""

from collections.abc import Iterator

from ledger.sqlite.backend import WAL_BYTES_KEPT, SqliteBackend

Seen = tuple[str, str, str, str]
"""Verdict (ok, note or wrong), subject, what was found, what to do."""
MIB = 2**20


def look(backend: SqliteBackend) -> Iterator[Seen]:
    """The WAL, which only grows past its bound while somebody reads an old state of the ledger."""
    wal = backend.path.with_name(backend.path.name + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > WAL_BYTES_KEPT:
        told = f"{wal.name} has {size // MIB:,} MiB: it grows while somebody goes on reading an older state"
        yield "note", "wal", told, "end long reads (log --follow, export, sql); the next writes shrink it"
    else:
        yield "ok", "wal", f"{size // MIB:,} MiB wait to be copied into the file", ""
