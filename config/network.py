"""The network file: providers, lenders and their terms from TOML into ``domain.network``, checked whole.

The fields are documented in docs/reference/network.md. Percentages are texts (``"14.4%"``) or numbers
(``0.144``), amounts numbers or texts in major units.
"""

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.calendars import CountryCalendars
from config.reading import Collector, TomlTable, read_toml
from domain.checks import network_refusals
from domain.dates import BusinessCalendar, DayCount, Roll
from domain.errors import NotFoundError
from domain.network import (
    FACTORY,
    LOGISTICS,
    WAREHOUSE,
    AdvanceBase,
    CreditLimit,
    DrawRule,
    ExchangeRate,
    FactoryProduct,
    FinanceProduct,
    Lane,
    Lender,
    Measure,
    Network,
    NetworkFee,
    Participation,
    PriceBreak,
    Provider,
    Role,
    Service,
    Storage,
    Technique,
    TermOption,
    WeightBand,
)
from domain.terms import (
    CancellationTerm,
    Event,
    Fee,
    FeeBasis,
    FeeTaking,
    InterestTaking,
    PaymentTerm,
    Price,
    Recourse,
    SalesTax,
    Step,
)

ONE = Fraction(1)
ADVANCE_MOST, PRICE_MOST = Fraction(2), Fraction(5)
"""Shares of more than this are percentages written as whole numbers: 13 for 13%."""
MAXIMUM_NAMED = 4
SETTINGS_KEYS = ("policy", "network", "practice", "ledger", "underwriting", "waterfall", "accounts", "node")
"""Tables of a settings file that other readers read; a network file may carry them."""


def load_network(path: Path) -> Network:
    """The network named by a settings file, or the network file itself; all its defects in one error."""
    found: Path | Network = path.resolve()
    for _ in range(MAXIMUM_NAMED):
        if isinstance(found, Network):
            return found
        found = _load(found, found.stat().st_mtime_ns if found.exists() else 0)
    raise NotFoundError(f"the settings in {path} name one another as the network", "name the network file")


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> Path | Network:
    data = read_toml(path)
    named = data.get("network")
    if isinstance(named, str):
        return (path.parent / named).resolve()
    return network_of(data, path)


def network_of(
    data: Mapping[str, Any], path: Path, calendars: Mapping[str, BusinessCalendar] | None = None
) -> Network:
    """The network that these tables say; ``path`` is only where defects are reported."""
    collector = Collector(path)
    top = TomlTable(data, "", collector)
    network = _network(top, CountryCalendars() if calendars is None else calendars)
    for key in SETTINGS_KEYS:
        top.has(key)
    top.done()
    if not collector.defects:
        for refusal in network_refusals(network):
            collector.add_named(refusal.subject, refusal.reason, "mend the network file")
    collector.finish()
    return network


def _network(top: TomlTable, calendars: Mapping[str, BusinessCalendar]) -> Network:
    country = top.country("country")
    currency = top.currency("currency", "CNY")
    providers: list[Provider] = []
    for section in (FACTORY, WAREHOUSE, LOGISTICS, "service"):
        providers += [_provider(table, section, country, currency) for table in top.tables(section)]
    lenders: list[Lender] = []
    products: list[FinanceProduct] = []
    for table in top.tables("lender"):
        lender, offered = _lender(table, country, currency)
        lenders.append(lender)
        products += offered
    return Network(
        name=top.text("name", "network"),
        country=country,
        currency=currency,
        providers=tuple(providers),
        lenders=tuple(lenders),
        products=tuple(products),
        limits=tuple(_limit(table, currency) for table in top.tables("limit")),
        fee=_network_fee(top.table("fee"), currency),
        taxes=tuple(_sales_tax(table) for table in top.tables("tax")),
        rates=tuple(_exchange_rate(table) for table in top.tables("rate")),
        calendars=calendars,
    )


def _limit(table: TomlTable, currency: str) -> CreditLimit:
    own = table.currency("currency", currency)
    limit = CreditLimit(table.text("group", required=True), table.amount("amount", own))
    table.done()
    return limit


