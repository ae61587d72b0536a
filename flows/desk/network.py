"""The firms one trades on, as the network file names them: list them, add one, look at a lender."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from config.locations import own_config, shipped_network
from domain.dates import DayCount
from domain.errors import NotFoundError, UsageError
from domain.money import format_minor
from domain.network import FinanceProduct, Lender, Network, Provider
from flows.desk.session import Session
from flows.desk.start import start_config

KINDS = ("factory", "warehouse", "logistics", "service")


@dataclass(frozen=True, slots=True)
class Question:
    """One field of a firm: ``path`` in its table, how to ask for it, and what is usual.

    ``reads`` is text, number, whole, rate, money or terms; a field without ``usual`` must be given.
    """

    path: str
    asks: str
    reads: str = "text"
    usual: str | None = None


FIRM = (
    Question("id", "Short name, such as ningbo-bright"),
    Question("name", "Full name"),
)
TERMS = Question("payment", "Paid when", "terms", "100% invoice+30")
TAX = Question("tax_rate", "Tax that it adds to its price", "rate", "0%")

QUESTIONS: dict[str, tuple[Question, ...]] = {
    "factory": (
        *FIRM,
        Question("place", "Where it is"),
        Question("product.product", "What it makes, as orders name it"),
        Question("product.unit_price", "Price of one, before tax", "number"),
        Question("product.set_up", "Set-up for each order", "money", "0"),
        Question("product.minimum_quantity", "Least quantity of an order", "number", "1"),
        Question("product.capacity_per_day", "How many a day (0: no limit)", "whole", "0"),
        Question("product.lead_days", "Days from booking until it begins", "whole", "0"),
        Question("product.weight_kg", "Weight of one in kg", "number", "0"),
        TAX,
        TERMS,
    ),
    "warehouse": (
        *FIRM,
        Question("place", "Where it is"),
        Question("per_unit_day", "Price of one unit for a day", "number"),
        Question("handling_per_unit", "Handling of one unit", "number", "0"),
        Question("fixed", "Fixed price of each order", "money", "0"),
        Question("capacity", "Units it holds (0: no limit)", "whole", "0"),
        Question("dwell_days", "Days that goods must stay", "whole", "0"),
        Question("minimum_days", "Least days that are billed", "whole", "0"),
        TAX,
        TERMS,
    ),
    "logistics": (
        *FIRM,
        Question("lane.id", "Short name of the lane"),
        Question("lane.origin", "From where"),
        Question("lane.destination", "To where"),
        Question("lane.mode", "By what (truck, rail, sea, air)", "text", "truck"),
        Question("lane.measure", "Priced by kg or unit", "text", "kg"),
        Question("lane.rate", "Rate of one kg (or unit)", "number"),
        Question("lane.minimum", "Least charge", "money", "0"),
        Question("lane.transit_days", "Days on the way", "whole", "0"),
        Question("lane.capacity_per_day", "How much a day (0: no limit)", "whole", "0"),
        TAX,
        TERMS,
    ),
    "service": (
        *FIRM,
        Question("kind", "Which service (inspection, insurance ...)", "text", "inspection"),
        Question("after", "After which event or service", "text", "production_end"),
        Question("days", "Working days it takes", "whole", "0"),
        Question("fixed", "Fixed price of each order", "money", "0"),
        Question("per_unit", "Price of one unit", "number", "0"),
        Question("capacity_per_day", "How many orders a day (0: no limit)", "whole", "0"),
        TAX,
        TERMS,
    ),
    "lender": (
        *FIRM,
        Question("limit", "Most that it lends in all (empty: no cap)", "money", ""),
        Question("product.id", "Short name of the product"),
        Question("product.name", "Full name of the product"),
        Question(
            "product.role", "Role: pre_shipment, take_out, guarantee or contingency", "text", "pre_shipment"
        ),
        Question(
            "product.technique",
            "Technique: purchase_order, loan, factoring, packing_credit ...",
            "text",
            "loan",
        ),
        Question("product.advance_rate", "Advances which share", "rate"),
        Question("product.rate", "Interest a year", "rate"),
        Question("product.day_count", "Days counted by", "text", DayCount.ACT_360.value),
        Question("product.fee", "Fee on the limit", "rate", "0%"),
        Question("product.limit", "Most for one order (empty: no cap)", "money", ""),
        Question("product.tenor_days", "Longest in days", "whole", "120"),
    ),
}


def providers(network: Network, kind: str | None = None) -> list[Provider]:
    return [one for one in network.providers if kind in (None, one.kind)]


def what_of(provider: Provider) -> str:
    """What a provider offers, in a line."""
    parts = [f"{made.product} at {made.unit_price}" for made in provider.products]
    parts += [f"{lane.origin} - {lane.destination} ({lane.mode or lane.id})" for lane in provider.lanes]
    if provider.storage:
        parts.append(f"storage at {provider.storage.per_unit_day} a unit and day")
    if provider.service:
        parts.append(f"after {provider.service.after}")
    return "; ".join(parts)


def products_of(network: Network, lender: Lender) -> list[FinanceProduct]:
    return [one for one in network.products if one.lender == lender.id]


def find_provider(network: Network, name: str) -> Provider:
    found = network.provider(name)
    if found is None:
        raise NotFoundError(f"no provider {name!r} in the network file", "net provider list shows them")
    return found


def provider_text(session: Session, name: str) -> tuple[Provider, str]:
    """The provider, and its table as the network file has it."""
    from config.edit import network_file, table_text
    from config.reading import read_toml

    provider = find_provider(session.network, name)
    tables = read_toml(network_file(session.config_path))
    for section in KINDS:
        for fields in tables.get(section, []):
            if fields.get("id") == name:
                return provider, table_text(section, fields)
    return provider, ""


def find_lender(network: Network, name: str) -> Lender:
    found = network.lender(name)
    if found is None:
        raise NotFoundError(f"no lender {name!r} in the network file", "net lender list shows them")
    return found


def questions(section: str) -> tuple[Question, ...]:
    try:
        return QUESTIONS[section]
    except KeyError:
        known = ", ".join(KINDS)
        raise UsageError(f"{section!r} is no kind of provider", f"kinds are {known}") from None


def value_of(question: Question, text: str) -> Any:
    """What a person answered, as it goes into the file; ValueError (MoneyError) when it cannot be."""
    from domain.money import parse_decimal

    text = text.strip()
    if not text:
        if question.usual is None:
            raise ValueError("please say something")
        return None
    match question.reads:
        case "number" | "money":
            number = parse_decimal(text)
            if number < 0:
                raise ValueError("it must be zero or more")
            return number
        case "whole":
            number = parse_decimal(text)
            if number < 0 or number != int(number):
                raise ValueError("it must be a whole number, zero or more")
            return int(number)
        case "rate":
            parse_decimal(text.removesuffix("%"))
            return text
        case "terms":
            return _terms(text)
    return text


def _terms(text: str) -> list[dict[str, Any]]:
    """``30% booking, 70% inspection+14`` as payment terms of the network file."""
    from documents.files.findings import Findings
    from documents.maps.csv import payment_of

    findings = Findings("terms")
    found = payment_of(text, findings)
    if findings.defects:
        raise ValueError(f"{findings.defects[0].problem}; {findings.defects[0].remedy}")
    return [_term(one) for one in found]


def _term(read: Mapping[str, Any]) -> dict[str, Any]:
    term: dict[str, Any] = {"share": str(read["share"]), "event": read["event"]}
    if int(read["days"]):
        term["days"] = int(read["days"])
    if read["month_end"]:
        term["month_end"] = True
    return term


def table_of(section: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """The firm's table of the network file from its answers by path."""
    table: dict[str, Any] = {}
    inner: dict[str, Any] = {}
    for path, value in answers.items():
        if value is None:
            continue
        head, _, rest = path.rpartition(".")
        (inner if head else table)[rest] = value
    if section == "factory":
        table["product"] = [inner]
    elif section == "logistics":
        table["lane"] = [_lane(inner)]
    elif section == "lender":
        table["product"] = [_finance_product(inner)]
    return table


