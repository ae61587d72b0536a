"""Kill writers, processes of the server and the whole server under load; look at what is left.

    python bench/ledger_crash_postgres.py [--kills 1000] [--seed 1] [--writers 4]

Several writers write one ledger at once, each its own groups of entries and holds, into shared orders and
one shared slot, and note each group before it commits and after. At random instants one of these happens:

- a writer gets SIGKILL;
- a process of the server gets SIGKILL: the one that works for a writer, or any other. PostgreSQL then drops
  every connection, recovers from its log and goes on;
- the whole server is stopped at once (SIGQUIT, or SIGKILL to all its processes) and started again.

A writer whose connection breaks must end by the error for it (exit code 6) and by no other. Then, for every
writer that ended: whatever was acknowledged is there; the group that was under way is there whole or not at
all; writing it again gives the first answer or writes it now. At the end everything is verified. The server
is touched only where it is our own, not the one that ``NET_TEST_POSTGRES`` names.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psycopg

from bench.ledger_crash import ACTOR, CAPACITY, SLOT, Outcome, check_all, settle, wait_for_note, writer
from domain.errors import UnreachableError
from ledger.store import create_ledger
from tests.parts.postgres_server import ControlledServer, controlled_server, database, server

WINDOW_SECONDS = 0.3
RANGE = 10**7
"""Writer w writes the groups from ``w * RANGE`` on."""
WRITER, PROCESS, SERVER = "a writer", "a process of the server", "the whole server"


@dataclass(slots=True)
class Writer:
    """One writing process; ``number`` is its next group."""

    place: int
    number: int
    notes: Path
    pid: int = 0

    def start(self, url: str) -> None:
        notes = os.open(self.notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        self.pid = os.fork()
        if self.pid == 0:
            os._exit(written(url, notes, self.place, self.number))
        os.close(notes)

    def ended(self, seconds: float) -> int:
        """How it ended; AssertionError when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.005)
        raise AssertionError(f"writer {self.place} hangs")

    def noted(self) -> tuple[list[int], list[int]]:
        lines = self.notes.read_text().split()
        return [int(x[1:]) for x in lines if x[0] == "t"], [int(x[1:]) for x in lines if x[0] == "a"]


def written(url: str, notes: int, place: int, first: int) -> int:
    """A writer's life; its exit code."""
    os.environ["PGAPPNAME"] = f"writer {place}"
    try:
        writer(url, notes, first)
    except UnreachableError as error:
        return error.exit_code
    except BaseException as error:
        print(f"writer {place}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


@dataclass(slots=True)
class Harness:
    """Everything that one run needs; ``controlled`` is None where the server is not ours to stop."""

    url: str
    chance: random.Random
    outcome: Outcome
    writers: list[Writer]
    controlled: ControlledServer | None
    kinds: Sequence[str]
    done: Counter[str] = field(default_factory=Counter)

    def kill_once(self) -> None:
        for each in self.writers:
            if not each.pid:
                each.start(self.url)
        victim = self.chance.choice(self.writers)
        wait_for_note(victim.notes, self.chance)
        time.sleep(self.chance.random() ** 2 * WINDOW_SECONDS)
        kind = self.chance.choice(self.kinds)
        if kind == WRITER:
            os.kill(victim.pid, signal.SIGKILL)
            self.settle_one(victim, -signal.SIGKILL)
        else:
            self.kill_process(victim) if kind == PROCESS else self.kill_server()
            for each in self.writers:
                self.settle_one(each, UnreachableError.exit_code)
        self.done[kind] += 1

    def kill_process(self, victim: Writer) -> None:
        """SIGKILL to the process that works for the victim or, half the time, to any other of the server."""
        with psycopg.connect(self.url, autocommit=True) as watcher:
            found = watcher.execute(
                "SELECT pid FROM pg_stat_activity WHERE application_name = %s", (f"writer {victim.place}",)
            ).fetchall()
            if not found or (self.controlled and self.chance.random() < 0.5):
                found = watcher.execute(
                    "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                ).fetchall()
            os.kill(self.chance.choice(found)[0], signal.SIGKILL)
            wait_until_dropped(watcher)
        wait_for_recovery(self.url)

    def kill_server(self) -> None:
        assert self.controlled is not None
        self.controlled.stop_at_once(self.chance.choice((signal.SIGQUIT, signal.SIGKILL)))
        time.sleep(self.chance.random() * 0.1)
        self.controlled.start_again()
        wait_for_recovery(self.url)

    def settle_one(self, ended: Writer, expected: int) -> None:
        code = ended.ended(60)
        assert code == expected, f"writer {ended.place} ended with {code}, not with {expected}"
        tried, acknowledged = ended.noted()
        self.outcome.acknowledged += len(acknowledged)
        ended.number = max(ended.number, settle(self.url, tried, acknowledged, self.outcome))


def run(
    owner_url: str,
    kills: int,
    seed: int,
    folder: Path,
    controlled: ControlledServer | None = None,
    kinds: Sequence[str] = (WRITER,),
    writers: int = 3,
) -> tuple[Outcome, Counter[str]]:
    """``kills`` kills of the given kinds at random; AssertionError where anything is wrong."""
    with create_ledger(owner_url, practice=True, actor=ACTOR) as ledger:
        ledger.commit(lambda transaction: transaction.open_capacity(*SLOT, CAPACITY))
        url = ledger.backend.url
    places = [Writer(place, place * RANGE, folder / f"notes-{place}") for place in range(writers)]
    harness = Harness(url, random.Random(seed), Outcome(), places, controlled, kinds)
    try:
        for _ in range(kills):
            harness.kill_once()
            harness.outcome.kills += 1
            if sys.stderr.isatty() or harness.outcome.kills % 100 == 0:
                print(f"\r{harness.outcome.kills} kills", end="", file=sys.stderr, flush=True)
        for each in places:
            if each.pid:
                os.kill(each.pid, signal.SIGKILL)
                harness.settle_one(each, -signal.SIGKILL)
    finally:
        for each in places:
            if each.pid:
                with suppress(ProcessLookupError):
                    os.kill(each.pid, signal.SIGKILL)
    numbers = [number for each in places for number in range(each.place * RANGE, each.number)]
    check_all(url, numbers, harness.outcome)
    return harness.outcome, harness.done


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
    parser.add_argument("--writers", type=int, default=4)
    given = parser.parse_args()
    own = "NET_TEST_POSTGRES" not in os.environ
    with ExitStack() as stack:
        controlled = stack.enter_context(controlled_server()) if own else None
        server_url = controlled.url if controlled else stack.enter_context(server())
        owner_url = stack.enter_context(database(server_url))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        started = time.monotonic()
        kinds = [WRITER] * 6 + [PROCESS] * 3 * own + [SERVER] * own
        outcome, done = run(
            owner_url, given.kills, given.seed, folder, controlled, kinds, writers=given.writers
        )
        took = time.monotonic() - started
    print(f"{outcome.kills} kills in {took:.0f} s, seed {given.seed}, {given.writers} writers: {dict(done)}")
    print(f"{outcome.acknowledged} groups acknowledged, 0 lost, 0 half written; the ledger is verified")
    print(f"{outcome.ambiguous_kept} unacknowledged groups were there, {outcome.ambiguous_absent} were not")


if __name__ == "__main__":
    main()
