"""What makes a network unfit to plan with, each with its reason: the rules that need more than one field."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from domain.network import FACTORY, ExchangeRate, FinanceProduct, Network, Provider, Role
from domain.plan import Refusal
from domain.terms import Event, FeeTaking, PaymentTerm

FUNDED_BY = frozenset({Event.FUNDING, Event.BUYER_PAYMENT})


def network_refusals(network: Network) -> list[Refusal]:
    """Everything wrong with the network as a whole; empty when it is sound."""
    found: list[Refusal] = []
    found += _duplicates(network)
    for provider in network.providers:
        found += _provider_refusals(provider)
    found += _service_cycles(network)
    lenders = {lender.id for lender in network.lenders}
    groups = {limit.group for limit in network.limits}
    for product in network.products:
        found += _product_refusals(product, lenders)
        if product.limit_group and product.limit_group not in groups:
            found.append(
                Refusal(product.id, f"shares the limit {product.limit_group}, which no [[limit]] gives")
            )
    found += _take_out_cycles(network)
    for rate in network.rates:
        found += _rate_refusals(rate)
    found += _shared_limits(network)
    found += terms_refusals("fee", network.fee.payment)
    if network.fee.rate < 0 or network.fee.fixed_minor < 0:
        found.append(Refusal("fee", "a negative price"))
    return found


def _shared_limits(network: Network) -> Iterator[Refusal]:
    """A limit that products share is one sum, so they lend in one currency."""
    groups: dict[str, set[str]] = {}
    for product in network.products:
        if product.limit_group:
            groups.setdefault(product.limit_group, set()).add(product.currency)
    for group, currencies in sorted(groups.items()):
        if len(currencies) > 1:
            listed = ", ".join(sorted(currencies))
            yield Refusal(f"limit {group}", f"its products lend in several currencies: {listed}")


def _rate_refusals(rate: ExchangeRate) -> list[Refusal]:
    subject = f"rate {rate.source}/{rate.target}"
    found = []
    if rate.rate < 0 or not 0 <= rate.haircut < 1:
        found.append(Refusal(subject, "an exchange rate must be more than zero, its haircut a share of one"))
    if rate.source == rate.target:
        found.append(Refusal(subject, "a currency has no exchange rate in itself"))
    if rate.fixed_by and not rate.rate:
        found.append(Refusal(subject, "an exchange rate that somebody has fixed must be given"))
    if rate.until is not None and not rate.fixed_by:
        found.append(Refusal(subject, "an exchange rate holds until a day only where somebody has fixed it"))
    return found


def buyer_terms_refusals(terms: tuple[PaymentTerm, ...]) -> list[Refusal]:
    """A buyer's payment cannot count from itself, nor from the funding that rests on it."""
    found = terms_refusals("the buyer's payment", terms)
    for term in terms:
        if term.event in FUNDED_BY:
            found.append(
                Refusal(
                    "the buyer's payment", f"cyclic terms: the buyer's payment waits for {term.event.value}"
                )
            )
    return found


def terms_refusals(subject: str, terms: tuple[PaymentTerm, ...]) -> list[Refusal]:
    if not terms:
        return []
    found = []
    if sum(term.share for term in terms) != 1 or min(term.share for term in terms) < 0:
        found.append(Refusal(subject, "payment shares do not sum to 100%"))
    if min(term.days for term in terms) < 0:
        found.append(Refusal(subject, "payment days are negative"))
    return found


def _duplicates(network: Network) -> Iterator[Refusal]:
    names = {
        "provider": [provider.id for provider in network.providers],
        "lender": [lender.id for lender in network.lenders],
        "finance product": [product.id for product in network.products],
    }
    for what, ids in names.items():
        for one in sorted({one for one in ids if ids.count(one) > 1}) if len(set(ids)) < len(ids) else ():
            yield Refusal(one, f"two {what}s have this id")


