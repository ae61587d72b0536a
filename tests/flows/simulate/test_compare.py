"""Arrangements on the real planner and the real calendar, held against orders that were really reserved."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import flows.simulate.play as playing
from config.network import load_network
from documents.orders.reading import stream
from domain.errors import NetError, UsageError
from domain.network import Network, Policy
from domain.order import Order
from domain.plan import Plan
from flows.deals.run import run_order
from flows.desk.session import Session
from flows.plans.availability import LedgerAvailability
from flows.plans.newest import newest_plan
from flows.simulate.arrangements import GIANT, OWNED, SHARED, at_cost, giant, owned, part_of, scaled, shared
from flows.simulate.compare import Costs, Scenario, compare, fixed_capital, replicate
from flows.simulate.order_stream import OrderStream
from flows.simulate.play import given_up, play
from flows.simulate.scenario import break_even, without_limits
from flows.simulate.service import factory_units, least_capacities
from ledger.book.capacity import Capacity
from ledger.store import Ledger, create_ledger
from routing.offers.situation import Situation
from trust.keys import load_or_create_actor

ROOT = Path(__file__).resolve().parents[3]
TOWN = ROOT / "examples" / "simulate" / "network.toml"
START = date(2026, 3, 2)


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network(TOWN)


@pytest.fixture(scope="module")
def patterns() -> tuple[Order, ...]:
    found = tuple(one for one in stream(ROOT / "examples/simulate/orders.jsonl") if isinstance(one, Order))
    assert len(found) == 5
    return found


@pytest.fixture
def calendar(tmp_path: Path) -> Iterator[Ledger]:
    with create_ledger(
        tmp_path / "calendar.db", practice=True, actor=load_or_create_actor("t", tmp_path / "key.pem")
    ) as ledger:
        yield ledger


def crowded(patterns: tuple[Order, ...], orders: int = 30, traders: int = 1, seed: int = 1) -> OrderStream:
    """So many orders in ten days that not all can be made."""
    return OrderStream(patterns, START, 10, orders, traders, seed)


def test_what_is_simulated_is_what_really_happens(
    tmp_path: Path, calendar: Ledger, network: Network, patterns: tuple[Order, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Every order really placed, planned and reserved: the same ones are served, on the same slots."""
    plans: dict[str, Plan] = {}
    real = playing.choose

    def noted(*given: Any, **more: Any) -> Any:
        found = real(*given, **more)
        if isinstance(found, Plan):
            plans[found.order] = found
        return found

    monkeypatch.setattr(playing, "choose", noted)
    orders = list(crowded(patterns).draw(0))
    found = play(calendar, shared(network, 1), Policy(), orders)
    assert 10 < found.served < 30

    config = tmp_path / "net.toml"
    config.write_text(f'network = "{TOWN}"\n')
    url = str(tmp_path / "real.db")
    served = 0
    with Session(ledger_url=url, config_path=config) as session:
        create_ledger(url, practice=True, actor=session.actor).close()
        for _, order in orders:
            if order.reference not in plans:
                with pytest.raises(NetError):
                    run_order(session, order)
                continue
            run_order(session, order)
            served += 1
            kept = newest_plan(session.ledger, order.reference)
            assert kept is not None
            assert kept.legs == plans[order.reference].legs
            assert kept.profit_minor == plans[order.reference].profit_minor
    assert served == found.served


