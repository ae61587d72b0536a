"""Rules of EN 16931 that ask for a term, and for no more than two decimals.

A row of ``PRESENT`` is a rule, the group in which it counts (``/`` for the document) and the terms of which
one must be there; a row of ``DECIMALS`` a rule, a group and the amount.
"""

from collections.abc import Iterator

from documents.bills.paper import Group, Paper
from documents.rules.broken import Broken, named, place_of

PRESENT = """
BR-01 / BT-24
BR-02 / BT-1
BR-03 / BT-2
BR-04 / BT-3
BR-05 / BT-5
BR-06 / BG-4/BT-27
BR-07 / BG-7/BT-44
BR-08 / BG-4/BG-5
BR-09 BG-4/BG-5 BT-40
BR-10 / BG-7/BG-8
BR-11 BG-7/BG-8 BT-55
BR-12 BG-22 BT-106
BR-13 BG-22 BT-109
BR-14 BG-22 BT-112
BR-15 BG-22 BT-115
BR-16 / BG-25
BR-18 BG-11 BT-62
BR-19 BG-11 BG-12
BR-20 BG-11/BG-12 BT-69
BR-21 BG-25 BT-126
BR-22 BG-25 BT-129
BR-24 BG-25 BT-131
BR-25 BG-25 BT-153
BR-26 BG-25 BT-146
BR-31 BG-20 BT-92
BR-32 BG-20 BT-95
BR-33 BG-20 BT-97 BT-98
BR-36 BG-21 BT-99
BR-37 BG-21 BT-102
BR-38 BG-21 BT-104 BT-105
BR-41 BG-25/BG-27 BT-136
BR-42 BG-25/BG-27 BT-139 BT-140
BR-43 BG-25/BG-28 BT-141
BR-44 BG-25/BG-28 BT-144 BT-145
BR-45 BG-23 BT-116
BR-46 BG-23 BT-117
BR-47 BG-23 BT-118
BR-49 BG-16 BT-81
BR-52 BG-24 BT-122
BR-54 BG-25/BG-32 BT-160
BR-54 BG-25/BG-32 BT-161
BR-55 BG-3 BT-25
BR-56 BG-11 BT-63
BR-57 BG-13/BG-15 BT-80
BR-CO-04 BG-25 BT-151
BR-CO-18 / BG-23
BR-CO-19 BG-14 BT-73 BT-74 BT-8
BR-CO-20 BG-25/BG-26 BT-134 BT-135
BR-CO-21 BG-20 BT-97 BT-98
BR-CO-22 BG-21 BT-104 BT-105
BR-CO-23 BG-25/BG-27 BT-139 BT-140
BR-CO-24 BG-25/BG-28 BT-144 BT-145
BR-CO-26 BG-4 BT-31 BT-30 BT-29
"""
DECIMALS = """
BR-DEC-01 BG-20 BT-92
BR-DEC-02 BG-20 BT-93
BR-DEC-05 BG-21 BT-99
BR-DEC-06 BG-21 BT-100
BR-DEC-09 BG-22 BT-106
BR-DEC-10 BG-22 BT-107
BR-DEC-11 BG-22 BT-108
BR-DEC-12 BG-22 BT-109
BR-DEC-14 BG-22 BT-112
BR-DEC-16 BG-22 BT-113
BR-DEC-17 BG-22 BT-114
BR-DEC-18 BG-22 BT-115
BR-DEC-13 / TAX
BR-DEC-19 BG-23 BT-116
BR-DEC-20 BG-23 BT-117
BR-DEC-23 BG-25 BT-131
BR-DEC-24 BG-25/BG-27 BT-136
BR-DEC-25 BG-25/BG-27 BT-137
BR-DEC-27 BG-25/BG-28 BT-141
BR-DEC-28 BG-25/BG-28 BT-142
"""


