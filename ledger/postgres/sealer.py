"""The one sealer: gives committed records their place in the Merkle tree, on PostgreSQL.

Who holds the advisory lock seals; others wait for a while at most, for anybody may take it and keep it.
Commands are sealed in the order in which they ended: ``command.place`` is drawn as the last act of a command,
under all its locks, so a command that saw another one's work is always placed after it, and a replay in the
order of the tree never meets an effect before its cause. Which commands still wait is found by their absence
from ``sealing``, never by "greater than the last": numbers are drawn before the commit and come out of order.
``seal.horizon`` only shortens that search: all that was visible below it is sealed.
"""

import time

from domain.errors import LedgerBrokenError
from ledger.postgres.connection import Connection, told
from ledger.record.backend import ContendedError
from trust.merkle import Frontier

SEALER_LOCK = 0x6E65_7401
COMMANDS_AT_ONCE = 2_000
PATIENCE = 10.0
"""Seconds that somebody waits for another sealer, who needs milliseconds."""
FIRST_LOOK, LAST_LOOK = 0.002, 0.1

_WAITING = """
WITH waiting AS (
  SELECT command, place FROM command
   WHERE xid >= %s::text::xid8
     AND NOT EXISTS (SELECT 1 FROM record JOIN sealing ON sealing.record = record.sequence
                      WHERE record.command = command.command)
   ORDER BY place LIMIT %s
)
SELECT record.sequence, record.leaf, pg_snapshot_xmin(pg_current_snapshot())::text,
       (SELECT COUNT(*) FROM waiting)
  FROM waiting JOIN record USING (command) ORDER BY waiting.place, record.sequence
"""
_PLACE = (
    "INSERT INTO sealing (sequence, record, node)"
    " SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS sealed (sequence, record, node)"
    " ORDER BY 1"
)


class SealedNodes:
    """The tree as sealed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def leaf(self, number: int) -> bytes:
        return self._one("SELECT leaf FROM sealed_record WHERE sequence = %s", number)

    def node(self, number: int) -> bytes:
        return self._one("SELECT node FROM sealing WHERE sequence = %s", number)

    def _one(self, statement: str, number: int) -> bytes:
        with told():
            row = self._connection.execute(statement, (number,)).fetchone()
        if row is None:
            raise LedgerBrokenError(f"record {number} is missing", "net ledger verify says what is wrong")
        return bytes(row[0])


class SealerBusyError(ContendedError):
    """Another process has the right to seal and keeps it: what waits goes on waiting, nothing is lost."""


def seal(connection: Connection, wait: bool = True) -> int | None:
    """Seal all that waits; how many records. Without ``wait`` it leaves that to whoever is sealing now: None.

    ``SealerBusyError`` when somebody else keeps the right to seal to himself.
    """
    if not _locked(connection, wait):
        return None
    try:
        return _seal_batches(connection)
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s)", (SEALER_LOCK,))


def _locked(connection: Connection, wait: bool) -> bool:
    pause, until = FIRST_LOOK, time.monotonic() + PATIENCE
    while True:
        row = connection.execute("SELECT pg_try_advisory_lock(%s)", (SEALER_LOCK,)).fetchone()
        if (row and row[0]) or not wait:
            return bool(row and row[0])
        if time.monotonic() > until:
            raise SealerBusyError(
                "another process has been sealing for too long; what is committed stays so",
                "see on the server who holds an advisory lock, then run the same command again",
            )
        time.sleep(pause)
        pause = min(2 * pause, LAST_LOOK)


def _seal_batches(connection: Connection) -> int:
    frontier: Frontier | None = None
    total = 0
    while True:
        waiting = connection.execute(_WAITING, (_horizon(connection), COMMANDS_AT_ONCE)).fetchall()
        if not waiting:
            return total
        frontier = frontier or Frontier.at(_size(connection), SealedNodes(connection))
        first = frontier.size + 1
        nodes = [frontier.append(bytes(row[1])) for row in waiting]
        places = list(range(first, frontier.size + 1))
        whole = waiting[0][3] < COMMANDS_AT_ONCE
        with connection.transaction():
            connection.execute(_PLACE, (places, [row[0] for row in waiting], nodes))
            if whole:
                connection.execute(
                    "INSERT INTO seal (last_sequence, horizon) VALUES (%s, %s::text::xid8)",
                    (frontier.size, waiting[0][2]),
                )
        total += len(waiting)
        if whole:
            return total


def _size(connection: Connection) -> int:
    row = connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM sealing").fetchone()
    return int(row[0]) if row else 0


def _horizon(connection: Connection) -> str:
    """Below it everything visible is sealed; 0 after a restore into a server whose counter is behind."""
    row = connection.execute(
        "SELECT CASE WHEN horizon <= pg_snapshot_xmax(pg_current_snapshot()) THEN horizon::text ELSE '0' END"
        " FROM seal ORDER BY last_sequence DESC LIMIT 1"
    ).fetchone()
    return row[0] if row else "0"
