"""Joint routing against routing first and financing after, on the network of a real delivery history.

``python bench/route_scms.py [--orders 60] [--credit 0.5] [--margin 20]``. Orders and network as in
``bench/scms.py``; in addition each site also sells at other terms (all on delivery, 2% dearer: the supplier's
own credit), and the lender that pays suppliers has a limit: ``--credit`` of what the orders would use freely.

Routing first: the chain with the most profit before finance for each order, all orders together under every
slot; then money for these chains, all orders together under every limit. Joint: chain and money at once. Both
see the same plans and the same exact solver, so the difference is the order of deciding alone.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bench.observed_network import Observed  # noqa: E402

from bench.scms import TABLE, read  # noqa: E402
from domain.plan import Plan  # noqa: E402
from flows.desk.session import Session  # noqa: E402
from flows.many.candidates import Market, consider, problem_of  # noqa: E402
from flows.many.one_after_another import more_plans  # noqa: E402
from flows.many.route import given_orders, is_credit  # noqa: E402
from ledger.store import create_ledger  # noqa: E402
from routing.many.router import route  # noqa: E402
from routing.shared.allocation import Candidate, Demand, SharedResource, allocation_of  # noqa: E402
from routing.shared.certify import violations  # noqa: E402
from trust.keys import load_or_create_actor  # noqa: E402

OPTION = (
    'option = [{ name = "on-delivery", uplift = "2%", payment = [{ share = "100%", event = "delivery" }] }]\n'
)
TERMS = 'payment = [{ share = "30%", event = "booking" }, { share = "70%", event = "production_end" }]\n'
LENDER = 'id = "supplier-finance"\nname = "Supplier Finance"\n'


def network_text(observed: Observed, margin: Fraction, limit: int | None) -> str:
    """The observed network, with the sites' second terms and, if given, the lender's limit in whole units."""
    text = observed.network("SCMS as observed", "US", margin).replace(TERMS, TERMS + OPTION)
    return text if limit is None else text.replace(LENDER, f"{LENDER}limit = {limit}.00\n")


def market_of(folder: Path, text: str, orders: list, per_order: int) -> Market:
    """All plans of all orders on an empty ledger, and further ones for who is crowded out."""
    network = folder / "network.toml"
    network.write_text(text)
    ledger = folder / f"{time.monotonic_ns()}.db"
    actor = load_or_create_actor("trader", folder / "keys" / "ledger.pem")

    def clock() -> datetime:
        return datetime(2011, 1, 3, tzinfo=UTC)

    create_ledger(ledger, practice=True, actor=actor, clock=clock).close()
    session = Session(ledger_url=str(ledger), config_path=network, clock=clock)
    on = min(order.issued_on for order in orders)
    market = consider(session, given_orders(session, orders, on, record=False), on, per_order=per_order)
    for _ in range(2):
        chosen, _ = solved(market, lambda plan: plan.profit_minor)
        more_plans(market, chosen, float("inf"))
    return market


def solved(
    market: Market,
    worth: Callable[[Plan], int],
    keep: Callable[[str, Plan], bool] = lambda _order, _plan: True,
    limits: bool = True,
) -> tuple[dict[str, Plan], int]:
    """The best plans by this worth, certified; without ``limits`` credit does not count."""
    problem_of(market, "profit")  # fills what each plan uses and what is free
    demands, plans = [], {}
    for one in market.orders:
        options = []
        for place, plan in enumerate(one.plans):
            if keep(one.placed.id, plan):
                uses = {
                    "\t".join(key): amount
                    for key, amount in market.uses_of(plan, one.placed).items()
                    if limits or not is_credit(key[0])
                }
                plans[one.placed.id, str(place)] = plan
                options.append(Candidate(str(place), -worth(plan), uses))
        demands.append(Demand(one.placed.id, options, 0))
    problem = allocation_of(
        demands, [SharedResource("\t".join(place), room) for place, room in market.free.items()]
    )
    answer = route(problem, time_limit=60)
    assert violations(problem, answer) == []
    chosen = {
        problem.orders[share.order]: plans[problem.orders[share.order], problem.candidates[share.candidate]]
        for share in answer.shares
    }
    return chosen, -int(answer.objective)


def same_chain(first: dict[str, Plan]) -> Callable[[str, Plan], bool]:
    """Whether a plan has the chain that was chosen for its order, whatever its money."""
    return lambda order, plan: order in first and plan.legs == first[order].legs


def used_credit(market: Market, chosen: dict[str, Plan], lender: str) -> int:
    total = 0
    for one in market.orders:
        plan = chosen.get(one.placed.id)
        for place, amount in (market.uses_of(plan, one.placed) if plan else {}).items():
            total += amount if place[0] == f"credit:{lender}" else 0
    return total


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--orders", type=int, default=60)
    parser.add_argument(
        "--credit", type=Fraction, nargs="*", default=[Fraction(1, 4), Fraction(1, 2), Fraction(3, 4)]
    )
    parser.add_argument("--margin", type=Fraction, default=Fraction(20))
    parser.add_argument("--plans", type=int, default=16)
    asked = parser.parse_args()
    history = list(read(TABLE))
    observed = Observed()
    observed.take(history)
    orders = sorted(history, key=lambda item: (item.issued_on, item.reference))[-asked.orders :]
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        ample = 10**12
        free = market_of(folder, network_text(observed, asked.margin / 100, ample), orders, asked.plans)
        chosen, most = solved(free, lambda plan: plan.profit_minor)
        need = used_credit(free, chosen, "supplier-finance")
        print(
            f"{asked.orders} orders; {len(chosen)} earn {most / 100:,.2f} USD with credit without limit,",
            end="",
        )
        print(f" of which supplier finance {need / 100:,.2f}")
        for part in asked.credit:
            limit = int(need * part) // 100
            market = market_of(folder, network_text(observed, asked.margin / 100, limit), orders, asked.plans)
            joint, both = solved(market, lambda plan: plan.profit_minor)
            first, _ = solved(market, lambda plan: plan.unlevered_profit_minor, limits=False)
            after, later = solved(market, lambda plan: plan.profit_minor, keep=same_chain(first))
            more = 100 * (both - later) / later if later else float("inf")
            print(
                f"credit limit {float(part):.0%} ({limit:,} USD):"
                f" joint {both / 100:,.2f} ({len(joint)} orders),"
                f" routing first {later / 100:,.2f} ({len(after)} orders):"
                f" joint earns {more:.1f}% more",
                flush=True,
            )


if __name__ == "__main__":
    main()
