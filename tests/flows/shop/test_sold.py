"""How what other firms booked here ends, and how what we booked at other firms ends."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.errors import NotFoundError, RefusedError, StateError
from domain.order import Order
from finance.agreed.facts import FactKind
from flows.books.advance import advance
from flows.books.record import record_fact
from flows.calls.caller import Patience
from flows.calls.messages import Taken, take_message
from flows.calls.sweep import sweep
from flows.deals.cancel import call_off
from flows.deals.run import go_on, run_order
from flows.deals.unreserve import give_back_slots
from flows.desk.session import Session
from flows.firms.call_journal import call_key
from flows.firms.connected import Firms
from flows.firms.withdrawals import open_withdrawals
from flows.orders.find import find_order
from flows.orders.statement import Statement
from flows.shop import serve
from flows.shop.catalogue import Catalogue
from flows.shop.sold import complete_sold, find_sold, sold, withdraw_sold
from flows.slots.outcomes import Job, Refused, Reserved
from flows.slots.reserve import reserve
from ledger.store import Ledger
from providers.protocol import Answer, Booked, Call, Declined, Held, Released, SlotLine, SlotRequest, Verb
from providers.sandbox import Sandbox
from tests.parts.node_parts import shop_network
from tests.parts.reservation_parts import DAY, Clock, ledger_at, leg, network, plan, planned

ID = "PO-2026-0017"
START = date(2026, 3, 2)
SHOP = Catalogue(shop_network(10))


class Shop:
    """A firm that sells: its ledger, and what it answers to calls."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.ledger, self.clock = ledger, clock

    def ask(self, verb: Verb, key: str, reference: str = "", order: str = "o1") -> Answer:
        line = SlotLine("works/lamp", DAY.isoformat(), 2)
        request = SlotRequest(order, "factory", "factory", "works", (line,), 2000, "CNY")
        until = self.clock() + timedelta(days=1)
        inquiry = serve.Inquiry(
            "north", verb, key, self.clock(), request if verb is Verb.HOLD else None, reference, until
        )
        with self.ledger.write() as transaction:
            return serve.answer(transaction, SHOP, inquiry)

    def book(self, reference: str = "hold-0001", order: str = "o1") -> None:
        assert isinstance(self.ask(Verb.HOLD, reference, order=order), Held)
        assert isinstance(self.ask(Verb.CONFIRM, f"{reference}-c", reference), Booked)

    def used(self) -> int:
        capacity = self.ledger.capacity("works/lamp", DAY.isoformat())
        return capacity[1] if capacity else 0

    def states(self) -> list[str]:
        return [one.state for one in sold(self.ledger, live=False)]


@pytest.fixture
def shop(tmp_path: Path) -> Any:
    clock = Clock()
    with ledger_at(tmp_path / "shop.db", clock) as ledger:
        yield Shop(ledger, clock)


def test_booking_that_the_buyer_used_ends_as_used_and_keeps_its_slot(shop: Shop) -> None:
    shop.book()
    assert shop.ask(Verb.COMPLETE, "done-00001", "hold-0001") == Released(0, "CNY")
    assert shop.ask(Verb.COMPLETE, "done-00001", "hold-0001") == Released(0, "CNY")
    assert shop.ask(Verb.COMPLETE, "done-00002", "hold-0001") == Released(0, "CNY")
    assert (shop.states(), shop.used()) == (["used"], 2)
    assert [record.kind for record in shop.ledger.records(order="north:o1")][-2:] == ["sold.complete"] * 2
    assert shop.ask(Verb.CANCEL, "back-00001", "hold-0001") == Released(0, "CNY")
    assert (shop.states(), shop.used()) == (["used"], 2)


def test_hold_cannot_be_used_up_before_it_is_booked(shop: Shop) -> None:
    shop.ask(Verb.HOLD, "hold-0001")
    assert isinstance(shop.ask(Verb.COMPLETE, "done-00001", "hold-0001"), Declined)
    with pytest.raises(StateError, match="only a booking"):
        complete_sold(shop.ledger, "hold-0001", Statement(DAY, "Li"))
    assert shop.states() == ["held"]


