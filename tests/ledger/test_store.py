"""Create, open, write, ask: the small face that the flows use."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from domain.errors import (
    AlreadyFinancedError,
    KeyReusedError,
    NetError,
    NotFoundError,
    RefusedError,
    StateError,
    UsageError,
)
from domain.ports import HoldLine, NotFree, SlotsHeld
from domain.posting import Entry, Leg
from ledger.record.records import Balance
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.keys import Actor

LAMP = "factory:brightworks/lamp"


def test_open_says_how_to_make_a_ledger_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_ledger(tmp_path / "none")
    assert "net init" in caught.value.hint


@pytest.mark.usefixtures("ledger")
def test_create_never_overwrites(tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        create_ledger(tmp_path / "net.ledger", practice=True, actor=ACTOR)


def test_ledger_keeps_its_identity_when_opened_again(ledger: Ledger, tmp_path: Path) -> None:
    with open_ledger(f"sqlite:///{tmp_path}/net.ledger") as again:
        assert (again.id, again.practice) == (ledger.id, True)


def test_append_repeats_the_first_receipt_for_the_same_key(ledger: Ledger, clock: Clock) -> None:
    with ledger.write() as transaction:
        first = transaction.append(draw(1))
    clock.move(days=400)
    with ledger.write() as transaction:
        again = transaction.append(draw(1))
    assert again.repeated
    assert (again.sequence, again.leaf) == (first.sequence, first.leaf)
    assert ledger.size() == first.sequence


def test_append_refuses_a_key_with_other_content(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1))
        with pytest.raises(KeyReusedError):
            transaction.append(draw(1, amount=101))


def test_append_refuses_an_entry_that_does_not_balance_per_entity(ledger: Ledger) -> None:
    legs = (Leg("trader", "1010", "CNY", 5), Leg("network", "1010", "CNY", -5))
    with ledger.write() as transaction, pytest.raises(NetError, match="does not balance"):
        transaction.append(Entry("x", "k", date(2026, 1, 1), None, {}, legs))


def test_append_refuses_the_ledgers_own_kinds(ledger: Ledger) -> None:
    with ledger.write() as transaction, pytest.raises(NetError, match="belongs to the ledger"):
        transaction.append(Entry("capacity.held", "k", date(2026, 1, 1)))


def test_write_rolls_everything_back_on_an_exception(ledger: Ledger) -> None:
    before = ledger.size()
    with pytest.raises(KeyReusedError), ledger.write() as transaction:
        transaction.append_many([draw(1), draw(1, amount=7)])
    assert ledger.size() == before
    with ledger.write() as transaction:
        assert transaction.append(draw(1)).sequence == before + 1


def test_savepoint_undoes_one_order_and_keeps_the_others(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1, "o1"))
        with pytest.raises(KeyReusedError), transaction.savepoint():
            transaction.append_many([draw(2, "o2"), draw(2, "o2", amount=7)])
        transaction.append(draw(3, "o3"))
    assert [record.order for record in ledger.records(kind="loan.drawn")] == ["o1", "o3"]


def test_write_needs_an_enrolled_actor(ledger: Ledger, tmp_path: Path) -> None:
    stranger = Actor.generate("stranger")
    with open_ledger(tmp_path / "net.ledger", actor=stranger) as other:
        with pytest.raises(RefusedError), other.write():
            pass
        with ledger.write() as transaction:
            transaction.enrol_actor("colleague", stranger.key.public)
            transaction.enrol_actor("colleague", stranger.key.public)
        with ledger.write() as transaction, pytest.raises(KeyReusedError, match="as colleague"):
            transaction.enrol_actor("somebody", stranger.key.public)
        with other.write() as transaction:
            transaction.append(draw(1))
    with open_ledger(tmp_path / "net.ledger") as reader, pytest.raises(UsageError), reader.write():
        pass


def test_floor_holds_per_order(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1, "o1", 100))
        with pytest.raises(RefusedError, match="floor"):
            transaction.append(draw(2, "o2", -100))
        with pytest.raises(RefusedError, match="floor"):
            transaction.append(draw(3, "o1", -101))
        transaction.append(draw(4, "o1", -100))


def test_balance_at_a_date_counts_later_postings_out(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1, "o1", 100, date(2026, 3, 5)))
        transaction.append(draw(2, "o2", 50, date(2026, 3, 9)))
    cash = {"entity": "trader", "account": "1010"}
    assert ledger.balance(**cash) == [Balance("trader", "1010", "CNY", 150)]
    assert ledger.balance(**cash, on=date(2026, 3, 8)) == [Balance("trader", "1010", "CNY", 100)]
    assert ledger.balance(**cash, order="o2") == [Balance("trader", "1010", "CNY", 50, "o2")]
    assert ledger.balance(**cash, order="o2", on=date(2026, 3, 8)) == []


def test_hold_counts_at_once_and_no_is_data(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "2026-03-05", 10)
        assert isinstance(transaction.hold("h1", "o1", [HoldLine(LAMP, "2026-03-05", 7)]), SlotsHeld)
        refused = transaction.hold("h2", "o2", [HoldLine(LAMP, "2026-03-05", 4)])
        assert refused == NotFree(LAMP, "2026-03-05", 4, 3)
    assert ledger.free(LAMP, ["2026-03-05", "2026-03-06"]) == {"2026-03-05": 3, "2026-03-06": 0}


def test_hold_adds_up_lines_on_one_slot(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "d", 10)
        answer = transaction.hold("h", "o", [HoldLine(LAMP, "d", 6), HoldLine(LAMP, "d", 6)])
    assert answer == NotFree(LAMP, "d", 12, 10)


def test_hold_ends_once(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "d", 10)
        transaction.hold("h", "o", [HoldLine(LAMP, "d", 6)])
        transaction.release_hold("h")
        assert transaction.release_hold("h").repeated
        for end in (transaction.confirm_hold, transaction.expire_hold):
            with pytest.raises(StateError):
                end("h")
    assert ledger.free(LAMP, ["d"]) == {"d": 10}


def test_hold_expires_by_the_clock(ledger: Ledger, clock: Clock) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "d", 10)
        transaction.hold("h", "o", [HoldLine(LAMP, "d", 6)], clock.now + timedelta(hours=1))
        with pytest.raises(StateError):
            transaction.expire_hold("h")
        clock.move(hours=1)
        with pytest.raises(StateError):
            transaction.confirm_hold("h")
        assert [hold.hold_id for hold in transaction.expired_holds(clock.now)] == ["h"]
        transaction.expire_hold("h")
    assert ledger.expired_holds(clock.now) == []


@pytest.mark.parametrize(("ending", "free"), [("used", 4), ("cancelled", 10), ("returned", 10)])
def test_booking_ends_once(ledger: Ledger, ending: str, free: int) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "d", 10)
        transaction.hold("h", "o", [HoldLine(LAMP, "d", 6)])
        with pytest.raises(StateError):
            transaction.end_booking("h", ending)
        transaction.confirm_hold("h")
        assert len(transaction.holds("o")) == 1
        transaction.end_booking("h", ending)
        assert transaction.end_booking("h", ending).repeated
        with pytest.raises(StateError):
            transaction.end_booking("h", "used" if ending != "used" else "cancelled")
    assert ledger.free(LAMP, ["d"]) == {"d": free}
    assert ledger.holds("o") == []


def test_capacity_shrinks_only_to_what_is_used(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.open_capacity(LAMP, "d", 10)
        size = transaction.size()
        transaction.open_capacity(LAMP, "d", 10)
        assert transaction.size() == size
        transaction.hold("h", "o", [HoldLine(LAMP, "d", 6)])
        with pytest.raises(RefusedError):
            transaction.open_capacity(LAMP, "d", 5)
        for capacity in (6, 10, 6, 10):
            transaction.open_capacity(LAMP, "d", capacity)
            assert transaction.capacity(LAMP, "d") == (capacity, 6)


def test_claim_finance_names_the_other_order(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.claim_finance("f", "o1", "harbour")
        assert transaction.claim_finance("f", "o1", "harbour").repeated
        with pytest.raises(AlreadyFinancedError, match="o1"):
            transaction.claim_finance("f", "o2", "harbour")
        transaction.release_finance("f", "o1")
        transaction.claim_finance("f", "o2", "harbour")
        assert transaction.finance_claims() == [("f", "o2", "harbour")]
        assert transaction.finance_claim("f") == ("o2", "harbour")
        assert transaction.finance_claim("other") is None


def test_call_keeps_its_intent_until_an_outcome_is_known(ledger: Ledger, clock: Clock) -> None:
    with ledger.write() as transaction:
        transaction.record_intent("book-1", "o1", {"slot": "x"})
        assert transaction.record_attempt("book-1") == 1
        transaction.record_outcome("book-1", "unknown", None)
    clock.move(days=3)
    with ledger.write() as transaction:
        assert transaction.record_intent("book-1", "o1", {"slot": "x"}).repeated
        with pytest.raises(KeyReusedError):
            transaction.record_intent("book-1", "o1", {"slot": "y"})
        (waiting,) = transaction.unfinished_intents("o1")
        assert (waiting.attempts, waiting.status) == (1, "unknown")
        transaction.record_outcome("book-1", "ok", {"ref": "b"})
        assert transaction.record_outcome("book-1", "ok", {"ref": "b"}).repeated
        with pytest.raises(KeyReusedError):
            transaction.record_outcome("book-1", "failed", None)
    assert ledger.unfinished_intents() == []


def test_messages_are_delivered_and_taken_in_once(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.put_outbox("m1", "harbour", {"a": "b"})
        assert [message.content for message in transaction.undelivered()] == [{"a": "b"}]
        transaction.mark_delivered("m1")
        assert transaction.mark_delivered("m1").repeated
        assert transaction.undelivered() == []
        assert transaction.inbox("harbour", "1")
        assert not transaction.inbox("harbour", "1")


def test_order_head_follows_the_states_of_its_records(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        for number, state in enumerate(["DRAFT", "CONFIRMED"]):
            for order in ("o1", "o2"):
                transaction.append(Entry("s", f"{order}-{number}", date(2026, 1, 1), order, {"state": state}))
        transaction.append(draw(1, "o1"))
    assert ledger.order_state("o1") == "CONFIRMED"
    heads = list(ledger.orders())
    assert [(head.order, head.last_sequence - head.first_sequence) for head in heads] == [
        ("o1", 4),
        ("o2", 2),
    ]
    assert list(ledger.orders(limit=1)) == heads[:1]
    assert list(ledger.orders(after="o1")) == heads[1:]
    assert list(ledger.orders(state="DRAFT")) == []


def test_records_filter_and_stream(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        for number in range(2_500):
            transaction.append(draw(number, f"o{number % 5}", on=date(2026, 3, 1) + timedelta(number % 10)))
    assert sum(1 for _ in ledger.records(kind="loan.drawn")) == 2_500
    assert sum(1 for _ in ledger.records(order="o1", since=date(2026, 3, 2), until=date(2026, 3, 4))) == 250
    found = ledger.record_by_key("draw-7")
    assert found is not None
    assert (found.order, found.legs, found.actor_key) == ("o2", draw(7).legs, ACTOR.key.public.text)


def test_a_name_with_an_accent_is_one_name_however_it_is_typed(ledger: Ledger) -> None:
    """Some keyboards and file systems write an accent as a character of its own (normal form D)."""
    one, two = "caf\u00e9", "cafe\u0301"
    lines = [HoldLine(one, "2026-03-05", 1)], [HoldLine(two, "2026-03-05", 1)]
    with ledger.write() as transaction:
        first = transaction.append(replace(draw(1, two), key=two, kind=f"loan.{two}"))
        again = transaction.append(replace(draw(1, one), key=one, kind=f"loan.{one}"))
        assert (again.record_id, again.repeated) == (first.record_id, True)
        transaction.open_capacity(two, "2026-03-05", 5)
        assert transaction.capacity(one, "2026-03-05") == (5, 0)
        for name, wanted in ((two, lines[1]), (one, lines[0]), (two, lines[1])):
            assert isinstance(transaction.hold(f"h-{name}", name, wanted), SlotsHeld)
            transaction.claim_finance("f", name, name)
        transaction.confirm_hold(f"h-{two}")
    assert [told.amount_minor for told in ledger.balance(order=two)] == [100, -100]
    assert [record.record_id for record in ledger.records(order=two, kind=f"loan.{two}")] == [first.record_id]
    assert verify_ledger(ledger).sound
