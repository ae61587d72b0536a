"""Kill writers and server processes of a PostgreSQL ledger at random instants; look at what is left.

    python bench/ledger_crash_postgres.py [--kills 1000] [--seed 1]

As ``ledger_crash.py``, with which it shares the writer and the checks. Every second SIGKILL hits the server's
own process in the middle of its work: PostgreSQL then drops every connection, recovers from its log and
goes on. Server processes are killed only where the server is our own.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from bench.ledger_crash import (
    ACTOR,
    CAPACITY,
    SLOT,
    Outcome,
    check_all,
    killed_writer,
    settle,
    wait_for_note,
    writer,
)
from bench.postgres_server import database, server
from ledger.store import create_ledger

WINDOW_SECONDS = 0.3


def run(owner_url: str, kills: int, seed: int, folder: Path, kill_server: bool) -> Outcome:
    """As ``ledger_crash.run``; with ``kill_server`` every second kill hits the writer's server process."""
    chance, outcome = random.Random(seed), Outcome()
    with create_ledger(owner_url, practice=True, actor=ACTOR) as ledger:
        ledger.commit(lambda transaction: transaction.open_capacity(*SLOT, CAPACITY))
        url = ledger.backend.url
    number = 0
    for kill in range(kills):
        hit = killed_server if kill_server and kill % 2 else killed_writer
        tried, acknowledged = hit(url, number, chance, folder / "notes", WINDOW_SECONDS)
        outcome.kills += 1
        outcome.acknowledged += len(acknowledged)
        number = settle(url, tried, acknowledged, outcome)
    check_all(url, number, outcome)
    return outcome


def killed_server(
    url: str, first: int, chance: random.Random, path: Path, window: float
) -> tuple[list[int], list[int]]:
    """Kill the server process that works for a writer; wait until the server has recovered."""
    notes = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            writer(url, notes, first)
        os._exit(1)
    os.close(notes)
    wait_for_note(path, chance)
    watcher = psycopg.connect(url, autocommit=True)
    found = watcher.execute(
        "SELECT pid FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
    ).fetchall()
    time.sleep(chance.random() ** 2 * window)
    killed = [process for (process,) in found if kill_process(process)]
    if killed:
        wait_until_dropped(watcher)
    watcher.close()
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    wait_for_recovery(url)
    lines = path.read_text().split()
    return [int(x[1:]) for x in lines if x[0] == "t"], [int(x[1:]) for x in lines if x[0] == "a"]


def kill_process(process: int) -> bool:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def wait_until_dropped(watcher: psycopg.Connection[tuple[object, ...]]) -> None:
    """The server drops every connection when one of its processes died; before that nothing recovers."""
    deadline = time.monotonic() + 60
    with suppress(psycopg.OperationalError):
        while time.monotonic() < deadline:
            watcher.execute("SELECT pg_sleep(0.02)")


def wait_for_recovery(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    own = "NET_TEST_POSTGRES" not in os.environ
    with server() as server_url, database(server_url) as owner_url, tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        outcome = run(owner_url, given.kills, given.seed, Path(folder), kill_server=own)
    print(f"{outcome.kills} kills in {time.monotonic() - started:.0f} s, seed {given.seed}")
    print(f"every second one of a process of the server: {'yes' if own else 'no, it is not ours'}")
    print(f"{outcome.acknowledged} groups acknowledged, 0 lost, 0 half written")
    print(f"{outcome.ambiguous_kept} unacknowledged groups were there, {outcome.ambiguous_absent} were not")


if __name__ == "__main__":
    main()