def _sales_tax(table: TomlTable) -> SalesTax:
    tax = SalesTax(
        country=table.country("country") if table.has("country") else table.text("country", required=True),
        due_day=table.whole("due_day", 15, least=1, most=31),
        months_after=table.whole("months_after", 1),
        period_months=table.whole("period_months", 1, least=1, most=12),
        surcharge_rate=table.rate("surcharge_rate", most=ONE),
        roll=table.choice("roll", Roll, Roll.FOLLOWING) or Roll.FOLLOWING,
    )
    table.done()
    return tax


def _exchange_rate(table: TomlTable) -> ExchangeRate:
    """A rate that is left out is the ledger's."""
    rate = ExchangeRate(
        source=table.currency("from", "USD"),
        target=table.currency("to", "USD"),
        rate=table.decimal("rate"),
        haircut=table.rate("haircut", most=ONE),
        on=table.day("on"),
        by=table.text("source"),
        fixed_by=table.text("fixed_by"),
        until=table.day("until"),
    )
    if table.has("rate") and not rate.rate:
        table.defect("rate", "an exchange rate must be more than zero", "leave it out for the ledger's")
    table.done()
    return rate


def _network_fee(table: TomlTable | None, currency: str) -> NetworkFee:
    if table is None:
        return NetworkFee()
    fee = NetworkFee(
        rate=table.rate("rate", most=ONE),
        fixed_minor=table.amount("fixed", currency),
        tax_rate=table.rate("tax_rate", most=ONE),
        tax_recoverable=table.flag("tax_recoverable", True),
        payment=read_terms(table, "payment") or NetworkFee().payment,
        referral_share=table.rate("referral_share", most=ONE),
    )
    table.done()
    return fee


def read_terms(table: TomlTable, key: str) -> tuple[PaymentTerm, ...]:
    """Payment terms; their shares sum to 1, or it is a defect. Empty when the key is absent."""
    terms = []
    for one in table.tables(key):
        event = one.choice("event", Event, None)
        terms.append(
            PaymentTerm(
                share=one.rate("share", ONE, most=ONE),
                event=event or Event.INVOICE,
                days=one.whole("days"),
                month_end=one.flag("month_end"),
                roll=one.choice("roll", Roll, Roll.FOLLOWING) or Roll.FOLLOWING,
            )
        )
        one.done()
    if terms and sum(term.share for term in terms) != 1:
        table.defect(key, "shares do not sum to 100%", "mend the shares")
    return tuple(terms)


def _provider(table: TomlTable, section: str, country: str, currency: str) -> Provider:
    own = table.currency("currency", currency)
    ident = table.text("id", required=True)
    kind = table.text("kind", required=True) if section == "service" else section
    provider = Provider(
        id=ident,
        name=table.text("name", ident),
        kind=kind,
        place=table.text("place"),
        country=table.country("country", country),
        currency=own,
        adapter=table.text("adapter", "catalog"),
        settings=table.free("settings"),
        payment=read_terms(table, "payment"),
        options=tuple(_option(one) for one in table.tables("option")),
        guaranteed_payment=read_terms(table, "guaranteed_payment"),
        tax_rate=table.rate("tax_rate", most=ONE),
        tax_recoverable=table.flag("tax_recoverable", True),
        closures=table.dates("closures"),
        works_every_day=table.flag("works_every_day"),
        cancellation=tuple(_cancellation(one, own) for one in table.tables("cancellation")),
        deposit_guarantee=table.rate("deposit_guarantee", most=ONE),
        products=tuple(_made(one, own) for one in table.tables("product")) if section == FACTORY else (),
        storage=_storage(table, own) if section == WAREHOUSE else None,
        lanes=tuple(_lane(one, own) for one in table.tables("lane")) if section == LOGISTICS else (),
        service=_service(table, own) if section == "service" else None,
        group=table.text("group"),
    )
    table.done()
    return provider


def _option(table: TomlTable) -> TermOption:
    option = TermOption(
        name=table.text("name", required=True),
        payment=read_terms(table, "payment"),
        uplift=table.rate("uplift", most=PRICE_MOST),
    )
    table.done()
    return option


