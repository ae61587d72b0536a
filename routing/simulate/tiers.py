"""A giant against nodes: serial Cournot competition, exactly.

Demand is P = a - b x Q. Tier 1 sells to the consumer, each tier buys from the next, the last one makes the
goods at
``cost`` a unit. In a tier of k firms each chooses its quantity (Corbett and Karmarkar, Management Science 47
(2001) 966; with one firm a tier it is Spengler's double margin, J. Political Economy 58 (1950) 347).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class DemandCurve:
    """P = ``highest`` - ``slope`` x Q."""

    highest: Fraction
    slope: Fraction = Fraction(1)

    def price(self, quantity: Fraction) -> Fraction:
        return self.highest - self.slope * quantity

    def surplus(self, quantity: Fraction) -> Fraction:
        """What consumers would have paid beyond the price, in all."""
        return self.slope * quantity * quantity / 2


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier: its firms, what a unit costs it (fees included) and brings it, each firm's profit."""

    firms: int
    buys_at: Fraction
    sells_at: Fraction
    profit_each: Fraction

    @property
    def margin(self) -> Fraction:
        return self.sells_at - self.buys_at


@dataclass(frozen=True, slots=True)
class ChainOutcome:
    """What is sold at which price; tiers from the consumer up; ``fees`` is what the handing over costs."""

    quantity: Fraction
    price: Fraction
    tiers: tuple[Tier, ...]
    consumers: Fraction
    fees: Fraction = Fraction(0)

    @property
    def profit(self) -> Fraction:
        return sum((tier.firms * tier.profit_each for tier in self.tiers), Fraction(0))


def giant(demand: DemandCurve, cost: Fraction) -> ChainOutcome:
    """One owner of the whole chain: half of what would sell at cost."""
    _require(demand, cost)
    quantity = (demand.highest - cost) / (2 * demand.slope)
    price = demand.price(quantity)
    tier = Tier(1, cost, price, (price - cost) * quantity)
    return ChainOutcome(quantity, price, (tier,), demand.surplus(quantity))


def nodes(
    demand: DemandCurve, cost: Fraction, firms: Sequence[int], fee: Fraction = Fraction(0)
) -> ChainOutcome:
    """Independent firms, ``firms`` a tier from the consumer up; ``fee`` is paid on each unit that one firm
    sells to the next (and not on the sale to the consumer)."""
    if not firms or any(one < 1 for one in firms):
        raise UsageError("a tier needs at least one firm", "write --firms 4,4,4")
    _require(demand, cost)
    raised = cost + fee * (len(firms) - 1)
    quantity = max((demand.highest - raised) / demand.slope * passed_on(firms), Fraction(0))
    tiers, slope = [], demand.slope
    for place, one in enumerate(firms):
        top = demand.highest - fee * place  # what the consumer would pay at most, less the fees below
        sells_at, slope = top - slope * quantity, slope * (one + 1) / one
        buys_at = top - slope * quantity
        tiers.append(Tier(one, buys_at, sells_at, (sells_at - buys_at) * quantity / one))
    fees = fee * (len(firms) - 1) * quantity
    return ChainOutcome(quantity, demand.price(quantity), tuple(tiers), demand.surplus(quantity), fees)


def passed_on(firms: Sequence[int]) -> Fraction:
    """The share of what would sell at cost that gets through all tiers: the product of k / (k + 1)."""
    share = Fraction(1)
    for one in firms:
        share *= Fraction(one, one + 1)
    return share


def nodes_sell_more(firms: Sequence[int]) -> bool:
    """Whether the nodes beat the giant's output: without fees exactly when more than half gets through."""
    return passed_on(firms) > Fraction(1, 2)


def deadly_fee(demand: DemandCurve, cost: Fraction, firms: Sequence[int]) -> Fraction | None:
    """The fee a unit and handing over at which the nodes sell just what the giant sells; None where they
    never sell more, or where nothing is handed over."""
    share = passed_on(firms)
    if not nodes_sell_more(firms) or len(firms) < 2:
        return None
    return (demand.highest - cost) * (1 - 1 / (2 * share)) / (len(firms) - 1)


def _require(demand: DemandCurve, cost: Fraction) -> None:
    if demand.slope <= 0 or cost < 0 or demand.highest <= cost:
        raise UsageError(
            "nobody buys: the highest price must be above the cost, and demand must fall",
            "write --demand 100,1 --cost 20",
        )
