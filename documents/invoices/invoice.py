"""An invoice or a credit note as data: what is billed, the tax by category, what is payable.

The sums are those of EN 16931: BR-CO-10 (lines), BR-CO-11 and BR-CO-12 (allowances, charges), BR-CO-13
(without tax), BR-CO-17 (tax, rounded once per category and rate), BR-CO-15 (with tax), BR-CO-16 (payable).
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from documents.files.section import plain_text
from domain.errors import RefusedError
from domain.money import round_minor
from domain.order import Adjustment, Order, OrderLine, Party

STANDARD, ZERO = "S", "Z"
WHOLE = Fraction(1)
QUANTITY_DECIMALS = 6
EXEMPTIONS = {
    "E": "Exempt from tax",
    "AE": "Reverse charge",
    "G": "Export outside the European Union",
    "K": "Intra-community supply",
    "O": "Not subject to tax",
}
"""Categories that need a reason on the invoice (EN 16931 BR-E-10, BR-AE-10, BR-G-10, BR-IC-10, BR-O-10)."""


@dataclass(frozen=True, slots=True)
class TaxShare:
    """The tax of one category and rate, in minor units."""

    category: str
    rate: Fraction
    base_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill to the buyer, or with ``credits`` (the number of the invoice it corrects) a credit note.

    ``payee`` is whom the buyer must pay when the claim is assigned; ``account`` is the collection account.
    ``prepaid_minor`` has been received before; ``rounding_minor`` is what the books differ by, which round
    in another place (EN 16931 BT-114). Amounts are positive also on a credit note. ``buyer_reference`` is
    what the buyer wants to find on it (BT-10), ``contact`` whom to ask at the seller: name, telephone, mail.
    """

    number: str
    issued_on: date
    order: str
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[OrderLine, ...]
    adjustments: tuple[Adjustment, ...] = ()
    due_on: date | None = None
    delivered_on: date | None = None
    destination: str = ""
    country: str = ""
    account: str = ""
    payee: Party | None = None
    terms: str = ""
    note: str = ""
    prepaid_minor: int = 0
    rounding_minor: int = 0
    credits: str = ""
    buyer_reference: str = ""
    contact: str = ""

    @property
    def lines_minor(self) -> int:
        return sum(line.net_minor for line in self.lines)

    @property
    def allowances_minor(self) -> int:
        return -sum(item.amount_minor for item in self.adjustments if item.amount_minor < 0)

    @property
    def charges_minor(self) -> int:
        return sum(item.amount_minor for item in self.adjustments if item.amount_minor > 0)

    @property
    def net_minor(self) -> int:
        return self.lines_minor - self.allowances_minor + self.charges_minor

    @property
    def taxes(self) -> tuple[TaxShare, ...]:
        """Tax by category and rate, in the order in which they first appear."""
        bases: dict[tuple[str, Fraction], int] = {}
        for line in self.lines:
            key = category_of(line.tax_category, line.tax_rate), line.tax_rate
            bases[key] = bases.get(key, 0) + line.net_minor
        for item in self.adjustments:
            key = category_of(item.tax_category, item.tax_rate), item.tax_rate
            bases[key] = bases.get(key, 0) + item.amount_minor
        return tuple(
            TaxShare(category, rate, base, round_minor(base * rate))
            for (category, rate), base in bases.items()
        )

    @property
    def tax_minor(self) -> int:
        return sum(share.tax_minor for share in self.taxes)

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor

    @property
    def payable_minor(self) -> int:
        return self.gross_minor - self.prepaid_minor + self.rounding_minor


OTHER_RATES = {"AA": STANDARD, "H": STANDARD, "A": STANDARD, "": STANDARD}
"""Codes of a lower, a higher or a mixed rate: on an invoice of EN 16931 each rate above zero is standard."""
ANY_RATE = ("L", "M", "B")


def category_of(category: str, rate: Fraction) -> str:
    """The tax category: as stated where it fits the rate, else standard or zero rated."""
    if rate > 0:
        return STANDARD if category in (ZERO, *EXEMPTIONS) else OTHER_RATES.get(category, category)
    return category if category in (ZERO, *EXEMPTIONS, *ANY_RATE) else ZERO


def invoice_of(
    order: Order,
    number: str,
    issued_on: date,
    *,
    share: Fraction = WHOLE,
    prepaid_minor: int = 0,
    credits: str = "",
) -> Invoice:
    """The invoice of an order, or of the share of it that was delivered, or credited.

    Quantities are exact to a millionth, amounts rounded once per line. RefusedError beyond the whole order.
    """
    if not 0 < share <= 1:
        raise RefusedError(
            f"order {order.reference} cannot be billed for {float(share):.6g} of what was ordered",
            "bill more than nothing and at most the whole",
        )
    whole = share == WHOLE
    return Invoice(
        number=number,
        issued_on=issued_on,
        order=order.reference,
        currency=order.currency,
        seller=order.seller,
        buyer=order.buyer,
        lines=order.lines if whole else tuple(_part(line, share) for line in order.lines),
        adjustments=order.adjustments if whole else tuple(_scaled(item, share) for item in order.adjustments),
        destination=order.destination,
        country=order.country,
        prepaid_minor=prepaid_minor,
        credits=credits,
        buyer_reference=str(order.extra.get("customer_reference", "")),
    )


def _part(line: OrderLine, share: Fraction) -> OrderLine:
    quantity = Decimal(plain_text(Fraction(line.quantity) * share, QUANTITY_DECIMALS))
    net = round_minor(line.net_minor * share)
    adjustment = round_minor(line.adjustment_minor * share)
    return replace(line, quantity=quantity, net_minor=net, adjustment_minor=adjustment)


def _scaled(item: Adjustment, share: Fraction) -> Adjustment:
    return replace(item, amount_minor=round_minor(item.amount_minor * share))