def _lane(inner: dict[str, Any]) -> dict[str, Any]:
    rate = inner.pop("rate", Decimal(0))
    return {**inner, "band": [{"from": 0, "rate": rate}]}


def _finance_product(inner: dict[str, Any]) -> dict[str, Any]:
    price = {"rate": inner.pop("rate", "0%"), "day_count": inner.pop("day_count", DayCount.ACT_360.value)}
    fee = inner.pop("fee", None)
    made = {**inner, "price": price}
    if fee and fee.strip("0.% "):
        made["fee"] = [{"name": "commitment", "basis": "limit", "rate": fee, "taken": "capitalised"}]
    return made


def add_firm(session: Session, section: str, answers: Mapping[str, Any]) -> tuple[Path, str]:
    """Write the firm into the network file in force: the file and the text that was added.

    Where only the shipped network is in force it is copied to the user's own first.
    """
    from config.edit import append_table, network_file

    if session.config_path == shipped_network():
        start_config(own_config())
        session.config_path = own_config()
    path = network_file(session.config_path)
    added = append_table(path, section, table_of(section, answers))
    session.__dict__.pop("network", None)
    return path, added


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that was checked of a firm; ``told`` says what was found or what to do."""

    name: str
    passed: bool
    told: str


def check_lender(session: Session, name: str) -> list[Rule]:
    """Is what the lender offers usable: products, prices, limits, and what is left of them."""
    network = session.network
    lender = find_lender(network, name)
    offered = products_of(network, lender)
    rules = [Rule("offers something", bool(offered), f"{len(offered)} products")]
    for product in offered:
        rules += _product_rules(network, lender, product)
    return rules


def _product_rules(network: Network, lender: Lender, product: FinanceProduct) -> Iterator[Rule]:
    same = product.currency == lender.currency
    yield Rule(f"{product.id}: currency", same, f"{product.currency}, lender's books in {lender.currency}")
    takers = [one.id for one in network.products if one.role.value == "take_out"]
    if product.requires_take_out:
        fit = [one for one in takers if not product.taken_out_by or one in product.taken_out_by]
        yield Rule(f"{product.id}: take-out", bool(fit), ", ".join(fit) or "no product takes it out")
    kinds = {one.kind for one in network.providers}
    missing = [kind for kind in product.requires if kind not in kinds]
    yield Rule(f"{product.id}: requires", not missing, _required(product, missing))
    shares = sum((one.share for one in product.participations), Fraction(0))
    unknown = [one.lender for one in product.participations if network.lender(one.lender) is None]
    if product.participations:
        yield Rule(f"{product.id}: shares", shares == 1 and not unknown, f"sum to {shares}")
    capped = product.limit_minor
    if capped is not None:
        within = lender.limit_minor is None or capped <= lender.limit_minor
        told = f"{format_minor(capped, product.currency, grouped=True)} {product.currency} for one order"
        yield Rule(f"{product.id}: limit", capped > 0 and within, told)


def _required(product: FinanceProduct, missing: list[str]) -> str:
    if missing:
        return f"asks for {', '.join(missing)}, which no provider of the network offers"
    return f"asks for {', '.join(product.requires)}" if product.requires else "asks for nothing more"
