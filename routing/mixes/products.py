"""The lenders' products that one order may use, by role; why others may not is noted in the case."""

from dataclasses import dataclass, field, replace
from fractions import Fraction

from domain.exchange import Dealing, converted_up
from domain.network import DrawRule, FinanceProduct, Role
from routing.chains.case import OrderCase
from routing.mixes.least_cost import ROUNDING, LeastCost
from routing.offers.exchange import CurrencyError, scaled


@dataclass(slots=True)
class Products:
    """What lends in another currency stands in its list with what it is worth in the order's, and as itself,
    by id, in ``abroad``."""

    pre: list[FinanceProduct] = field(default_factory=list)
    take: list[FinanceProduct] = field(default_factory=list)
    contingency: list[FinanceProduct] = field(default_factory=list)
    standby: list[FinanceProduct] = field(default_factory=list)
    guarantees: dict[str, FinanceProduct] = field(default_factory=dict)
    abroad: dict[str, "LentAbroad"] = field(default_factory=dict)

    def add(self, product: FinanceProduct) -> None:
        if not product.committed:
            self.standby.append(product)
        elif product.role is Role.GUARANTEE:
            self.guarantees[product.id] = product
        elif product.role is Role.PRE_SHIPMENT:
            self.pre.append(product)
        else:
            (self.take if product.role is Role.TAKE_OUT else self.contingency).append(product)


def products_of(case: OrderCase) -> Products:
    """Every product of the network that this order may use."""
    found = Products()
    buyer = {case.order.buyer.name, case.order.buyer.identifier} - {""}
    for product in sorted(case.network.products, key=lambda one: one.id):
        reason = _unusable(case, product, buyer)
        lent: LentAbroad | None = None
        if not reason and product.currency != case.order.currency:
            lent, reason = _lent_abroad(case, product)
        if reason:
            case.refuse(product.id, reason)
        elif lent is not None:
            found.abroad[product.id] = lent
            found.add(lent.worth)
        else:
            found.add(product)
    return found


def _unusable(case: OrderCase, product: FinanceProduct, buyer: set[str]) -> str:
    if product.buyers and not buyer & set(product.buyers):
        return "is not open for this buyer"
    cap = free_limit(case, product)
    if cap is not None and cap <= 0:
        return "has nothing left of its limit"
    return ""


@dataclass(frozen=True, slots=True)
class LentAbroad:
    """A product that lends in another currency: itself, what it is worth in the order's, and at what rate."""

    product: FinanceProduct
    worth: FinanceProduct
    dealing: Dealing

    def least(self, bound: LeastCost) -> LeastCost:
        """The bound holds in the order's currency too, less what rounding in the other may be worth."""
        slack = ROUNDING * (1 + converted_up(1, self.dealing.buy))
        return replace(bound, fixed=bound.fixed - slack)


def _lent_abroad(case: OrderCase, product: FinanceProduct) -> tuple[LentAbroad | None, str]:
    """The product in the order's currency, or why it cannot be used.

    It pays what is due in its own currency, and sells what it lends for other needs; so it is drawn payment
    by payment. What advances on the invoice, or guarantees a price, does so in their currency.
    """
    home = case.order.currency
    if product.role not in (Role.PRE_SHIPMENT, Role.CONTINGENCY):
        return None, f"lends in {product.currency}, the invoice is in {home}"
    if product.draw is not DrawRule.NEED:
        return None, f"lends in {product.currency}, not as payments need it; the order is in {home}"
    try:
        dealing = case.pricing.quoted(product.currency).dealing
    except CurrencyError as error:
        return None, str(error).replace("asks", "lends in", 1)
    return LentAbroad(product, _worth(product, dealing.buy), dealing), ""


def _worth(product: FinanceProduct, factor: Fraction) -> FinanceProduct:
    """The product with its amounts times the factor."""
    fees = tuple(
        replace(
            fee,
            amount_minor=scaled(fee.amount_minor, factor),
            minimum_minor=scaled(fee.minimum_minor, factor),
        )
        for fee in product.fees
    )
    limit = None if product.limit_minor is None else scaled(product.limit_minor, factor)
    return replace(product, limit_minor=limit, fees=fees)


def free_limit(case: OrderCase, product: FinanceProduct) -> int | None:
    """What lender, group and product still allow for one order; None without any limit."""
    caps = [product.limit_minor] if product.limit_minor is not None else []
    for limit in case.network.limits:
        if product.limit_group and limit.group == product.limit_group:
            caps.append(_free(case, limit.group, limit.limit_minor))
    shares = {part.lender: part.share for part in product.participations} or {product.lender: Fraction(1)}
    for name, share in shares.items():
        lender = case.network.lender(name)
        if lender is not None and lender.limit_minor is not None and share > 0:
            caps.append(int(_free(case, lender.id, lender.limit_minor) / share))
    return min(caps) if caps else None


def _free(case: OrderCase, group: str, limit: int) -> int:
    if case.availability is None:
        return limit
    return case.availability.free_credit(group, limit)
