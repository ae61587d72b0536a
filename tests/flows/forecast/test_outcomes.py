"""Outcomes of a ledger's own orders: when they were asked, due and over, and nothing of later days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from config.network import load_network
from config.settings import Foresight
from documents.orders.reading import read, stream
from domain.errors import RefusedError, UsageError
from domain.network import Network
from domain.order import Order
from domain.plan import Plan
from domain.terms import Event
from finance.agreed.facts import FactKind
from finance.forecast.cards import FirmCards
from finance.forecast.model import TooFewOutcomesError
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.deals.run import run_order
from flows.desk.forecasts import newest_model, with_scorecards
from flows.desk.session import Session
from flows.forecast.cash import cash_by_week, days_late, open_cash
from flows.forecast.demand import asked_by_week, by_capability, unmet_orders
from flows.forecast.models import keep, learn_from_ledger
from flows.forecast.orders import least_share, order_chances, scorecards
from flows.forecast.outcomes import ledger_outcomes
from flows.forecast.promise import promise_new, promise_under_way
from flows.orders.find import find_order
from flows.orders.place import place_order
from flows.orders.statement import Statement
from flows.plans.compare import recorded_subject
from flows.plans.foresight import chances_of, policy_for
from flows.plans.newest import newest_plan
from flows.simulate.order_stream import moved
from ledger.store import create_ledger
from routing.plans.choose import choose

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "examples"
START = date(2026, 3, 2)


def at(session: Session, day: date) -> Session:
    """The session on another day, on the same ledger."""
    other = session.on_ledger(session.ledger)
    other.on_given = day
    other.__dict__.pop("_cards", None)
    return other


@pytest.fixture
def town(session: Session, tmp_path: Path) -> Session:
    """The lamp town, whose firms deliver fast."""
    text = (EXAMPLES / "simulate" / "network.toml").read_text("utf-8")
    (tmp_path / "town.toml").write_text(text, "utf-8")
    session.__dict__["network"] = load_network(tmp_path / "town.toml")
    return session


def run_late(session: Session, order: Order, late: int) -> None:
    """The order reserved, delivered as planned, and paid so many days after its due day."""
    way = run_order(session, order)
    delivered = way.plan.events[Event.DELIVERY]
    advance(session.ledger, way.placed.id, delivered, as_planned=True)
    due = way.plan.buyer[-1].due_on
    said = Statement(due + timedelta(days=late), "bank", f"r-{order.reference}")
    record_fact(session.ledger, way.placed.id, FactKind.RECEIPT, said, {"amount": str(way.plan.gross_minor)})


def patterns() -> list[Order]:
    return [one for one in stream(EXAMPLES / "simulate" / "orders.jsonl") if isinstance(one, Order)]


def test_a_payment_is_asked_on_the_invoice_and_over_when_receipts_cover_it(town: Session) -> None:
    order = replace(patterns()[0], reference="A-1")
    run_late(town, order, 6)
    plan = newest_plan(town.ledger, "A-1")
    assert plan is not None
    delivered, due = plan.events[Event.DELIVERY], plan.buyer[-1].due_on
    (one,) = ledger_outcomes(town.ledger, "late-payment", due + timedelta(days=30))
    assert (one.groups, one.asked_on, one.due_on) == ((order.buyer.name,), delivered, due)
    assert (one.ended_on, one.late_by) == (due + timedelta(days=6), 6)
    assert one.amount_minor == plan.gross_minor
    (before,) = ledger_outcomes(town.ledger, "late-payment", due + timedelta(days=5))
    assert before == replace(one, ended_on=None)
    assert ledger_outcomes(town.ledger, "late-payment", delivered - timedelta(days=1)) == []


def test_a_service_is_over_with_its_milestone(town: Session) -> None:
    run_late(town, replace(patterns()[0], reference="A-1"), 0)
    found = {one.groups: one for one in ledger_outcomes(town.ledger, "lead-time", date(2026, 6, 1))}
    kinds = {kind for _, kind in found}
    assert kinds == {"factory", "logistics"}
    assert all(one.late_by == 0 for one in found.values())
    early = ledger_outcomes(town.ledger, "lead-time", START)
    assert [one.ended_on for one in early] == [None, None]


def test_another_subject_is_wrong_usage(town: Session) -> None:
    with pytest.raises(UsageError):
        ledger_outcomes(town.ledger, "weather", START)


def test_a_young_ledger_refuses_and_says_the_baseline(town: Session) -> None:
    run_late(town, replace(patterns()[0], reference="A-1"), 6)
    with pytest.raises(TooFewOutcomesError, match="1 of 1 were late"):
        learn_from_ledger(at(town, date(2026, 6, 1)), "late-payment", None)


def many(session: Session, count: int = 56) -> date:
    """Orders of four buyers, of whom one pays ten days late; the last day that anything happened."""
    every = patterns()[:4]
    for number in range(count):
        pattern = every[number % 4]
        order = moved(pattern, START + timedelta(days=3 * number), f"{number:03d}")
        run_late(session, order, 10 if number % 4 == 2 else number % 3 - 1)
    return START + timedelta(days=3 * count + 90)


@pytest.fixture(scope="module")
def old_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A town whose ledger has seen fifty-six orders to their end, learned from on its last day."""
    folder = tmp_path_factory.mktemp("town")
    config = folder / "net.toml"
    config.write_text(f'network = "{EXAMPLES / "simulate" / "network.toml"}"\n')
    with Session(ledger_url=str(folder / "town.db"), config_path=config) as session:
        create_ledger(folder / "town.db", practice=True, actor=session.actor).close()
        session.on_given = many(session)
        for subject in ("late-payment", "lead-time", "late-payment"):
            keep(session, learn_from_ledger(session, subject, None))
        yield session


