"""Killed at any write, the same command again ends as if nothing had happened; the last slot goes once."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from config.locations import shipped_network
from domain.errors import NetError
from domain.order import Order
from domain.posting import imbalances
from flows.books.advance import advance
from flows.deals.cancel import call_off
from flows.deals.run import plan_placed, reserve_order, run_order
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.orders.statement import Statement
from ledger.postgres.backend import PostgresWrite
from ledger.sqlite.backend import SqliteWrite

pytestmark = pytest.mark.both_databases

ID = "PO-2026-0017"
DAY = date(2026, 3, 2)
END = date(2026, 8, 31)
Deed = Callable[[Session], object]


def again(session: Session) -> Session:
    """Another process's view of the same ledger."""
    return Session(ledger_url=session.ledger_url, config_path=shipped_network(), clock=session.clock)


def killed_at(write: int, session: Session, deed: Deed) -> bool:
    """Do it in a process that kills itself at its ``write``-th record; False when it got to the end first."""
    session.close()
    child = os.fork()
    if child == 0:
        count = 0
        writes = PostgresWrite if "://" in str(session.ledger_url) else SqliteWrite
        add = writes.add

        def counted(self: object, record: object) -> object:
            nonlocal count
            count += 1
            if count == write:
                os.kill(os.getpid(), signal.SIGKILL)
            return add(self, record)

        writes.add = counted
        with again(session) as own:
            deed(own)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def outcome(session: Session) -> object:
    """All that matters in the end: states, balances, holds, claims and how often each step is recorded."""
    ledger = session.ledger
    kinds: dict[str, int] = {}
    for record in ledger.records():
        kinds[record.kind] = kinds.get(record.kind, 0) + 1
    assert not imbalances(leg for record in ledger.records() for leg in record.legs)
    balances = [(one.entity, one.account, one.amount_minor) for one in ledger.balance()]
    holds = sorted(str((hold.lines, hold.ending, hold.booking_ending)) for hold in ledger.holds(live=False))
    return [(head.order, head.state) for head in ledger.orders()], balances, holds, kinds


def deeds(order: Order) -> list[Deed]:
    return [
        lambda session: run_order(session, order),
        lambda session: advance(session.ledger, ID, END, as_planned=True),
    ]


@pytest.fixture
def expected(session: Session, lamp_order: Order, tmp_path: Path) -> object:
    """What comes of it when nothing interrupts."""
    from ledger.store import create_ledger

    path = tmp_path / "undisturbed.db"
    create_ledger(path, practice=True, actor=session.actor, clock=session.clock).close()
    with Session(ledger_url=str(path), config_path=shipped_network(), clock=session.clock) as calm:
        for deed in deeds(lamp_order):
            deed(calm)
        return outcome(calm)


@pytest.mark.parametrize("write", [1, 2, 3, 8, 15, 22, 27])
def test_run_killed_at_any_write_ends_the_same(
    session: Session, lamp_order: Order, expected: object, write: int
) -> None:
    run, play = deeds(lamp_order)
    assert killed_at(write, session, run)
    run(session)
    play(session)
    assert outcome(session) == expected


@pytest.mark.parametrize("write", [1, 9, 14, 17])
def test_advance_killed_at_any_write_ends_the_same(
    session: Session, lamp_order: Order, expected: object, write: int
) -> None:
    run, play = deeds(lamp_order)
    run(session)
    assert killed_at(write, session, play)
    play(session)
    assert outcome(session) == expected


def test_killed_again_and_again_it_still_gets_there(
    session: Session, lamp_order: Order, expected: object
) -> None:
    run, play = deeds(lamp_order)
    assert all(killed_at(write, session, run) for write in (1, 1, 2, 1, 5, 9, 20, 3))
    run(session)
    play(session)
    assert outcome(session) == expected


@pytest.mark.parametrize("write", [1, 2, 3, 9])
def test_calling_off_killed_at_any_write_ends_the_same(
    session: Session, lamp_order: Order, write: int
) -> None:
    run_order(session, lamp_order)
    assert killed_at(write, session, lambda own: call_off(own.ledger, ID, Statement(DAY), firms=own.firms))
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    assert session.ledger.order_state(ID) == "CANCELLED"
    assert session.ledger.holds() == []
    (fee,) = session.ledger.balance(entity="trader", account="5620")
    assert fee.amount_minor == 3_800_000


def test_two_processes_race_for_the_last_slot_and_one_is_told_no(session: Session, lamp_order: Order) -> None:
    names = [f"RACE-{number}" for number in range(4)]
    for name in names:
        placed = place_order(session.ledger, replace(lamp_order, reference=name), DAY)
        plan_placed(session, placed, DAY)
    session.close()
    children = []
    ready, go = os.pipe()
    for name in names:
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(ready, 1)
            os._exit(reserving(again(session), name))
        children.append(child)
    os.close(ready)
    os.close(go)
    codes = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
    assert codes == [0, 5, 5, 5]
    states = [session.ledger.order_state(name) for name in names]
    assert sorted(states, key=str) == ["PLANNED", "PLANNED", "PLANNED", "RESERVED"]
    assert all(used <= capacity for _, _, capacity, used in session.ledger.slots())
    winner = names[states.index("RESERVED")]
    assert {hold.order for hold in session.ledger.holds()} == {winner}


def reserving(session: Session, name: str) -> int:
    try:
        reserve_order(session, find_order(session.ledger, name), DAY)
    except NetError as error:
        return error.exit_code if "zhongshan-lamps/desk-lamp" in error.message else 1
    return 0
