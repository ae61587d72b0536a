"""What an order's loans would lean on at each lender: counted as the lender counts it when it is asked.

A limit is a share of the lender's own money, in the currency in which it lends; a product may have a limit of
its own. A loan and the take-out that repays it count once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.money import round_minor
from domain.network import FinanceProduct, Network
from domain.order import Order
from domain.plan import Plan
from finance.underwriting.credit_offer import rules_of
from flows.credit.exposures import POOL, LentPart, Place, committed_once
from flows.credit.offers import concentrations_of, parts_of, rules_data
from flows.plans.needs import limit_of


@dataclass(frozen=True, slots=True)
class Lean:
    """One order's weight at one place of one lender, through one product, in the lender's currency.

    ``alone_minor`` is what the product itself asks for, ``amount_minor`` all that the lender would have out
    on the order, ``limit_minor`` the most it may have out at the place when this product is asked for.
    """

    lender: str
    place: Place
    product: str
    alone_minor: int
    amount_minor: int
    limit_minor: int


def leans_of(order: Order, plan: Plan, network: Network) -> Iterator[Lean]:
    """Every place at which a limit of a lender counts for the plan; standby facilities are not counted on."""
    facilities = [one for one in plan.facilities if not one.standby]
    promises = [
        LentPart(one.product, limit_of(one), one.takes_out, [(who, share) for who, _, share in parts_of(one)])
        for one in facilities
    ]
    products = {one.id: one for one in network.products}
    for facility in facilities:
        product = products[facility.product]
        for lender_id, alone, _ in parts_of(facility):
            whole = committed_once(promises, lender_id)
            limits = product_limits(product, lender_id, network)
            places = concentrations_of(order, plan, rules_data(product, lender_id, network))
            for kind, name in dict.fromkeys((*places, POOL)):
                if kind in limits and name:
                    yield Lean(lender_id, (kind, name), product.id, alone, whole, limits[kind])


def product_limits(product: FinanceProduct, lender_id: str, network: Network) -> dict[str, int]:
    """By kind of place, the most that the lender may have out there when this product is asked for."""
    lender = network.lender(lender_id)
    if lender is None or not lender.limit_minor:
        return {}
    rules = rules_of(rules_data(product, lender_id, network), lender.limit_minor)
    return {kind: round_minor(rules.pool_minor * part) for kind, part in rules.limits.items()}


def distinct_limits(lender_id: str, kind: str, network: Network) -> list[int]:
    """Every limit that a product of the lender has for this kind of place, the tightest first."""
    found = (
        product_limits(product, lender_id, network).get(kind)
        for product in network.products
        if lender_id in lenders_of(product)
    )
    return sorted({limit for limit in found if limit is not None})


def lenders_of(product: FinanceProduct) -> set[str]:
    """Who lends in the product: its owner, or those who take part in it."""
    return {product.lender, *(part.lender for part in product.participations)}
