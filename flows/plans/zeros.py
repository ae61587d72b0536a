"""Zeros that a plan rests on: what nobody has said counts as nothing, and flatters the plan."""

from collections.abc import Iterator

from domain.network import Network, Provider
from domain.order import Order


def zeros(order: Order, firms: list[str], network: Network) -> list[str]:
    """Each zero that makes a plan with these firms look better than it may be, in a sentence."""
    return [*dict.fromkeys(_zeros(order, firms, network))]


def _zeros(order: Order, firms: list[str], network: Network) -> Iterator[str]:
    products = {line.product for line in order.lines}
    chosen = [provider for provider in network.providers if provider.id in firms]
    by_weight = [one for one in chosen if any(lane.measure == "kg" for lane in one.lanes)]
    for provider in chosen:
        yield from _of_factory(provider, products, by_weight)
    if not any(line.tax_rate for line in order.lines):
        yield "the order says no tax: the buyer is billed none"


def _of_factory(provider: Provider, products: set[str], carriers: list[Provider]) -> Iterator[str]:
    for made in provider.products:
        if made.product not in products:
            continue
        if not made.weight_kg and carriers:
            names = ", ".join(one.id for one in carriers)
            yield f"{made.product} weighs 0 kg, so {names} carries it for nothing"
        if not made.lead_days:
            yield f"{provider.id} begins on the day of booking: its lead time is 0 days"
        if not made.capacity_per_day:
            yield f"{provider.id} makes any number a day: its capacity is 0, which means no limit"
