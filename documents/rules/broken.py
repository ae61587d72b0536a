"""One broken rule: its id, the term it is about, where, and the field to mend."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from documents.bills.paper import Group, Paper, number_of
from documents.files.xml_tree import XmlElement

HALF = Decimal("0.5")

TERMS = {
    "BT-1": ("the invoice's number", "--number"),
    "BT-2": ("the day of the invoice", "the day of delivery"),
    "BT-3": ("the kind of document", "its code of list 1001"),
    "BT-5": ("the currency", "currency of the order"),
    "BT-9": ("the due day", "payment of the order"),
    "BT-10": ("the buyer's reference", "--buyer-reference, or extra.customer_reference of the order"),
    "BT-13": ("the order's number", "reference of the order"),
    "BT-20": ("the payment terms", "payment of the order"),
    "BT-23": ("the process", "--form peppol"),
    "BT-24": ("the specification", "--form"),
    "BT-25": ("the number of the invoice that is corrected", "the invoice before it"),
    "BT-27": ("the seller's name", "seller.name of the order, or --seller"),
    "BT-29": ("a number of the seller's", "seller.location_number of the order"),
    "BT-30": ("the seller's company number", "seller.register_number of the order"),
    "BT-31": ("the seller's VAT number", "seller.vat_number of the order, or --seller-number"),
    "BT-32": ("the seller's tax number", "seller.tax_number of the order, or --seller-number"),
    "BT-34": ("the seller's electronic address", "seller.endpoint of the order"),
    "BT-35": ("the seller's street", "seller.address: street, post code and town"),
    "BT-37": ("the seller's town", "seller.address: street, post code and town"),
    "BT-38": ("the seller's post code", "seller.address: street, post code and town"),
    "BT-40": ("the seller's country", "seller.country of the order, or --seller-country"),
    "BT-41": ("whom to ask at the seller", "--contact"),
    "BT-42": ("the telephone of the seller", "--contact"),
    "BT-43": ("the seller's address for e-mail", "--contact"),
    "BT-44": ("the buyer's name", "buyer.name of the order"),
    "BT-46": ("a number of the buyer's", "buyer.location_number of the order"),
    "BT-47": ("the buyer's company number", "buyer.register_number of the order"),
    "BT-48": ("the buyer's VAT number", "buyer.vat_number of the order"),
    "BT-49": ("the buyer's electronic address", "buyer.endpoint of the order"),
    "BT-52": ("the buyer's town", "buyer.address: street, post code and town"),
    "BT-53": ("the buyer's post code", "buyer.address: street, post code and town"),
    "BT-55": ("the buyer's country", "buyer.country of the order"),
    "BT-59": ("the payee", "the financier's name in the network"),
    "BT-72": ("the day of delivery", "net milestone record ORDER delivery"),
    "BT-77": ("the town of delivery", "destination of the order"),
    "BT-78": ("the post code of delivery", "destination of the order"),
    "BT-80": ("the country of delivery", "country of the order"),
    "BT-81": ("the means of payment", "--account"),
    "BT-84": ("the account to pay to", "--account"),
    "BT-95": ("the tax category of an allowance", "adjustments[].tax_category of the order"),
    "BT-97": ("the reason of an allowance", "adjustments[].reason of the order"),
    "BT-102": ("the tax category of a charge", "adjustments[].tax_category of the order"),
    "BT-104": ("the reason of a charge", "adjustments[].reason of the order"),
    "BT-118": ("the tax category", "lines[].tax_category of the order"),
    "BT-119": ("the tax rate", "lines[].tax_rate of the order"),
    "BT-126": ("the line's number", "lines[].number of the order"),
    "BT-129": ("the quantity", "lines[].quantity of the order"),
    "BT-130": ("the unit", "lines[].unit of the order"),
    "BT-131": ("the line's net amount", "lines[].net of the order"),
    "BT-146": ("the price", "lines[].unit_price of the order"),
    "BT-151": ("the line's tax category", "lines[].tax_category of the order"),
    "BT-152": ("the line's tax rate", "lines[].tax_rate of the order"),
    "BT-153": ("what is sold", "lines[].product of the order"),
}
"""Terms with the words for them and the field from which ``net`` fills them."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A rule that does not hold; ``warning`` when the rule only warns."""

    rule: str
    term: str
    problem: str
    place: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = f" ({self.place})" if self.place else ""
        mend = TERMS.get(self.term, ("", ""))[1]
        remedy = f"; mend {mend}" if mend else ""
        return f"{self.rule}{place}: {self.problem}{remedy}"


Rule = Callable[[Paper], Iterable[Broken]]


def named(term: str) -> str:
    """``the seller's country (BT-40)``."""
    words = TERMS.get(term)
    return f"{words[0]} ({term})" if words else term


def place_of(group: Group) -> str:
    """``line 2`` of the invoice, or the group's name."""
    if group.name == "BG-25":
        return f"line {group.text('BT-126')}"
    return group.name


def rounded(amount: Decimal) -> Decimal:
    """To two decimals, halves upwards, as the standard's sums are."""
    return (amount * 100 + HALF).to_integral_value(ROUND_FLOOR) / 100


def total(groups: Iterable[Group], term: str) -> Decimal:
    return sum((group.amount(term) for group in groups), Decimal(0))


def is_number(text: str) -> bool:
    return number_of(text) is not None


def every_element(root: XmlElement) -> Iterator[XmlElement]:
    """The element and all below it."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(node.children)