def _cancellation(table: TomlTable, currency: str) -> CancellationTerm:
    term = CancellationTerm(
        state=table.text("state", required=True),
        share=table.rate("share", most=ONE),
        amount_minor=table.amount("amount", currency),
    )
    table.done()
    return term


def _made(table: TomlTable, currency: str) -> FactoryProduct:
    breaks = []
    for one in table.tables("break"):
        breaks.append(PriceBreak(one.decimal("from_quantity"), one.decimal("unit_price", required=True)))
        one.done()
    product = FactoryProduct(
        product=table.text("product", required=True),
        unit_price=table.decimal("unit_price", required=True),
        set_up_minor=table.amount("set_up", currency),
        minimum_quantity=table.decimal("minimum_quantity"),
        capacity_per_day=table.whole("capacity_per_day"),
        lead_days=table.whole("lead_days"),
        line=table.text("line"),
        weight_kg=table.decimal("weight_kg"),
        breaks=tuple(sorted(breaks, key=lambda item: item.from_quantity)),
    )
    table.done()
    return product


def _storage(table: TomlTable, currency: str) -> Storage:
    return Storage(
        per_unit_day=table.decimal("per_unit_day"),
        handling_per_unit=table.decimal("handling_per_unit"),
        fixed_minor=table.amount("fixed", currency),
        capacity=table.whole("capacity"),
        dwell_days=table.whole("dwell_days"),
        minimum_days=table.whole("minimum_days"),
    )


def _lane(table: TomlTable, currency: str) -> Lane:
    lane = Lane(
        id=table.text("id", required=True),
        origin=table.text("origin", required=True),
        destination=table.text("destination", required=True),
        mode=table.text("mode"),
        bands=tuple(_band(one, currency) for one in table.tables("band")),
        minimum_minor=table.amount("minimum", currency),
        transit_days=table.whole("transit_days"),
        measure=table.choice("measure", Measure, Measure.KG) or Measure.KG,
        capacity_per_day=table.whole("capacity_per_day"),
        departs_on=_weekdays(table),
    )
    table.done()
    return lane


def _weekdays(table: TomlTable) -> tuple[int, ...]:
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    days = table.texts("departs_on")
    unknown = [day for day in days if day not in names]
    if unknown:
        table.defect("departs_on", f"{unknown[0]!r} is not a weekday", f"write {', '.join(names)}")
    return tuple(sorted(names.index(day) for day in days if day in names))


def _band(table: TomlTable, currency: str) -> WeightBand:
    band = WeightBand(
        from_measure=table.decimal("from"),
        rate=table.decimal("rate"),
        fixed_minor=table.amount("fixed", currency),
        minimum_minor=table.amount("minimum", currency),
    )
    table.done()
    return band


def _service(table: TomlTable, currency: str) -> Service:
    return Service(
        after=table.text("after", Event.PRODUCTION_END.value),
        days=table.whole("days"),
        fixed_minor=table.amount("fixed", currency),
        per_unit=table.decimal("per_unit"),
        share_of_net=table.rate("share_of_net", most=ONE),
        capacity_per_day=table.whole("capacity_per_day"),
        required=table.flag("required"),
    )


def _lender(table: TomlTable, country: str, currency: str) -> tuple[Lender, list[FinanceProduct]]:
    own = table.currency("currency", currency)
    ident = table.text("id", required=True)
    lender = Lender(
        id=ident,
        name=table.text("name", ident),
        country=table.country("country", country),
        currency=own,
        adapter=table.text("adapter", "catalog"),
        settings=table.free("settings"),
        limit_minor=table.optional_amount("limit", own),
        underwriting=table.free("underwriting"),
    )
    products = [_product(one, ident, own) for one in table.tables("product")]
    table.done()
    return lender, products


