"""A lender's book at any date, read from the orders' books; nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from domain.accounts import Account, account_and_currency
from domain.errors import NotFoundError
from domain.network import Lender, Network
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.reports.lender_book import LenderBook, LenderLine, book_of, lines_of
from finance.reports.tranches import Pool
from finance.underwriting.credit_offer import rate_of
from flows.books.order_book import OrderBook, read_book
from flows.books.record import fold_at
from flows.settlement.earnings import financed_orders
from ledger.book.reading import Reading

AHEAD = timedelta(days=730)


@dataclass(frozen=True, slots=True)
class Books:
    """One book per lender and currency, and one per pool of several lenders."""

    on: date
    lenders: tuple[LenderBook, ...]
    pools: tuple[LenderBook, ...]


def books(reading: Reading, network: Network, on: date, lender: str = "") -> Books:
    """Every lender's book, or that of one; NotFoundError for a lender that the network does not have."""
    if lender and all(one.id != lender for one in network.lenders):
        names = ", ".join(one.id for one in network.lenders)
        raise NotFoundError(f"there is no lender {lender}", f"the network has: {names}")
    lines: list[LenderLine] = []
    for order in financed_orders(reading):
        book = read_book(reading, order)
        if book.contract.accepted_on <= on:
            lines += order_lines(book, on, groups_of(network))
    found = [
        book_of(one.id, on, currency, some, pool_of(one.underwriting, one))
        for one in network.lenders
        for currency, some in _by_currency([line for line in lines if line.lender == one.id], one, network)
        if lender in ("", one.id)
    ]
    return Books(on, tuple(found), tuple(_pools(lines, network, on, lender)))


def groups_of(network: Network) -> dict[str, str]:
    """Buyer to its group of companies, from the lenders' data about buyers."""
    groups: dict[str, str] = {}
    for lender in network.lenders:
        for name, profile in dict(lender.underwriting.get("buyers", {})).items():
            if isinstance(profile, Mapping) and profile.get("group"):
                groups[str(name)] = str(profile["group"])
    return groups


def _by_currency(
    lines: list[LenderLine], lender: Lender, network: Network
) -> list[tuple[str, list[LenderLine]]]:
    found: dict[str, list[LenderLine]] = {}
    for line in lines:
        found.setdefault(line.currency, []).append(line)
    return sorted(found.items()) or [(lender.currency or network.currency, [])]


def pool_of(data: Mapping[str, Any], lender: Lender | None = None) -> Pool:
    """The layers of a lender's capital: its ``pool`` table, else its limit as one layer."""
    given = data.get("pool", {})
    capital = given.get("capital_minor") if isinstance(given, Mapping) else None
    if capital is None:
        capital = lender.limit_minor if lender is not None and lender.limit_minor else 0
    if not isinstance(given, Mapping):
        given = {}
    return Pool(
        int(capital),
        rate_of(given.get("junior_share", "0")),
        rate_of(given.get("senior_most", "1")),
    )


def _pools(lines: list[LenderLine], network: Network, on: date, lender: str) -> list[LenderBook]:
    """Lenders that name the same pool, together."""
    members: dict[str, list[Lender]] = {}
    for one in network.lenders:
        name = one.underwriting.get("pool_name")
        if name and lender in ("", one.id):
            members.setdefault(str(name), []).append(one)
    found = []
    for name, some in sorted(members.items()):
        ids = {one.id for one in some}
        layers = [pool_of(one.underwriting, one) for one in some]
        capital = sum(layer.capital for layer in layers)
        junior = sum((layer.capital * layer.junior_share for layer in layers), Fraction(0))
        share = junior / capital if capital else Fraction(0)
        pool = Pool(capital, share, min(layer.senior_most for layer in layers))
        for currency, own in _by_currency([line for line in lines if line.lender in ids], some[0], network):
            found.append(book_of(name, on, currency, own, pool))
    return found


def order_lines(book: OrderBook, on: date, groups: Mapping[str, str]) -> list[LenderLine]:
    """One order's lines at a date, with what lenders still expect of it as planned."""
    known = [fact for fact in book.facts if fact.on <= on]
    past = replace_facts(book, known)
    folded = fold_at(past, on)
    return lines_of(
        folded.position,
        on,
        buyer_group=groups.get(book.contract.buyer, ""),
        forecast=_forecast(past, folded, on),
    )


def replace_facts(book: OrderBook, facts: Sequence[Any]) -> OrderBook:
    return replace(book, facts=list(facts))


def _forecast(book: OrderBook, folded: Folded, on: date) -> dict[str, list[tuple[date, int]]]:
    """Lenders' cash after ``on`` if everything goes as planned; nothing for an order that went wrong."""
    if not any(debt.claim or not debt.closed for debt in folded.position.debts.values()):
        return {}
    ahead = fold(book.contract, book.facts, on + AHEAD, Expectations(book.contract, book.facts, after=on))
    found: dict[str, list[tuple[date, int]]] = {}
    for journal in ahead.journals:
        if journal.on <= on or not journal.facility:
            continue
        for entity, account, amount in journal.postings:
            if account_and_currency(account)[0] == Account.CASH and entity.startswith("lender:"):
                found.setdefault(f"{journal.facility}/{entity}", []).append((journal.on, amount))
    return found
