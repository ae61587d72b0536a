"""Rules of EN 16931 on sums: BR-CO-10 to BR-CO-17, and signs of prices."""

from collections.abc import Iterator
from decimal import Decimal

from documents.bills.paper import Group, Paper
from documents.rules.broken import Broken, is_number, named, place_of, rounded, total

_EXACT = {
    "BR-CO-11": ("BT-107", "BG-20", "BT-92"),
    "BR-CO-12": ("BT-108", "BG-21", "BT-99"),
}


def totals(paper: Paper) -> Iterator[Broken]:
    """The totals are the sums of their parts."""
    for sums in paper.top.each("BG-22"):
        yield from _lines(paper, sums)
        yield from _adjustments(paper, sums)
        yield from _without_tax(sums)
        yield from _payable(sums)
        yield from _with_tax(paper, sums)


def _differs(rule: str, term: str, stated: Decimal | None, reckoned: Decimal) -> Iterator[Broken]:
    if stated is None or stated != rounded(reckoned):
        yield Broken(rule, term, f"{named(term)} is {stated}, the parts give {rounded(reckoned)}")


def _lines(paper: Paper, sums: Group) -> Iterator[Broken]:
    reckoned = total(paper.top.each("BG-25"), "BT-131")
    yield from _differs("BR-CO-10", "BT-106", sums.number("BT-106"), reckoned)


def _adjustments(paper: Paper, sums: Group) -> Iterator[Broken]:
    for rule, (term, where, part) in _EXACT.items():
        parts = list(paper.top.each(where))
        if parts or sums.has(term):
            yield from _differs(rule, term, sums.number(term), total(parts, part))


def _without_tax(sums: Group) -> Iterator[Broken]:
    reckoned = sums.amount("BT-106") - sums.amount("BT-107") + sums.amount("BT-108")
    yield from _differs("BR-CO-13", "BT-109", sums.number("BT-109"), reckoned)


def _payable(sums: Group) -> Iterator[Broken]:
    reckoned = sums.amount("BT-112") - sums.amount("BT-113") + sums.amount("BT-114")
    yield from _differs("BR-CO-16", "BT-115", sums.number("BT-115"), reckoned)


def own_taxes(paper: Paper) -> list[Decimal]:
    """The tax totals in the currency of the document."""
    currency = paper.top.text("BT-5")
    stated = [one for one in paper.top.all("TAX") if one.attributes.get("currencyID", currency) == currency]
    return [Decimal(one) for one in stated if is_number(one)]


def _with_tax(paper: Paper, sums: Group) -> Iterator[Broken]:
    taxes = own_taxes(paper)
    if len(taxes) > 1 or (not taxes and paper.syntax == "ubl"):
        yield Broken("BR-CO-15", "BT-110", f"there are {len(taxes)} tax totals in the document's currency")
        return
    reckoned = sums.amount("BT-109") + (taxes[0] if taxes else 0)
    yield from _differs("BR-CO-15", "BT-112", sums.number("BT-112"), reckoned)


def tax_total(paper: Paper) -> Iterator[Broken]:
    """The tax is the sum of the categories' tax."""
    if paper.syntax == "ubl":
        for group in paper.top.each("BG-TAX"):
            if group.has("BG-23"):
                reckoned = total(group.each("BG-23"), "BT-117")
                yield from _differs("BR-CO-14", "BT-110", group.number("TAX"), reckoned)
        return
    shares = list(paper.top.each("BG-23"))
    for stated in own_taxes(paper)[:1]:
        if shares:
            yield from _differs("BR-CO-14", "BT-110", stated, total(shares, "BT-117"))


def tax_shares(paper: Paper) -> Iterator[Broken]:
    """The tax of a category is its base times its rate, to within one."""
    for share in paper.top.each("BG-23"):
        rate, base, tax = share.amount("BT-119"), share.amount("BT-116"), share.amount("BT-117")
        reckoned = rounded(abs(base) * rate / 100)
        right = abs(tax) - 1 < reckoned < abs(tax) + 1 if rounded_whole(rate) else rounded_whole(tax) == 0
        if not right:
            problem = f"the tax is {tax}, {base} at {rate}% gives {reckoned}"
            yield Broken("BR-CO-17", "BT-119", problem, f"category {share.text('BT-118')}")
        if not share.has("BT-119") and share.text("BT-118") not in ("O", ""):
            yield Broken("BR-48", "BT-119", f"{named('BT-119')} is missing")


def rounded_whole(amount: Decimal) -> int:
    return int((amount + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))


def due(paper: Paper) -> Iterator[Broken]:
    """Who is to pay must be told when."""
    payable = paper.top.amount("BG-22", "BT-115")
    if paper.root.name == "CreditNote" or payable <= 0:
        return
    if not (paper.top.has("BT-9") or paper.top.has("BT-20")):
        yield Broken("BR-CO-25", "BT-9", f"{named('BT-9')} or {named('BT-20')} is missing")


def prices(paper: Paper) -> Iterator[Broken]:
    """Prices are not negative."""
    for line in paper.top.each("BG-25"):
        if line.amount("BT-146") < 0:
            yield Broken("BR-27", "BT-146", f"{named('BT-146')} is negative", place_of(line))
        gross = line.amount("BT-148") + line.amount("BG-PRICE", "BT-148")
        if gross < 0:
            yield Broken("BR-28", "BT-148", "the gross price is negative", place_of(line))


def tax_points(paper: Paper) -> Iterator[Broken]:
    """A day or a code for the tax point, not both; tax in a second currency needs its total."""
    top = paper.top
    if top.has("BT-7") and (top.has("BT-8") or top.has("BG-14/BT-8")):
        yield Broken("BR-CO-03", "BT-7", "the tax point is given as a day and as a code")
    second = top.text("BT-6")
    if second and not any(one.attributes.get("currencyID") == second for one in top.all("TAX")):
        yield Broken("BR-53", "BT-111", f"the tax in {second} is missing")
