"""Orders reserved a second at four firms over loopback HTTP, every intent and outcome durable.

``python bench/reserve_http.py [ORDERS] [LATENCY_MS]``. Node and client share the machine. The node is
real: its own process, ledger, signatures, durable holds. With a latency each answer is delayed by so much
on its way, to show that waiting for one order does not hold up the others.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows.calls.caller import Patience
from flows.firms.connected import Firms
from flows.slots.outcomes import Job, Reserved
from flows.slots.reserve import reserve_many
from ledger.store import create_ledger
from providers.protocol import Adapter, Answer, Call
from tests.parts.node_parts import RunningNode, firm_keys
from tests.parts.reservation_parts import leg, network, plan, planned
from trust.keys import Actor

FIRMS = ("mill", "forge", "store", "ship")
DAY = (datetime.now(UTC) + timedelta(days=30)).date()


class Slow:
    """A firm whose every answer takes a while longer."""

    def __init__(self, firm: Adapter, seconds: float) -> None:
        self._firm, self._seconds = firm, seconds
        self.capabilities = firm.capabilities

    def __getattr__(self, name: str) -> object:
        verb = getattr(self._firm, name)

        def call(one: Call) -> Answer:
            time.sleep(self._seconds)
            answer: Answer = verb(one)
            return answer

        return call


def run(orders: int, latency: float, workers: int) -> tuple[float, float, float]:
    """(orders a second, milliseconds of processor time an order here, and at the node)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        node = RunningNode(folder / "node")
        keys = firm_keys(folder / "buyer")
        node.trust("buyer", keys)
        node.start()
        try:
            settings = node.settings_for_buyer(timeout_seconds=30)
            firms = Firms(
                network(dict.fromkeys(FIRMS, ("http", settings))),
                lambda: datetime.now(UTC),
                keys_folder=str(keys),
            )
            if latency:
                for firm in FIRMS:
                    firms.put(firm, Slow(firms.adapter(firm), latency))
            clock = firms.clock
            with create_ledger(
                folder / "book.db", practice=False, actor=Actor.generate("trader"), clock=clock
            ) as ledger:
                names = [f"o{n}" for n in range(orders)]
                planned(ledger, *names)
                jobs = [
                    Job(order, plan(order, *(leg(firm, price=1000, day=DAY) for firm in FIRMS)), DAY)
                    for order in names
                ]
                used, node_used = time.process_time(), node.cpu_seconds
                began = time.perf_counter()
                outcomes = reserve_many(ledger, firms, jobs, patience=Patience(workers=workers))
                seconds = time.perf_counter() - began
                here = (time.process_time() - used) / orders * 1000
                there = (node.cpu_seconds - node_used) / orders * 1000
                assert all(isinstance(one, Reserved) for one in outcomes), outcomes[0]
        finally:
            node.stop()
        return orders / seconds, here, there


def main(orders: int, latency_ms: int) -> None:
    fast, here, there = run(orders, 0, 16)
    print(
        f"{orders} orders x {len(FIRMS)} firms, no latency: {fast:6.1f} orders/s ({fast * 8:.0f} calls/s);"
        f" processor time an order: {here:.1f} ms here, {there:.1f} ms at the node"
    )
    slow, _, _ = run(orders, latency_ms / 1000, 128)
    alone = 1 / (2 * latency_ms / 1000)
    print(
        f"{orders} orders x {len(FIRMS)} firms, {latency_ms} ms each call: {slow:6.1f} orders/s"
        f" (one after another: {alone:.1f} at best)"
    )


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 1000,
        int(sys.argv[2]) if len(sys.argv) > 2 else 300,
    )
