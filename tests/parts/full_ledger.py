"""A small ledger with everything in it, and ways to damage it as somebody with the file could."""

import re
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from domain.ports import HoldLine
from domain.posting import Entry, Leg
from ledger.sqlite.file import schema_text
from ledger.store import create_ledger
from tests.ledger.conftest import ACTOR, Clock, draw

LAMP = "factory:brightworks/lamp"


def full_ledger(path: Path, orders: int = 8) -> None:
    """Entries, states, holds of every ending, claims, calls and messages, in several commands."""
    clock = Clock()
    with create_ledger(path, practice=True, actor=ACTOR, clock=clock, ledger_id="net-test") as ledger:
        with ledger.write() as transaction:
            transaction.open_capacities((LAMP, f"2026-03-{day:02}", 50) for day in range(1, 29))
        for number in range(orders):
            with ledger.write() as transaction:
                order = f"o{number}"
                day = f"2026-03-{1 + number:02}"
                for step, state in enumerate(["DRAFT", "CONFIRMED", "HELD"]):
                    key = f"state-{order}-{step}"
                    entry = Entry("order.state", key, clock().date(), order, {"state": state, "note": "ü"})
                    transaction.append(entry)
                transaction.append(draw(number * 2, order, 1_000 + number))
                legs = (
                    Leg("trader", "1230", "CNY", 400),
                    Leg("trader", "1010", "CNY", -400),
                    Leg("provider:brightworks", "1010", "CNY", 400),
                    Leg("provider:brightworks", "2210", "CNY", -400),
                )
                transaction.append(Entry("provider.paid", f"pay-{order}", clock().date(), order, {}, legs))
                lines = [HoldLine(LAMP, day, 3), HoldLine(LAMP, "2026-03-28", 1)]
                transaction.hold(f"h{number}", order, lines, clock.now + timedelta(hours=1))
                if number % 4 != 3:
                    end = (transaction.confirm_hold, transaction.release_hold)[number % 2]
                    end(f"h{number}")
                if number % 4 == 0:
                    transaction.end_booking(f"h{number}", "used")
                transaction.claim_finance(f"f{number}", order, "harbour")
                transaction.record_intent(f"call-{number}", order, {"ask": number})
                transaction.record_attempt(f"call-{number}")
                if number % 2:
                    transaction.record_outcome(f"call-{number}", "ok", {"ref": number})
                transaction.put_outbox(f"m{number}", "harbour", {"n": number})
                transaction.inbox("harbour", f"in-{number}")
                if number == 1:
                    transaction.mark_delivered("m0")
                    transaction.release_finance("f0", "o0")
            clock.move(minutes=5)


def attack(path: Path, damage: Callable[[sqlite3.Connection], None]) -> None:
    """Damage the file with every guard out of the way, and put the guards back as they were."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    triggers = [
        (name, text)
        for name, text in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    ]
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    damage(connection)
    for _, text in triggers:
        connection.execute(text)
    connection.execute("COMMIT")
    connection.close()


def guards() -> list[str]:
    """The names of the triggers that only refuse."""
    return re.findall(r"CREATE TRIGGER (\w+_guard)", schema_text())
