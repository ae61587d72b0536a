"""A provider fails: another takes its place without own cash, or the order ends; nothing is booked twice."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

import flows.deals.replace_firm as replacing
from config.locations import shipped_network
from domain.errors import NotFoundError, RefusedError, StateError
from domain.order import Order
from domain.states import OrderState
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import position_at, record_fact
from flows.deals.cancel import call_off
from flows.deals.replace_firm import Replaced, replace_provider
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.plans.recorded_plan import current_plan

END = date(2027, 3, 31)


def twins() -> str:
    """The shipped network with a second factory in the same town, a second carrier, a third inspector."""
    text = shipped_network().read_text()

    def twin(table: str, name: str, other: str) -> str:
        start = text.index(f'[[{table}]]\nid = "{name}"')
        ends = [text.find(f"\n[[{table}]]\n", start + 5), text.find("\n# ----", start)]
        return text[start : min(end for end in ends if end > 0)].replace(name, other) + "\n"

    factory = twin("factory", "zhongshan-lamps", "foshan-lamps").replace("75.00", "76.00")
    carrier = twin("logistics", "delta-freight", "bay-freight").replace("rate = 0.25", "rate = 0.30")
    service = twin("service", "south-inspection", "west-inspection").replace("2000.00", "2100.00")
    return text.replace("[policy]", f"{factory}\n{carrier}\n{service}\n[policy]")


@pytest.fixture
def session(session: Session, tmp_path: Path) -> Session:
    own = tmp_path / "twins.toml"
    own.write_text(twins())
    session.config_path = own
    return session


@pytest.fixture
def lamp_order(lamp_order: Order) -> Order:
    """With a month more to deliver, at a price that leaves room for a lost deposit."""
    line = lamp_order.lines[0]
    dear = replace(line, unit_price=Decimal("130.00"), net_minor=130_000_000)
    return replace(lamp_order, lines=(dear,), due_on=date(2026, 5, 20))


def on(day: str) -> date:
    return date.fromisoformat(day)


def fail(session: Session, order: str, booking: str, day: str, **more: bool) -> Replaced:
    return replace_provider(session, order, booking, Statement(on(day), "test", "notice"), **more)


def assert_sound(session: Session, order: str) -> None:
    sums: dict[str, int] = {}
    for one in session.ledger.balance(order=order):
        sums[one.entity] = sums.get(one.entity, 0) + one.amount_minor
    assert not any(sums.values())
    booked = Counter(
        (line.resource, line.period)
        for hold in session.ledger.holds(order)
        if hold.live
        for line in hold.lines
    )
    assert max(booked.values()) == 1


def booked_at(session: Session, order: str) -> set[str]:
    lines = [line for hold in session.ledger.holds(order) if hold.live for line in hold.lines]
    return {line.resource.split("/")[0] for line in lines if not line.resource.startswith("credit:")}


def residual(session: Session, order: str) -> int:
    balances = {(one.entity, one.account): one.amount_minor for one in session.ledger.balance(order=order)}
    return balances.get(("trader", "3010"), 0)


def test_a_factory_that_fails_before_its_deposit_is_replaced_and_the_plan_comes_true(
    session: Session, lamp_order: Order
) -> None:
    order = run_order(session, lamp_order).placed.id
    first = current_plan(session.ledger, order)
    done = fail(session, order, "zhongshan-lamps", "2026-03-03")
    assert done.plan is not None
    assert "foshan-lamps" in done.new
    assert "zhongshan-lamps" not in booked_at(session, order)
    assert "foshan-lamps" in booked_at(session, order)
    assert session.ledger.order_state(order) == OrderState.RESERVED
    assert done.plan.profit_minor < first.profit_minor
    assert_sound(session, order)
    advance(session.ledger, order, END, as_planned=True)
    assert session.ledger.order_state(order) == OrderState.SETTLED
    assert residual(session, order) == done.plan.profit_minor
    assert_sound_books(session, order)


def assert_sound_books(session: Session, order: str) -> None:
    folded = position_at(session.ledger, order, END)
    books = folded.position.books
    assert all(debt.claim == 0 for debt in folded.position.debts.values())
    memo = {place: minor for place, minor in books.balances.items() if place[1][0] == "9" and minor}
    assert memo == {}


def test_a_factory_that_fails_after_its_deposit_leaves_a_claim_and_a_loan_that_the_new_plan_bears(
    session: Session, lamp_order: Order
) -> None:
    order = run_order(session, lamp_order).placed.id
    advance(session.ledger, order, on("2026-03-20"), as_planned=True)
    before = position_at(session.ledger, order, on("2026-03-25")).position
    owed = sum(debt.principal for debt in before.debts.values())
    assert owed > 0
    done = fail(session, order, "zhongshan-lamps", "2026-03-25")
    assert done.plan is not None
    assert done.guaranteed_minor == 20_611_200
    position = position_at(session.ledger, order, on("2026-03-25")).position
    assert position.books.balance("trader", "1240") == 25_764_000
    assert position.books.balance("provider:zhongshan-lamps", "2230") == -25_764_000
    assert sum(debt.principal for debt in position.debts.values()) == owed
    data = {"booking": "zhongshan-lamps", "guarantor": "guarantor:bank"}
    record_fact(session.ledger, order, FactKind.GUARANTEE, Statement(on("2026-03-26")), data)
    advance(session.ledger, order, END, as_planned=True)
    position = position_at(session.ledger, order, END).position
    # what the plan promised, or a little more: the guarantor paid earlier than the plan counted on
    assert 0 <= position.cash - done.plan.profit_minor < 1_000_000
    assert position.books.balance("trader", "1240") == 25_764_000 - 20_611_200
    assert position.books.balance("provider:zhongshan-lamps", "2350") == -20_611_200
    record_fact(session.ledger, order, FactKind.WRITE_OFF, Statement(END), {})
    advance(session.ledger, order, END, as_planned=True)
    assert_sound_books(session, order)


def test_a_carrier_that_fails_after_production_began_is_replaced_and_the_rest_stays(
    session: Session, lamp_order: Order
) -> None:
    order = run_order(session, lamp_order).placed.id
    advance(session.ledger, order, on("2026-03-31"), as_planned=True)
    plan = current_plan(session.ledger, order)
    carrier = next(leg.provider for leg in plan.legs if leg.kind == "logistics")
    state = session.ledger.order_state(order)
    done = fail(session, order, carrier, "2026-04-01")
    assert done.plan is not None, done.reasons
    assert "zhongshan-lamps" in done.kept
    assert {"bay-freight", "delta-freight"} - {carrier} <= booked_at(session, order)
    assert carrier not in booked_at(session, order)
    assert session.ledger.order_state(order) == state
    assert_sound(session, order)
    advance(session.ledger, order, END, as_planned=True)
    assert session.ledger.order_state(order) == OrderState.SETTLED
    assert_sound_books(session, order)


def test_an_inspector_that_fails_early_is_replaced_while_every_other_slot_stays(
    session: Session, lamp_order: Order
) -> None:
    order = run_order(session, lamp_order).placed.id
    done = fail(session, order, "south-inspection", "2026-03-03")
    assert done.plan is not None
    assert set(done.new) == {"west-inspection"}
    assert {"zhongshan-lamps", "nansha-store"} <= set(done.kept)
    advance(session.ledger, order, END, as_planned=True)
    assert residual(session, order) == done.plan.profit_minor


def test_when_no_plan_passes_the_order_ends_with_the_reasons_and_the_claim(
    session: Session, lamp_order: Order
) -> None:
    session.config_path = shipped_network()
    line = replace(lamp_order.lines[0], unit_price=Decimal("100.00"), net_minor=100_000_000)
    order = run_order(session, replace(lamp_order, lines=(line,))).placed.id
    advance(session.ledger, order, on("2026-03-20"), as_planned=True)
    done = fail(session, order, "zhongshan-lamps", "2026-03-25")
    assert done.plan is None
    assert any("own cash is needed" in reason for reason in done.reasons)
    assert session.ledger.order_state(order) == OrderState.CANCELLED
    position = position_at(session.ledger, order, on("2026-03-25")).position
    assert position.books.balance("trader", "1240") == 25_764_000
    assert booked_at(session, order) == set()
    assert sum(debt.claim for debt in position.debts.values()) > 0


def test_dry_run_tells_the_same_and_writes_nothing(session: Session, lamp_order: Order) -> None:
    order = run_order(session, lamp_order).placed.id
    advance(session.ledger, order, on("2026-03-20"), as_planned=True)
    size = session.ledger.size()
    shown = fail(session, order, "zhongshan-lamps", "2026-03-25", dry_run=True)
    assert session.ledger.size() == size
    done = fail(session, order, "zhongshan-lamps", "2026-03-25")
    assert shown.plan is not None
    assert done.plan is not None
    assert shown.plan.legs == done.plan.legs
    assert shown.plan.profit_minor == done.plan.profit_minor
    assert shown.failure.journals == done.failure.journals
    assert shown.change is not None
    assert done.change is not None
    assert shown.change.journals == done.change.journals


def test_after_an_interruption_the_same_command_goes_on_and_books_nothing_twice(
    session: Session, lamp_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slots are booked, then the machine stops before the order rests on the new plan."""
    order = run_order(session, lamp_order).placed.id
    with monkeypatch.context() as patched:

        def stopped(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patched.setattr(replacing, "record_in", stopped)
        with pytest.raises(KeyboardInterrupt):
            fail(session, order, "zhongshan-lamps", "2026-03-03")
    done = fail(session, order, "zhongshan-lamps", "2026-03-04")
    assert done.plan is not None
    assert_sound(session, order)
    advance(session.ledger, order, END, as_planned=True)
    assert residual(session, order) == done.plan.profit_minor


def test_two_failures_one_after_another(session: Session, lamp_order: Order) -> None:
    order = run_order(session, lamp_order).placed.id
    first = fail(session, order, "south-inspection", "2026-03-03")
    second = fail(session, order, "zhongshan-lamps", "2026-03-03")
    assert first.plan is not None
    assert second.plan is not None
    assert not {"south-inspection", "zhongshan-lamps"} & booked_at(session, order)
    advance(session.ledger, order, END, as_planned=True)
    assert residual(session, order) == second.plan.profit_minor
    with pytest.raises(StateError, match="can no longer change"):
        fail(session, order, "nansha-store", "2026-06-01")


def test_who_is_not_in_the_chain_cannot_fail(session: Session, lamp_order: Order) -> None:
    order = run_order(session, lamp_order).placed.id
    with pytest.raises(NotFoundError, match="has no booking"):
        fail(session, order, "nobody", "2026-03-03")
    fail(session, order, "south-inspection", "2026-03-03")
    with pytest.raises(RefusedError, match="was replaced before"):
        fail(session, order, "south-inspection", "2026-03-03")
    call_off(session.ledger, order, Statement(on("2026-03-04")), firms=session.firms)
    with pytest.raises(StateError):
        fail(session, order, "zhongshan-lamps", "2026-03-05")
