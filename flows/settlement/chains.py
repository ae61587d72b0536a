"""The chain of each order, as it stands on its plan, beside the way through an importer and wholesalers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import NotFoundError
from finance.reports.chain import ChainReport, Middleman, PriceGap, chain_of, explained, through
from flows.orders.find import find_order
from flows.plans.newest import newest_plan
from flows.settlement.earnings import financed_orders
from ledger.book.reading import Reading


@dataclass(frozen=True, slots=True)
class ChainCompared:
    """An order's chain, and the other way with why its price differs, where one was named."""

    ours: ChainReport
    theirs: ChainReport | None
    gaps: tuple[PriceGap, ...]


def chains(reading: Reading, orders: Sequence[str], against: Path | None) -> list[ChainCompared]:
    """Each order named, or every financed one; NotFoundError where there is nothing to report."""
    found = []
    for order in orders or list(financed_orders(reading)):
        plan = newest_plan(reading, find_order(reading, order).id)
        if plan is None:
            raise NotFoundError(f"order {order} has no plan yet", f"net plan {order} makes one")
        found.append(_compared(chain_of(plan), against))
    if not found:
        raise NotFoundError("no order is financed yet", "net order run FILE takes one the whole way")
    return found


def _compared(ours: ChainReport, against: Path | None) -> ChainCompared:
    if against is None:
        return ChainCompared(ours, None, ())
    from documents.files.chain import read_chain

    name, firms = read_chain(against, ours.currency)
    middlemen = [
        Middleman(one.name, one.markup, one.fixed_minor, one.goods_days, one.money_days) for one in firms
    ]
    theirs = through(ours, middlemen, name)
    return ChainCompared(ours, theirs, tuple(explained(ours, theirs)))