def test_every_way_in_which_a_booking_ends_is_told_by_the_sellers_ledger(shop: Shop) -> None:
    for number, verb in enumerate((Verb.COMPLETE, Verb.CANCEL, None), start=1):
        reference = f"hold-000{number}"
        shop.book(reference, f"o{number}")
        if verb is not None:
            shop.ask(verb, f"end-0000{number}", reference)
    shop.ask(Verb.HOLD, "hold-0004", order="o4")
    shop.ask(Verb.RELEASE, "end-00004", "hold-0004")
    shop.ask(Verb.HOLD, "hold-0005", order="o5")
    withdraw_sold(shop.ledger, "north:o3", shop.clock(), reason="the line is down", by="Li")
    shop.clock.pass_time(days=2)
    with shop.ledger.write() as transaction:
        serve.expire_sold(transaction, shop.clock())
    assert shop.states() == ["used", "cancelled", "cancelled", "released", "expired"]
    assert list(sold(shop.ledger)) == []
    assert shop.used() == 2


def test_sellers_own_word_ends_a_booking_too(shop: Shop) -> None:
    shop.book()
    one = complete_sold(shop.ledger, "hold-0", Statement(DAY, "Li", "note 12"))
    assert (one.buyer, one.order, one.price_minor) == ("north", "o1", 2000)
    (record,) = shop.ledger.records(kind="sold.completed")
    assert (record.body["stated_by"], record.body["evidence"]) == ("Li", "note 12")
    assert shop.states() == ["used"]


def test_withdrawing_frees_the_slot_and_queues_one_message(shop: Shop) -> None:
    shop.book()
    withdraw_sold(shop.ledger, "north:o1", shop.clock(), reason="the line is down", by="Li")
    assert (shop.states(), shop.used()) == (["cancelled"], 0)
    (message,) = shop.ledger.undelivered()
    assert message.recipient == "north"
    assert message.content["answer"] == {
        "answer": "declined",
        "code": "withdrawn",
        "reason": "the line is down",
    }
    assert (message.content["order"], message.content["key"]) == ("o1", "hold-0001")
    with pytest.raises(NotFoundError):
        withdraw_sold(shop.ledger, "north:o1", shop.clock(), reason="again")


def test_name_that_means_several_is_refused(shop: Shop) -> None:
    shop.book("hold-0001")
    shop.book("hold-0002")
    with pytest.raises(RefusedError, match="several"):
        find_sold(shop.ledger, "north:o1")
    assert find_sold(shop.ledger, "hold-0002").reference == "hold-0002"


# the buyer's side ------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(tmp_path: Path, clock: Clock) -> Any:
    with ledger_at(tmp_path / "book.db", clock) as opened:
        yield opened


def firms_of(clock: Clock, **firms: Any) -> Firms:
    known = Firms(network({**dict.fromkeys(firms, ("sandbox", {})), "store": ("catalog", {})}), clock)
    for name, firm in firms.items():
        known.put(name, firm)
    return known


def sandbox(clock: Clock, name: str, **settings: Any) -> Sandbox:
    from flows.firms.connected import no_secrets
    from providers.protocol import Services

    return Sandbox(name, settings, Services(clock, no_secrets))


def withdrawal(ledger: Ledger, clock: Clock, firm: str, message: str = "m1") -> Taken:
    """The firm's message about the hold that it answered to."""
    operation = next(
        record.body["operation"]
        for record in ledger.records(order="o1", kind="call.intended")
        if f":{firm}:" in record.body["operation"] and record.body["operation"].endswith("/hold")
    )
    said = Declined("withdrawn", "the line is down")
    key = call_key(ledger.id, operation)
    return take_message(ledger, DAY, firm, message, "o1", key, said, clock())


def test_firm_that_takes_back_its_hold_gives_way_to_the_next_best_plan(ledger: Ledger, clock: Clock) -> None:
    """It is told between two runs of the command; what else is held stays held."""
    planned(ledger, "o1")
    mill, ship = sandbox(clock, "mill"), sandbox(clock, "ship", script=["hold:1:refuse"])
    forge = sandbox(clock, "forge")
    firms = firms_of(clock, mill=mill, ship=ship, forge=forge)
    chain = plan("o1", leg("mill"), leg("ship", "logistics"), leg("store", "warehouse"))
    instead = plan("o1", leg("forge"), leg("ship", "logistics"), leg("store", "warehouse"))
    job = Job("o1", chain, DAY, next_plan=lambda *_: instead)
    with pytest.raises(Exception, match="could not be reached"):
        reserve(ledger, firms, job, patience=Patience(sends=1))
    assert withdrawal(ledger, clock, "mill") is Taken.WITHDRAWN
    assert withdrawal(ledger, clock, "mill") is Taken.DUPLICATE
    outcome = reserve(ledger, firms, job)
    assert isinstance(outcome, Reserved)
    assert [one.firm for one in outcome.legs] == ["forge", "ship", "store"]
    assert [verb for verb, _ in ship.effects()] == ["hold", "confirm"]
    assert open_withdrawals(ledger, "o1")[0].firm == "mill"


