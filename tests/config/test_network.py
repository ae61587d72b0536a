"""The network file is read whole: every defect at once, each where it stands."""

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from config.locations import shipped_network
from config.network import load_network
from config.settings import load_policy
from domain.errors import InputDefectsError, NotFoundError
from domain.network import DrawRule, Role
from domain.terms import Event, FeeTaking

FACTORY = """
[[factory]]
id = "a"
place = "Here"
payment = [{ share = "30%", event = "booking" }, { share = "70%", event = "delivery", days = 30 }]
[[factory.product]]
product = "cup"
unit_price = "0.12345"
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def defects_of(path: Path) -> list[tuple[int, str]]:
    with pytest.raises(InputDefectsError) as caught:
        load_network(path)
    return [(defect.line, defect.field) for defect in caught.value.defects]


def test_network_that_ships_is_sound() -> None:
    network = load_network(shipped_network())
    assert {provider.kind for provider in network.providers} >= {"factory", "warehouse", "logistics"}
    order = network.product("harbour-order")
    assert order is not None
    assert (order.role, order.draw, order.price.rate_annual) == (
        Role.PRE_SHIPMENT,
        DrawRule.NEED,
        Fraction(144, 1000),
    )
    assert order.fees[0].taken is FeeTaking.CAPITALISED


def test_network_keeps_unit_prices_finer_than_the_minor_unit(tmp_path: Path) -> None:
    network = load_network(written(tmp_path / "n.toml", FACTORY))
    assert str(network.providers[0].products[0].unit_price) == "0.12345"
    assert network.providers[0].payment[1].event is Event.DELIVERY


def test_network_reports_every_defect_with_its_line(tmp_path: Path) -> None:
    text = """name = "x"
