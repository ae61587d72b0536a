"""Rules of EN 16931 for each tax category: who must be known, which rate, which sums, which reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from documents.bills.paper import Group, Paper
from documents.rules.broken import Broken, named, place_of, total


@dataclass(frozen=True, slots=True)
class Category:
    """What EN 16931 asks of one category; ``rules`` is the middle of its rules' ids.

    ``seller`` is ``tax`` (a VAT or tax number), ``vat`` (the VAT number) or ``none`` (no VAT number at all),
    ``buyer`` is ``vat``, ``any`` or empty; ``rate`` is ``positive``, ``zero``, ``any`` or ``absent``.
    """

    code: str
    rules: str
    seller: str
    rate: str
    reason: bool = False
    buyer: str = ""


CATEGORIES = (
    Category("S", "S", "tax", "positive"),
    Category("Z", "Z", "tax", "zero"),
    Category("E", "E", "tax", "zero", reason=True),
    Category("AE", "AE", "tax", "zero", reason=True, buyer="any"),
    Category("K", "IC", "vat", "zero", reason=True, buyer="vat"),
    Category("G", "G", "vat", "zero", reason=True),
    Category("O", "O", "none", "absent", reason=True),
    Category("L", "AF", "tax", "any"),
    Category("M", "AG", "tax", "any"),
)
PLACES = (
    (("BG-25",), "BT-151", "BT-152", "BT-131", 1),
    (("BG-20",), "BT-95", "BT-96", "BT-92", -1),
    (("BG-21",), "BT-102", "BT-103", "BT-99", 1),
)
"""Where a category stands: group, category, rate, amount and its sign; the rules follow in this order."""


def categories(paper: Paper) -> Iterator[Broken]:
    for category in CATEGORIES:
        yield from _known_parties(paper, category)
        yield from _rates(paper, category)
        yield from _breakdown(paper, category)
    yield from _outside_only(paper)
    yield from _italy(paper)
    yield from _within_the_union(paper)


def _used(paper: Paper, code: str, place: int) -> list[Group]:
    where, term, *_ = PLACES[place]
    return [group for group in paper.top.each(*where) if code in list(group.all(term))]


def _shares(paper: Paper, code: str) -> list[Group]:
    return [share for share in paper.top.each("BG-23") if share.text("BT-118") == code]


def _known_parties(paper: Paper, category: Category) -> Iterator[Broken]:
    """Rules -02, -03 and -04: the numbers of seller and buyer."""
    faults = list(_party_faults(paper, category))
    for place in range(3):
        if _used(paper, category.code, place):
            for term, problem in faults:
                yield Broken(f"BR-{category.rules}-0{place + 2}", term, problem, f"category {category.code}")


def _party_faults(paper: Paper, category: Category) -> Iterator[tuple[str, str]]:
    top = paper.top
    represented = top.has("BG-11/BT-63")
    vat = top.has("BG-4/BT-31") or represented
    if category.seller == "none":
        if vat or top.has("BG-7/BT-48"):
            yield "BT-31", "a VAT number stands on an invoice outside the scope of the tax"
        return
    if not (vat or (category.seller == "tax" and top.has("BG-4/BT-32"))):
        other = f" or {named('BT-32')}" if category.seller == "tax" else ""
        yield "BT-31", f"{named('BT-31')}{other} is missing"
    buyer = top.has("BG-7/BT-48") or (category.buyer == "any" and top.has("BG-7/BT-47"))
    if category.buyer and not buyer:
        other = f" or {named('BT-47')}" if category.buyer == "any" else ""
        yield "BT-48", f"{named('BT-48')}{other} is missing"


def _rates(paper: Paper, category: Category) -> Iterator[Broken]:
    """Rules -05, -06 and -07: the rate that goes with the category."""
    for place, (_, _, rate_term, _, _) in enumerate(PLACES):
        for group in _used(paper, category.code, place):
            rate = group.number(rate_term)
            right = {
                "positive": rate is not None and rate > 0,
                "zero": rate is not None and rate == 0,
                "any": rate is not None and rate >= 0,
                "absent": rate is None and not group.has(rate_term),
            }[category.rate]
            if not right:
                problem = f"a rate of {rate}% does not go with category {category.code}"
                yield Broken(f"BR-{category.rules}-0{place + 5}", "BT-152", problem, place_of(group))


def _breakdown(paper: Paper, category: Category) -> Iterator[Broken]:
    """Rules -01, -08, -09 and -10: one share of the tax, its base, its tax, its reason."""
    shares = _shares(paper, category.code)
    used = any(_used(paper, category.code, place) for place in range(3))
    several = category.code in ("S", "L", "M")
    known = f"BR-{category.rules}"
    if (used and not shares) or (shares and not used) or (len(shares) > 1 and not several):
        problem = f"category {category.code} has {len(shares)} shares of the tax"
        yield Broken(f"{known}-01", "BT-118", problem)
    for share in shares:
        yield from _base(paper, category, share, by_rate=several)
        if not several and share.amount("BT-117") != 0:
            yield Broken(f"{known}-09", "BT-119", f"category {category.code} bears no tax")
        if several and not _taxed(share):
            yield Broken(f"{known}-09", "BT-119", "the tax is not its base times its rate")
        if (share.has("BT-120") or share.has("BT-121")) is not category.reason:
            need = "has no reason for exemption" if category.reason else "has a reason for exemption"
            yield Broken(f"{known}-10", "BT-120", f"category {category.code} {need}")


def _taxed(share: Group) -> bool:
    reckoned = abs(share.amount("BT-116")) * share.amount("BT-119") / 100
    return abs(abs(share.amount("BT-117")) - reckoned) < 1


def _base(paper: Paper, category: Category, share: Group, *, by_rate: bool) -> Iterator[Broken]:
    rate = share.number("BT-119")
    reckoned, found = Decimal(0), False
    for place, (_, _, rate_term, amount, sign) in enumerate(PLACES):
        groups = _used(paper, category.code, place)
        if by_rate:
            groups = [group for group in groups if group.number(rate_term) == rate]
        found = found or bool(groups)
        reckoned += sign * total(groups, amount)
    stated = share.amount("BT-116")
    right = abs(stated - reckoned) < 1 and found if by_rate else stated == reckoned
    if not right:
        problem = f"the base is {stated}, lines, allowances and charges give {reckoned}"
        yield Broken(f"BR-{category.rules}-08", "BT-116", problem, f"category {category.code}")


def _outside_only(paper: Paper) -> Iterator[Broken]:
    """Category O stands alone (BR-O-11 to BR-O-14)."""
    if not _shares(paper, "O"):
        return
    if any(share.text("BT-118") != "O" for share in paper.top.each("BG-23")):
        yield Broken("BR-O-11", "BT-118", "category O stands beside another category")
    for place, (where, term, *_) in enumerate(PLACES):
        if any(group.text(term) not in ("O", "") for group in paper.top.each(*where)):
            yield Broken(f"BR-O-1{place + 2}", term, "category O stands beside another category")


def _italy(paper: Paper) -> Iterator[Broken]:
    """Split payment is for sales inside Italy, and not beside the standard rate."""
    used = {one for where, term, *_ in PLACES for group in paper.top.each(*where) for one in group.all(term)}
    if "B" not in used and not _shares(paper, "B"):
        return
    countries = {paper.top.text("BG-4", "BG-5", "BT-40"), paper.top.text("BG-7", "BG-8", "BT-55")}
    if countries != {"IT"}:
        yield Broken("BR-B-01", "BT-151", "category B is for sales inside Italy")
    if "S" in used:
        yield Broken("BR-B-02", "BT-151", "category B stands beside category S")


def _within_the_union(paper: Paper) -> Iterator[Broken]:
    """An intra-Community supply says when and to which country it went (BR-IC-11, BR-IC-12)."""
    if not _shares(paper, "K"):
        return
    if not (paper.top.has("BG-13/BT-72") or any(_filled(paper.top.each("BG-14")))):
        yield Broken("BR-IC-11", "BT-72", f"{named('BT-72')} is missing")
    if not paper.top.has("BG-13/BG-15/BT-80"):
        yield Broken("BR-IC-12", "BT-80", f"{named('BT-80')} is missing")


def _filled(groups: Iterable[Group]) -> Iterator[bool]:
    return (bool(group.terms) for group in groups)
