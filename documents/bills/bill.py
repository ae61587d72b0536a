"""A bill of a provider as data: who asks how much for what; read from UBL and Cross Industry Invoices."""

from dataclasses import dataclass
from decimal import Decimal

from documents.bills.paper import Group, Paper
from documents.files.findings import refuse
from domain.money import CURRENCY_EXPONENTS, MoneyError, minor_of


@dataclass(frozen=True, slots=True)
class BillLine:
    number: str
    what: str
    quantity: Decimal
    unit: str
    price: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Bill:
    """Amounts in minor units, positive also on a credit note; ``order`` is the number that it names."""

    number: str
    is_credit_note: bool
    seller: str
    buyer: str
    order: str
    currency: str
    net_minor: int
    tax_minor: int
    gross_minor: int
    account: str
    lines: tuple[BillLine, ...]

    @property
    def quantity(self) -> Decimal:
        return sum((line.quantity for line in self.lines), Decimal(0))


def bill_of(paper: Paper, name: str) -> Bill:
    """The bill; an input error naming ``name`` where currency or totals cannot be read."""
    top, currency = paper.top, paper.top.text("BT-5")
    if currency not in CURRENCY_EXPONENTS:
        raise refuse(name, paper.root.line, "BT-5", f"{currency!r} is no currency", "ask the sender")
    sums = top.first("BG-22")
    if sums is None:
        raise refuse(name, paper.root.line, "BG-22", "has no totals", "ask the sender")
    net, gross = (_minor(sums, term, currency, name) for term in ("BT-109", "BT-112"))
    return Bill(
        number=top.text("BT-1"),
        is_credit_note=paper.is_credit_note,
        seller=top.text("BG-4", "BT-27") or top.text("BG-4", "BT-28"),
        buyer=top.text("BG-7", "BT-44") or top.text("BG-7", "BT-45"),
        order=top.text("BT-13"),
        currency=currency,
        net_minor=net,
        tax_minor=gross - net,
        gross_minor=gross,
        account=top.text("BG-16", "BG-17", "BT-84"),
        lines=tuple(_line(line) for line in top.each("BG-25")),
    )


def _minor(sums: Group, term: str, currency: str, name: str) -> int:
    amount = sums.number(term)
    if amount is None:
        problem = f"{sums.text(term)!r} is no amount"
        raise refuse(name, sums.node.line, term, problem, "ask the sender")
    try:
        return minor_of(amount, currency)
    except MoneyError as error:
        raise refuse(name, sums.node.line, term, str(error), "ask the sender") from None


def _line(line: Group) -> BillLine:
    quantity = next(line.all("BT-129"), None)
    return BillLine(
        line.text("BT-126"),
        line.text("BT-155") or line.text("BT-153"),
        line.amount("BT-129"),
        quantity.attributes.get("unitCode", "") if quantity is not None else "",
        line.amount("BT-146"),
        line.amount("BT-131"),
    )
