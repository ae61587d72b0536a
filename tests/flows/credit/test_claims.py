"""No order is financed twice; only the buyer's own key confirms an order."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.errors import AlreadyFinancedError, NoCreditError, NotFoundError, RefusedError, StateError
from domain.network import Role
from domain.order import Order
from domain.states import OrderState
from finance.agreed.facts import FactKind
from finance.underwriting.fingerprint import statement_bytes, tokens_of
from flows.books.order_book import read_book
from flows.books.record import record_fact
from flows.credit.claims import claim_order, near_matches
from flows.credit.confirmation import buyer_keys, confirm_by_buyer, enrol_buyer
from flows.credit.offers import _confirmed
from flows.deals.run import run_order
from flows.deals.unreserve import give_back_slots
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.place import amend_order, place_order
from flows.orders.statement import Statement
from trust.keys import SigningKey
from trust.registry_key import load_registry_key

pytestmark = pytest.mark.both_databases

KEY = b"k" * 32
ON = date(2026, 3, 2)


def test_an_order_is_claimed_once_however_it_is_written(session: Session, lamp_order: Order) -> None:
    again = replace(lamp_order, reference=lamp_order.reference.lower().replace("0", "O") + " ")
    with session.ledger.write() as transaction:
        claim_order(transaction, "first", lamp_order, "harbour", KEY, ON)
        claim_order(transaction, "first", lamp_order, "harbour", KEY, ON)
    with pytest.raises(AlreadyFinancedError, match="first"), session.ledger.write() as transaction:
        claim_order(transaction, "second", again, "harbour", KEY, ON)


def test_an_order_without_the_identifier_it_had_is_financed_already(
    session: Session, lamp_order: Order
) -> None:
    with_number = replace(lamp_order, buyer=replace(lamp_order.buyer, identifier="0088:77"))
    without = replace(lamp_order, buyer=replace(lamp_order.buyer, identifier=""))
    for number, (one, other) in enumerate(((with_number, without), (without, with_number))):
        one, other = (replace(order, reference=f"{order.reference}-{number}") for order in (one, other))
        with session.ledger.write() as transaction:
            claim_order(transaction, f"first-{number}", one, "harbour", KEY, ON)
        with pytest.raises(AlreadyFinancedError), session.ledger.write() as transaction:
            claim_order(transaction, f"second-{number}", other, "harbour", KEY, ON)
        with session.ledger.write() as transaction:
            for fingerprint, order, _ in transaction.finance_claims(f"first-{number}"):
                transaction.release_finance(fingerprint, order)
            claim_order(transaction, f"second-{number}", other, "harbour", KEY, ON)


def test_near_matches_are_shown(session: Session, lamp_order: Order) -> None:
    like = replace(lamp_order, reference=lamp_order.reference + "-B")
    with session.ledger.write() as transaction:
        claim_order(transaction, "first", lamp_order, "harbour", KEY, ON)
        claim_order(transaction, "second", like, "harbour", KEY, ON)
    tokens = tokens_of(like, KEY)
    assert [match.order for match in near_matches(session.ledger, tokens, but="second")] == ["first"]


def test_registry_key_is_made_once_and_kept_private(session: Session) -> None:
    folder = session.keys_folder
    key = load_registry_key(folder)
    assert load_registry_key(folder) == key
    (folder / "registry.key").chmod(0o644)
    with pytest.raises(RefusedError, match="others may read"):
        load_registry_key(folder)


def test_writer_of_the_ledger_cannot_confirm_for_the_buyer(session: Session) -> None:
    with pytest.raises(RefusedError, match="not the buyer's own"):
        enrol_buyer(session.ledger, "ACME", session.actor.key.public, Statement(ON, "clerk", "call"))


def test_buyer_key_needs_evidence_and_is_noted_once(session: Session) -> None:
    key = SigningKey.from_seed(b"\7" * 32)
    with pytest.raises(RefusedError, match="checked"):
        enrol_buyer(session.ledger, "ACME", key.public, Statement(ON, "clerk", ""))
    for _ in range(2):
        assert enrol_buyer(session.ledger, "ACME", key.public, Statement(ON, "clerk", "call-back")) == 1
    assert buyer_keys(session.ledger, "acme") == [key.public.text]


def test_only_an_enrolled_key_confirms(session: Session, lamp_order: Order) -> None:
    buyer, forger = SigningKey.from_seed(b"\7" * 32), SigningKey.from_seed(b"\10" * 32)
    placed = place_order(session.ledger, lamp_order, ON)
    with pytest.raises(NotFoundError, match="is enrolled"):
        confirm_by_buyer(session.ledger, placed.id, b"", ON)
    enrol_buyer(session.ledger, lamp_order.buyer.name, buyer.public, Statement(ON, "clerk", "call-back"))
    with pytest.raises(RefusedError, match="signed this order"):
        confirm_by_buyer(session.ledger, placed.id, forger.sign(statement_bytes(lamp_order)), ON)
    other = replace(lamp_order, reference="other")
    with pytest.raises(RefusedError, match="signed this order"):
        confirm_by_buyer(session.ledger, placed.id, buyer.sign(statement_bytes(other)), ON)


def test_a_buyers_key_that_writes_to_the_ledger_since_confirms_nothing(
    session: Session, lamp_order: Order
) -> None:
    """Enrolled as the buyer's first and as a writer's later: the seller would confirm to himself."""
    key = SigningKey.from_seed(b"\7" * 32)
    placed = place_order(session.ledger, lamp_order, ON)
    enrol_buyer(session.ledger, lamp_order.buyer.name, key.public, Statement(ON, "clerk", "call-back"))
    with session.ledger.write() as transaction:
        transaction.enrol_actor("second", key.public)
    with pytest.raises(NotFoundError, match="is enrolled"):
        confirm_by_buyer(session.ledger, placed.id, key.sign(statement_bytes(lamp_order)), ON)


def test_an_order_stays_as_the_buyer_signed_it(session: Session, lamp_order: Order) -> None:
    """It can be neither amended nor given back and amended then; a signature over another version is none."""
    order = run_order(session, lamp_order).placed.id
    key = SigningKey.from_seed(b"\7" * 32)
    enrol_buyer(session.ledger, lamp_order.buyer.name, key.public, Statement(ON, "clerk", "call-back"))
    found = find_order(session.ledger, order).order
    changed = replace(found, due_on=date(2026, 6, 1))
    with pytest.raises(RefusedError, match="as it stands"):
        confirm_by_buyer(session.ledger, order, key.sign(statement_bytes(changed)), ON)
    assert not _confirmed(session.ledger, find_order(session.ledger, order))
    confirm_by_buyer(session.ledger, order, key.sign(statement_bytes(found)), ON)
    assert _confirmed(session.ledger, find_order(session.ledger, order))
    with pytest.raises(StateError, match="no longer be amended"):
        amend_order(session.ledger, order, changed, ON)
    with pytest.raises(StateError, match="confirmation is recorded"):
        give_back_slots(session, order, ON)


def test_a_lender_that_insists_waits_for_the_buyers_signature(session: Session, lamp_order: Order) -> None:
    products = tuple(
        replace(one, underwriting={"conditions": ["buyer_confirmed"]})
        if one.role is Role.PRE_SHIPMENT
        else one
        for one in session.network.products
    )
    session.__dict__["network"] = replace(session.network, products=products)
    order = run_order(session, lamp_order).placed.id
    loan = read_book(session.ledger, order).contract.of_role(Role.PRE_SHIPMENT)[0]
    deposit = {"facility": loan.id, "payees": [["zhongshan-lamps", "25764000"]]}
    with pytest.raises(RefusedError, match="buyer confirmed") as refused:
        record_fact(session.ledger, order, FactKind.DRAW, Statement(date(2026, 3, 5)), deposit)
    assert "net finance confirm" in refused.value.hint
    buyer = SigningKey.from_seed(b"\7" * 32)
    enrol_buyer(session.ledger, lamp_order.buyer.name, buyer.public, Statement(ON, "clerk", "call-back"))
    signature = buyer.sign(statement_bytes(find_order(session.ledger, order).order))
    confirmed = confirm_by_buyer(session.ledger, order, signature, date(2026, 3, 4))
    assert confirmed.facts[0].by == lamp_order.buyer.name
    drawn = record_fact(session.ledger, order, FactKind.DRAW, Statement(date(2026, 3, 5)), deposit)
    assert drawn.state == "FUNDED"


@pytest.mark.parametrize("spelling", ["MERIDIAN STORES", "Meridian  Stores"])
def test_an_order_run_the_whole_way_is_claimed_under_its_own_number(
    session: Session, lamp_order: Order, spelling: str
) -> None:
    """The second spelling gets a name of its own here, and is the same order to every registry."""
    small = replace(lamp_order, lines=(replace(lamp_order.lines[0], quantity=Decimal(3_000)),))
    small = replace(small, due_on=date(2026, 6, 30))
    first = run_order(session, small)
    assert first.placed.state is OrderState.RESERVED
    other = replace(small, buyer=replace(small.buyer, name=spelling))
    with pytest.raises(NoCreditError, match=f"the same order is financed as {first.placed.id}"):
        run_order(session, other)
    assert {order for _, order, _ in session.ledger.finance_claims()} == {first.placed.id}


def test_the_honest_order_of_a_second_buyer_is_claimed_where_others_look_for_it(
    session: Session, lamp_order: Order
) -> None:
    """Another buyer's order with the same number: known here under a longer name, claimed under its own."""
    small = replace(lamp_order, lines=(replace(lamp_order.lines[0], quantity=Decimal(3_000)),))
    small = replace(small, due_on=date(2026, 6, 30))
    run_order(session, small)
    other = replace(small, buyer=replace(small.buyer, name="Nordic Light", identifier=""))
    way = run_order(session, other)
    assert way.placed.id == f"{other.reference}~nordic-light"
    claimed = {token for token, _, _ in session.ledger.finance_claims(way.placed.id)}
    assert tokens_of(other, session.registry_key).exact in claimed