colour = "red"
[[factory]]
id = "a"
payment = [{ share = "30%", event = "booking" }]
[[factory.product]]
product = "cup"
unit_price = -1
[[lender]]
id = "l"
currency = "ZZZ"
[[lender.product]]
id = "p"
role = "sponsor"
technique = "loan"
"""
    found = defects_of(written(tmp_path / "n.toml", text))
    assert found == [
        (2, "colour"),
        (5, "factory[1].payment"),
        (8, "factory[1].product[1].unit_price"),
        (11, "lender[1].currency"),
        (14, "lender[1].product[1].role"),
    ]


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (FACTORY, "two providers have this id"),
        (
            '[[service]]\nid="i"\nkind="inspection"\nafter="packing"\n'
            '[[service]]\nid="p"\nkind="packing"\nafter="inspection"\n',
            "cyclic terms: the work of inspection waits for packing waits for inspection",
        ),
        (
            '[[lender]]\nid="l"\n[[lender.product]]\nid="p"\nrole="pre_shipment"\ntechnique="loan"\n'
            'participation=[{lender="ghost", share="100%"}]\n',
            "names the lender ghost",
        ),
        (
            '[[lender]]\nid="l"\n[[lender.product]]\nid="p"\nrole="pre_shipment"\ntechnique="loan"\n'
            'taken_out_by=["q"]\n[[lender.product]]\nid="q"\nrole="take_out"\ntechnique="loan"\n'
            'taken_out_by=["p"]\n',
            "cyclic terms: the repayment of p waits for q waits for p",
        ),
        ('[[rate]]\nfrom="USD"\nto="CNY"\nrate=0\n', "exchange rate"),
    ],
)
def test_network_refuses_what_contradicts_itself(tmp_path: Path, extra: str, reason: str) -> None:
    with pytest.raises(InputDefectsError, match=reason):
        load_network(written(tmp_path / "n.toml", FACTORY + extra))


def test_network_says_when_a_file_is_absent_or_unreadable(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_network(tmp_path / "absent.toml")
    assert defects_of(written(tmp_path / "bad.toml", "a = 1\nb = = 2\n")) == [(2, "file")]
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert defects_of(tmp_path / "binary.toml") == [(0, "file")]


def test_settings_name_the_network_and_the_policy(tmp_path: Path) -> None:
    written(tmp_path / "mine.toml", FACTORY)
    settings = written(
        tmp_path / "net.toml", 'network = "mine.toml"\n[policy]\nliquid_days_late = 15\nbooking_days = 1\n'
    )
    assert load_network(settings).providers[0].id == "a"
    policy = load_policy(settings)
    assert policy.booking_days == 1
    assert [stress.buyer_late_days for stress in policy.stresses if stress.must_pass] == [15]


def test_settings_that_name_themselves_are_refused(tmp_path: Path) -> None:
    settings = written(tmp_path / "net.toml", 'network = "net.toml"\n')
    with pytest.raises(NotFoundError, match="name one another"):
        load_network(settings)


def test_rate_has_a_day_a_source_and_a_haircut_or_is_the_ledger_s(tmp_path: Path) -> None:
    text = (
        '[[rate]]\nfrom="EUR"\nto="CNY"\nrate="7.8342"\non=2026-03-02\nsource="ECB"\nhaircut="2%"\n'
        '[[rate]]\nfrom="EUR"\nto="USD"\nhaircut="1%"\n'
        '[[rate]]\nfrom="EUR"\nto="JPY"\nrate=160\nfixed_by="river-bank"\nuntil=2026-06-30\n'
    )
    dated, empty, fixed = load_network(written(tmp_path / "n.toml", FACTORY + text)).rates
    assert (dated.rate, dated.on, dated.by) == (Decimal("7.8342"), date(2026, 3, 2), "ECB")
    assert (empty.rate, empty.haircut) == (0, Fraction(1, 100))
    assert (fixed.fixed_by, fixed.until) == ("river-bank", date(2026, 6, 30))


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ('rate=8\non="yesterday"\n', "is not a date"),
        ("rate=8\nuntil=2026-06-30\n", "only where somebody has fixed it"),
        ('fixed_by="river-bank"\n', "must be given"),
        ("rate=8\nhaircut=1.0\n", "exchange rate"),
    ],
)
def test_rate_that_contradicts_itself_is_a_defect(tmp_path: Path, extra: str, reason: str) -> None:
    text = FACTORY + '[[rate]]\nfrom="USD"\nto="CNY"\n' + extra
    with pytest.raises(InputDefectsError, match=reason):
        load_network(written(tmp_path / "n.toml", text))


def test_products_that_share_a_limit_lend_in_one_currency(tmp_path: Path) -> None:
    product = '[[lender.product]]\nid="{}"\nrole="{}"\ntechnique="loan"\ncurrency="{}"\nlimit_group="g"\n'
    limit = '[[limit]]\ngroup="g"\namount=1000\n'
    text = FACTORY + limit + '[[lender]]\nid="l"\n' + product.format("p", "pre_shipment", "CNY")
    load_network(written(tmp_path / "one.toml", text))
    with pytest.raises(InputDefectsError, match="its products lend in several currencies: CNY, EUR"):
        load_network(written(tmp_path / "two.toml", text + product.format("q", "take_out", "EUR")))


MADE = "[[factory.product]]"


@pytest.mark.parametrize(
    ("before", "after", "field", "problem"),
    [
        (MADE, f'country = "Austria"\n{MADE}', "factory[1].country", "two-letter"),
        (MADE, f"tax_rate = 13\n{MADE}", "factory[1].tax_rate", "more than 100%"),
        (MADE, f'tax_rate = "x"\n{MADE}', "factory[1].tax_rate", "not a number"),
        (
            "[[factory.product]]", "[[factory.product]]\ncapacity_per_day = 3.5",
            "factory[1].product[1].capacity_per_day", "^3.5 is not a whole number",
        ),
        (
            "[[factory.product]]", "[[factory.product]]\ncapasity_per_day = 3",
            "factory[1].product[1].capasity_per_day", "not a field",
        ),
    ],
)  # fmt: skip
def test_network_tells_what_was_written(
    tmp_path: Path, before: str, after: str, field: str, problem: str
) -> None:
    with pytest.raises(InputDefectsError) as caught:
        load_network(written(tmp_path / "n.toml", FACTORY.replace(before, after, 1)))
    (defect,) = caught.value.defects
    assert defect.field == field
    assert re.search(problem, defect.problem)
    assert "capasity" not in field or "did you mean capacity_per_day?" in defect.remedy


LENDER = """[[lender]]
id = "l"
[[lender.product]]
id = "p"
role = "pre_shipment"
technique = "loan"
"""


@pytest.mark.parametrize(
    ("extra", "line", "reason"),
    [
        (LENDER + 'limit_group = "together"\n', 4, "which no \\[\\[limit\\]\\] gives"),
        (
            '[[logistics]]\nid = "c"\n[[logistics.lane]]\nid = "road"\norigin = "A"\ndestination = "B"\n'
            "band = [{ from = 0, rate = 1 }, { from = 0, rate = 2 }]\n",
            4, "two bands begin at the same",
        ),
        (LENDER + "advance_rate = 80\n", 7, "more than 200%"),
        (LENDER + "price = { rate = 14.4 }\n", 7, "more than 500%"),
        ('[[tax]]\ncountry = "CN"\ndue_day = 45\n', 3, "whole number of 1 to 31"),
    ],
)  # fmt: skip
def test_network_refuses_what_can_only_be_a_slip(tmp_path: Path, extra: str, line: int, reason: str) -> None:
    with pytest.raises(InputDefectsError, match=reason) as caught:
        load_network(written(tmp_path / "n.toml", FACTORY + extra))
    assert [defect.line for defect in caught.value.defects] == [FACTORY.count("\n") + line]