def cards_of(session: Session, subject: str = "late-payment") -> FirmCards:
    found = session.cards(subject)
    assert found is not None
    return found


def test_a_ledger_learns_of_its_own_buyers(old_town: Session) -> None:
    model = newest_model(old_town.ledger, "late-payment", old_town.on)
    assert model is not None
    assert model.until == old_town.on
    assert newest_model(old_town.ledger, "late-payment", old_town.on - timedelta(days=1)) is None
    cards = cards_of(old_town)
    late, fair = cards.of("Fjord Living"), cards.of("Nordic Light")
    assert (late.known, late.late_known) == (14, 14)
    assert late.late > 0.8 > 0.5 > fair.late
    assert late.days[3] == pytest.approx(10, abs=1)
    assert cards.of("nobody knows him").firm == ""


def test_later_records_change_no_model_of_an_earlier_day(old_town: Session) -> None:
    day = old_town.on - timedelta(days=55)
    before = learn_from_ledger(at(old_town, day), "late-payment", day)
    assert before.model.known >= 50
    run_late(old_town, moved(patterns()[2], old_town.on, "later"), 3)
    assert learn_from_ledger(at(old_town, day), "late-payment", day).record == before.record


@pytest.fixture
def under_way(old_town: Session) -> tuple[Session, str]:
    """A new order of the buyer who is always late, reserved on the day after the town learned."""
    order = moved(patterns()[2], old_town.on + timedelta(days=1), "new")
    then = at(old_town, order.issued_on)
    return then, run_order(then, order).placed.id


def test_the_headroom_of_a_plan_is_a_chance(under_way: tuple[Session, str]) -> None:
    session, order = under_way
    placed, plan, chances = order_chances(session, order)
    cards, room = cards_of(session), plan.headroom.liquidity_days
    assert chances.own_cash == (None if room is None else cards.beyond("Fjord Living", room))
    assert chances_of(session, placed.order.buyer.name, plan) == chances
    assert chances.late == cards.of("Fjord Living").late


def test_the_policy_bounds_the_chance_that_own_cash_is_needed(under_way: tuple[Session, str]) -> None:
    session, order = under_way
    bound = at(session, session.on)
    bound.__dict__["foresight"] = Foresight(own_cash_chance=Fraction(1, 20))
    cards = cards_of(session)
    days = cards.days_for("Fjord Living", Fraction(1, 20))
    assert days is not None
    stress = policy_for(bound, find_order(session.ledger, order).order).stresses[-1]
    assert stress.must_pass
    assert stress.buyer_late_days == days >= 10
    assert cards.beyond("Fjord Living", days) <= 0.05 < cards.beyond("Fjord Living", days - 1)
    plan = choose(recorded_subject(bound, find_order(session.ledger, order)).situation)
    if isinstance(plan, Plan):
        assert plan.headroom.liquidity_days is None or plan.headroom.liquidity_days >= days


def test_the_cash_of_what_is_under_way_moves_with_the_buyer(under_way: tuple[Session, str]) -> None:
    session, order = under_way
    (foreseen,) = cash_by_week(session, 20)
    assert order in foreseen.orders
    assert foreseen == cash_by_week(at(session, session.on), 20)[0]
    assert foreseen.weeks[-1].balance_minor == 0
    assert all(one.low_minor <= one.middle_minor <= one.high_minor for one in foreseen.weeks)
    (expected,) = [one for one in open_cash(session.ledger, session.on) if one.order == order]
    assert sum(amount for _, amount in expected.flows) + expected.opening_minor == 0
    assert expected.pays_on is not None
    cards = cards_of(session)
    usual = sorted(days_late(cards, expected, session.on, place / 99) for place in range(99))
    assert usual[49] == pytest.approx(10, abs=1)
    assert days_late(cards, expected, expected.pays_on + timedelta(days=25), 0.5) == 26


