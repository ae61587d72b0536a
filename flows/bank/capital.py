"""Regulatory capital of what lenders have out, loan by loan."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.money import round_minor
from domain.network import Network
from finance.pools.capital import risk_weight
from flows.books.order_book import read_book
from flows.settlement.lender_book import books
from ledger.book.reading import Reading

CAPITAL_RATIO = Fraction(8, 100)
"""The least capital, of what is weighted (CRE20.1)."""


@dataclass(frozen=True, slots=True)
class Weighted:
    """One loan: a ``weight`` of 0.9232 is 92.32%, ``capital_minor`` 8% of what is weighted."""

    order: str
    facility: str
    lender: str
    currency: str
    exposed_minor: int
    pd: float
    lgd: float
    weight: float
    capital_minor: int
    stage: int


def weights(reading: Reading, network: Network, on: date, lender: str = "") -> list[Weighted]:
    """Every loan that is out at the end of a day; NotFoundError for a lender that is not in the network."""
    rates = {}
    found = []
    for book in books(reading, network, on, lender).lenders:
        for line in book.lines:
            if line.order not in rates:
                contract = read_book(reading, line.order).in_force
                rates[line.order] = {one.id: one.loss for one in contract.facilities}
            loss = rates[line.order].get(line.facility)
            if loss is None or line.principal <= 0:
                continue
            pd = 1.0 if line.stage == 3 else float(loss.pd_annual)
            weight = risk_weight(pd, float(loss.lgd), _years(on, line.due_on))
            capital = round_minor(Fraction(weight) * CAPITAL_RATIO * line.principal)
            found.append(
                Weighted(line.order, line.facility, line.lender, line.currency, line.principal,
                         float(loss.pd_annual), float(loss.lgd), weight, capital, line.stage)
            )  # fmt: skip
    return found


def _years(on: date, due_on: date | None) -> float:
    return max((due_on - on).days, 0) / 365 if due_on else 2.5
