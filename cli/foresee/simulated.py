"""How simulations read: estimates with their intervals, a giant against nodes, arrangements side by side."""

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cli.screen.output import amount
from cli.screen.picture import Bar, Bars, Grid, Picture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flows.simulate.compare import Compared, Scenario
    from flows.simulate.order_stream import OrderStream
    from flows.simulate.service import Needed
    from routing.simulate.intervals import Estimate
    from routing.simulate.tiers import ChainOutcome


def plain_estimate(one: "Estimate") -> dict[str, Any]:
    """Mean and interval as text of six decimals."""
    return {
        "mean": f"{one.mean:.6f}",
        "low": f"{one.low:.6f}",
        "high": f"{one.high:.6f}",
        "level": f"{one.level}",
        "replications": one.many,
    }


def interval(one: "Estimate") -> str:
    return f"{one.mean:.4f} ({one.low:.4f} to {one.high:.4f})"


def exact(value: Fraction) -> str:
    """A decimal where it ends, else a fraction."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return str(value) if rest != 1 else f"{float(value):.12g}"


def plain_outcome(one: "ChainOutcome") -> dict[str, Any]:
    return {
        "quantity": exact(one.quantity),
        "price": exact(one.price),
        "profit": exact(one.profit),
        "consumers_surplus": exact(one.consumers),
        "fees": exact(one.fees),
        "tiers": [
            {
                "firms": tier.firms,
                "buys_at": exact(tier.buys_at),
                "sells_at": exact(tier.sells_at),
                "profit_each": exact(tier.profit_each),
            }
            for tier in one.tiers
        ],
    }


def verdict(one: "ChainOutcome", many: "ChainOutcome", deadly: Fraction | None) -> list[str]:
    if many.quantity > one.quantity:
        said = [
            f"the nodes win: {_two(many.quantity)} units at {_two(many.price)}, the giant"
            f" {_two(one.quantity)} at {_two(one.price)}"
        ]
    elif many.quantity == one.quantity:
        said = ["the nodes and the giant sell the same"]
    else:
        said = [
            f"the nodes lose: {_two(many.quantity)} units at {_two(many.price)}, the giant"
            f" {_two(one.quantity)} at {_two(one.price)}; margin stands on margin"
        ]
    if deadly is not None:
        said.append(f"a fee of {_two(deadly)} a unit and handing over takes all of the gain")
    return said


def _two(value: Fraction) -> str:
    return f"{float(value):,.2f}"


def giant_pictures(one: "ChainOutcome", many: "ChainOutcome") -> list[Picture]:
    rows = [
        ("units sold", _two(one.quantity), _two(many.quantity)),
        ("price", _two(one.price), _two(many.price)),
        ("profit of all firms", _two(one.profit), _two(many.profit)),
        ("fees between firms", _two(one.fees), _two(many.fees)),
        ("consumers' surplus", _two(one.consumers), _two(many.consumers)),
    ]
    tiers = [
        (str(place + 1), str(tier.firms), _two(tier.buys_at), _two(tier.sells_at), _two(tier.profit_each))
        for place, tier in enumerate(many.tiers)
    ]
    return [
        Grid("One owner against independent firms", ("", "giant", "nodes"), tuple(rows), (1, 2)),
        Grid(
            "The nodes, tier by tier from the consumer up",
            ("tier", "firms", "buys at", "sells at", "profit of each"),
            tuple(tiers),
            (1, 2, 3, 4),
        ),
        Bars(
            "Units sold",
            (
                Bar("giant", float(one.quantity), _two(one.quantity)),
                Bar("nodes", float(many.quantity), _two(many.quantity)),
            ),
        ),
    ]


WORDS = {
    "served": "orders served",
    "lead_days": "days from order to delivery",
    "use": "use of the factories",
    "capital": "capital employed",
    "profit": "profit of the whole chain",
    "profit_trader": "profit of one trader",
    "profit_providers": "profit of the providers",
    "profit_lenders": "earned by lenders",
    "profit_network": "earned by the network",
    "return_on_capital": "return on capital, a year",
}
SHARE_OF_ONE = ("served", "use", "return_on_capital")
AMOUNTS = ("capital", "profit", "profit_trader", "profit_providers", "profit_lenders", "profit_network")


def plain_run(scenario: "Scenario", found: "list[Compared]", currency: str) -> dict[str, Any]:
    stream = scenario.stream
    return {
        "traders": stream.traders,
        "orders": stream.orders,
        "days": stream.days,
        "arrangements": [
            {
                "name": one.name,
                "measures": {name: plain_estimate(value) for name, value in one.measures.items()},
                "against_first": {name: plain_estimate(value) for name, value in one.against.items()},
                "profit_5": f"{one.profit_at(0.05):.0f}",
                "profit_50": f"{one.profit_at(0.5):.0f}",
                "profit_95": f"{one.profit_at(0.95):.0f}",
                "refused": [{"reason": reason, "orders": many} for reason, many in one.refused.items()],
            }
            for one in found
        ],
        "amounts": f"minor units of {currency}",
    }


def said_of(scenario: "Scenario", found: "list[Compared]", currency: str) -> list[str]:
    first, second = found[0], found[1]
    stream = scenario.stream
    gain = second.against["profit"]
    told = f"{amount(round(gain.mean), currency)} {currency} (± {amount(round(gain.half), currency)})"
    return [
        f"{stream.orders} orders of {stream.traders} traders in {stream.days} days,"
        f" {scenario.replications} times:"
        f" {first.name} serves {first.measures['served'].mean:.1%},"
        f" {second.name} {second.measures['served'].mean:.1%};"
        f" the chain earns {told} more when {second.name}"
    ]


def _told(name: str, one: "Estimate", currency: str) -> str:
    if name in AMOUNTS:
        half = amount(round(one.half), currency) if one.half < 1e15 else "∞"
        return f"{amount(round(one.mean), currency)} ± {half}"
    if name in SHARE_OF_ONE:
        return f"{one.mean:.1%} ± {one.half:.1%}"
    return f"{one.mean:.1f} ± {one.half:.1f}"


def compared_pictures(stream: "OrderStream", found: "list[Compared]", currency: str) -> list[Picture]:
    rows = tuple(
        (words, *(_told(name, one.measures[name], currency) for one in found))
        for name, words in WORDS.items()
    )
    refused = sorted({reason for one in found for reason in one.refused})
    more = tuple(
        (f"refused: {reason}", *(str(one.refused.get(reason, 0)) for one in found)) for reason in refused
    )
    title = f"{stream.traders} traders, amounts in {currency}"
    columns = ("", *(one.name for one in found))
    bars = Bars(
        f"Profit of the whole chain, {stream.traders} traders",
        tuple(
            Bar(
                one.name,
                one.measures["profit"].mean / 100,
                _told("profit", one.measures["profit"], currency),
                one.measures["profit"].low / 100,
                one.measures["profit"].high / 100,
            )
            for one in found
        ),
    )
    return [Grid(title, columns, rows + more, tuple(range(1, len(columns)))), bars]


def plain_needed(one: "Needed") -> dict[str, Any]:
    return {
        "name": one.name,
        "times": None if one.scale is None else f"{float(one.scale):g}",
        "units_a_day": one.units_a_day,
    }


def needed_said(needed: "Sequence[Needed]", traders: int) -> list[str]:
    """What each arrangement needs, and what sharing saves of it."""
    said = []
    for one in needed:
        if one.scale is None:
            said.append(f"{traders} traders: {one.name} serves too few even with eight times the capacity")
        else:
            told = f"{one.units_a_day:,} units a day, {float(one.scale):g} times what is there"
            said.append(f"{traders} traders: {one.name} needs {told}")
    return said
