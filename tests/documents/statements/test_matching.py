"""Matching entries to what is open: one reading that stands out, or none and why."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.statements.matching import Match, OpenItem, Unmatched, match
from documents.statements.parties import same_party
from documents.statements.statement import StatementEntry

DAY = date(2026, 6, 22)


def entry(amount: int, text: str = "", party: str = "", **more: object) -> StatementEntry:
    return StatementEntry("B-1", "DE89", DAY, amount, "EUR", text=text, party=party, **more)  # type: ignore[arg-type]


def item(order: str, amount: int, party: str = "Meridian Stores Ltd.", **more: object) -> OpenItem:
    names = (order, f"INV-{order}")
    return OpenItem(order, f"receipt:{order}", amount, "EUR", party, names=names, **more)  # type: ignore[arg-type]


def parts(found: Match | Unmatched) -> list[tuple[str, int]]:
    assert isinstance(found, Match), found
    return [(part.item.order, part.amount_minor) for part in found.parts]


ITEMS = [item("PO-2026-0017", 1_000), item("PO-2026-0018", 2_000), item("PO-9", 500, "Other Firm GmbH")]


@pytest.mark.parametrize(
    "text",
    [
        "PO-2026-0017",
        "payment of po 2026/0017 thanks",
        "ＰＯ－２０２６－００１７",
        "INV-PO-2026-0017",
        "RE: INV PO20260017.",
    ],
)
def test_reference_in_the_text_finds_the_order(text: str) -> None:
    (found,) = match([entry(1_000, text)], ITEMS)
    assert parts(found) == [("PO-2026-0017", 1_000)]


@pytest.mark.parametrize("text", ["PO-2026-00171", "XPO-2026-0017", "nothing"])
def test_reference_inside_another_word_does_not(text: str) -> None:
    assert isinstance(match([entry(999, text)], ITEMS)[0], Unmatched)


def test_short_reference_counts_only_as_a_whole_one() -> None:
    items = [item("34", 1_000)]
    assert isinstance(match([entry(999, "bus line 34")], items)[0], Unmatched)
    assert parts(match([entry(999, references=("34",))], items)[0]) == [("34", 999)]


def test_longer_reference_wins_over_one_inside_it() -> None:
    items = [item("PO-17", 1_000), item("PO-17/2", 2_000)]
    assert parts(match([entry(2_000, "PO-17/2")], items)[0]) == [("PO-17/2", 2_000)]


def test_short_and_over_payment_say_so() -> None:
    short, over = match([entry(900, "PO-2026-0017"), entry(150, "PO-2026-0017")], ITEMS)
    assert isinstance(short, Match)
    assert "1.00 stays open" in short.reasons
    assert isinstance(over, Match)
    assert "0.50 more than is open" in over.reasons
    assert parts(over) == [("PO-2026-0017", 150)]


def test_one_transfer_for_two_orders_must_be_their_sum() -> None:
    text = "PO-2026-0017 + PO-2026-0018"
    assert parts(match([entry(3_000, text)], ITEMS)[0]) == [("PO-2026-0017", 1_000), ("PO-2026-0018", 2_000)]
    (other,) = match([entry(2_999, text)], ITEMS)
    assert isinstance(other, Unmatched)
    assert other.candidates == ("PO-2026-0017", "PO-2026-0018")


def test_party_and_exact_amount_find_the_order() -> None:
    (found,) = match([entry(2_000, party="MERIDIAN STORES LIMITED")], ITEMS)
    assert parts(found) == [("PO-2026-0018", 2_000)]


def test_party_and_a_sum_find_several_orders() -> None:
    assert len(parts(match([entry(3_000, party="Meridian Stores")], ITEMS)[0])) == 2


def test_account_finds_the_order_when_the_name_does_not() -> None:
    items = [item("PO-1", 700, account="FR76 3000")]
    (found,) = match([entry(700, party="someone", party_account="FR763000")], items)
    assert parts(found) == [("PO-1", 700)]


def test_amount_alone_is_shown_and_not_taken() -> None:
    (found,) = match([entry(2_000, party="Stranger")], ITEMS)
    assert isinstance(found, Unmatched)
    assert found.candidates == ("PO-2026-0018",)


def test_two_orders_with_the_same_amount_are_left_to_a_person() -> None:
    (found,) = match([entry(1_000, party="Meridian Stores")], [item("A-100", 1_000), item("A-200", 1_000)])
    assert isinstance(found, Unmatched)
    assert found.candidates == ("A-100", "A-200")


def test_direction_and_currency_must_agree() -> None:
    assert isinstance(match([entry(-1_000, "PO-2026-0017")], ITEMS)[0], Unmatched)
    dollars = StatementEntry("B", "X", DAY, 1_000, "USD", text="PO-2026-0017")
    assert isinstance(match([dollars], ITEMS)[0], Unmatched)


def test_reversal_is_left_to_a_person() -> None:
    (found,) = match([entry(1_000, "PO-2026-0017", reversal=True)], ITEMS)
    assert isinstance(found, Unmatched)
    assert "takes an earlier entry back" in found.reason


def test_one_order_is_paid_in_the_order_of_its_dues() -> None:
    first = item("PO-1000", 300, due_on=date(2026, 1, 1))
    second = OpenItem("PO-1000", "later", 700, "EUR", "x", names=("PO-1000",), due_on=date(2026, 2, 1))
    (found,) = match([entry(500, "PO-1000")], [second, first])
    assert isinstance(found, Match)
    assert [(part.item.id, part.amount_minor) for part in found.parts] == [
        ("receipt:PO-1000", 300),
        ("later", 200),
    ]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Meridian Stores", "MERIDIAN STORES S.A.", True),
        ("Société Générale", "Societe Generale SA", True),
        ("Meridian", "Meridian Stores", False),
        ("Homes & Co", "Harbour Homes", False),
        ("Bank", "Delta Commercial Bank", False),
        ("Commercial Bank", "Delta Commercial Bank", False),
        ("Quayside", "Quayside Ltd", True),
        ("Meridian Stores", "Meridian Stores Group", True),
        ("中海贸易", "中海贸易有限公司", True),
        ("Meridian Stores", "Meridian Works", False),
        ("Ltd", "Co", False),
        ("", "Meridian", False),
    ],
)
def test_names_of_one_firm(one: str, other: str, same: bool) -> None:
    assert same_party(one, other) is same


@given(
    amounts=st.lists(st.integers(1, 50), min_size=1, max_size=6),
    paid=st.lists(st.tuples(st.integers(-60, 120), st.integers(0, 6), st.booleans()), max_size=6),
)
def test_parts_always_sum_to_the_entry(amounts: list[int], paid: list[tuple[int, int, bool]]) -> None:
    items = [item(f"ORDER-{n}", amount) for n, amount in enumerate(amounts)]
    entries = [
        entry(amount, f"ORDER-{n}" if named else "", "" if named else "Meridian Stores")
        for amount, n, named in paid
    ]
    found = match(entries, items)
    assert len(found) == len(entries)
    for one in found:
        if isinstance(one, Match):
            assert sum(part.amount_minor for part in one.parts) == one.entry.amount_minor
            assert all((part.amount_minor > 0) == (one.entry.amount_minor > 0) for part in one.parts)
        else:
            assert one.reason