def test_without_another_plan_a_withdrawn_hold_ends_the_reservation(ledger: Ledger, clock: Clock) -> None:
    planned(ledger, "o1")
    firms = firms_of(
        clock, mill=sandbox(clock, "mill"), ship=sandbox(clock, "ship", script=["hold:1:refuse"])
    )
    job = Job("o1", plan("o1", leg("mill"), leg("ship", "logistics")), DAY)
    with pytest.raises(Exception, match="could not be reached"):
        reserve(ledger, firms, job, patience=Patience(sends=1))
    withdrawal(ledger, clock, "mill")
    refused = reserve(ledger, firms, job)
    assert isinstance(refused, Refused)
    assert [one.code for one in refused.refusals] == ["withdrawn"]
    assert open_withdrawals(ledger, "o1") == []
    assert isinstance(reserve(ledger, firms, job), Reserved)


class Telling(Sandbox):
    """A firm that wants to be told when a booking was used."""

    def __init__(self, name: str, settings: Any, services: Any) -> None:
        super().__init__(name, settings, services)
        self.told: list[Call] = []

    def complete(self, call: Call) -> Answer:
        self.told.append(call)
        return super().complete(call)


def telling(session: Session, *names: str) -> dict[str, Telling]:
    """The firms of the network with these ids, each with a system of its own that wants to be told."""
    from flows.firms.connected import no_secrets
    from providers.protocol import Services

    providers = tuple(
        replace(one, adapter="sandbox") if one.id in names else one for one in session.network.providers
    )
    session.__dict__["network"] = replace(session.network, providers=providers)
    found = {name: Telling(name, {}, Services(session.clock, no_secrets)) for name in names}
    for name, firm in found.items():
        session.firms.put(name, firm)
    return found


def test_firm_is_told_once_that_its_booking_was_used(session: Session, lamp_order: Order) -> None:
    firms = telling(session, "zhongshan-lamps", "nansha-store", "delta-freight")
    run_order(session, lamp_order)
    advance(session.ledger, ID, date(2026, 8, 31), as_planned=True)
    for _ in range(2):
        sweep(session.ledger, session.firms, START)
    counts = {name: len(firm.told) for name, firm in firms.items()}
    assert counts == {"zhongshan-lamps": 1, "nansha-store": 1, "delta-freight": 2}
    assert firms["zhongshan-lamps"].told[0].reference == "zhongshan-lamps-1"
    assert session.ledger.unfinished_intents() == []


def test_what_was_made_already_is_not_cancelled_at_the_maker(session: Session, lamp_order: Order) -> None:
    firms = telling(session, "zhongshan-lamps", "nansha-store")
    run_order(session, lamp_order)
    advance(session.ledger, ID, date(2026, 4, 9), as_planned=True)
    call_off(session.ledger, ID, Statement(date(2026, 4, 9)), firms=session.firms)
    sweep(session.ledger, session.firms, START)
    assert len(firms["zhongshan-lamps"].told) == 1
    assert firms["zhongshan-lamps"].kept() == {"used": 10_000}
    assert (firms["nansha-store"].told, firms["nansha-store"].kept()) == ([], {})


def test_nothing_is_drawn_on_an_order_whose_booking_was_taken_back(
    session: Session, lamp_order: Order
) -> None:
    telling(session, "zhongshan-lamps")
    run_order(session, lamp_order)
    operation = next(
        record.body["operation"]
        for record in session.ledger.records(order=ID, kind="call.intended")
        if record.body["operation"].endswith("/hold")
    )
    key = call_key(session.ledger.id, operation)
    said = Declined("withdrawn", "the line is down")
    now = session.clock()
    assert take_message(session.ledger, START, "zhongshan-lamps", "m1", ID, key, said, now) is Taken.WITHDRAWN
    way = go_on(session, find_order(session.ledger, ID), START)
    assert way.notes == ("zhongshan-lamps took back its booking on 2026-03-02: the line is down",)
    with pytest.raises(RefusedError, match="took back its booking"):
        record_fact(
            session.ledger,
            ID,
            FactKind.DRAW,
            Statement(START),
            {"facility": "harbour-order", "amount": "100"},
        )
    give_back_slots(session, ID, START)
    assert open_withdrawals(session.ledger, ID) == []
    assert go_on(session, find_order(session.ledger, ID), START).notes[-1:] != way.notes
    assert session.ledger.order_state(ID) == "RESERVED"
