"""A buyer's order: who buys what from whom, at which price, due when, paid how."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from domain.money import round_minor
from domain.terms import PaymentTerm


@dataclass(frozen=True, slots=True)
class Party:
    """A firm as a document names it; ``identifier`` is scheme-qualified where a scheme is known.

    The numbers stand apart by what they are for, scheme-qualified (``0088:5790000436057``) where the document
    gives a scheme: for value added tax, of the local tax office, in the company register, of the place (GLN),
    and the address at which electronic documents are received.
    """

    name: str
    identifier: str = ""
    country: str = ""
    address: str = ""
    account: str = ""
    vat_number: str = ""
    tax_number: str = ""
    register_number: str = ""
    location_number: str = ""
    endpoint: str = ""


PARTY_NUMBERS = ("vat_number", "tax_number", "register_number", "location_number", "endpoint")
"""Added to a party after orders had been signed: what is signed leaves them out while they are empty."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line; ``unit_price`` in major units may be finer than the minor unit, ``net_minor`` may not.

    ``tax_rate`` is the share of the net that the seller adds (``Fraction(13, 100)``).
    ``adjustment_minor`` is the line's own allowance (negative) or charge (positive), inside ``net_minor``.
    """

    number: str
    product: str
    quantity: Decimal
    unit_price: Decimal
    net_minor: int
    unit: str = "EA"
    description: str = ""
    tax_rate: Fraction = Fraction(0)
    weight_kg: Decimal | None = None
    due_on: date | None = None
    tax_category: str = ""
    destination: str = ""
    adjustment_minor: int = 0


@dataclass(frozen=True, slots=True)
class Adjustment:
    """An allowance (negative) or a charge (positive) on the whole order, before tax."""

    reason: str
    amount_minor: int
    tax_rate: Fraction = Fraction(0)
    tax_category: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """A buyer's order as received; amounts in minor units of ``currency``.

    ``due_on`` is when the goods must be at ``destination``. ``payment`` says when the buyer pays which
    share of the gross amount. ``adjustments`` are the allowances and charges of the document level.
    A line with its own ``due_on`` or ``destination`` overrides the order's. ``extra`` holds what the
    document says beyond this, as plain JSON data.
    """

    reference: str
    issued_on: date
    buyer: Party
    seller: Party
    currency: str
    lines: tuple[OrderLine, ...]
    due_on: date | None = None
    destination: str = ""
    country: str = ""
    payment: tuple[PaymentTerm, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    note: str = ""
    source: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def adjustment_minor(self) -> int:
        return sum(adjustment.amount_minor for adjustment in self.adjustments)

    @property
    def net_minor(self) -> int:
        return sum(line.net_minor for line in self.lines) + self.adjustment_minor

    @property
    def tax_minor(self) -> int:
        """Tax summed per rate and rounded once per rate, as invoices do (EN 16931 BR-CO-17)."""
        bases: dict[Fraction, int] = {}
        for line in self.lines:
            bases[line.tax_rate] = bases.get(line.tax_rate, 0) + line.net_minor
        for adjustment in self.adjustments:
            bases[adjustment.tax_rate] = bases.get(adjustment.tax_rate, 0) + adjustment.amount_minor
        return sum(round_minor(base * rate) for rate, base in bases.items())

    @property
    def gross_minor(self) -> int:
        return self.net_minor + self.tax_minor
