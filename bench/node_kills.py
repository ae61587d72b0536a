"""Real SIGKILLs: a buyer's process that reserves at a real node is killed at random instants, and so is
the node; the same command goes on until it is done. Is anything booked twice, or lost?

``python bench/node_kills.py [KILLS] [SEED]``
"""

import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ledger.store import open_ledger
from tests.parts.node_parts import RunningNode, firm_keys

ROOT = Path(__file__).resolve().parent.parent
DAY = (datetime.now(UTC) + timedelta(days=30)).date()
ORDERS = 8
BUYER = """
import json, sys
from datetime import UTC, date, datetime
from pathlib import Path
from tests.parts.reservation_parts import leg, network, plan, planned
from flows.calls.caller import Patience
from flows.firms.connected import Firms
from flows.slots.outcomes import Job, Reserved
from flows.slots.reserve import reserve_many
from ledger.store import create_ledger, open_ledger
from trust.keys import load_or_create_actor
folder, settings, day = Path(sys.argv[1]), json.loads(sys.argv[2]), date.fromisoformat(sys.argv[3])
names = [f"r{sys.argv[4]}-{n}" for n in range(int(sys.argv[5]))]
clock = lambda: datetime.now(UTC)
actor = load_or_create_actor("buyer", folder / "ledger.pem")
book = folder / "book.db"
ledger = (open_ledger if book.exists() else create_ledger)(
    book, actor=actor, clock=clock, **({} if book.exists() else {"practice": False})
)
for name in names:
    if ledger.order_state(name) is None:
        planned(ledger, name)
firms = Firms(network({"mill": ("http", settings)}), clock, keys_folder=str(folder / "keys"))
jobs = [Job(name, plan(name, leg("mill", price=1000, day=day)), day) for name in names]
print("began", flush=True)
outcomes = reserve_many(ledger, firms, jobs, patience=Patience(sends=2, pause=0.05, workers=4))
sys.exit(0 if all(isinstance(one, Reserved) for one in outcomes) else 6)
"""


@dataclass
class Result:
    kills_of_buyer: int = 0
    kills_of_node: int = 0
    orders: int = 0
    doubled: int = 0
    lost: int = 0


def run(kills: int, seed: int, folder: Path) -> Result:
    """Rounds of orders until so many kills have struck; afterwards the two ledgers must agree."""
    random.seed(seed)
    result = Result()
    node = RunningNode(folder / "node")
    buyer = folder / "buyer"
    buyer.mkdir()
    node.trust("buyer", firm_keys(buyer / "keys"))
    node.start()
    try:
        round_number = 0
        while result.kills_of_buyer + result.kills_of_node < kills:
            _round(node, buyer, round_number, kills, result)
            round_number += 1
            result.orders += ORDERS
    finally:
        node.stop()
    _compare(node, buyer, result)
    return result


def _round(node: RunningNode, buyer: Path, number: int, kills: int, result: Result) -> None:
    import json

    settings = json.dumps(node.settings_for_buyer(timeout_seconds=2))
    command = [sys.executable, "-c", BUYER, str(buyer), settings, DAY.isoformat(), str(number), str(ORDERS)]
    while True:
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        left = result.kills_of_buyer + result.kills_of_node < kills
        if left and random.random() < 0.25:
            time.sleep(random.random() * 0.15)
            node.kill()
            result.kills_of_node += 1
            node.start()
        elif left and random.random() < 0.9:
            time.sleep(random.random() * 0.25)
            if process.poll() is None:
                process.kill()
                result.kills_of_buyer += 1
        if process.wait() == 0:
            return


def _compare(node: RunningNode, buyer: Path, result: Result) -> None:
    """Every order is reserved once with the buyer and booked once with the seller."""
    with open_ledger(buyer / "book.db") as ours, open_ledger(node.folder / "book.db") as theirs:
        reserved = {head.order for head in ours.orders(state="RESERVED")}
        booked = [hold.order.removeprefix("buyer:") for hold in theirs.holds() if hold.ending == "confirmed"]
        held = [hold for hold in theirs.holds() if hold.ending is None]
        capacity = theirs.capacity("works/lamp", DAY.isoformat())
    result.doubled = len(booked) - len(set(booked)) + len(held)
    result.lost = len(reserved ^ set(booked)) + (result.orders - len(reserved))
    assert capacity is not None
    assert capacity[1] == len(booked) + len(held)


def main(kills: int, seed: int) -> None:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        result = run(kills, seed, Path(name))
    print(
        f"seed {seed}: {result.kills_of_buyer} kills of the buyer, {result.kills_of_node} of the node,"
        f" {result.orders} orders: {result.doubled} doubled, {result.lost} lost"
        f" ({time.perf_counter() - began:.0f} s)"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
