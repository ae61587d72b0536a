"""Kill a writer with SIGKILL at random instants, thousands of times, and look at what is left.

    python bench/ledger_crash.py [--kills 1000] [--seed 1] [--ledger URL]

A writer process writes groups of entries and holds, and notes each group before it commits and after. After
each kill: whatever was acknowledged is there, the group that was under way is there whole or not at all, and
writing it again gives the first answer or writes it now. At the end everything is verified. The test suite
runs the same code with a few kills.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.ports import HoldLine, SlotsHeld
from domain.posting import Entry, Leg
from ledger.book.transaction import Transaction
from ledger.store import create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("crash", SigningKey.from_seed(b"\5" * 32))
SLOT = ("factory:crash", "2026-03-05")
CAPACITY = 10**9


@dataclass(slots=True)
class Outcome:
    kills: int = 0
    groups: int = 0
    acknowledged: int = 0
    ambiguous_kept: int = 0
    ambiguous_absent: int = 0


def group(number: int) -> list[Entry]:
    """Entries of one group: the same number gives the same entries."""
    chance = random.Random(number)
    entries = []
    for n in range(chance.randint(1, 6)):
        amount = chance.randint(1, 10**6)
        legs = (Leg("trader", "1010", "CNY", amount), Leg("trader", "2310", "CNY", -amount))
        entries.append(Entry("crash.drawn", f"g{number}-{n}", date(2026, 3, 5), f"o{number % 50}", {}, legs))
    return entries


def write_group(transaction: Transaction, number: int) -> list[bool]:
    """Write a group and a hold that belongs to it; which of its parts were there before."""
    repeated = [transaction.append(entry).repeated for entry in group(number)]
    answer = transaction.hold(f"h{number}", f"o{number % 50}", [HoldLine(*SLOT, 1)])
    assert isinstance(answer, SlotsHeld)
    if number % 2 and not answer.repeated:
        transaction.confirm_hold(f"h{number}")
    return [*repeated, answer.repeated]


def writer(url: str, notes: int, first: int) -> None:
    """Write groups until killed; notes ``t`` before a commit and ``a`` after it, which survive the kill."""
    with open_ledger(url, actor=ACTOR) as ledger:
        number = first
        while True:
            os.write(notes, f"t{number}\n".encode())
            ledger.commit(lambda transaction, n=number: write_group(transaction, n))
            os.write(notes, f"a{number}\n".encode())
            number += 1


def run(url: str, kills: int, seed: int, folder: Path) -> Outcome:
    """Kill ``kills`` writers at ``url``, where no ledger is yet; AssertionError where anything is wrong."""
    chance = random.Random(seed)
    outcome = Outcome()
    with create_ledger(url, practice=True, actor=ACTOR) as ledger:
        ledger.commit(lambda transaction: transaction.open_capacity(*SLOT, CAPACITY))
        url = ledger.backend.url  # on PostgreSQL the program's own, not the owner's
    number = 0
    for _ in range(kills):
        tried, acknowledged = killed_writer(url, number, chance, folder / "notes")
        outcome.kills += 1
        outcome.acknowledged += len(acknowledged)
        number = settle(url, tried, acknowledged, outcome)
    check_all(url, range(number), outcome)
    return outcome


def killed_writer(
    url: str, first: int, chance: random.Random, path: Path, window: float = 0.06
) -> tuple[list[int], list[int]]:
    """Run a writer, kill it within ``window`` seconds of its first note, or half the time of its first
    acknowledgement; what it tried and what it acknowledged."""
    notes = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            writer(url, notes, first)
        os._exit(1)
    os.close(notes)
    wait_for_note(path, chance)
    time.sleep(chance.random() ** 2 * window)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    lines = path.read_text().split()
    return [int(x[1:]) for x in lines if x[0] == "t"], [int(x[1:]) for x in lines if x[0] == "a"]


def wait_for_note(path: Path, chance: random.Random) -> None:
    """Until the writer notes that it tries, or half the time that it was told of a commit."""
    awaited = chance.choice((b"t", b"a"))
    deadline = time.monotonic() + 60
    while awaited not in path.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.001)


def settle(url: str, tried: list[int], acknowledged: list[int], outcome: Outcome) -> int:
    """Look at what the kill left; write the group under way again; the next group's number."""
    with open_ledger(url, actor=ACTOR) as ledger:
        for number in acknowledged:
            for entry in group(number):
                assert ledger.record_by_key(entry.key) is not None, f"acknowledged {entry.key} is lost"
        for number in sorted(set(tried) - set(acknowledged)):
            there = [ledger.record_by_key(key) is not None for key in keys(number)]
            assert all(there) or not any(there), f"half of group {number} is there: {there}"
            repeated = ledger.commit(lambda transaction, n=number: write_group(transaction, n))
            assert repeated == [there[0]] * len(repeated), "the second answer is not the first"
            outcome.ambiguous_kept += there[0]
            outcome.ambiguous_absent += not there[0]
    outcome.groups += len(tried)
    return max(tried, default=-1) + 1


def keys(number: int) -> Iterator[str]:
    yield from (entry.key for entry in group(number))
    yield f"hold:h{number}"
    if number % 2:
        yield f"hold-end:h{number}"


def check_all(url: str, numbers: Sequence[int], outcome: Outcome) -> None:
    """Nothing of these groups is missing, nothing is double, and the whole ledger verifies."""
    with open_ledger(url, actor=ACTOR) as ledger:
        report = verify_ledger(ledger)
        assert report.sound, report.findings[:5]
        written = sorted(record.key for record in ledger.records(kind="crash.drawn"))
        assert written == sorted(entry.key for number in numbers for entry in group(number))
        assert ledger.capacity(*SLOT) == (CAPACITY, len(numbers))
        total = sum(entry.legs[0].amount_minor for number in numbers for entry in group(number))
        assert [b.amount_minor for b in ledger.balance("trader", "1010")] == [total]
    assert outcome.ambiguous_kept + outcome.ambiguous_absent + outcome.acknowledged == len(numbers)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", help="postgresql://... of an empty database; a file when not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        outcome = run(given.ledger or f"{folder}/net.db", given.kills, given.seed, Path(folder))
    print(f"{outcome.kills} kills in {time.monotonic() - started:.0f} s, seed {given.seed}")
    print(f"{outcome.acknowledged} groups acknowledged, 0 lost, 0 half written")
    print(f"{outcome.ambiguous_kept} unacknowledged groups were there, {outcome.ambiguous_absent} were not")


if __name__ == "__main__":
    main()
