"""Outgoing invoices against the official rules: valid, or announced by the id of the rule they break."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from documents.bills.syntaxes import paper_of
from documents.invoices.formats import XML_FORMS
from documents.invoices.invoice import invoice_of
from documents.rules.check import check, fatal
from domain.order import Adjustment, Order, OrderLine, Party
from tests.documents.rules.rule_tests import DATA

DAY = date(2026, 4, 20)
VAT = Fraction(19, 100)
SELLER = Party("Lantern Trading", "DE123456789", "DE", "Am Markt 1, 10115 Berlin")
BUYER = Party("Meridian Stores", "FR12345678901", "FR", "1 rue de la Paix, 75002 Paris, FR")
NOBODY = Party("Lantern Trading", "", "CN", "Shenzhen")
BARE = Party("Meridian Stores", "", "CN")
CATEGORIES = ("", "S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B", "AA", "H")
UNITS = "PCE ROL DOZ BAG LB CM HD QT TU STK PAL CTN EA KGM H87 bundle QQQ 件 RO".split()  # noqa: SIM905


def line(number: int = 1, **terms: object) -> OrderLine:
    terms = {"tax_rate": VAT} | terms
    return OrderLine(str(number), "lamp", Decimal(10), Decimal("10.00"), 10_000, **terms)  # type: ignore[arg-type]


def order(**fields: object) -> Order:
    made = Order("PO-1", date(2026, 3, 2), BUYER, SELLER, "EUR", (line(),), destination="Paris", country="FR")
    return replace(made, **fields)  # type: ignore[arg-type]


def of_category(category: str, **fields: object) -> Order:
    rate = VAT if category in ("S", "AA", "H", "L", "M", "B") else Fraction(0)
    return order(lines=(line(tax_category=category, tax_rate=rate),), **fields)


def orders() -> dict[str, Order]:
    """Each row of what invoices break, and what they do not."""
    found = {}
    sellers = {
        "none": NOBODY,
        "vat": SELLER,
        "gln": replace(NOBODY, identifier="0088:5790000436057"),
        "bare": replace(NOBODY, identifier="91310000MA1K"),
    }
    for category in CATEGORIES:
        for kind, seller in sellers.items():
            found[f"category {category}, seller {kind}"] = of_category(category, seller=seller)
            found[f"category {category}, seller {kind}, buyer bare"] = of_category(
                category, seller=seller, buyer=BARE
            )
    for unit in UNITS:
        found[f"unit {unit}"] = order(lines=(line(unit=unit),))
    for country in ("UK", "EL", "XX", "GB", "1A"):
        found[f"seller in {country}"] = order(seller=Party("L", "GB123456789", country))
        found[f"buyer in {country}"] = order(buyer=Party("B", "", country))
        found[f"delivered to {country}"] = order(country=country)
    for currency in ("KWD", "JPY", "CLF", "STN", "CNY", "HUF", "UYW"):
        found[f"in {currency}"] = order(currency=currency)
    fine = replace(line(), unit_price=Decimal("1.115"), quantity=Decimal(3), net_minor=3_345)
    return found | {
        "KWD to the fils": order(currency="KWD", lines=(replace(fine, tax_rate=Fraction(5, 100)),)),
        "O beside S": order(lines=(line(1, tax_category="O", tax_rate=Fraction(0)), line(2))),
        "Z beside two rates": order(
            lines=(line(1, tax_rate=Fraction(0)), line(2), line(3, tax_rate=Fraction(7, 100)))
        ),
        "K without place": of_category("K", country="", destination=""),
        "K to Northern Ireland": of_category("K", buyer=Party("Belfast", "XI123456789", "GB"), country="GB"),
        "B in Italy": of_category("B", seller=replace(SELLER, identifier="IT12345678901", country="IT"),
                                  buyer=replace(BUYER, identifier="IT12345678902", country="IT"),
                                  country="IT"),
        "allowances and charges": order(adjustments=(
            Adjustment("Freight", 4_000, VAT), Adjustment("", -100, Fraction(0), "E"),
            Adjustment("Gift", -50, VAT),
        )),
        "allowance of a line": order(lines=(replace(line(), net_minor=9_950, adjustment_minor=-50),)),
        "both numbers of both sides": of_category(
            "K", seller=Party("Lantern", "0007:5567321707", "SE", vat_number="SE556732170701"),
            buyer=Party("Käufer AG", "0007:FN123456a", "AT", vat_number="ATU12345678"), country="AT",
        ),
        "no buyer": order(buyer=Party("")),
        "no seller": order(seller=Party("")),
    }  # fmt: skip


def documents(placed: Order, form: str) -> list[bytes]:
    """The invoice and a credit note of the order."""
    invoice = replace(invoice_of(placed, "INV-1", DAY), due_on=date(2026, 6, 22), delivered_on=DAY)
    note = replace(invoice_of(placed, "CN-1", DAY, credits="INV-1"), delivered_on=DAY)
    return [XML_FORMS[form].write(replace(one, account="DE89370400440532013000")) for one in (invoice, note)]


@pytest.mark.shared_data
@pytest.mark.parametrize("form", ["ubl", "cii"])
def test_every_invoice_is_valid_or_announced_and_no_valid_one_is_warned_about(
    officially_broken: Callable[[bytes], set[str]], form: str
) -> None:
    """At least 100 documents a syntax; what is announced shares a rule with what the official rules find."""
    silent, false, valid, announced = [], [], 0, 0
    for name, placed in orders().items():
        for document in documents(placed, form):
            official, own = officially_broken(document), {broken.rule for broken in fatal(document)}
            silent += [name] if official and not official & own else []
            false += [name] if own and not official else []
            valid += not official
            announced += bool(official & own)
    assert (silent, false) == ([], [])
    assert valid >= 150
    assert announced >= 100


VALID_NOW = [
    "category AA, seller vat",
    "category H, seller vat",
    "category O, seller vat",
    "category L, seller vat",
    "unit PCE",
    "unit ROL",
    "unit CTN",
    "seller in UK",
    "K to Northern Ireland",
    "in KWD",
    "both numbers of both sides",
]


@pytest.mark.parametrize("name", VALID_NOW)
def test_where_the_order_holds_the_data_the_invoice_is_valid(name: str) -> None:
    for form in ("ubl", "cii"):
        assert [str(broken) for one in documents(orders()[name], form) for broken in fatal(one)] == []


@pytest.mark.parametrize(
    ("name", "rule", "field"),
    [
        ("category , seller none", "BR-S-02", ""),
        ("category Z, seller none", "BR-Z-02", "seller.vat_number"),
        ("category E, seller gln", "BR-E-02", "seller.vat_number"),
        ("category G, seller bare", "BR-G-02", "seller.vat_number"),
        ("category AE, seller vat, buyer bare", "BR-AE-02", "buyer.vat_number"),
        ("category K, seller vat, buyer bare", "BR-IC-02", "buyer.vat_number"),
        ("category O, seller none", "BR-CO-26", ""),
        ("K without place", "BR-IC-12", "country of the order"),
        ("O beside S", "BR-O-11", "tax_category"),
        ("category B, seller vat", "BR-B-01", "tax_category"),
        ("unit QQQ", "BR-CL-23", "lines[].unit"),
        ("seller in XX", "BR-CL-14", "seller.country"),
        ("in STN", "BR-CL-04", "currency"),
        ("KWD to the fils", "BR-DEC-09", ""),
    ],
)
def test_what_breaks_a_rule_is_told_with_the_rule_and_the_field(name: str, rule: str, field: str) -> None:
    placed = orders()[name] if rule != "BR-S-02" else of_category("S", seller=NOBODY)
    for form in ("ubl", "cii"):
        told = [str(broken) for broken in fatal(documents(placed, form)[0])]
        assert any(text.startswith(rule) and field in text for text in told), told


def examples() -> list[Path]:
    folders = ("en16931/ubl/examples", "en16931/cii/examples", "en16931/test/testfiles", "en16931/test/cii")
    found = sorted(file for folder in folders for file in (DATA / folder).rglob("*.xml"))
    return [file for file in found if b"<testSet" not in file.read_bytes()[:2000]]


@pytest.mark.shared_data
def test_the_standards_own_examples_break_what_the_official_rules_say(
    officially_broken: Callable[[bytes], set[str]],
) -> None:
    differing = {}
    for file in examples():
        document = file.read_bytes()
        own = {broken.rule for broken in check(paper_of(document, file.name)) if not broken.warning}
        own = {rule for rule in own if not rule.startswith("PEPPOL")}
        if own != officially_broken(document):
            differing[file.name] = own
    assert differing == {}


WHOLE = order(
    seller=Party(
        "Lantern", "", "SE", "Storgatan 1, 111 22 Stockholm", "", "SE556732170701", "", "0007:5567321707"
    ),
    buyer=Party("Stores", "0088:5790000436057", "FR", "1 rue de la Paix, 75002 Paris, FR"),
    destination="75002 Paris",
)


@pytest.mark.parametrize("form", sorted(XML_FORMS))
def test_an_order_that_holds_everything_breaks_nothing_in_any_form(form: str) -> None:
    invoice = replace(
        invoice_of(WHOLE, "INV-1", DAY), due_on=DAY, delivered_on=DAY, account="DE89370400440532013000",
        buyer_reference="04011000-12345-67", contact="Anna Berg, +49 30 123456, anna@lantern.example",
    )  # fmt: skip
    assert [str(broken) for broken in check(paper_of(XML_FORMS[form].write(invoice), form))] == []


@pytest.mark.parametrize(
    ("identifier", "rule"),
    [("0088:5790000436058", "PEPPOL-COMMON-R040"), ("0007:5567321708", "PEPPOL-COMMON-R049")],
)
def test_a_number_with_a_wrong_check_digit_is_told_for_peppol(identifier: str, rule: str) -> None:
    wrong = order(seller=replace(SELLER, register_number=identifier))
    assert rule in {broken.rule for broken in fatal(documents(wrong, "peppol")[0])}
