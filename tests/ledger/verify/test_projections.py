"""What the derived tables are compared with costs as much again for each record, not more and more."""

from datetime import timedelta
from pathlib import Path

from domain.ports import HoldLine
from domain.posting import Entry, Leg
from ledger.sqlite.file import connect
from ledger.store import create_ledger
from ledger.verify.balances import check_balances
from ledger.verify.sqlite_projections import check_projections
from tests.ledger.conftest import ACTOR, Clock, draw

STEPS = 200
"""SQLite counts its own steps; it tells each time it did so many."""


def busy_ledger(path: Path, orders: int) -> Path:
    """Each order has its own slots, holds, claims and calls, and its own accounts."""
    clock = Clock()
    with create_ledger(path, practice=True, actor=ACTOR, clock=clock) as ledger:
        for number in range(orders):
            with ledger.write() as transaction:
                order, resource = f"o{number}", f"factory:f{number}/lamp"
                transaction.open_capacities((resource, f"2026-03-{day:02}", 9) for day in range(1, 11))
                entry = Entry("order.state", f"state-{order}", clock().date(), order, {"state": "HELD"})
                transaction.append(entry)
                transaction.append(draw(number, order, 1_000))
                legs = Leg("trader", "1230", "CNY", 400), Leg("trader", "1010", "CNY", -400)
                transaction.append(Entry("paid", f"pay-{order}", clock().date(), order, {}, legs))
                for day in range(1, 11):
                    lines = [HoldLine(resource, f"2026-03-{day:02}", 2)]
                    transaction.hold(f"h{number}-{day}", order, lines, clock.now + timedelta(hours=1))
                    if day % 2:
                        transaction.release_hold(f"h{number}-{day}")
                transaction.claim_finance(f"f{number}", order, "harbour")
                transaction.record_intent(f"call-{number}", order, {"ask": number})
                transaction.record_attempt(f"call-{number}")
    return path


def steps(path: Path) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += 1
        return 0

    connection = connect(path, read_only=True)
    connection.set_progress_handler(count, STEPS)
    assert check_projections(connection) == check_balances(connection) == []
    connection.close()
    return counted * STEPS


def test_work_grows_with_the_ledger_and_not_with_its_square(tmp_path: Path) -> None:
    one, four = (steps(busy_ledger(tmp_path / str(orders), orders)) for orders in (20, 80))
    assert four < 5 * one
