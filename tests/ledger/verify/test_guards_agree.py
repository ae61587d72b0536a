"""What the guards let in, verification accepts."""

import random
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

import pytest

from domain.errors import NetError
from domain.posting import Entry, Leg
from ledger.record.records import instant_text
from ledger.store import Ledger, create_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.keys import SigningKey

SLOT = ["f:x", "2026-03-05"]
KEY = SigningKey.from_seed(b"\4" * 32).public.text


def strange_value(chance: random.Random, clock: Clock) -> Any:
    """What a careless or a hostile program could write in the place of a field."""
    return chance.choice(
        [
            None, "", "h1", "h2", "f1", "o1", 0, 1, 2, -1, True, [], {}, "1", "ok", "unknown", "07", "é",
            instant_text(clock() + timedelta(hours=1)), [[*SLOT, "1"]], [[*SLOT, "0"]], [[*SLOT]], [["a"]],
        ]
    )  # fmt: skip


def likely_body(chance: random.Random, clock: Clock) -> dict[str, Any]:
    """Every field that some kind reads, mostly as it should be."""
    body: dict[str, Any] = {
        "hold": chance.choice(["h1", "h2", "h3"]),
        "expires_at": chance.choice([None, instant_text(clock() + timedelta(hours=1))]),
        "lines": [[*SLOT, str(chance.randrange(1, 4))]],
        "fingerprint": chance.choice(["f1", "f2"]),
        "financier": "harbour",
        "turn": chance.choice([1, 2]),
        "operation": chance.choice(["c1", "c2"]),
        "n": chance.choice([1, 2]),
        "status": chance.choice(["ok", "failed", "unknown"]),
        "message_id": chance.choice(["m1", "m2"]),
        "recipient": "harbour",
        "provider": "works",
        "entity": "trader",
        "account": "1010",
        "minimum_minor": "0",
        "actor_key": KEY,
        "name": "anna",
    }
    for name in body:
        if chance.random() < 0.04:
            body[name] = strange_value(chance, clock)
        elif chance.random() < 0.02:
            body = {field: value for field, value in body.items() if field != name}
    return body


KINDS = (
    "capacity.opened", "capacity.held", "capacity.confirmed", "capacity.released", "capacity.expired",
    "capacity.used", "capacity.cancelled", "capacity.returned", "capacity.odd", "claim.made",
    "claim.released", "call.intended", "call.attempted", "call.answered", "message.queued",
    "message.delivered", "message.received", "floor.set", "actor.enrolled", "order.state", "loan.drawn",
)  # fmt: skip


def written(made: Ledger, seed: int, clock: Clock, count: int) -> int:
    """So many attempts at records of any kind; how many the guards let in."""
    chance, accepted = random.Random(seed), 0
    with made.write() as transaction:
        transaction.open_capacity(*SLOT, 20)
    made.append(draw(1, amount=500))
    for number in range(count):
        kind = chance.choice(KINDS)
        legs: tuple[Leg, ...] = ()
        if kind == "loan.drawn" or chance.random() < 0.05:
            amount = chance.choice([-700, -5, 0, 5])
            legs = (Leg("trader", "1010", "CNY", amount), Leg("trader", "2310", "CNY", -amount))
        entry = Entry(
            kind,
            f"k{number}",
            date(2026, 3, 5),
            chance.choice([None, "o1", "o2"]),
            likely_body(chance, clock),
            legs,
        )
        with suppress(NetError), made.write() as transaction, transaction.savepoint():
            transaction._append(entry)
            accepted += 1
        if chance.random() < 0.1:
            clock.move(minutes=20)
    return accepted


@pytest.mark.both_databases
@pytest.mark.parametrize("seed", range(3))
def test_what_the_guards_let_in_is_sound(new_ledger_url: str, seed: int) -> None:
    clock = Clock()
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=clock) as made:
        accepted = written(made, seed, clock, 250)
        report = verify_ledger(made)
        assert [str(flaw) for flaw in report.findings] == []
        assert accepted > 40


@pytest.mark.both_databases
def test_a_hold_under_another_key_is_given_back_in_full(new_ledger_url: str) -> None:
    body = {"hold": "h1", "expires_at": None, "lines": [[*SLOT, "2"]]}
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=Clock()) as made:
        with made.write() as transaction:
            transaction.open_capacity(*SLOT, 20)
            transaction._append(Entry("capacity.held", "other-key", date(2026, 3, 5), "o1", body))
            transaction._append(Entry("capacity.released", "k2", date(2026, 3, 5), "o1", {"hold": "h1"}))
        assert verify_ledger(made).sound
