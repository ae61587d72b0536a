"""What the law gives a seller whose buyer pays late, by country, where the contract says nothing: as data.

``late_payment.toml`` holds rates, lump sums and their sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from domain.money import exponent_of

SHIPPED = Path(__file__).with_name("late_payment.toml")
YEAR = 365


@dataclass(frozen=True, slots=True)
class LatePayment:
    """The rate of a day's delay, and the lump sum for each invoice paid late; where the rule stands."""

    rate_daily: Fraction = Fraction(0)
    lump_minor: int = 0
    source: str = ""


def late_payment_law(country: str, currency: str, due_on: date, gross_minor: int) -> LatePayment:
    """What the law of the seller's country gives on a debt that falls due on a day; nothing where the file
    has no such country. A lump sum counts only for a debt in its own currency."""
    law = _laws().get(country)
    if law is None:
        return LatePayment()
    lump = _lump(law, gross_minor, currency) if currency == law.get("lump_currency") else 0
    return LatePayment(_rate_daily(law, due_on), lump, str(law["source"]))


def _rate_daily(law: Mapping[str, Any], due_on: date) -> Fraction:
    if "daily" in law:
        return Fraction(law["daily"])
    known = [one for one in law["reference"] if one["since"] <= due_on] or law["reference"][:1]
    return (Fraction(known[-1]["rate"]) + Fraction(law["points"])) / YEAR


def _lump(law: Mapping[str, Any], gross_minor: int, currency: str) -> int:
    unit = 10 ** exponent_of(currency)
    steps = law.get("lumps") or [{"from": "0", "lump": law["lump"]}]
    reached = [one for one in steps if Decimal(one["from"]) * unit <= gross_minor]
    return int(Decimal(reached[-1]["lump"]) * unit) if reached else 0


@cache
def _laws() -> dict[str, Mapping[str, Any]]:
    with SHIPPED.open("rb") as file:
        laws = tomli.load(file)["law"]
    return {country: law for law in laws for country in law["countries"]}
