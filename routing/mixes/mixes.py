"""A mix of lenders' products on a chain: at most one of each role, and how it is used there."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.network import FinanceProduct
from domain.terms import Event
from finance.pricing.cash import Use
from routing.mixes.credit_market import CreditMarket
from routing.mixes.operating_flows import Figures
from routing.offers.offers import EVENT_INDEX


@dataclass(slots=True)
class Mix:
    """Products by role; ``least`` bounds what they cost from below on the chain at hand."""

    pre: FinanceProduct | None
    take: FinanceProduct | None
    contingency: FinanceProduct | None = None
    opens: int = 0
    least: int = 0


def may_follow(pre: FinanceProduct | None, take: FinanceProduct | None) -> bool:
    """Whether the take-out may repay the pre-shipment loan, or the loan stands without one."""
    if pre is None:
        return True
    if take is None:
        return not pre.requires_take_out
    return not pre.taken_out_by or take.id in pre.taken_out_by


def uses_of(market: CreditMarket, mix: Mix, figures: Figures) -> tuple[Use, ...]:
    """The mix on the chain's dates: pre-shipment, take-out, contingency, in the order they are drawn on."""
    chain, lending = figures.chain, market.lending
    uses = []
    for product in (mix.pre, mix.take, mix.contingency):
        if product is None:
            continue
        opens = mix.opens if product is mix.take else lending.opens(product, chain)
        due, closes = closing(product, mix, figures)
        paying = opens if product is mix.take else None
        use = Use(lending.terms(product, figures, paying), opens, due, closes)
        use.abroad = lending.lent_abroad(product, figures, paying) if lending.abroad else None
        uses.append(use)
    return tuple(uses)


def closing(product: FinanceProduct, mix: Mix, figures: Figures) -> tuple[int, int]:
    """When the plan repays the product, and when it is repaid under the facts at hand."""
    if product.repaid_on is Event.BUYER_PAYMENT or (product.repaid_on is Event.FUNDING and mix.take is None):
        return figures.buyer_due, figures.buyer_paid
    if product.repaid_on is Event.FUNDING:
        return mix.opens, mix.opens
    day = figures.chain.events[EVENT_INDEX[product.repaid_on]]
    return day, day


def with_contingency(market: CreditMarket, mix: Mix) -> Iterator[Mix]:
    """The mix alone, then with each contingency facility behind it."""
    yield mix
    for product in market.products.contingency:
        yield Mix(mix.pre, mix.take, product, mix.opens, mix.least)