def test_each_order_is_planned_once_by_the_planner_and_held_in_the_calendar(
    calendar: Ledger, network: Network, patterns: tuple[Order, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    planned: list[str] = []
    held: list[str] = []
    choose, hold = playing.choose, Capacity.hold

    def counted(situation: Any, **more: Any) -> Any:
        planned.append(situation.order.reference)
        return choose(situation, **more)

    def counted_hold(self: Capacity, hold_id: str, *given: Any) -> Any:
        held.append(hold_id)
        return hold(self, hold_id, *given)

    monkeypatch.setattr(playing, "choose", counted)
    monkeypatch.setattr(Capacity, "hold", counted_hold)
    found = play(calendar, shared(network, 1), Policy(), crowded(patterns).draw(0))
    assert len(planned) == len(set(planned)) == found.orders == 30
    assert len(held) == found.served


def test_nothing_stays_in_the_calendar(
    calendar: Ledger, network: Network, patterns: tuple[Order, ...]
) -> None:
    before = calendar.size()
    first = play(calendar, shared(network, 1), Policy(), crowded(patterns).draw(0))
    assert calendar.size() == before
    assert list(calendar.holds()) == []
    assert play(calendar, shared(network, 1), Policy(), crowded(patterns).draw(0)) == first


def test_what_is_free_is_what_the_ledger_says(
    calendar: Ledger, network: Network, patterns: tuple[Order, ...]
) -> None:
    """After each order, the answers that were kept are those of a ledger asked anew."""
    tight = replace(network, lenders=tuple(replace(one, limit_minor=3_000_000) for one in network.lenders))
    with given_up(calendar) as transaction:
        kept = playing.Calendar(transaction)
        for _, order in OrderStream(patterns, START, 120, 60, 1, 3).draw(0):
            kept.return_credit(order.issued_on)
            plan = playing.choose(
                Situation(order, tight, Policy(), None, kept.free), brief=True, repairs=False
            )
            if isinstance(plan, Plan):
                assert kept.take(plan, tight)
            anew = LedgerAvailability(transaction)
            for resource, period in kept.free._used:
                assert kept.free._free(resource, period, 10**9) == anew._free(resource, period, 10**9)


def test_an_error_inside_is_not_swallowed(calendar: Ledger) -> None:
    with pytest.raises(ValueError, match="mine"), given_up(calendar):
        raise ValueError("mine")


def test_credit_comes_back_when_an_order_settles(
    calendar: Ledger, network: Network, patterns: tuple[Order, ...]
) -> None:
    """A lender whose limit fits one order at a time: later orders are served once the first has settled."""
    tight = replace(network, lenders=tuple(replace(one, limit_minor=1_000_000) for one in network.lenders))
    near = OrderStream(patterns[:1], START, 10, 12, 1, 1)
    far = OrderStream(patterns[:1], START, 500, 12, 1, 1)
    few = play(calendar, shared(tight, 1), Policy(), near.draw(0))
    many = play(calendar, shared(tight, 1), Policy(), far.draw(0))
    assert few.served < many.served
    assert few.refused["own cash needed"] > 0


def scenario(
    network: Network, patterns: tuple[Order, ...], traders: int, *, workers: int = 1, seed: int = 1
) -> Scenario:
    costs = Costs()
    sides = (
        owned(network, traders, costs.margin),
        shared(network, traders),
        giant(network, traders, costs.margin),
    )
    orders = OrderStream(patterns, START, 30, 24, traders, seed)
    return Scenario(sides, orders, Policy(), costs, 3, workers)


def test_seeds_reproduce_whatever_the_number_of_processes(
    network: Network, patterns: tuple[Order, ...]
) -> None:
    one = compare(scenario(network, patterns, 4), network)
    assert repr(one) == repr(compare(scenario(network, patterns, 4), network))
    assert repr(one) == repr(compare(scenario(network, patterns, 4, workers=2), network))
    assert repr(one) != repr(compare(scenario(network, patterns, 4, seed=2), network))


def test_every_arrangement_meets_the_same_orders(network: Network, patterns: tuple[Order, ...]) -> None:
    for row in replicate(scenario(network, patterns, 4)):
        assert len({(one.orders, one.units_asked) for one in row}) == 1


def test_small_traders_serve_more_when_they_share(network: Network, patterns: tuple[Order, ...]) -> None:
    own, together, one = compare(scenario(network, patterns[:4], 8), network)
    assert (own.name, together.name, one.name) == (OWNED, SHARED, GIANT)
    assert together.against["served"].low > 0
    assert together.measures["use"].mean > own.measures["use"].mean


def test_margin_on_margin_loses_orders_that_an_owner_would_take(
    network: Network, patterns: tuple[Order, ...]
) -> None:
    """A buyer who pays more than it costs and less than the firms ask: nodes refuse, an owner serves."""
    cheap = (patterns[4],)
    found = compare(scenario(network, cheap, 1), network)
    served = {one.name: one.measures["served"].mean for one in found}
    assert served[SHARED] < served[GIANT] == served[OWNED] == 1.0


def test_one_trader_at_cost_owns_what_the_giant_owns(network: Network, patterns: tuple[Order, ...]) -> None:
    own, _, one = compare(scenario(network, patterns, 1), network)
    for name in ("served", "use", "profit", "lead_days"):
        assert own.measures[name].mean == pytest.approx(one.measures[name].mean)


def test_parts_sum_to_the_whole(network: Network) -> None:
    for traders in (2, 3, 7):
        parts = [part_of(network, place, traders) for place in range(traders)]
        for provider in network.providers:
            for product in provider.products:
                mine = [
                    each.capacity_per_day
                    for part in parts
                    for one in part.providers
                    if one.id.split("@")[0] == provider.id
                    for each in one.products
                    if each.product == product.product
                ]
                assert sum(mine) == product.capacity_per_day


def test_what_is_too_small_to_part_is_not_unlimited(network: Network) -> None:
    parts = [part_of(network, place, 200) for place in range(200)]
    made = [one.capacity_per_day for part in parts for each in part.providers for one in each.products]
    assert 0 not in made
    assert sum(made) == 96 + 64


def test_cost_is_the_price_without_the_margin(network: Network) -> None:
    cheap = at_cost(network, Fraction(1, 5))
    for dear, less in zip(network.providers, cheap.providers, strict=True):
        for one, other in zip(dear.products, less.products, strict=True):
            assert other.unit_price == one.unit_price * 4 / 5
            assert other.capacity_per_day == one.capacity_per_day


def test_capital_is_years_of_output(network: Network) -> None:
    a_day = 96 * 7_000 + 64 * 7_400
    assert fixed_capital(network, Costs(assets=Fraction(1, 2))) == a_day * 250 // 2
    assert fixed_capital(scaled(network, Fraction(2)), Costs()) == 2 * fixed_capital(network, Costs())


def test_the_break_even_lies_where_the_difference_crosses_zero(
    network: Network, patterns: tuple[Order, ...]
) -> None:
    runs = []
    for traders in (12, 2):
        one = scenario(network, patterns, traders)
        runs.append((one, compare(one, network)))
    even = break_even(runs)
    assert even is not None
    assert 24 / 12 < even < 24 / 2
    assert break_even(runs[:1]) is None


def test_memory_stays_flat(network: Network, patterns: tuple[Order, ...]) -> None:
    def peak(replications: int) -> int:
        one = replace(scenario(network, patterns, 1), replications=replications)
        tracemalloc.start()
        for _ in replicate(replace(one, stream=replace(one.stream, orders=5))):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(2)
    assert peak(30) < peak(3) * 1.1 + 200_000


def test_sharing_needs_less_capacity_for_the_same_service(
    network: Network, patterns: tuple[Order, ...]
) -> None:
    one = scenario(network, patterns[:4], 8)
    sides = (lambda each: owned(each, 8, Fraction(3, 20)), lambda each: shared(each, 8))
    own, together = least_capacities(one, network, sides, Fraction(9, 10))
    assert own.scale is not None
    assert together.scale is not None
    assert together.scale < own.scale
    assert together.units_a_day == factory_units(scaled(network, together.scale))
    less = replace(one, arrangements=(shared(scaled(network, together.scale - Fraction(1, 8)), 8),))
    assert compare(less, network)[0].measures["served"].mean < 0.9
    dear = (replace(patterns[0], lines=(replace(patterns[0].lines[0], unit_price=1, net_minor=4_000),)),)
    hopeless = replace(one, stream=replace(one.stream, patterns=dear, orders=3))
    assert least_capacities(hopeless, network, sides[1:], Fraction(9, 10))[0].scale is None


def test_limits_can_be_left_out(network: Network) -> None:
    free = without_limits(
        replace(network, lenders=tuple(replace(one, limit_minor=1) for one in network.lenders))
    )
    assert [one.limit_minor for one in free.lenders] == [None]


def test_no_orders_to_draw_from_is_wrong_usage() -> None:
    with pytest.raises(UsageError):
        OrderStream((), START, 1, 1, 1, 1)
