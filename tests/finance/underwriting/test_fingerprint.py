"""The fingerprint sees through look-alike signs; it cannot be guessed without the key."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from domain.order import Order, OrderLine, Party
from finance.underwriting.fingerprint import folded, order_hash, statement_bytes, tokens_of

KEY = b"k" * 32
ORDER = Order(
    "PO-2026/001",
    date(2026, 3, 2),
    Party("Acme GmbH"),
    Party("Lamp Trading"),
    "EUR",
    (OrderLine("1", "lamp", Decimal(10), Decimal("1.00"), 1000),),
)


@pytest.mark.parametrize(
    "written",
    [
        "po-2026/001",
        "ＰＯ－２０２６/００１",
        " PO 2026 001 ",
        "P0-2O26/O0I",
        "РО-2026/001",
        "PÓ-2026/001",
        "po.2026.ool",
        "PO-٢٠٢٦/٠٠١",
        "PO-२०२६/००१",
        "PØ-2026/ØØ1",
        "ᏢՕ-2026/00Ӏ",
        "ꓑꓳ-2026/00ꓲ",
        "ⲢⲞ-2026/00ⲓ",
        "ᴘᴏ-2026/00ɪ",
        "P\u200bO\u2060-2026\ufeff/001",
        "P\u3164O-2026/001",
        "P\u00adO-2026\u202e/001\ufe0f",
        "𝐏𝐎-𝟐𝟎𝟐𝟔/𝟎𝟎𝟏",
        "PO-②⓪②⑥/⓪⓪①",
        "P\u0336O\u20dd-2026/001",
    ],
)
def test_number_written_to_look_alike_has_the_same_fingerprint(written: str) -> None:
    assert tokens_of(replace(ORDER, reference=written), KEY).exact == tokens_of(ORDER, KEY).exact


@pytest.mark.parametrize("written", ["PO-2026/002", "PO-2026/0011", "PO-2027/001"])
def test_another_number_has_another_fingerprint_but_looks_alike(written: str) -> None:
    other = tokens_of(replace(ORDER, reference=written), KEY)
    assert other.exact != tokens_of(ORDER, KEY).exact
    assert other.soft == tokens_of(ORDER, KEY).soft


def test_fingerprint_needs_the_key() -> None:
    assert tokens_of(ORDER, KEY).exact != tokens_of(ORDER, b"x" * 32).exact


def test_identifier_counts_before_the_name() -> None:
    named = replace(ORDER, buyer=Party("Acme GmbH", "0088:1"))
    renamed = replace(ORDER, buyer=Party("ACME Holding", "0088:1"))
    assert tokens_of(named, KEY).exact == tokens_of(renamed, KEY).exact


@pytest.mark.parametrize(
    ("one", "other"), [("Łódź Øst", "Lodz Ost"), ("Đà Nẵng", "Da Nang"), ("АСМЕ", "ACME"), ("ΑΚΜΗ", "AKMH")]
)
def test_name_written_to_look_alike_is_the_same_firm(one: str, other: str) -> None:
    assert folded(one) == folded(other)


def test_order_that_drops_an_identifier_is_still_the_same() -> None:
    """With identifiers the firms' names may change; without them the names tell."""
    full = replace(ORDER, buyer=Party("Acme GmbH", "0088:1"), seller=Party("Lamp Trading", "0088:2"))
    for part in (ORDER, replace(full, buyer=Party("ACME Gmbh")), replace(full, seller=Party("lamp trading"))):
        assert tokens_of(part, KEY).exact != tokens_of(full, KEY).exact
        assert tokens_of(part, KEY).named == tokens_of(full, KEY).named
    assert tokens_of(ORDER, KEY).named == tokens_of(ORDER, KEY).exact


def test_buyer_signs_what_the_order_says_and_not_where_it_was_read() -> None:
    assert order_hash(replace(ORDER, source="mail")) == order_hash(ORDER)
    assert order_hash(replace(ORDER, issued_on=date(2026, 3, 3))) != order_hash(ORDER)
    assert order_hash(ORDER).encode() in statement_bytes(ORDER)


def test_folding_keeps_other_scripts_apart() -> None:
    assert folded("订单１") == "订单1"
    assert folded("") == ""


def test_what_a_buyer_signed_stays_signed_when_parties_have_more_numbers() -> None:
    """A number counts where it is given; an empty one changes nothing of what was signed before."""
    assert order_hash(ORDER) == "d7ecd4b6fd72f9972f744f7c49000c2ab5256dca08726f430cc3045e8af8a55c"
    assert order_hash(replace(ORDER, buyer=replace(ORDER.buyer, vat_number="FR12345678901"))) != order_hash(
        ORDER
    )