def _provider_refusals(provider: Provider) -> list[Refusal]:
    found = terms_refusals(provider.id, provider.payment)
    found += terms_refusals(provider.id, provider.guaranteed_payment)
    for option in provider.options:
        found += terms_refusals(f"{provider.id} option {option.name}", option.payment)
    if any(price < 0 for price in _prices(provider)):
        found.append(Refusal(provider.id, "a negative price"))
    for lane in provider.lanes:
        starts = [band.from_measure for band in lane.bands]
        if len(set(starts)) < len(starts):
            found.append(Refusal(lane.id, "two bands begin at the same weight or quantity"))
    if provider.kind == FACTORY and not provider.products:
        found.append(Refusal(provider.id, "a factory that makes nothing"))
    return found


def _prices(provider: Provider) -> Iterator[Fraction | int]:
    yield provider.tax_rate
    for product in provider.products:
        yield Fraction(product.unit_price)
        yield product.set_up_minor
        yield from (Fraction(one.unit_price) for one in product.breaks)
    if store := provider.storage:
        yield from (Fraction(store.per_unit_day), Fraction(store.handling_per_unit), store.fixed_minor)
    for lane in provider.lanes:
        yield lane.minimum_minor
        for band in lane.bands:
            yield from (Fraction(band.rate), band.fixed_minor, band.minimum_minor)
    if service := provider.service:
        yield from (service.fixed_minor, Fraction(service.per_unit), service.share_of_net)
    yield from (option.uplift for option in provider.options)


def _service_cycles(network: Network) -> Iterator[Refusal]:
    after = {
        provider.kind: provider.service.after
        for provider in network.providers
        if provider.service is not None
    }
    events = {event.value for event in Event}
    for kind, follows in sorted(after.items()):
        if follows not in events and follows not in after:
            yield Refusal(kind, f"follows {follows}, which nobody offers")
        if follows in (Event.FUNDING.value, Event.BUYER_PAYMENT.value):
            yield Refusal(kind, f"cyclic terms: the work waits for {follows}, which waits for delivery")
    yield from _cycles(after, "the work of")


def _cycles(following: Mapping[str, str], what: str) -> Iterator[Refusal]:
    for start in sorted(following):
        seen = [start]
        while (after := following.get(seen[-1], "")) and after in following and after not in seen:
            seen.append(after)
        if after == start:
            yield Refusal(start, f"cyclic terms: {what} {' waits for '.join([*seen, start])}")


def _product_refusals(product: FinanceProduct, lenders: set[str]) -> Iterator[Refusal]:
    named = [product.lender, *(part.lender for part in product.participations)]
    for lender in named:
        if lender not in lenders:
            yield Refusal(product.id, f"names the lender {lender}, who is not in the network")
    if product.participations and sum(part.share for part in product.participations) != 1:
        yield Refusal(product.id, "participations do not sum to 100%")
    price = product.price
    if price.rate_annual < 0 or any(step.rate < 0 for step in price.steps):
        yield Refusal(product.id, "a negative price")
    if any(fee.rate < 0 or fee.amount_minor < 0 or fee.minimum_minor < 0 for fee in product.fees):
        yield Refusal(product.id, "a negative price")
    if any(fee.rate >= 1 and fee.taken is not FeeTaking.CASH for fee in product.fees):
        yield Refusal(product.id, "a fee of the whole amount leaves nothing to draw")
    if product.advance_rate < 0 or (product.limit_minor or 0) < 0:
        yield Refusal(product.id, "a negative limit or advance rate")
    if product.available_from in FUNDED_BY and product.role is not Role.CONTINGENCY:
        yield Refusal(
            product.id, f"cyclic terms: it pays out on {product.available_from.value}, which rests on it"
        )
    if product.role is Role.TAKE_OUT and product.repaid_on is Event.FUNDING:
        yield Refusal(product.id, "cyclic terms: it is repaid by its own funding")


def _take_out_cycles(network: Network) -> Iterator[Refusal]:
    products = {product.id: product for product in network.products}
    edges = {
        product.id: product.taken_out_by[0] for product in network.products if len(product.taken_out_by) == 1
    }
    for product in network.products:
        for other in product.taken_out_by:
            if other not in products:
                yield Refusal(product.id, f"is taken out by {other}, which is not in the network")
    yield from _cycles(edges, "the repayment of")