def _rows(table: str) -> list[tuple[str, list[str], list[str]]]:
    found = []
    for row in table.split("\n"):
        if row:
            rule, where, *terms = row.split()
            found.append((rule, [] if where == "/" else where.split("/"), terms))
    return found


_PRESENT, _DECIMALS = _rows(PRESENT), _rows(DECIMALS)


def missing_terms(paper: Paper) -> Iterator[Broken]:
    """What the standard asks for and is not there."""
    for rule, where, terms in _PRESENT:
        for group in paper.top.each(*where):
            if not any(group.has(term) for term in terms):
                term = terms[0].rpartition("/")[2]
                told = " or ".join(named(one.rpartition("/")[2]) for one in terms)
                yield Broken(rule, term, f"{told} is missing", place_of(group))


def too_many_decimals(paper: Paper) -> Iterator[Broken]:
    """Amounts finer than a hundredth."""
    for rule, where, (term,) in _DECIMALS:
        for group in paper.top.each(*where):
            for amount in group.all(term):
                if len(amount.partition(".")[2]) > 2:
                    problem = f"{amount} has more than two decimals: the currency does not fit EN 16931"
                    yield Broken(rule, term, problem, place_of(group))


def schemes_missing(paper: Paper) -> Iterator[Broken]:
    """Addresses and standard item numbers without the scheme that says what they are."""
    for rule, where, term in (
        ("BR-62", ("BG-4",), "BT-34"),
        ("BR-63", ("BG-7",), "BT-49"),
        ("BR-64", ("BG-25",), "BT-157"),
    ):
        for group in paper.top.each(*where):
            if any(not one.scheme for one in group.all(term)):
                yield Broken(rule, term, f"{named(term)} has no scheme before it", place_of(group))
    for line in paper.top.each("BG-25"):
        if any(not one.attributes.get("listID", "").strip() for one in line.all("BT-158")):
            yield Broken("BR-65", "BT-158", "a class of the item has no list", place_of(line))
        if any(not unit_of(one) for one in line.all("BT-129")):
            yield Broken("BR-23", "BT-130", f"{named('BT-130')} is missing", place_of(line))


def unit_of(quantity: object) -> str:
    attributes: dict[str, str] = getattr(quantity, "attributes", {})
    return attributes.get("unitCode", "").strip()


def payment_means(paper: Paper) -> Iterator[Broken]:
    """A transfer needs an account; a payee is somebody else than the seller; a card is not shown whole."""
    for means in paper.top.each("BG-16"):
        if means.text("BT-81") in ("30", "58"):
            account = means.has("BG-17/BT-84")
            if not account:
                yield Broken("BR-61", "BT-84", f"{named('BT-84')} is missing for a transfer")
            if means.has("BG-17") and not account:
                yield Broken("BR-50", "BT-84", f"{named('BT-84')} is empty")
        for card in means.all("BG-18", "BT-87"):
            if len(card) > 10:
                yield Broken("BR-51", "BT-87", "the number of a card is shown whole", warning=True)
    seller = paper.top.first("BG-4") or Group("BG-4", paper.root)
    for payee in paper.top.each("BG-10"):
        name, number = payee.text("BT-59"), payee.text("BT-60")
        own = name == seller.text("BT-28") if paper.syntax == "ubl" else name == seller.text("BT-27")
        if not name or own or (number and number in [str(one) for one in seller.all("BT-29")]):
            yield Broken("BR-17", "BT-59", f"{named('BT-59')} is missing, or is the seller")


def days_in_order(paper: Paper) -> Iterator[Broken]:
    """A period ends on or after the day on which it begins."""
    for rule, where, first, last in (
        ("BR-29", ("BG-14",), "BT-73", "BT-74"),
        ("BR-30", ("BG-25", "BG-26"), "BT-134", "BT-135"),
    ):
        for period in paper.top.each(*where):
            begin, end = period.text(first), period.text(last)
            if begin and end and end < begin:
                yield Broken(rule, last, f"the period ends on {end}, before {begin}", place_of(period))
