"""Balances and floors against a plain model of what the legs moved, on ledgers written without guards."""

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.sqlite.file import schema_text, statements
from ledger.verify.balances import check_balances

Leg = tuple[int, int, str, str, str, int, str]
"""Sequence, n, entity, account, currency, amount, order."""

FLOOR_SINCE = 3
LEGS = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(["trader", "lender"]),
        st.sampled_from(["1010", "2310"]),
        st.sampled_from(["CNY", "USD"]),
        st.integers(-3, 5),
        st.sampled_from(["o1", "o2", ""]),
    ),
    max_size=25,
)


def numbered(drawn: Sequence[tuple[int, str, str, str, int, str]]) -> list[Leg]:
    counts: dict[int, int] = defaultdict(int)
    legs = []
    for sequence, *rest in sorted(drawn, key=lambda leg: leg[0]):
        legs.append((sequence, counts[sequence], *rest))
        counts[sequence] += 1
    return legs


def ledger_of(legs: Sequence[Leg], minimum: int) -> sqlite3.Connection:
    """The tables alone: legs, the balances they give, and a floor for the trader's cash."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in statements(schema_text()):
        if "CREATE TRIGGER" not in statement:
            connection.execute(statement)
    connection.executemany("INSERT INTO leg VALUES (?, ?, ?, ?, ?, ?, ?, '2026-03-02')", legs)
    connection.executemany(
        "INSERT INTO balance VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(entity, account, order, *rest) for (entity, account, order, *rest) in balances(legs)],
    )
    connection.execute("INSERT INTO account_floor VALUES ('trader', '1010', ?, ?)", (minimum, FLOOR_SINCE))
    return connection


def balances(legs: Sequence[Leg]) -> list[tuple[str, str, str, str, int, int, int]]:
    held: dict[tuple[str, str, str, str], tuple[int, int, int]] = {}
    for sequence, n, entity, account, currency, amount, order in legs:
        before = held.get((entity, account, order, currency), (0, 0, 0))[0]
        held[entity, account, order, currency] = before + amount, sequence, n
    return [(*key, *value) for key, value in held.items()]


def too_low(legs: Sequence[Leg], minimum: int) -> set[str]:
    """The records after which the trader's cash in an order and currency is below the floor."""
    stood: dict[tuple[str, str], int] = defaultdict(int)
    found = set()
    for record in sorted({leg[0] for leg in legs}):
        touched = set()
        for sequence, _, entity, account, currency, amount, order in legs:
            if sequence == record and (entity, account) == ("trader", "1010"):
                stood[order, currency] += amount
                touched.add((order, currency))
        if record > FLOOR_SINCE and any(stood[one] < minimum for one in touched):
            found.add(f"record {record}")
    return found


@settings(max_examples=300, deadline=None)
@given(LEGS, st.integers(-4, 3))
def test_floor_is_held_at_every_step(drawn: list[tuple[int, str, str, str, int, str]], minimum: int) -> None:
    legs = numbered(drawn)
    connection = ledger_of(legs, minimum)
    findings = check_balances(connection)
    connection.close()
    assert {finding.subject for finding in findings} <= {"floor"}
    assert {finding.place for finding in findings} == too_low(legs, minimum)


CHANGES = [
    "UPDATE balance SET amount_minor = amount_minor + 1 WHERE rowid_of = ?",
    "UPDATE balance SET last_sequence = last_sequence - 1, last_leg = last_leg + 1048576 WHERE rowid_of = ?",
    "UPDATE balance SET last_leg = last_leg + 1 WHERE rowid_of = ?",
    "UPDATE balance SET order_reference = 'o9' WHERE rowid_of = ?",
    "DELETE FROM balance WHERE rowid_of = ?",
    "INSERT INTO balance SELECT 'nobody', account, order_reference, currency, 0, 1, 0 FROM balance"
    " WHERE rowid_of = ?",
]


@settings(max_examples=200, deadline=None)
@given(LEGS.filter(bool), st.sampled_from(CHANGES), st.data())
def test_every_change_of_a_balance_is_named(
    drawn: list[tuple[int, str, str, str, int, str]], change: str, data: st.DataObject
) -> None:
    legs = numbered(drawn)
    connection = ledger_of(legs, -1_000)
    entity, account, order, currency, *_ = data.draw(st.sampled_from(balances(legs)))
    connection.execute(
        change.replace("rowid_of = ?", "(entity, account, order_reference, currency) = (?, ?, ?, ?)"),
        (entity, account, order, currency),
    )
    findings = check_balances(connection)
    connection.close()
    assert findings
    assert {finding.subject for finding in findings} == {"balance"}
    assert all(any(name in finding.place for name in (order or "-", "o9")) for finding in findings)


def test_sum_beyond_64_bits_is_told() -> None:
    connection = ledger_of([(5, n, "lender", "1010", "CNY", 2**62, "o1") for n in range(1)], 0)
    connection.execute("UPDATE leg SET amount_minor = 9223372036854775807")
    connection.execute(
        "INSERT INTO leg VALUES (6, 0, 'lender', '1010', 'CNY', 9223372036854775807, 'o1', '2026-03-02')"
    )
    (finding,) = check_balances(connection)
    connection.close()
    assert "cannot be recomputed" in finding.problem


def test_table_that_is_gone_is_told() -> None:
    connection = ledger_of([(5, 0, "trader", "1010", "CNY", 7, "o1")], 0)
    connection.execute("DROP TABLE balance")
    connection.execute("DROP TABLE account_floor")
    findings = check_balances(connection)
    connection.close()
    assert [finding.subject for finding in findings] == ["balance", "floor"]
    assert all("cannot be recomputed" in finding.problem for finding in findings)


@pytest.mark.parametrize("order", ["o1", ""])
def test_floor_above_nothing_counts_from_the_first_step(order: str) -> None:
    """Nothing was ever taken out, and yet the account stood below what it must hold."""
    connection = ledger_of([(5, 0, "trader", "1010", "CNY", 7, order)], 8)
    (finding,) = check_balances(connection)
    connection.close()
    assert finding.place == "record 5"


def test_ledger_is_left_as_it_was() -> None:
    connection = ledger_of([(5, 0, "trader", "1010", "CNY", 7, "o1")], 0)
    before = list(connection.iterdump())
    assert check_balances(connection) == []
    assert list(connection.iterdump()) == before
    assert not connection.in_transaction
    connection.close()
