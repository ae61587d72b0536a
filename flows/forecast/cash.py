"""The cash of all open orders by week: as planned, and with bands for how late the buyers may pay.

Each order's books are played on as planned; when the buyer pays later, everything from his payment on moves
with it.
How late is drawn from the buyer's card, given how late he is already; the draws are named by the model and
the order, so the same model gives the same bands.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from domain.accounts import Account
from domain.errors import NotFoundError
from domain.states import ENDED, OrderState
from finance.agreed.contract import TRADER
from finance.books.order_books import JournalEntry
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from finance.forecast.cards import FirmCards
from flows.books.order_book import OrderBook, read_book
from flows.desk.forecasts import LATE_PAYMENT
from flows.desk.session import Session
from ledger.book.reading import Reading
from routing.simulate.intervals import quantile

DRAWS = 500
HORIZON = timedelta(days=3_650)
UNFINANCED = (OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD)
WEEK = timedelta(days=7)
LOW, HIGH = 0.05, 0.95


@dataclass(frozen=True, slots=True)
class CashWeek:
    """One week from ``first`` on; ``balance`` is that of all loops at its end, by plan and at 5, 50 and 95
    percent; minor units."""

    first: date
    in_minor: int
    out_minor: int
    balance_minor: int
    low_minor: int
    middle_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class CashForecast:
    """All open orders of one currency; ``model_until`` is None where no model is known: as planned."""

    currency: str
    orders: tuple[str, ...]
    opening_minor: int
    weeks: tuple[CashWeek, ...]
    model_until: date | None
    data_digest: str


@dataclass(frozen=True, slots=True)
class ExpectedCash:
    """What one order's loop holds, and what is still to come and to go; ``pays_on`` is the buyer's day."""

    order: str
    buyer: str
    currency: str
    opening_minor: int
    flows: tuple[tuple[date, int], ...]
    pays_on: date | None


def cash_by_week(session: Session, weeks: int) -> list[CashForecast]:
    """One forecast for each currency of the ledger's open orders, as of the session's day."""
    cards = session.cards(LATE_PAYMENT)
    expected = open_cash(session.ledger, session.on)
    currencies = sorted({one.currency for one in expected})
    return [
        _forecast([one for one in expected if one.currency == currency], session.on, weeks, cards)
        for currency in currencies
    ]


def open_cash(reading: Reading, on: date) -> list[ExpectedCash]:
    """Every order under way with its expected cash after ``on``."""
    found = []
    for head in reading.orders():
        state = OrderState(head.state)
        if state in ENDED or state in UNFINANCED:
            continue
        try:
            found.append(expected_cash(read_book(reading, head.order), on))
        except NotFoundError:  # reserved, and not financed yet
            continue
    return found


def expected_cash(book: OrderBook, on: date) -> ExpectedCash:
    """What the order's books foresee, from what was known at the end of ``on``."""
    facts = [fact for fact in book.facts if fact.on <= on]
    folded = fold(book.contract, facts, on + HORIZON, Expectations(book.contract, facts, on))
    opening, flows, pays_on = 0, [], None
    for journal in folded.journals:
        amount = _cash(journal)
        if journal.on <= on:
            opening += amount
        elif amount:
            flows.append((journal.on, amount))
            if journal.kind == "receipt" and pays_on is None:
                pays_on = journal.on
    contract = book.contract
    return ExpectedCash(contract.order, contract.buyer, contract.currency, opening, tuple(flows), pays_on)


def _cash(journal: JournalEntry) -> int:
    return sum(
        amount for entity, account, amount in journal.postings if entity == TRADER and account == Account.CASH
    )


def _forecast(
    expected: Sequence[ExpectedCash], on: date, weeks: int, cards: FirmCards | None
) -> CashForecast:
    opening = sum(one.opening_minor for one in expected)
    planned = [_by_week(one, on, weeks, 0) for one in expected]
    drawn = _drawn(expected, on, weeks, cards) if cards is not None else [_sum(planned, weeks)]
    flows = [flow for one in expected for flow in one.flows]
    found, balance = [], opening
    for week in range(weeks):
        first = on + timedelta(days=1) + WEEK * week
        within = [amount for day, amount in flows if first <= day < first + WEEK]
        balance += sum(within)
        ends = [opening + sum(one[: week + 1]) for one in drawn]
        found.append(
            CashWeek(
                first,
                sum(amount for amount in within if amount > 0),
                -sum(amount for amount in within if amount < 0),
                balance,
                *(int(quantile(ends, level)) for level in (LOW, 0.5, HIGH)),
            )
        )
    return CashForecast(
        expected[0].currency,
        tuple(one.order for one in expected),
        opening,
        tuple(found),
        cards.until if cards is not None else None,
        cards.data_digest if cards is not None else "",
    )


def _by_week(one: ExpectedCash, on: date, weeks: int, late: int) -> list[int]:
    """The order's flows by week when the buyer pays ``late`` days after the day planned."""
    found = [0] * weeks
    moved = timedelta(days=late)
    for day, amount in one.flows:
        then = day + moved if one.pays_on is not None and day >= one.pays_on else day
        week = max((then - on).days - 1, 0) // 7
        if week < weeks:
            found[week] += amount
    return found


def _drawn(expected: Sequence[ExpectedCash], on: date, weeks: int, cards: FirmCards) -> list[list[int]]:
    sums = [[0] * weeks for _ in range(DRAWS)]
    for one in expected:
        chance = random.Random(f"net forecast cash {cards.data_digest} {one.order}")
        known: dict[int, list[int]] = {}
        for total in sums:
            late = days_late(cards, one, on, chance.random())
            if late not in known:
                known[late] = _by_week(one, on, weeks, late)
            for week, amount in enumerate(known[late]):
                total[week] += amount
    return sums


def days_late(cards: FirmCards, one: ExpectedCash, on: date, drawn: float) -> int:
    """Days after the planned day for a number drawn between 0 and 1; never on a day that has passed."""
    if one.pays_on is None:
        return 0
    least = (on - one.pays_on).days + 1
    card = cards.of(one.buyer)
    days = [round(card.centre + error * card.scale) for error in cards.errors]
    still = [day for day in days if day >= least]
    return still[min(int(drawn * len(still)), len(still) - 1)] if still else max(least, 0)


def _sum(rows: Sequence[Sequence[int]], weeks: int) -> list[int]:
    return [sum(row[week] for row in rows) for week in range(weeks)]
