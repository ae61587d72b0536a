"""What one order has sold so far: deliveries, invoices, credits, and what the buyer has paid."""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.money import round_minor
from finance.agreed.contract import Sale


@dataclass(slots=True)
class BuyerInvoice:
    """One invoice to the buyer: its gross amount, when it falls due, and the tax in it.

    ``parts`` are its instalments, each with its due day. The tax falls due on ``tax_due_on`` (None without
    a rule); ``filed`` once it was paid or set off.
    """

    on: date
    gross: int
    due_on: date
    id: str
    tax: int = 0
    tax_due_on: date | None = None
    filed: bool = False
    parts: tuple[tuple[date, int], ...] = ()


@dataclass(slots=True)
class SalesLedger:
    """Amounts in minor units; ``delivered`` is a share of the whole, ``cost`` what left the inventory.

    ``collected`` is what came in and has not gone on by the waterfall, ``written_off`` what of the
    receivable was given up, ``opened`` what sales made the buyer owe beyond its deposits.
    ``payments`` are what paid for goods that were sold, by day; ``late_charged`` is what the buyer was
    charged for being late.
    """

    delivered: Fraction = Fraction(0)
    cost: int = 0
    net: int = 0
    tax: int = 0
    credited_net: int = 0
    credited_tax: int = 0
    credited_units: Fraction = Fraction(0)
    received: int = 0
    collected: int = 0
    written_off: int = 0
    opened: int = 0
    late_charged: int = 0
    closed_short: bool = False
    payments: list[tuple[date, int]] = field(default_factory=list)
    invoices: list[BuyerInvoice] = field(default_factory=list)
    references: dict[tuple[str, int], date] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing more will be delivered: all was, or the parties let it be with what was."""
        return self.delivered == 1 or self.closed_short

    @property
    def credited(self) -> int:
        return self.credited_net + self.credited_tax

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def uninvoiced(self) -> int:
        return self.gross - sum(one.gross for one in self.invoices)

    @property
    def uninvoiced_tax(self) -> int:
        return self.tax - sum(one.tax for one in self.invoices)

    @property
    def unfiled(self) -> list[BuyerInvoice]:
        """Invoices whose tax was not filed yet."""
        return [one for one in self.invoices if not one.filed]

    @property
    def due_on(self) -> date | None:
        """When the last of the invoices falls due, None before the first."""
        return max((invoice.due_on for invoice in self.invoices), default=None)

    def sell(self, sale: Sale) -> tuple[int, int]:
        """Net and tax of what was delivered and not yet sold."""
        net = share_of(sale.net_minor, self.delivered) - self.net
        tax = share_of(sale.tax_minor, self.delivered) - self.tax
        self.net += net
        self.tax += tax
        return net, tax


def share_of(total: int, share: Fraction) -> int:
    """A share of an amount, rounded once; cumulative shares of one total tie to it."""
    return total if share == 1 else round_minor(total * share)
