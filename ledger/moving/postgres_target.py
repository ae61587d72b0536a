"""A PostgreSQL database as the place where a ledger is copied to."""

from itertools import chain

from domain.errors import LedgerBrokenError
from ledger.moving.target import SignedCommand, require_unfinished
from ledger.postgres.connection import Connection, connect, told
from ledger.postgres.sealer import seal
from ledger.postgres.setup import create_database_objects, renew_password, role_names
from ledger.record.backend import GuardError
from ledger.store import open_ledger

_RECORDS = (
    "INSERT INTO record (command, kind, key, trade_date, order_reference, state, legs, body, leaf)"
    " SELECT command, kind, key, trade_date, order_reference, state, legs, body, leaf"
    " FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::integer[],"
    " %s::text[], %s::bytea[]) WITH ORDINALITY AS line (command, kind, key, trade_date, order_reference,"
    " state, legs, body, leaf, at) ORDER BY at"
)
_COMMAND = "INSERT INTO command (command, actor_key, digest, signature) VALUES (%s, %s, %s, %s)"


class PostgresTarget:
    """Whole commands at a time, each with the signature it came with.

    ``url`` of the constructor is the owner's where there is no ledger yet, the program's to go on with an
    unfinished copy.
    """

    def __init__(self, url: str, ledger_id: str) -> None:
        self.url = _program_url(url, ledger_id)
        self._connection: Connection = connect(self.url)

    def size(self) -> int:
        with told():
            seal(self._connection)
            row = self._connection.execute("SELECT COALESCE(MAX(sequence), 0) FROM sealing").fetchone()
        return int(row[0]) if row else 0

    def add(self, commands: list[SignedCommand]) -> None:
        try:
            with told(), self._connection.transaction():
                numbers = [
                    row[0]
                    for row in self._connection.execute(
                        "SELECT nextval('command_number') FROM generate_series(1, %s)", (len(commands),)
                    )
                ]
                self._add_records(numbers, commands)
                with self._connection.cursor() as cursor:
                    cursor.executemany(
                        _COMMAND,
                        [
                            (number, command.actor_key, command.digest, command.signature)
                            for number, command in zip(numbers, commands, strict=True)
                        ],
                    )
        except (GuardError, LedgerBrokenError) as refusal:
            raise LedgerBrokenError(
                f"the records from {commands[0].records[0].key!r} on cannot be replayed: {refusal.message}",
                "nothing was handed over; net ledger verify says what is wrong with the source",
            ) from refusal
        with told():
            seal(self._connection)

    def _add_records(self, numbers: list[int], commands: list[SignedCommand]) -> None:
        rows = list(
            chain.from_iterable(
                ((number, *record) for record in command.records)
                for number, command in zip(numbers, commands, strict=True)
            )
        )
        self._connection.execute(_RECORDS, [list(column) for column in zip(*rows, strict=True)])

    def close(self) -> None:
        self._connection.close()


def _program_url(url: str, ledger_id: str) -> str:
    """The program's URL: of the ledger just made here, or ``url`` itself for a copy to go on with."""
    with connect(url) as connection, told():
        if connection.execute("SELECT to_regclass('net.ledger')").fetchone() == (None,):
            with connection.transaction():
                return create_database_objects(connection, url)
        empty = connection.execute("SELECT 1 FROM net.ledger").fetchone() is None
        if empty:
            return _renewed(connection, url)
    with open_ledger(url) as copy:
        require_unfinished(copy, ledger_id)
    with connect(url) as connection, told():
        return _renewed(connection, url)


def _renewed(connection: Connection, url: str) -> str:
    """The program's URL with a new password where ``url`` is the owner's; else ``url`` as it is."""
    if connection.info.user == role_names(connection.info.dbname)["program"]:
        return url
    return renew_password(connection, url)