def test_providers_are_counted_on_as_their_scorecards_say(old_town: Session) -> None:
    found, until = scorecards(old_town, Fraction(9, 10))
    assert until == old_town.on
    assert {one.provider for one in found} <= {"north-works", "south-works", "delta-freight"}
    assert all(one.late == 0 for one in found)
    lead = cards_of(old_town, "lead-time")
    slow = replace(lead.firms["delta-freight"], days=(5,) * 7)
    network = with_scorecards(
        old_town.network, replace(lead, firms={**lead.firms, "delta-freight": slow}), Fraction(9, 10)
    )

    def transit(network: Network) -> int:
        return next(one.lanes[0].transit_days for one in network.providers if one.id == "delta-freight")

    assert transit(network) == transit(old_town.network) + 5
    assert [one.products for one in network.providers] == [one.products for one in old_town.network.providers]


def test_a_policy_without_a_model_refuses_to_guess(session: Session, lamp_order: Order) -> None:
    session.__dict__["foresight"] = Foresight(own_cash_chance=Fraction(1, 20))
    with pytest.raises(RefusedError, match="no model of late payment"):
        policy_for(session, lamp_order)
    session.__dict__["foresight"] = Foresight()
    assert policy_for(session, lamp_order) is session.policy


def test_eight_of_ten_on_time_is_half_for_sure() -> None:
    assert round(least_share(8, 2), 3) == 0.530
    assert least_share(0, 0) == pytest.approx(0.05)


# demand that nobody could meet ----------------------------------------------------------------


def test_unmet_demand_names_the_capability_and_the_price_that_would_pay(
    session: Session, lamp_order: Order
) -> None:
    line = replace(lamp_order.lines[0], product="glass-lamp")
    place_order(session.ledger, replace(lamp_order, reference="G-1", lines=(line,)), START)
    soon = replace(lamp_order, reference="S-1", due_on=START + timedelta(days=9))
    place_order(session.ledger, soon, START)
    cheap = replace(lamp_order.lines[0], unit_price=80, net_minor=80_000_000)
    place_order(session.ledger, replace(lamp_order, reference="C-1", lines=(cheap,)), START)
    place_order(session.ledger, replace(lamp_order, reference="OK-1"), START)
    found = {one.order: one for one in unmet_orders(session)}
    assert set(found) == {"G-1", "S-1", "C-1"}
    assert (found["G-1"].reason, found["G-1"].needs_minor) == ("nobody makes it", None)
    assert (found["S-1"].reason, found["S-1"].needs_minor) == ("no capacity in time", None)
    assert found["C-1"].reason == "own cash needed"
    needs = found["C-1"].needs_minor
    assert needs is not None
    assert needs > found["C-1"].pays_minor == 80_000_000
    groups = {(one.capability, one.reason): one for one in by_capability(list(found.values()))}
    glass = groups["glass-lamp", "nobody makes it"]
    assert (glass.orders, glass.units, glass.unit_price_minor, glass.month) == (1, 10_000, 10_000, "2026-03")
    rates = asked_by_week(at(session, START), 4)
    assert rates["glass-lamp"] > 0


# promises -----------------------------------------------------------------------------------


def test_the_promise_is_the_least_due_day_that_planning_finds(session: Session, lamp_order: Order) -> None:
    place_order(session.ledger, lamp_order, START)
    subject = recorded_subject(session, find_order(session.ledger, lamp_order.reference))
    found = promise_new(session, subject.situation)

    def plans(day: date) -> bool:
        order = replace(subject.situation.order, due_on=day)
        return isinstance(choose(replace(subject.situation, order=order), repairs=False, brief=True), Plan)

    assert found.delivery == date(2026, 4, 20)
    assert plans(found.delivery)
    assert not any(plans(found.delivery - timedelta(days=early)) for early in (1, 2, 5, 10))
    assert found.hurry_minor == 0
    assert found.critical[0].firm == "zhongshan-lamps"
    assert "own cash" in found.reason
    assert found.certain == ()


def test_a_promise_under_way_follows_what_happened_and_names_who_is_late(
    session: Session, lamp_order: Order
) -> None:
    run_order(session, lamp_order)
    placed = find_order(session.ledger, lamp_order.reference)
    fine = promise_under_way(at(session, date(2026, 3, 10)), placed)
    assert (fine.delivery, fine.reason, fine.critical) == (date(2026, 4, 20), "as planned", ())
    late = promise_under_way(at(session, date(2026, 4, 17)), find_order(session.ledger, placed.id))
    assert late.critical[0].firm == "zhongshan-lamps"
    assert late.delivery == date(2026, 4, 20) + timedelta(days=late.critical[0].days)
    assert "has not come yet" in late.reason


def test_an_order_that_nobody_can_serve_is_not_promised(session: Session) -> None:
    order = read(EXAMPLES / "lamp-order.toml")
    line = replace(order.lines[0], product="glass-lamp")
    place_order(session.ledger, replace(order, lines=(line,)), START)
    subject = recorded_subject(session, find_order(session.ledger, order.reference))
    with pytest.raises(RefusedError, match="no day within"):
        promise_new(session, subject.situation)
