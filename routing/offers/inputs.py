"""What a plan rests on, by hash, so that a changed quote, offer, limit or calendar is noticed in time."""

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any
from weakref import WeakKeyDictionary

from domain.exchange import newest
from domain.network import FinanceProduct, Network, Policy, Provider
from domain.order import Order
from domain.plain import to_plain
from domain.plan import Plan
from trust.canonical import canonical_bytes

_KNOWN: "WeakKeyDictionary[Network, dict[tuple[str, ...], str]]" = WeakKeyDictionary()


def hash_of(value: Any) -> str:
    """SHA-256 of the value's canonical bytes, in hexadecimal."""
    return sha256(canonical_bytes(to_plain(value))).hexdigest()


def inputs_of(
    order: Order,
    network: Network,
    policy: Policy,
    providers: Iterable[str],
    products: Iterable[str],
    span: tuple[date, date],
    currencies: Iterable[str] = (),
) -> dict[str, str]:
    """Hash by name: the order, the policy, the network's own terms, each provider and product used, the
    newest rate of each currency used beside the order's, and the business days of each country concerned
    over the plan's span."""
    known = _KNOWN.setdefault(network, {})
    found = {"order": hash_of(order), "policy": hash_of(policy)}
    found["network"] = _remember(known, ("network",), (network.fee, network.taxes, network.rates))
    countries = {network.country, order.country or order.buyer.country}
    for name in sorted(set(providers)):
        provider = network.provider(name)
        found[f"provider:{name}"] = _remember(known, ("provider", name), provider)
        countries.add(_country(provider, network))
    for name in sorted(set(products)):
        product = network.product(name)
        found[f"product:{name}"] = _remember(known, ("product", name), _offer(product, network))
        if product is not None:
            lender = network.lender(product.lender)
            countries.add((lender.country if lender else "") or network.country)
    for currency in currencies:
        if currency not in ("", order.currency):
            rate = newest(network.recorded, currency, order.currency, date.max)
            found[f"rate:{currency}"] = hash_of(rate)
    return found | _calendars(network, sorted(countries - {""}), span)


def _calendars(network: Network, countries: Iterable[str], span: tuple[date, date]) -> dict[str, str]:
    known = _KNOWN[network]
    found = {}
    for country in countries:
        key = ("calendar", country, span[0].isoformat(), span[1].isoformat())
        if key not in known:
            known[key] = _calendar_hash(network, country, span)
        found[f"calendar:{country}"] = known[key]
    return found


def _remember(known: dict[tuple[str, ...], str], key: tuple[str, ...], value: Any) -> str:
    if key not in known:
        known[key] = hash_of(value)
    return known[key]


def _country(provider: Provider | None, network: Network) -> str:
    return (provider.country if provider else "") or network.country


def _offer(product: FinanceProduct | None, network: Network) -> Any:
    """A product with whatever limits it: its lenders' limits and its group's."""
    if product is None:
        return None
    names = {product.lender, *(part.lender for part in product.participations)}
    lenders = [lender for lender in network.lenders if lender.id in names]
    limits = [limit for limit in network.limits if limit.group == product.limit_group]
    return [product, lenders, limits]


def _calendar_hash(network: Network, country: str, span: tuple[date, date]) -> str:
    calendar = network.calendars.get(country)
    if calendar is None:
        return hash_of("weekdays")
    whole = map(date.fromordinal, range(span[0].toordinal(), span[1].toordinal() + 1))
    return hash_of("".join("1" if calendar.is_business_day(day) else "0" for day in whole))


def changed_inputs(plan: Plan, order: Order, network: Network, policy: Policy) -> list[str]:
    """Names of the inputs that are no longer what the plan was made of; empty when it still stands."""
    providers = [name.partition(":")[2] for name in plan.inputs if name.startswith("provider:")]
    products = [name.partition(":")[2] for name in plan.inputs if name.startswith("product:")]
    currencies = [name.partition(":")[2] for name in plan.inputs if name.startswith("rate:")]
    now: Mapping[str, str] = inputs_of(order, network, policy, providers, products, span_of(plan), currencies)
    names = {*plan.inputs, *now}
    return sorted(name for name in names if plan.inputs.get(name) != now.get(name))


def span_of(plan: Plan) -> tuple[date, date]:
    """From the day of planning to the last flow."""
    return plan.planned_on, max((flow.on for flow in plan.flows), default=plan.planned_on)
