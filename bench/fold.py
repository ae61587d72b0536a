"""One fold of an order's whole life, against the floor of merely building its journals.

``python bench/fold.py``: medians over repeated runs, in milliseconds.
"""

import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from config.locations import shipped_example, shipped_network  # noqa: E402
from config.network import load_network  # noqa: E402
from config.settings import load_policy  # noqa: E402
from documents.orders.reading import read  # noqa: E402
from domain.plan import Plan  # noqa: E402
from finance.agreed.facts import Fact, FactKind  # noqa: E402
from finance.books.order_books import JournalEntry, OrderBooks  # noqa: E402
from finance.fold.expectations import Expectations  # noqa: E402
from finance.fold.fold import fold  # noqa: E402
from flows.credit.contract import contract_of  # noqa: E402
from routing.offers.situation import Situation  # noqa: E402
from routing.plans.choose import choose  # noqa: E402

END = date(2027, 12, 31)


def timed(work: Callable[[], object], times: int = 60) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return median(taken) * 1000


def rebuild(journals: list[tuple[JournalEntry, Fact]]) -> None:
    """The floor: post the same journals with nothing to decide."""
    books = OrderBooks()
    for one, fact in journals:
        books.post(one.kind, fact, one.party, one.postings)


def main() -> None:
    order, network = read(shipped_example()), load_network(shipped_network())
    plan = choose(Situation(order, network, load_policy(shipped_network())))
    assert isinstance(plan, Plan)
    on = order.issued_on
    contract = contract_of(order, plan, network, on)
    accepted = Fact(FactKind.ACCEPTED, on, "accepted")
    played = fold(contract, [accepted], END, Expectations(contract, [accepted]))
    facts = [accepted, *played.assumed]
    causes = [Fact(FactKind.ADVANCED, one.on, one.cause) for one in played.journals]
    floor = timed(lambda: rebuild(list(zip(played.journals, causes, strict=True))))
    replay = timed(lambda: fold(contract, facts, END))
    assumed = timed(lambda: fold(contract, [accepted], END, Expectations(contract, [accepted])))
    made = timed(lambda: contract_of(order, plan, network, on))
    print(f"{len(played.journals)} journals of {len(facts)} facts")
    print(f"journals alone      {floor:6.2f} ms   1.0")
    print(f"fold of the facts   {replay:6.2f} ms  {replay / floor:4.1f}")
    print(f"fold as planned     {assumed:6.2f} ms  {assumed / floor:4.1f}")
    print(f"contract of a plan  {made:6.2f} ms  {made / floor:4.1f}")


if __name__ == "__main__":
    main()
