"""Rules as data: each refuses what breaks it and is named; a file adds to them or replaces them."""

from pathlib import Path
from typing import Any

import pytest

from domain.errors import NotFoundError, RefusedError, UsageError
from finance.agreed.legal import law_with, shipped_law

POOL: dict[str, Any] = {
    "takes_part": "qualified", "public_offer": False, "promised_return": False, "investors": 3,
}  # fmt: skip
VOUCHER: dict[str, Any] = {
    "takes_part": "enrolled", "platform_holds_money": False, "confirmed": True, "recourse": False,
    "months_beyond_six": 0, "months_beyond_twelve": 0,
}  # fmt: skip
SET_OFF: dict[str, Any] = {"takes_part": "enrolled", "insolvent_firms": 0}
GOOD = {"pool": POOL, "voucher": VOUCHER, "set-off": SET_OFF}


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("country", ["CN", "EU", "IN"])
def test_what_keeps_every_rule_has_its_form(kind: str, country: str) -> None:
    form = shipped_law().require(kind, country, GOOD[kind])
    assert form.name
    assert form.law


@pytest.mark.parametrize(
    ("kind", "field", "value", "rule"),
    [
        ("pool", "public_offer", True, "no-public-offer"),
        ("pool", "promised_return", True, "no-promised-return"),
        ("pool", "takes_part", "anybody", "qualified-only"),
        ("pool", "investors", 51, "cn-partners"),
        ("voucher", "platform_holds_money", True, "77-no-money-held"),
        ("voucher", "confirmed", False, "77-confirmed-by-the-payer"),
        ("voucher", "months_beyond_six", 1, "77-six-months"),
        ("voucher", "months_beyond_twelve", 1, "77-one-year"),
        ("voucher", "recourse", True, "without-recourse"),
        ("voucher", "takes_part", "anybody", "enrolled-only"),
        ("set-off", "insolvent_firms", 1, "no-insolvent-firm"),
        ("set-off", "takes_part", "anybody", "enrolled-only"),
    ],
)
def test_a_broken_rule_refuses_and_is_named(kind: str, field: str, value: object, rule: str) -> None:
    with pytest.raises(RefusedError, match=f"rule {rule}"):
        shipped_law().require(kind, "CN", {**GOOD[kind], field: value})
    with pytest.raises(RefusedError, match=f"rule {rule}"):
        shipped_law().require(kind, "CN", {n: v for n, v in GOOD[kind].items() if n != field})


def test_a_year_is_allowed_where_it_is_agreed() -> None:
    stated = {**VOUCHER, "months_beyond_six": 5, "long_term_agreed": True}
    assert shipped_law().require("voucher", "CN", stated)


def test_a_country_without_a_form_is_refused() -> None:
    with pytest.raises(NotFoundError, match="no legal form of a pool is known in XX"):
        shipped_law().require("pool", "XX", POOL)


def test_a_file_adds_forms_and_replaces_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[form]]\nkind="pool"\ncountry="XX"\nname="trust"\nlaw="none"\n'
        '[[rule]]\nid="cn-partners"\nkinds=["pool"]\ncountries=["CN"]\nfield="investors"\nat_most=2\nsays="two"\n'
    )
    law = law_with(path)
    assert law.require("pool", "XX", POOL).name == "trust"
    with pytest.raises(RefusedError, match=r"two \(rule cn-partners\)"):
        law.require("pool", "CN", POOL)


@pytest.mark.parametrize("text", ["form = 3", "[[rule]]\nid='x'", "[[", "[[rule]]\nid='x'\nkinds=['pool']"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        law_with(path)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(NotFoundError):
        law_with(Path("nowhere.toml"))
