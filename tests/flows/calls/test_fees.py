"""What giving back costs is charged once, whoever says it: the firm's answer, its terms, or both."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.network import Network
from domain.order import Order
from domain.posting import imbalances
from flows.calls.sweep import sweep
from flows.deals.cancel import call_off
from flows.deals.run import run_order
from flows.deals.unreserve import give_back_slots
from flows.desk.session import Session
from flows.orders.statement import Statement

DAY = date(2026, 3, 2)
ID = "PO-2026-0017"
MAKER = "zhongshan-lamps"
PRICE = 76_000_000
"""The maker's price; its terms in the shipped network keep 5% once it is reserved."""


def maker_is(session: Session, adapter: str, *, terms: bool = True, **settings: Any) -> None:
    network: Network = session.network
    providers = tuple(
        replace(one, adapter=adapter, settings=settings, cancellation=one.cancellation if terms else ())
        if one.id == MAKER
        else one
        for one in network.providers
    )
    session.__dict__["network"] = replace(network, providers=providers)
    session.__dict__.pop("firms", None)


def charged(session: Session) -> dict[str, int]:
    """What the ledger says giving back cost, and what the maker has to come for it."""
    ledger = session.ledger
    assert not imbalances(leg for record in ledger.records() for leg in record.legs)
    cost = sum(one.amount_minor for one in ledger.balance(entity="trader", account="5620"))
    theirs = sum(one.amount_minor for one in ledger.balance(entity=f"provider:{MAKER}", account="4510"))
    return {"ours": cost, "theirs": -theirs}


FEES = {"booked": "10%"}
CASES = [
    # adapter, terms of the network file, what the adapter declares, what is owed in the end
    ("catalog", True, {}, PRICE * 5 // 100),
    ("catalog", True, FEES, PRICE * 5 // 100),
    ("catalog", False, FEES, PRICE * 10 // 100),
    ("catalog", False, {}, 0),
    ("sandbox", True, FEES, PRICE * 10 // 100),
    ("sandbox", True, {}, 0),
    ("sandbox", False, FEES, PRICE * 10 // 100),
    ("sandbox", True, {"booked": "5%"}, PRICE * 5 // 100),
]


@pytest.mark.parametrize(("adapter", "terms", "fees", "owed"), CASES)
@pytest.mark.parametrize("way", ["give back", "call off"])
def test_fee_is_charged_once_and_a_firms_answer_is_what_counts(
    session: Session,
    lamp_order: Order,
    way: str,
    adapter: str,
    terms: bool,
    fees: dict[str, str],
    owed: int,
) -> None:
    maker_is(session, adapter, terms=terms, **({"cancel_fees": fees} if fees else {}))
    run_order(session, lamp_order)
    if way == "give back":
        told = give_back_slots(session, ID, DAY)
        assert told.fees == (((MAKER, owed),) if owed else ())
    else:
        call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    assert charged(session) == {"ours": owed, "theirs": owed}
    assert session.ledger.holds(ID) == []
    sweep(session.ledger, session.firms, DAY)
    assert charged(session)["ours"] == owed


def test_fee_that_a_person_states_gives_way_to_what_the_firm_answers(
    session: Session, lamp_order: Order
) -> None:
    maker_is(session, "sandbox", cancel_fees=FEES)
    run_order(session, lamp_order)
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms, fees={MAKER: 1_000})
    assert charged(session)["ours"] == PRICE * 10 // 100


def test_answer_that_comes_later_corrects_what_was_posted_by_the_terms(
    session: Session, lamp_order: Order
) -> None:
    """The firm cannot be reached at first: its terms stand until it says what it takes."""
    maker_is(
        session, "sandbox", cancel_fees=FEES, script=["cancel:1:refuse", "cancel:2:refuse", "cancel:3:refuse"]
    )
    run_order(session, lamp_order)
    call_off(session.ledger, ID, Statement(DAY), firms=session.firms)
    assert charged(session)["ours"] == PRICE * 5 // 100
    sweep(session.ledger, session.firms, DAY)
    assert charged(session) == {"ours": PRICE * 10 // 100, "theirs": PRICE * 10 // 100}


def test_order_reserved_again_is_charged_by_itself(session: Session, lamp_order: Order) -> None:
    """What giving back cost the first time is no credit for the second."""
    maker_is(session, "sandbox", cancel_fees={"booked": "5%"})
    for times in (1, 2):
        run_order(session, lamp_order)
        give_back_slots(session, ID, DAY)
        assert charged(session)["ours"] == times * PRICE * 5 // 100


@pytest.mark.parametrize("adapter", ["catalog", "sandbox"])
def test_dry_run_names_what_the_adapter_declares_where_there_are_no_terms(
    session: Session, lamp_order: Order, adapter: str
) -> None:
    maker_is(session, adapter, terms=False, cancel_fees=FEES)
    run_order(session, lamp_order)
    told = give_back_slots(session, ID, DAY, dry_run=True)
    assert told.fees == ((MAKER, PRICE * 10 // 100),)
    assert charged(session)["ours"] == 0
