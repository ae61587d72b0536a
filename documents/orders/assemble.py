"""From the fields of a document to an order: the one place that decides what an order file may say.

Every reader (TOML, JSON, CSV, UBL, a map) brings its document into the same fields; see
docs/reference/order-files.md. Mistakes are noted in the findings, never raised.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from documents.files.findings import Findings
from documents.files.iban import account_problem, plain_account
from documents.files.section import NOTE_LENGTH, Section, plain_text
from documents.orders.extra_data import plain_data
from domain.dates import Roll
from domain.money import CURRENCY_EXPONENTS, MINOR_MAXIMUM, format_minor, round_minor
from domain.order import PARTY_NUMBERS, Adjustment, Order, OrderLine, Party
from domain.terms import Event, PaymentTerm

LINES = 100_000
TAX_CATEGORIES = ("", "S", "Z", "E", "AE", "K", "G", "O", "L", "M", "B", "AA", "H")
TERM_DAYS = 3_650
PRICE_DECIMALS = 12


def order_of(
    document: Mapping[str, Any], findings: Findings, source: str, *, stated_amounts: bool = False
) -> Order | None:
    """The order that the fields describe, or None when anything in it is wrong.

    With ``stated_amounts`` the net amount of a line stands where it differs from price times quantity.
    """
    before = len(findings.defects)
    top = Section(document, "", findings)
    currency = _currency(top)
    issued_on = top.day("issued_on", needed=True)
    draft: dict[str, Any] = {
        "reference": top.text("reference", needed=True),
        "due_on": _due(top, issued_on),
        "destination": top.text("destination"),
        "country": _country(top),
        "buyer": _party(top, "buyer", needed=True),
        "seller": _party(top, "seller"),
        "note": top.text("note", limit=NOTE_LENGTH),
        "payment": _payment(top),
        "adjustments": _adjustments(top, currency),
        "lines": _lines(top, currency, issued_on, stated_amounts),
    }
    totals = top.section("totals")
    extra = plain_data(top)
    top.finish()
    if len(findings.defects) > before or issued_on is None:
        return None
    order = Order(issued_on=issued_on, currency=currency, source=source, extra=extra, **draft)
    _check_sums(order, top)
    _check_totals(order, totals)
    if findings.remarks:
        order.extra["remarks"] = list(dict.fromkeys(findings.remarks))
    return order if len(findings.defects) == before else None


def _currency(top: Section) -> str:
    code = top.text("currency", needed=True)
    if code and code not in CURRENCY_EXPONENTS:
        wanted = code.upper() if code.upper() in CURRENCY_EXPONENTS else "a code such as EUR"
        top.wrong("currency", f"{code[:20]!r} is not an ISO 4217 currency code", f"write {wanted}")
        return ""
    return code


def _country(section: Section) -> str:
    code = section.text("country")
    if code and not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper()):
        section.wrong("country", f"{code[:40]!r} is not a two-letter country code", "write a code such as CN")
        return ""
    return code


def _due(section: Section, issued_on: date | None) -> date | None:
    due_on = section.day("due_on")
    if due_on and issued_on and due_on < issued_on:
        problem = f"is {due_on}, before the day of the order, {issued_on}"
        section.wrong("due_on", problem, "give a due day on or after the day of the order")
    return due_on


def _party(top: Section, key: str, *, needed: bool = False) -> Party:
    if isinstance(top.table.get(key), str):
        return Party(top.text(key, needed=needed))
    party = top.section(key)
    if party is None:
        if needed and top.table.get(key) is None:
            top.wrong(f"{key}.name", "is missing", f"say who the {key} is")
        return Party("")
    account = party.text("account")
    if problem := account_problem(account):
        party.wrong("account", f"{account[:40]!r} {problem}", "ask for the account number again")
    found = Party(
        party.text("name", needed=needed),
        party.text("identifier"),
        _country(party),
        party.text("address", limit=NOTE_LENGTH),
        plain_account(account),
        **{name: party.text(name) for name in PARTY_NUMBERS},
    )
    party.finish()
    return found


def _payment(top: Section) -> tuple[PaymentTerm, ...]:
    terms = []
    before = len(top.findings.defects)
    for term in top.sections("payment", limit=100):
        share = term.share("share", needed=True)
        event = term.choice("event", Event)
        days = term.integer("days", 0, TERM_DAYS)
        month_end = term.flag("month_end")
        roll = term.choice("roll", Roll, Roll.FOLLOWING)
        term.finish()
        if share is not None and event is not None and roll is not None:
            terms.append(PaymentTerm(share, event, days, month_end, roll))
    total = sum(term.share for term in terms)
    if terms and total != 1 and len(top.findings.defects) == before:
        top.wrong("payment", f"the shares sum to {float(total):.6g}, not to 1", "let the shares sum to 100%")
    return tuple(terms)


def _tax_category(section: Section) -> str:
    category = section.text("tax_category")
    if category not in TAX_CATEGORIES:
        known = ", ".join(TAX_CATEGORIES[1:])
        section.wrong("tax_category", f"{category[:20]!r} is not known", f"use one of: {known}")
    return category


def _adjustments(top: Section, currency: str) -> tuple[Adjustment, ...]:
    found = []
    for item in top.sections("adjustments", limit=1_000):
        amount = item.amount("amount", currency, needed=True)
        rate = item.share("tax_rate") or Fraction(0)
        found.append(Adjustment(item.text("reason"), amount or 0, rate, _tax_category(item)))
        item.finish()
    return tuple(found)


def _lines(top: Section, currency: str, issued_on: date | None, stated: bool) -> tuple[OrderLine, ...]:
    sections = top.sections("lines", limit=LINES)
    if not sections and top.table.get("lines") in (None, []):
        top.wrong("lines", "the order has no lines", "give at least one line")
    numbers: set[str] = set()
    lines = []
    for place, section in enumerate(sections, start=1):
        line = _line(section, str(place), currency, issued_on, stated)
        if line.number in numbers:
            section.wrong("number", f"{line.number} stands on two lines", "number each line once")
        numbers.add(line.number)
        lines.append(line)
    return tuple(lines)


def _line(section: Section, number: str, currency: str, issued_on: date | None, stated: bool) -> OrderLine:
    quantity = _positive(section, "quantity", needed=True)
    price = section.decimal("unit_price")
    if price is not None and price < 0:
        section.wrong("unit_price", f"{price} is negative", "give a price of zero or more")
        price = None
    weight = section.decimal("weight_kg")
    if weight is not None and weight < 0:
        section.wrong("weight_kg", f"{weight} is negative", "give the weight of the line in kilograms")
    adjustment = section.amount("adjustment", currency) or 0
    net, unit_price = _net(section, currency, quantity, price, adjustment, stated)
    line = OrderLine(
        number=section.text("number") or number,
        product=section.text("product", needed=True),
        quantity=quantity or Decimal(1),
        unit_price=unit_price,
        net_minor=net,
        unit=section.text("unit") or "EA",
        description=section.text("description", limit=NOTE_LENGTH),
        tax_rate=section.share("tax_rate") or Fraction(0),
        weight_kg=weight,
        due_on=_due(section, issued_on),
        tax_category=_tax_category(section),
        destination=section.text("destination"),
        adjustment_minor=adjustment,
    )
    section.finish()
    return line


def _positive(section: Section, key: str, *, needed: bool = False) -> Decimal | None:
    number = section.decimal(key, needed=needed)
    if number is not None and number <= 0:
        section.wrong(key, f"is {number}", f"give a {key.replace('_', ' ')} above zero")
        return None
    return number


def _net(
    section: Section,
    currency: str,
    quantity: Decimal | None,
    price: Decimal | None,
    adjustment: int,
    stated: bool,
) -> tuple[int, Decimal]:
    """Net amount in minor units and price per unit; the two must agree to one minor unit."""
    net = section.amount("net", currency)
    per = _positive(section, "price_quantity") or Decimal(1)
    if net is not None and net < 0:
        section.wrong("net", "is negative", "send a credit as a document of its own")
        return 0, Decimal(0)
    if price is None and net is None and not _given(section, "unit_price") and not _given(section, "net"):
        section.wrong("unit_price", "is missing, and so is net", "give the price or the net amount")
    if quantity is None or not currency:
        return net or 0, price or Decimal(0)
    scale = 10 ** CURRENCY_EXPONENTS[currency]
    if price is None:
        return net or 0, _per_unit(Fraction((net or 0) - adjustment, scale) / Fraction(quantity))
    reckoned = round_minor(Fraction(quantity) * Fraction(price) / Fraction(per) * scale) + adjustment
    unit_price = price if per == 1 else _per_unit(Fraction(price) / Fraction(per))
    if net is None or abs(net - reckoned) <= 1:
        if net is None and reckoned < 0:
            section.wrong("adjustment", "is more than the line is worth", "check the allowance")
        return reckoned if net is None else net, unit_price
    told = (
        f"{format_minor(net, currency)} differs from price times quantity, {format_minor(reckoned, currency)}"
    )
    if not stated:
        section.wrong("net", told, "mend the price or the amount; --stated-amounts lets the amount stand")
        return net, unit_price
    section.findings.remark(f"{section.name('net')}: {told}; the amount stands")
    return net, _per_unit(Fraction(net - adjustment, scale) / Fraction(quantity))


def _given(section: Section, key: str) -> bool:
    return section.table.get(key) not in (None, "")


def _per_unit(exact: Fraction) -> Decimal:
    text = plain_text(exact, PRICE_DECIMALS)
    return Decimal(text.rstrip("0").rstrip("."))


def _check_sums(order: Order, top: Section) -> None:
    if max(order.gross_minor, *(line.net_minor for line in order.lines)) > MINOR_MAXIMUM:
        top.wrong("lines", "the order is worth more than the ledger can hold", "split the order")
    elif order.gross_minor <= 0 or order.net_minor <= 0:
        top.wrong("lines", f"the order is worth {order.net_minor} minor units: nothing to trade", "check it")


def _check_totals(order: Order, totals: Section | None) -> None:
    if totals is None:
        return
    for key, reckoned in (("net", order.net_minor), ("tax", order.tax_minor), ("gross", order.gross_minor)):
        stated = totals.amount(key, order.currency)
        slack = 1 if key == "net" else max(1, (len(order.lines) + len(order.adjustments) + 1) // 2)
        if stated is not None and abs(stated - reckoned) > slack:
            problem = (
                f"is stated as {format_minor(stated, order.currency)}, "
                f"but the lines give {format_minor(reckoned, order.currency)}"
            )
            totals.wrong(key, problem, "let the buyer mend the total or the lines")
    totals.finish()
