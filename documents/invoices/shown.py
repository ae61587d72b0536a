"""What both syntaxes show of an invoice, prepared once: amounts, numbers, addresses, categories, units."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from documents.codes.lists import country_code
from documents.invoices.invoice import EXEMPTIONS, Invoice
from documents.invoices.parties import (
    NONE,
    Address,
    Contact,
    Number,
    Numbers,
    address_of,
    contact_of,
    numbers_of,
)
from domain.iban import account_written
from domain.money import exponent_of, format_minor
from domain.order import Party

CREDIT_TRANSFER, NO_INSTRUMENT = "30", "1"
CENTS = 2


@dataclass(frozen=True, slots=True)
class Profile:
    """A specification that an invoice names, and the process it belongs to."""

    specification: str
    process: str = ""
    whole_addresses: bool = False
    """Whether an address of delivery needs its post code to be shown at all."""


EN_16931 = Profile("urn:cen.eu:en16931:2017")
PEPPOL = Profile(
    "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
)
XRECHNUNG = Profile(
    "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
    "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
    whole_addresses=True,
)


@dataclass(frozen=True, slots=True)
class ShownParty:
    """A party with its numbers sorted and its address parted."""

    name: str
    country: str
    address: Address
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class Shown:
    """An invoice as a profile shows it."""

    invoice: Invoice
    profile: Profile

    @property
    def credit(self) -> bool:
        return bool(self.invoice.credits)

    @property
    def outside(self) -> bool:
        """Whether the whole invoice is outside the scope of the tax, which forbids VAT numbers (BR-O-02)."""
        return {share.category for share in self.invoice.taxes} == {"O"}

    @property
    def seller(self) -> ShownParty:
        return self.party(self.invoice.seller, is_seller=True)

    @property
    def buyer(self) -> ShownParty:
        return self.party(self.invoice.buyer)

    @property
    def contact(self) -> Contact:
        return contact_of(self.invoice.contact)

    @property
    def account(self) -> str:
        return account_written(self.invoice.account)

    @property
    def means(self) -> str:
        return CREDIT_TRANSFER if self.account else NO_INSTRUMENT

    @property
    def delivery_country(self) -> str:
        return country_code(self.invoice.country)

    @property
    def delivery(self) -> Address | None:
        """Where the goods went; left out where its post code is asked for and unknown, save for K."""
        if not self.delivery_country:
            return None
        found = address_of(self.invoice.destination, self.delivery_country)
        found = found if found.city else Address(city=self.invoice.destination)
        needed = any(share.category == "K" for share in self.invoice.taxes)
        return None if self.profile.whole_addresses and not (found.zone or needed) else found

    def party(self, party: Party, *, is_seller: bool = False) -> ShownParty:
        numbers = numbers_of(party, is_seller=is_seller)
        country = country_code(party.country)
        if self.outside:
            numbers = _without_vat(numbers, is_seller=is_seller)
        return ShownParty(party.name, country, address_of(party.address, country), numbers)

    def money(self, amount_minor: int) -> str:
        """Two decimals where the amount has no finer part, as EN 16931 asks (BR-DEC)."""
        currency = self.invoice.currency
        finer = 10 ** max(0, exponent_of(currency) - CENTS)
        text = format_minor(amount_minor, currency)
        return (
            text[: len(text) - exponent_of(currency) + CENTS]
            if finer > 1 and not amount_minor % finer
            else text
        )


def _without_vat(numbers: Numbers, *, is_seller: bool) -> Numbers:
    """Without the VAT number, which still identifies a seller who has no other."""
    known = numbers.register.value or numbers.other.value or not is_seller
    other = numbers.other if known else Number(numbers.vat)
    endpoint = NONE if numbers.endpoint.value == numbers.vat else numbers.endpoint
    return Numbers("", numbers.tax, numbers.register, other, endpoint)


def reason_for(category: str) -> str:
    return EXEMPTIONS.get(category, "")


def percent(rate: Fraction) -> str:
    """The rate in percent, to at most four decimals."""
    return plain(Decimal(round(rate * 1_000_000)) / 10_000)


def plain(number: Decimal) -> str:
    """The number without an exponent and without zeros at its end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
