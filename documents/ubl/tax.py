"""Tax and totals of a UBL order: rates from categories, else from stated amounts; then every sum is checked.

EN 16931 BR-CO-10 to BR-CO-17 give the sums. A tax category with a percentage decides. Without one, the tax
that a line states decides its rate, and without that the document's TaxTotal is spread over its net amount.
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from documents.files.findings import Findings
from documents.files.section import decimal_of, share_of
from documents.files.xml_tree import XmlElement
from documents.ubl.elements import Places
from domain.money import MoneyError, exponent_of, round_minor

_TAXED = frozenset({"TaxInclusiveAmount", "PayableAmount"})


def rate_of(tax: Fraction, net: Fraction, scale: int) -> Fraction:
    """The plainest rate that gives this tax: whole percents, then one and two decimals, else the ratio."""
    if net == 0:
        return Fraction(0)
    exact = tax / net
    for steps in (100, 1_000, 10_000):
        plain = Fraction(round_minor(exact * steps), steps)
        if abs(plain * net - tax) * scale * 2 <= 1:
            return plain
    return exact


def number(text: str) -> Fraction | None:
    try:
        return Fraction(decimal_of(text)) if text else None
    except MoneyError:
        return None


class TaxReading:
    """Puts rates into the lines and adjustments of a document, and checks its stated totals."""

    def __init__(self, root: XmlElement, findings: Findings, places: Places) -> None:
        self.root = root
        self.findings = findings
        self.places = places
        self.totals = root.first("AnticipatedMonetaryTotal")

    def settle(self, document: dict[str, Any], items: Sequence[XmlElement]) -> None:
        try:
            self.scale = 10 ** exponent_of(document["currency"])
        except MoneyError:
            return
        self.currency = document["currency"]
        lines, adjustments = document["lines"], document["adjustments"]
        self.parts = len(lines) + len(adjustments)
        for line, item in zip(lines, items, strict=True):
            self.category(line, item)
        stated = self.stated_tax()
        if not any("tax_rate" in line for line in lines):
            self.derive(lines, adjustments, items, stated)
        self.share_rate(lines, adjustments, stated)
        sums = self.sums(lines, adjustments)
        if sums is None:
            return
        self.check(*sums, stated)

    def category(self, line: dict[str, Any], item: XmlElement) -> None:
        category = item.first("Item", "ClassifiedTaxCategory") or item.first(
            "TaxTotal", "TaxSubtotal", "TaxCategory"
        )
        if category is None:
            return
        if percent := category.words("Percent"):
            line["tax_rate"] = f"{percent}%"
        elif category.words("ID") not in ("", "S"):
            line["tax_rate"] = "0"
        if code := category.words("ID"):
            line["tax_category"] = code
        if code == "S" and number(percent) == 0:
            self.findings.remark(f"line {item.words('ID')} has tax category S at 0% (Peppol T01-R030)")

    def stated_tax(self) -> Fraction | None:
        """The sum of the TaxTotals in the document's currency."""
        found = [
            amount
            for node in self.root.each("TaxTotal", "TaxAmount")
            if node.attributes.get("currencyID", self.currency) == self.currency
            and (amount := number(node.text.strip())) is not None
        ]
        return sum(found, Fraction(0)) if found else None

    def derive(
        self,
        lines: list[dict[str, Any]],
        adjustments: list[dict[str, Any]],
        items: Sequence[XmlElement],
        stated: Fraction | None,
    ) -> None:
        """Rates where no line has a category."""
        taxes = [number(item.words("TotalTaxAmount")) for item in items]
        told = sum((tax for tax in taxes if tax is not None), Fraction(0))
        if any(tax is not None for tax in taxes) and stated in (None, told):
            for line, tax in zip(lines, taxes, strict=True):
                net = self.net(line)
                if tax and net:
                    line["tax_rate"] = rate_of(tax, net, self.scale)
            return
        sums = self.sums(lines, adjustments)
        if not stated or sums is None or sum(sums[:2]) <= 0:
            return
        if told and told != stated:
            self.findings.remark(
                f"the lines state {_money(told)} of tax, the document {_money(stated)}, which stands"
            )
        rate = rate_of(stated, sum(sums[:2], Fraction(0)), self.scale)
        for entry in (*lines, *(entry for entry in adjustments if not entry["tax_rate"])):
            entry["tax_rate"] = rate

    def share_rate(
        self, lines: list[dict[str, Any]], adjustments: list[dict[str, Any]], stated: Fraction | None
    ) -> None:
        """Adjustments without a category take the one rate of the lines where the stated tax shows that."""
        rates = {_rate(line.get("tax_rate", "")) for line in lines}
        open_ones = [entry for entry in adjustments if not entry["tax_rate"]]
        rate = next(iter(rates)) if len(rates) == 1 else None
        before = self.sums(lines, adjustments)
        if stated is None or not rate or not open_ones or before is None or before[2] == stated:
            return
        for entry in open_ones:
            entry["tax_rate"] = rate
        after = self.sums(lines, adjustments)
        if after is None or abs(after[2] - stated) * self.scale > 1:
            for entry in open_ones:
                entry["tax_rate"] = ""

    def net(self, line: dict[str, Any]) -> Fraction | None:
        """The line's amount as stated, else as price and quantity give it."""
        if (stated := number(line.get("net", ""))) is not None:
            return stated
        quantity, price = number(line.get("quantity", "")), number(line.get("unit_price", ""))
        per, own = number(line.get("price_quantity", "1")), number(line.get("adjustment", "0"))
        if quantity is None or price is None or not per or own is None:
            return None
        return Fraction(round_minor(quantity * price / per * self.scale), self.scale) + own

    def sums(
        self, lines: list[dict[str, Any]], adjustments: list[dict[str, Any]]
    ) -> tuple[Fraction, Fraction, Fraction] | None:
        """Sum of lines, of adjustments, and tax per rate; None while any amount cannot be read."""
        bases: dict[Fraction, Fraction] = {}
        parts = []
        for entries, amount_of in ((lines, self.net), (adjustments, _amount)):
            total = Fraction(0)
            for entry in entries:
                amount = amount_of(entry)
                rate = _rate(entry.get("tax_rate", ""))
                if amount is None or rate is None:
                    return None
                total += amount
                bases[rate] = bases.get(rate, Fraction(0)) + amount
            parts.append(total)
        tax = sum((round_minor(rate * base * self.scale) for rate, base in bases.items()), 0)
        return parts[0], parts[1], Fraction(tax, self.scale)

    def check(self, lines: Fraction, adjusted: Fraction, tax: Fraction, stated: Fraction | None) -> None:
        """Every total that the document states, against what its parts give.

        Tax rounded on each line may differ by half a minor unit a line from tax rounded once for each rate.
        """
        slack = max(1, (self.parts + 1) // 2)
        net, gross = lines + adjusted, lines + adjusted + tax
        if stated is not None:
            node = self.root.first("TaxTotal", "TaxAmount")
            self.compare("totals.tax", node, stated, (tax,), "the lines give", slack)
            if 1 < abs(stated - tax) * self.scale <= slack:
                self.findings.remark(
                    f"tax is stated as {_money(stated)}, rounded on each line; by rate it is {_money(tax)}"
                )
        if self.totals is None:
            return
        prepaid = number(self.totals.words("PrepaidAmount")) or Fraction(0)
        rounding = number(self.totals.words("PayableRoundingAmount")) or Fraction(0)
        payable = gross - prepaid + rounding
        for name, expected in (
            ("LineExtensionAmount", (lines,)),
            ("AllowanceTotalAmount", (self.sum_of(charge=False),)),
            ("ChargeTotalAmount", (self.sum_of(charge=True),)),
            ("TaxExclusiveAmount", (net, tax) if self.is_old() else (net,)),
            ("TaxInclusiveAmount", (gross,)),
            ("PayableAmount", (payable, net - prepaid + rounding)),
        ):
            node = self.totals.first(name)
            if node is not None and (amount := number(node.text.strip())) is not None:
                allowed = slack if name in _TAXED else 1
                self.compare(
                    f"totals.{name}",
                    node,
                    amount,
                    expected,
                    "the order gives",
                    allowed,
                )
                if name == "PayableAmount" and tax and abs(amount - payable) * self.scale > slack:
                    self.findings.remark(f"PayableAmount {_money(amount)} is read as without tax")

    def is_old(self) -> bool:
        """UBL 2.0 used TaxExclusiveAmount for the tax itself in its own samples."""
        return self.root.words("UBLVersionID") == "2.0"

    def sum_of(self, *, charge: bool) -> Fraction:
        wanted = "true" if charge else "false"
        return sum(
            (
                number(node.words("Amount")) or Fraction(0)
                for node in self.root.each("AllowanceCharge")
                if node.words("ChargeIndicator").lower() in (wanted, str(int(charge)))
            ),
            Fraction(0),
        )

    def compare(
        self,
        name: str,
        node: XmlElement | None,
        stated: Fraction,
        expected: tuple[Fraction, ...],
        given: str,
        slack: int,
    ) -> None:
        """To ``slack`` minor units, since systems round their totals in different places."""
        if any(abs(stated - amount) * self.scale <= slack for amount in expected):
            return
        if node is not None:
            self.places.lines[name] = node.line
        problem = f"is stated as {_money(stated)}, but {given} {_money(expected[0])}"
        self.findings.add(name, problem, "let the buyer mend the total or the lines")


def _amount(adjustment: dict[str, Any]) -> Fraction | None:
    return number(adjustment["amount"])


def _rate(stated: str | Fraction) -> Fraction | None:
    if isinstance(stated, Fraction):
        return stated
    try:
        return share_of(stated) if stated else Fraction(0)
    except MoneyError:
        return None


def _money(amount: Fraction) -> str:
    return str(Decimal(amount.numerator) / Decimal(amount.denominator))
