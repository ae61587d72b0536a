"""Many processes write one ledger at once: no overdraft, no overbooking, no gap, nobody starves.

    python bench/ledger_writers.py [--writers 64] [--operations 200000] [--seed 1] [--ledger URL]

Each process draws into and pays out of a few shared orders whose cash must not go below zero, holds,
confirms, releases and ends slots that are too few for all, and claims finance that only one may have. What
each was told is added up and compared with what the ledger says. The tests run the same code with fewer.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.errors import AlreadyFinancedError, RefusedError
from domain.ports import HoldLine, SlotsHeld
from domain.posting import Entry, Leg
from ledger.book.transaction import Transaction
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from trust.keys import Actor, SigningKey

ACTOR = Actor("writers", SigningKey.from_seed(b"\6" * 32))
ORDERS = 5
SLOTS = [("factory:shared", f"2026-03-{day:02}") for day in range(1, 6)]
CAPACITY = 40
Told = Counter[str]


def work(url: str, worker: int, operations: int, seed: int) -> tuple[Told, list[float]]:
    """One writer's operations; what it was told, and how long each commit took."""
    chance = random.Random(seed * 1_000 + worker)
    told: Told = Counter()
    waits: list[float] = []
    live: list[str] = []
    with open_ledger(url, actor=ACTOR) as ledger:
        for n in range(operations):
            started = time.perf_counter()
            one_operation(ledger, chance, f"w{worker}-{n}", live, told)
            waits.append(time.perf_counter() - started)
    return told, waits


def one_operation(ledger: Ledger, chance: random.Random, name: str, live: list[str], told: Told) -> None:
    kind = chance.random()
    if kind < 0.5:
        pay(ledger, chance, name, told)
    elif kind < 0.75 or not live:
        lines = [HoldLine(*slot, chance.randint(1, 3)) for slot in chance.sample(SLOTS, 2)]
        if isinstance(ledger.commit(lambda t: t.hold(name, "o0", lines)), SlotsHeld):
            told.update({"held": sum(line.quantity for line in lines)})
            live.append(name)
        else:
            told["declined"] += 1
    elif kind < 0.97:
        end_hold(ledger, chance, live, told)
    else:
        claim(ledger, chance, told)


def pay(ledger: Ledger, chance: random.Random, name: str, told: Told) -> None:
    amount = chance.randint(-300, 250)
    legs = (Leg("trader", "1010", "CNY", amount), Leg("trader", "2310", "CNY", -amount))
    entry = Entry("cash", name, date(2026, 3, 5), f"o{chance.randrange(ORDERS)}", {}, legs)
    try:
        ledger.commit(lambda t: t.append(entry))
        told["entries"] += 1
        told["cash"] += amount
    except RefusedError:
        told["refused"] += 1


def end_hold(ledger: Ledger, chance: random.Random, live: list[str], told: Told) -> None:
    name = live.pop(chance.randrange(len(live)))
    release = chance.random() < 0.7

    def end(transaction: Transaction) -> int:
        hold = transaction.hold_by_id(name)
        assert hold is not None
        if release:
            transaction.release_hold(name)
        else:
            transaction.confirm_hold(name)
            transaction.end_booking(name, "cancelled")
        return sum(line.quantity for line in hold.lines)

    told["held"] -= ledger.commit(end)


def claim(ledger: Ledger, chance: random.Random, told: Told) -> None:
    fingerprint = f"f{chance.randrange(20)}"
    try:
        receipt = ledger.commit(lambda t: t.claim_finance(fingerprint, f"o{os.getpid()}", "harbour"))
        told["claims"] += not receipt.repeated
    except AlreadyFinancedError:
        told["financed already"] += 1


def run(url: str, writers: int, operations: int, seed: int, folder: Path) -> tuple[Told, list[float]]:
    """``operations`` by ``writers`` processes at ``url``, where no ledger is yet; fails on any flaw."""
    with create_ledger(url, practice=True, actor=ACTOR) as ledger:
        ledger.commit(lambda t: t.open_capacities((*slot, CAPACITY) for slot in SLOTS))
        url = ledger.backend.url  # on PostgreSQL the program's own, not the owner's
    children = [
        forked(lambda w=worker: work(url, w, operations // writers, seed), folder / f"told-{worker}")
        for worker in range(writers)
    ]
    told: Told = Counter()
    waits: list[float] = []
    for child, path in children:
        _, status = os.waitpid(child, 0)
        assert status == 0, f"a writer failed: {path.read_text()}"
        mine, its_waits = json.loads(path.read_text())
        told.update(mine)
        waits += its_waits
    check(url, told)
    return told, waits


def forked(job: Callable[[], tuple[Told, list[float]]], path: Path) -> tuple[int, Path]:
    child = os.fork()
    if child:
        return child, path
    try:
        path.write_text(json.dumps(job()))
        os._exit(0)
    except BaseException as error:
        path.write_text(f"{type(error).__name__}: {error}")
        os._exit(1)


def check(url: str, told: Told) -> None:
    """What the writers were told, against what the ledger says."""
    with open_ledger(url, actor=ACTOR) as ledger:
        assert sum(1 for _ in ledger.records(kind="cash")) == told["entries"]
        for order in range(ORDERS):
            assert all(b.amount_minor >= 0 for b in ledger.balance("trader", "1010", f"o{order}"))
        assert sum(b.amount_minor for b in ledger.balance("trader", "1010")) == told["cash"]
        used = [ledger.capacity(*slot) for slot in SLOTS]
        assert all(found is not None and 0 <= found[1] <= CAPACITY for found in used)
        assert sum(found[1] for found in used if found) == told["held"]
        assert len(ledger.finance_claims()) == told["claims"]
        report = verify_ledger(ledger)
        assert report.sound, report.findings[:5]
        assert report.records + report.unsealed == ledger.size() + report.unsealed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--writers", type=int, default=64)
    parser.add_argument("--operations", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", help="postgresql://... of an empty database; a file when not given")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        told, waits = run(
            given.ledger or f"{folder}/net.db", given.writers, given.operations, given.seed, Path(folder)
        )
        took = time.monotonic() - started
    print(f"{given.writers} writers, {len(waits)} operations in {took:.0f} s ({len(waits) / took:.0f}/s)")
    print(f"told: {dict(told)}; overdrafts 0, overbookings 0, gaps 0, financed twice 0; verified")
    waits.sort()
    median, most, longest = (1e3 * waits[int(len(waits) * part)] for part in (0.5, 0.99, 0.9999999))
    print(f"wait for a commit: median {median:.1f} ms, 99% {most:.0f} ms, longest {longest:.0f} ms")


if __name__ == "__main__":
    main()
