"""What a node asks for its slots is what the planner of the same network file would count."""

from datetime import date
from decimal import Decimal

import pytest

from domain.network import (
    FactoryProduct,
    Lane,
    Lender,
    Network,
    PriceBreak,
    Provider,
    Service,
    Storage,
    WeightBand,
)
from flows.shop.catalogue import UNLIMITED, Catalogue
from providers.protocol import SlotLine, SlotRequest

LAMP = FactoryProduct(
    "lamp",
    Decimal("10.005"),
    set_up_minor=5000,
    capacity_per_day=20,
    breaks=(PriceBreak(Decimal(100), Decimal(9)),),
)
SHOP = Network(
    "shop",
    currency="CNY",
    providers=(
        Provider("mill", "Mill", "factory", currency="CNY", products=(LAMP,)),
        Provider(
            "store",
            "Store",
            "warehouse",
            currency="CNY",
            storage=Storage(Decimal("0.5"), Decimal(1), 200, 500, minimum_days=3),
        ),
        Provider(
            "ship",
            "Ship",
            "logistics",
            currency="CNY",
            lanes=(
                Lane(
                    "north",
                    "a",
                    "b",
                    bands=(WeightBand(Decimal(0), Decimal(3)), WeightBand(Decimal(100), Decimal(2), 700)),
                    minimum_minor=9000,
                ),
            ),
        ),
        Provider("check", "Check", "inspection", currency="CNY", service=Service(fixed_minor=4000)),
        Provider("far", "Far", "factory", adapter="http", products=(LAMP,)),
    ),
    lenders=(Lender("bank", "Bank", currency="CNY", limit_minor=700), Lender("open", "Open")),
)


def price(*lines, currency="CNY"):
    request = SlotRequest("o", "l", "k", "p", tuple(SlotLine(*line) for line in lines), 0, currency)
    return Catalogue(SHOP).price_minor(request)


@pytest.mark.parametrize(
    ("lines", "minor"),
    [
        ([("mill/lamp", "2026-03-02", 3)], 8002),
        ([("mill/lamp", "2026-03-02", 20)] * 5, 95000),
        ([("store/storage", "2026-03-02", 10)], 10 * 250 + 200),
        ([("store/storage", f"2026-03-{day:02}", 10) for day in range(2, 7)], 10 * 350 + 200),
        ([("ship/north", "2026-03-02", 10)], 9000),
        ([("ship/north", "2026-03-02", 100)], 20700),
        ([("check/inspection", "2026-03-02", 1)], 4000),
        ([("credit:bank", "limit", 500)], 0),
    ],
)
def test_list_price_in_minor_units(lines, minor):
    assert price(*lines) == minor


def test_what_is_not_in_the_catalogue_has_no_price():
    assert price(("far/lamp", "2026-03-02", 1)) is None
    assert price(("mill/lamp", "2026-03-02", 1), currency="USD") is None
    assert price(("mill/lamp", "2026-03-02", 1), currency="QQQ") is None


def test_catalogue_offers_own_firms_and_lenders_with_a_limit():
    offered = {one.resource: one.capacity for one in Catalogue(SHOP).offers()}
    assert offered == {
        "mill/lamp": 20,
        "store/storage": 500,
        "ship/north": UNLIMITED,
        "check/inspection": UNLIMITED,
        "credit:bank": 700,
    }


def test_factory_is_closed_on_sunday_and_a_credit_line_has_one_period():
    catalogue = Catalogue(SHOP)
    mill, bank = catalogue.find("mill/lamp"), catalogue.find("credit:bank")
    assert catalogue.is_open(mill, "2026-03-02")
    assert not catalogue.is_open(mill, date(2026, 3, 1).isoformat())
    assert not catalogue.is_open(mill, "limit")
    assert catalogue.is_open(bank, "limit")
    assert not catalogue.is_open(bank, "2026-03-02")
