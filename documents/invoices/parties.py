"""A party as an invoice shows it: each number in its place, the address in parts, whom to ask."""

import re
from dataclasses import dataclass

from documents.codes.lists import codes, country_code
from domain.order import Party

_VAT_NUMBER = re.compile(r"[A-Z]{2}[0-9A-Z+*]{2,20}", re.ASCII)
_SCHEMED = re.compile(r"([0-9A-Z]{2,8}):(.+)")
_LOCATIONS = {"GLN": "0088", "DUNS": "0060", "0088": "0088", "0060": "0060"}
_ZONE_FIRST = re.compile(r"((?:[A-Z]{1,3}-)?\d[\dA-Z]{1,5}(?:[ -]\d[\dA-Z]{0,4}|[ -]?[A-Z]{2})?)\s+(\D.*)")
_ZONE_LAST = re.compile(r"(.+?)[\s,]+([A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|(?:[A-Z]{2} )?\d{4,6}(?:-\d{3,4})?)")
_VAT_ADDRESSES = """
AD 9922, AL 9923, AT 9914, BA 9924, BE 9925, BG 9926, CH 9927, CY 9928, CZ 9929, DE 9930, EE 9931,
ES 9920, FR 9957, GB 9932, GR 9933, HR 9934, HU 9910, IE 9935, IT 0211, LI 9936, LT 9937, LU 9938,
LV 9939, MC 9940, ME 9941, MK 9942, MT 9943, NL 9944, PL 9945, PT 9946, RO 9947, RS 9948, SI 9949,
SK 9950, SM 9951, TR 9952, VA 9953
"""
VAT_ADDRESSES = dict(pair.split() for pair in _VAT_ADDRESSES.split(","))
"""The address scheme of Peppol under which a country's VAT numbers receive."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number with the scheme that says what it is; the scheme may be empty."""

    value: str = ""
    scheme: str = ""


NONE = Number()


@dataclass(frozen=True, slots=True)
class Numbers:
    """VAT number (BT-31, BT-48), tax office's (BT-32), register's (BT-30, BT-47), other (BT-29, BT-46)."""

    vat: str = ""
    tax: str = ""
    register: Number = NONE
    other: Number = NONE
    endpoint: Number = NONE


@dataclass(frozen=True, slots=True)
class Address:
    """``line`` is the whole of what could not be parted."""

    street: str = ""
    zone: str = ""
    city: str = ""
    line: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    name: str = ""
    phone: str = ""
    mail: str = ""


def is_tax_number(number: str, country: str) -> bool:
    """A number with its country's prefix, as EN 16931 BR-CO-09 asks of a VAT identifier.

    Greece writes EL; Northern Ireland, inside GB, writes XI.
    """
    country = country_code(country)
    prefixes = {"GR": ("EL", "GR"), "GB": ("GB", "XI")}.get(country, (country,) if country else ())
    return bool(_VAT_NUMBER.fullmatch(number)) and number[:2] in prefixes


def schemed(text: str) -> Number:
    """``0088:579…`` as number and scheme; GLN and DUNS are schemes by name."""
    packed = text.replace(" ", "")
    match = _SCHEMED.fullmatch(packed)
    if not match:
        return Number(packed)
    scheme, value = match.groups()
    return Number(value, _LOCATIONS.get(scheme, scheme))


def numbers_of(party: Party, *, is_seller: bool = False) -> Numbers:
    """The party's numbers, each where its scheme puts it; the old single identifier is sorted by its scheme.

    A number without a scheme that is no VAT number is the seller's in its register and at its tax office,
    save in Sweden, where the second says something else (SE-R-005).
    """
    country = country_code(party.country)
    vat = schemed(party.vat_number).value
    tax, register, other = party.tax_number, schemed(party.register_number), schemed(party.location_number)
    single = schemed(party.identifier)
    as_vat = single.value.upper()
    if _is_vat(single, as_vat, country):
        vat = vat or as_vat
    elif single.scheme in _LOCATIONS:
        other = other if other.value else single
    elif single.value:
        register = register if register.value else single
        if is_seller and not single.scheme and country != "SE":
            tax = tax or single.value
    return Numbers(vat, tax, _known(register), _known(other), _endpoint(party, register, other, vat))


def _is_vat(number: Number, value: str, country: str) -> bool:
    """Whether a number is for VAT: its scheme says so, or its shape and no register's scheme."""
    if number.scheme in ("VAT", "VA"):
        return True
    free = not number.scheme.isdigit() or number.scheme.startswith("99")
    return free and is_tax_number(value, country)


def _known(number: Number) -> Number:
    """The number with its scheme where ISO 6523 has it, else with the scheme as a part of the number."""
    if not number.scheme or number.scheme in codes("register_scheme"):
        return number
    return Number(f"{number.scheme}:{number.value}")


def _endpoint(party: Party, register: Number, other: Number, vat: str) -> Number:
    """Where the party receives documents: as stated, else at a number under which networks deliver."""
    stated = schemed(party.endpoint)
    if "@" in party.endpoint and not stated.scheme:
        stated = Number(party.endpoint.strip(), "EM")
    under_vat = Number(vat, VAT_ADDRESSES.get(country_code(party.country), ""))
    found = (stated, other, register, under_vat)
    return next((one for one in found if one.value and one.scheme in codes("endpoint_scheme")), stated)


def address_of(text: str, country: str) -> Address:
    """Street, post code and town of an address written in one line, from the street to the country."""
    parts = [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]
    if parts and parts[-1] == country:
        parts.pop()
    for place in range(len(parts) - 1, -1, -1):
        part = parts[place]
        if match := _ZONE_FIRST.fullmatch(part):
            return Address(", ".join(parts[:place]), match[1], match[2])
        if match := _ZONE_LAST.fullmatch(part):
            return Address(", ".join(parts[:place]), match[2], match[1])
    if len(parts) > 1 and not any(letter.isdigit() for letter in parts[-1]):
        return Address(", ".join(parts[:-1]), "", parts[-1])
    return Address(line=", ".join(parts))


def contact_of(text: str) -> Contact:
    """``Anna Berg, +49 30 1234567, anna@lantern.example`` in any order."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    mail = next((part for part in parts if "@" in part), "")
    phone = next(
        (part for part in parts if sum(letter.isdigit() for letter in part) > 2 and part != mail), ""
    )
    name = ", ".join(part for part in parts if part not in (mail, phone))
    return Contact(name, phone, mail)