def _product(table: TomlTable, lender: str, currency: str) -> FinanceProduct:
    own = table.currency("currency", currency)
    role = table.choice("role", Role, None) or Role.PRE_SHIPMENT
    take_out = role is Role.TAKE_OUT
    product = FinanceProduct(
        id=table.text("id", required=True),
        lender=lender,
        name=table.text("name", table.text("id")),
        role=role,
        technique=table.choice("technique", Technique, None) or Technique.LOAN,
        currency=own,
        advance_base=table.choice("advance_base", AdvanceBase, _usual_base(role)) or AdvanceBase.ORDER,
        advance_rate=table.rate("advance_rate", ONE, most=ADVANCE_MOST),
        draw=table.choice("draw", DrawRule, DrawRule.FULL if take_out else DrawRule.NEED) or DrawRule.NEED,
        price=_price(table.table("price")),
        fees=tuple(_fee(one, own) for one in table.tables("fee")),
        available_from=table.choice("available_from", Event, Event.INVOICE if take_out else Event.BOOKING)
        or Event.BOOKING,
        available_days=table.whole("available_days"),
        repaid_on=table.choice("repaid_on", Event, _usual_repayment(role)) or Event.FUNDING,
        tenor_days=table.optional_whole("tenor_days"),
        limit_minor=table.optional_amount("limit", own),
        limit_group=table.text("limit_group"),
        grace_days=table.whole("grace_days", 5),
        penalty_multiplier=table.rate("penalty_multiplier", Fraction(3, 2)),
        recourse=table.choice("recourse", Recourse, Recourse.LIMITED_TO_ORDER) or Recourse.LIMITED_TO_ORDER,
        recourse_days=table.optional_whole("recourse_days"),
        participations=tuple(_participation(one) for one in table.tables("participation")),
        priority=table.whole("priority"),
        taken_out_by=table.texts("taken_out_by"),
        requires_take_out=table.flag("requires_take_out"),
        requires=table.texts("requires"),
        margin_minimum=table.rate("margin_minimum", most=PRICE_MOST),
        buyers=table.texts("buyers"),
        committed=table.flag("committed", True),
        tax_rate=table.rate("tax_rate", most=ONE),
        first_loss_rate=table.rate("first_loss_rate", most=ONE),
        insured_rate=table.rate("insured_rate", most=ONE),
        underwriting=table.free("underwriting"),
    )
    table.done()
    return product


def _usual_base(role: Role) -> AdvanceBase:
    usual = {Role.TAKE_OUT: AdvanceBase.INVOICE, Role.GUARANTEE: AdvanceBase.COST}
    return usual.get(role, AdvanceBase.ORDER)


def _usual_repayment(role: Role) -> Event:
    return Event.BUYER_PAYMENT if role in (Role.TAKE_OUT, Role.CONTINGENCY) else Event.FUNDING


def _price(table: TomlTable | None) -> Price:
    if table is None:
        return Price()
    steps = []
    for one in table.tables("step"):
        steps.append(Step(one.whole("days", 30, least=1), one.rate("rate", most=PRICE_MOST)))
        one.done()
    price = Price(
        rate_annual=table.rate("rate", most=PRICE_MOST),
        day_count=table.choice("day_count", DayCount, DayCount.ACT_360) or DayCount.ACT_360,
        steps=tuple(steps),
        taken=table.choice("taken", InterestTaking, InterestTaking.AT_REPAYMENT)
        or InterestTaking.AT_REPAYMENT,
    )
    table.done()
    return price


def _fee(table: TomlTable, currency: str) -> Fee:
    fee = Fee(
        name=table.text("name", "fee"),
        basis=table.choice("basis", FeeBasis, None) or FeeBasis.FIXED,
        rate=table.rate("rate"),
        amount_minor=table.amount("amount", currency),
        minimum_minor=table.amount("minimum", currency),
        taken=table.choice("taken", FeeTaking, FeeTaking.DEDUCTED) or FeeTaking.DEDUCTED,
        at_repayment=table.flag("at_repayment"),
    )
    if fee.rate >= 1 and fee.taken is not FeeTaking.CASH:
        table.defect("rate", "a fee of the whole amount leaves nothing to draw", "write less than 100%")
    table.done()
    return fee


def _participation(table: TomlTable) -> Participation:
    part = Participation(table.text("lender", required=True), table.rate("share", most=ONE))
    table.done()
    return part
