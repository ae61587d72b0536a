"""Entries a second on PostgreSQL with 16 writers: leaf first and one sealer, against one lock on the tree.

The peer is the same program with the same tables, guards and signatures. The only difference: before it
commits, a writer takes a lock, gives its record its place and its node, and keeps the lock until the commit
is on the disk. Both sides write one balanced entry for each commit, in one statement; both are verified to
have sealed everything. Run: ``python bench/ledger_postgres.py [seconds] [writers] [runs]``.
"""

import multiprocessing
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).parents[1]))

from domain.posting import Entry, Leg
from ledger.postgres import backend as postgres
from ledger.store import create_ledger, open_ledger
from tests.parts.postgres_server import database, server
from trust.keys import Actor, SigningKey

ACTOR = Actor("bench", SigningKey.from_seed(b"\7" * 32))

LOCKED = """
CREATE FUNCTION net.commit_locked(kinds text[], keys text[], dates text[], orders text[], states text[],
    counts integer[], bodies text[], leaves bytea[], signer text, signed_digest bytea, signed bytea)
RETURNS void LANGUAGE plpgsql SET search_path = net, pg_temp AS $$
DECLARE place bigint; width bigint; hash bytea; added record%ROWTYPE;
BEGIN
  PERFORM commit_records(kinds, keys, dates, orders, states, counts, bodies, leaves, signer, signed_digest,
                         signed);
  PERFORM pg_advisory_xact_lock(1);
  SELECT COALESCE(MAX(sequence), 0) INTO place FROM sealing;
  FOR added IN SELECT * FROM record WHERE command = currval('command_number') ORDER BY sequence LOOP
    place := place + 1;
    hash := added.leaf;
    width := 1;
    WHILE place & width = 0 LOOP
      hash := sha256('\\x01'::bytea || (SELECT node FROM sealing WHERE sequence = place - width) || hash);
      width := width * 2;
    END LOOP;
    INSERT INTO sealing (sequence, record, node) VALUES (place, added.sequence, hash);
  END LOOP;
END $$;
GRANT EXECUTE ON FUNCTION net.commit_locked TO PUBLIC;
"""


def entry(writer: int, number: int, hot: bool) -> Entry:
    order = None if hot else f"order-{writer}-{number}"
    legs = (Leg("trader", "1020", "EUR", 100), Leg("trader", "2310", "EUR", -100))
    return Entry("loan.drawn", f"{writer}/{number}", date(2026, 3, 5), order, {"n": number}, legs)


def write(
    url: str, writer: int, seconds: float, hot: bool, locked: bool, counts: "multiprocessing.Queue[int]"
) -> None:
    if locked:
        postgres._ONE_AT_ONCE = postgres._ONE_AT_ONCE.replace("commit_records", "commit_locked")
        postgres.seal = lambda connection, wait=True: 0  # noqa: ARG005 - sealed already, under the lock
    ledger = open_ledger(url, actor=ACTOR)
    ledger.append(entry(writer, 0, hot))
    number, end = 1, time.monotonic() + seconds
    while time.monotonic() < end:
        ledger.append(entry(writer, number, hot))
        number += 1
    counts.put(number - 1)
    ledger.close()


def rate(server_url: str, writers: int, seconds: float, hot: bool, locked: bool) -> float:
    """Entries a second, of a fresh ledger; everything is sealed at the end or it is an error."""
    with database(server_url) as owner_url:
        with create_ledger(owner_url, practice=True, actor=ACTOR) as ledger:
            program_url = ledger.backend.url  # type: ignore[attr-defined]
        with psycopg.connect(owner_url) as connection:
            connection.execute(LOCKED)
        counts: multiprocessing.Queue[int] = multiprocessing.Queue()
        processes = [
            multiprocessing.Process(target=write, args=(program_url, writer, seconds, hot, locked, counts))
            for writer in range(writers)
        ]
        for process in processes:
            process.start()
        total = sum(counts.get() for _ in processes)
        for process in processes:
            process.join()
        with open_ledger(program_url, actor=ACTOR) as ledger:
            assert ledger.size() == total + writers + 3, "a record was lost or not sealed"
        return total / seconds


def main(arguments: Sequence[str]) -> None:
    seconds = float(arguments[0]) if arguments else 10.0
    writers = int(arguments[1]) if len(arguments) > 1 else 16
    runs = int(arguments[2]) if len(arguments) > 2 else 5
    with server() as url:
        for hot in (False, True):
            found: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(runs):
                for locked in (False, True):
                    found[locked].append(rate(url, writers, seconds, hot, locked))
            ours, peer = statistics.median(found[False]), statistics.median(found[True])
            accounts = "one hot account" if hot else "an order of its own for each entry"
            print(
                f"{writers} writers, {accounts}: leaf first {ours:.0f} entries/s,"
                f" tree under one lock {peer:.0f} entries/s, ratio {ours / peer:.2f}"
                f" (median of {runs}, {seconds:.0f} s each; leaf first"
                f" {min(found[False]):.0f} to {max(found[False]):.0f}, locked"
                f" {min(found[True]):.0f} to {max(found[True]):.0f})"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
