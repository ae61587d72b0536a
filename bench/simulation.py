"""A seeded simulation of random traders, orders and firms; after every step the ledger must be sound.

``python bench/simulation.py SEED [STEPS]`` runs one seed and prints what happened; the tests run a few.
A seed that fails is its own report: the same seed fails again.
"""

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from domain.errors import LedgerBrokenError, NetError  # noqa: E402
from domain.order import Order  # noqa: E402
from domain.states import ENDED, OrderState  # noqa: E402
from flows.books.advance import advance  # noqa: E402
from flows.deals.cancel import call_off  # noqa: E402
from flows.deals.run import go_on, plan_placed  # noqa: E402
from flows.deals.unreserve import give_back_slots  # noqa: E402
from flows.desk.session import Session  # noqa: E402
from flows.orders.find import find_order, list_orders  # noqa: E402
from flows.orders.form import amended, order_from_fields  # noqa: E402
from flows.orders.place import amend_order, place_order  # noqa: E402
from flows.orders.statement import Statement  # noqa: E402
from ledger.store import Ledger, create_ledger  # noqa: E402
from tests.parts.world import FIRST_DAY, World, network_text, orders  # noqa: E402
from trust.keys import load_or_create_actor  # noqa: E402

OPEN = frozenset({OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED})
BOOKED = frozenset(set(OrderState) - OPEN)


@dataclass
class Simulation:
    """One made-up world in which things happen at random; ``told`` counts what did and what was refused."""

    seed: int
    folder: Path
    random: Random = field(init=False)
    session: Session = field(init=False)
    today: date = FIRST_DAY
    told: Counter[str] = field(default_factory=Counter)
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    seen: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        scarce = self.random.choice((300, 700, 5_000, 0))
        credit = self.random.choice((60_000, 400_000, 50_000_000))
        world = World(self.seed, self.random.randrange(1, 6), scarce, credit, orders_a_day=1_000)
        self.coming = [order_from_fields(fields) for fields in orders(world, 500)]
        config = self.folder / "network.toml"
        config.write_text(network_text(world))
        actor = load_or_create_actor("trader", self.folder / "keys" / "ledger.pem")
        path = self.folder / "ledger.db"
        create_ledger(path, practice=True, actor=actor, clock=self.clock).close()
        self.session = Session(ledger_url=str(path), config_path=config, clock=self.clock)

    def clock(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 9, tzinfo=UTC)

    @property
    def ledger(self) -> Ledger:
        return self.session.ledger

    def run(self, steps: int) -> "Simulation":
        try:
            for number in range(steps):
                self.step()
                self.check(f"seed {self.seed}, step {number}")
        finally:
            self.session.close()
        return self

    def step(self) -> None:
        """One thing somebody does; a refusal is as good as an answer, a broken ledger is not."""
        deed = self.random.choices(
            (self.place, self.go_on, self.plan, self.play, self.amend, self.release, self.cancel, self.wait),
            (5, 6, 2, 5, 2, 1, 1, 3),
        )[0]
        try:
            deed()
            self.told[deed.__name__] += 1
        except LedgerBrokenError:
            raise
        except NetError as error:
            self.told[f"{deed.__name__}: {type(error).__name__}"] += 1

    # what people do -------------------------------------------------------------------------------

    def place(self) -> None:
        order = self.coming.pop() if self.random.random() < 0.9 else self.coming[-1]
        later = self.today - order.issued_on
        due = order.due_on + later if order.due_on else None
        place_order(self.ledger, _moved(order, self.today, due), self.today)

    def order_in(self, states: frozenset[OrderState]) -> str:
        """An order in one of these states; now and then just any, since people err."""
        known = [placed for placed in list_orders(self.ledger) if placed.state not in ENDED]
        fit = [placed.id for placed in known if placed.state in states]
        if not fit or self.random.random() < 0.15:
            fit = [placed.id for placed in known]
        return self.random.choice(fit) if fit else "nobody's"

    def go_on(self) -> None:
        go_on(self.session, find_order(self.session.ledger, self.order_in(OPEN)), self.today)

    def plan(self) -> None:
        plan_placed(self.session, find_order(self.ledger, self.order_in(OPEN)), self.today)

    def play(self) -> None:
        to = self.today + timedelta(days=self.random.randrange(0, 90))
        advance(self.ledger, self.order_in(BOOKED), to, as_planned=self.random.random() < 0.8)

    def amend(self) -> None:
        known = find_order(self.ledger, self.order_in(OPEN))
        changes = {"quantity": str(self.random.randrange(1, 900))}
        amend_order(self.ledger, known.id, amended(known.order, changes), self.today)

    def release(self) -> None:
        give_back_slots(self.session, self.order_in(BOOKED), self.today)

    def cancel(self) -> None:
        call_off(self.ledger, self.order_in(BOOKED), Statement(self.today), firms=self.session.firms)

    def wait(self) -> None:
        self.today += timedelta(days=self.random.randrange(1, 5))

    # what must hold -------------------------------------------------------------------------------

    def check(self, where: str) -> None:
        """Postings sum to zero per entity and currency, no slot is over capacity, no hold is left behind."""
        for record in self.ledger.records(after_sequence=self.seen):
            sums: Counter[tuple[str, str]] = Counter()
            for leg in record.legs:
                sums[leg.entity, leg.currency] += leg.amount_minor
            assert not any(sums.values()), f"{where}: record {record.sequence} does not balance"
            self.seen = record.sequence
        over = [slot for slot in self.ledger.slots() if slot[3] > slot[2]]
        assert not over, f"{where}: over capacity: {over}"
        for hold in self.ledger.holds():
            state = OrderState(self.ledger.order_state(hold.order) or "DRAFT")
            cancelled_in_debt = state is OrderState.CANCELLED and hold.lines[0].period == "limit"
            assert state in BOOKED - ENDED or cancelled_in_debt, f"{where}: {state} order keeps {hold}"
        for balance in self.ledger.balance(entity="trader", account="1010"):
            assert balance.amount_minor >= 0, f"{where}: own cash would be needed: {balance}"


def _moved(order: Order, issued_on: date, due_on: date | None) -> Order:
    from dataclasses import replace

    return replace(order, issued_on=issued_on, due_on=due_on)


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    steps = int(sys.argv[2]) if len(sys.argv) > 2 else 300
    with tempfile.TemporaryDirectory() as home:
        simulation = Simulation(seed, Path(home)).run(steps)
    for what, count in sorted(simulation.told.items()):
        print(f"{count:6} {what}")


if __name__ == "__main__":
    main()
