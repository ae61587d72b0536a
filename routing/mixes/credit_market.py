"""What the lenders offer for one order: which products, on what terms, at what least cost."""

from dataclasses import dataclass, replace

from domain.network import AdvanceBase
from domain.terms import Event
from routing.chains.case import OrderCase
from routing.mixes.least_cost import LeastCost, LeastCosts, least_cost_of
from routing.mixes.lending import Lending
from routing.mixes.products import Products, products_of
from routing.mixes.take_outs import TakeOuts


@dataclass(frozen=True, slots=True)
class CreditMarket:
    """``lasting``: whether some pre-shipment product is not repaid by the take-out."""

    case: OrderCase
    products: Products
    lending: Lending
    costs: LeastCosts
    take_outs: TakeOuts
    lasting: bool


def market_of(case: OrderCase) -> CreditMarket:
    """The market as all chains of the order share it."""
    products = products_of(case)
    lending = Lending(case, products)
    costs = LeastCosts(_least_costs(products, lending), products.pre, products.contingency)
    take_outs = TakeOuts(lending, products.take)
    lasting = any(one.repaid_on is not Event.FUNDING for one in products.pre)
    return CreditMarket(case, products, lending, costs, take_outs, lasting)


def _least_costs(products: Products, lending: Lending) -> dict[str, LeastCost]:
    """By product, with its ceiling where that does not depend on the chain."""
    least = {}
    for product in (*products.pre, *products.contingency):
        bound = least_cost_of(product)
        if product.id in products.abroad:
            bound = products.abroad[product.id].least(bound)
        if product.advance_base in (AdvanceBase.ORDER, AdvanceBase.INVOICE):
            bound = replace(bound, cap=max(0, lending.terms(product, None).ceiling))
        least[product.id] = bound
    return least
