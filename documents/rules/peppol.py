"""Rules of Peppol BIS Billing 3 (PEPPOL-EN16931-*): addresses, process, arithmetic of lines."""

import re
from collections.abc import Iterator
from decimal import Decimal

from documents.bills.paper import Paper
from documents.rules.broken import Broken, Rule, every_element, is_number, named, place_of, rounded, total
from documents.rules.present import unit_of

SPECIFICATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
SLACK = Decimal("0.02")
_PROCESS = re.compile(r"urn:fdc:peppol\.eu:2017:poacc:billing:\d{2}:1\.0", re.ASCII)
_ADJUSTMENTS = (
    (("BG-20",), "BT-92", "BT-93", "BT-94"),
    (("BG-21",), "BT-99", "BT-100", "BT-101"),
    (("BG-25", "BG-27"), "BT-136", "BT-137", "BT-138"),
    (("BG-25", "BG-28"), "BT-141", "BT-142", "BT-143"),
)


def _broken(number: str, term: str, problem: str, place: str = "") -> Broken:
    return Broken(f"PEPPOL-EN16931-{number}", term, problem, place)


def slack(paper: Paper) -> Decimal:
    """What a line may differ by; XRechnung allows half a forint."""
    forint = paper.top.text("BT-5") == "HUF" and "xrechnung" in paper.top.text("BT-24")
    return Decimal("0.5") if forint else SLACK


def process(paper: Paper) -> Iterator[Broken]:
    """The process and the specification are those of the network."""
    top = paper.top
    if not top.has("BT-23"):
        yield _broken("R001", "BT-23", f"{named('BT-23')} is missing")
    elif not _PROCESS.fullmatch(top.text("BT-23")):
        yield _broken("R007", "BT-23", f"{named('BT-23')} is {top.text('BT-23')}")
    if not top.text("BT-24").startswith(SPECIFICATION):
        yield _broken("R004", "BT-24", f"{named('BT-24')} is not that of Peppol BIS Billing 3")
    if len(list(top.all("BT-22"))) > 1:
        yield _broken("R002", "BT-22", "there is more than one note")
    if not (top.has("BT-10") or top.has("BT-13")):
        yield _broken("R003", "BT-10", f"{named('BT-10')} or {named('BT-13')} is missing")


def addresses(paper: Paper) -> Iterator[Broken]:
    """Both sides have an address at which they receive documents."""
    for number, where, term in (("R010", "BG-7", "BT-49"), ("R020", "BG-4", "BT-34")):
        if not paper.top.has(f"{where}/{term}"):
            yield _broken(number, term, f"{named(term)} is missing")


def currencies(paper: Paper) -> Iterator[Broken]:
    """Amounts are in the document's currency; the tax may stand in a second one too, with the same sign."""
    own, second = paper.top.text("BT-5"), paper.top.text("BT-6")
    if second and second == own:
        yield _broken("R005", "BT-6", "the currency of the tax is that of the document")
    taxes = {
        one.attributes.get("currencyID", own): Decimal(one) for one in paper.top.all("TAX") if is_number(one)
    }
    if second in taxes and own in taxes and taxes[own] * taxes[second] < 0:
        yield _broken("R055", "BT-111", "the tax in two currencies has two signs")
    used = {
        node.attributes["currencyID"].strip()
        for node in every_element(paper.root)
        if "currencyID" in node.attributes
    }
    stray = sorted(used - {own, second})
    if stray:
        yield _broken("R051", "BT-5", f"amounts are in {', '.join(stray)}, the document in {own}")


def empty_elements(paper: Paper) -> Iterator[Broken]:
    """No element is there for nothing."""
    for node in every_element(paper.root):
        if not node.children and not node.text.strip():
            yield _broken("R008", "", f"{node.name} is empty", f"XML line {node.line}")


def tax_totals(paper: Paper) -> Iterator[Broken]:
    """One total with its shares; one more without them where the tax has a currency of its own."""
    own, second = paper.top.text("BT-5"), paper.top.text("BT-6")
    if paper.syntax == "ubl":
        totals = list(paper.top.each("BG-TAX"))
        whole = sum(1 for group in totals if group.has("BG-23"))
        bare = len(totals) - whole
    else:
        stated = [one.attributes.get("currencyID", own) for one in paper.top.all("TAX")]
        whole = sum(1 for code in stated if code == own)
        bare = sum(1 for code in stated if code != own)
    if whole > 1 or (whole == 0 and paper.syntax == "ubl"):
        yield _broken("R053", "BT-110", f"there are {whole} tax totals with their shares")
    if bare != (1 if second else 0):
        yield _broken("R054", "BT-111", f"there are {bare} tax totals in another currency")


def adjustments(paper: Paper) -> Iterator[Broken]:
    """A percentage and its base go together and give the amount."""
    for where, amount, base, factor in _ADJUSTMENTS:
        for group in paper.top.each(*where):
            share, whole = group.number(factor), group.number(base)
            if share is not None and whole is None:
                yield _broken("R041", base, "a percentage has no base", place_of(group))
            if whole is not None and share is None:
                yield _broken("R042", factor, "a base has no percentage", place_of(group))
            stated = group.amount(amount)
            if share is not None and whole is not None and abs(whole * share / 100 - stated) > slack(paper):
                problem = f"{stated} is not {share}% of {whole}"
                yield _broken("R040", amount, problem, place_of(group))


def signs(paper: Paper) -> Iterator[Broken]:
    """An allowance says false, a charge true; a price has allowances only."""
    named_so = ("AllowanceCharge", "SpecifiedTradeAllowanceCharge", "AppliedTradeAllowanceCharge")
    for node in (node for node in every_element(paper.root) if node.name in named_so):
        said = node.words("ChargeIndicator") or node.words("ChargeIndicator", "Indicator")
        if said not in ("true", "false"):
            yield _broken("R043", "", f"{said!r} is neither true nor false", f"XML line {node.line}")
    for price in paper.top.each("BG-25", "BG-PRICE"):
        if price.text("SIGN") != "false":
            yield _broken("R044", "BT-147", "a charge stands on a price", place_of(price))


def prices(paper: Paper) -> Iterator[Broken]:
    """The net price is the gross one less its allowance; its quantity is positive, in the line's unit."""
    for line in paper.top.each("BG-25"):
        gross = line.number("BT-148") if paper.syntax == "cii" else line.number("BG-PRICE", "BT-148")
        if gross is not None and line.amount("BT-146") != gross - line.amount("BG-PRICE", "BT-147"):
            yield _broken(
                "R046", "BT-146", "the net price is not the gross price less its allowance", place_of(line)
            )
        for quantity in (*line.all("BT-149"), *line.all("GROSSBASE")):
            if is_number(quantity) and Decimal(quantity) <= 0:
                yield _broken("R121", "BT-149", f"the base quantity is {quantity}", place_of(line))
        unit = next((unit_of(one) for one in line.all("BT-129")), "")
        for base in (*line.all("BT-149"), *line.all("GROSSBASE")):
            if unit_of(base) and unit_of(base) != unit:
                yield _broken(
                    "R130", "BT-150", f"the price is per {unit_of(base)}, the line in {unit}", place_of(line)
                )


def lines(paper: Paper) -> Iterator[Broken]:
    """The net amount of a line is its quantity at its price, with charges and less allowances."""
    for line in paper.top.each("BG-25"):
        base = line.number("BT-149") or line.number("GROSSBASE") or Decimal(1)
        reckoned = line.amount("BT-129") * line.amount("BT-146") / base
        reckoned += total(line.each("BG-28"), "BT-141") - total(line.each("BG-27"), "BT-136")
        if abs(reckoned - line.amount("BT-131")) > slack(paper):
            problem = f"the net amount is {line.text('BT-131')}, quantity and price give {rounded(reckoned)}"
            yield _broken("R120", "BT-131", problem, place_of(line))
        objects = [group.text("TYPE") for group in line.each("BG-OBJECT")]
        if any(kind != "130" for kind in objects):
            yield _broken("R101", "BT-128", "a line refers to a document of another kind", place_of(line))
        if len(objects) > 1:
            yield _broken("R100", "BT-128", "a line refers to more than one object", place_of(line))


def periods(paper: Paper) -> Iterator[Broken]:
    """The period of a line lies within the document's."""
    begin, end = paper.top.text("BG-14", "BT-73"), paper.top.text("BG-14", "BT-74")
    for line in paper.top.each("BG-25"):
        first, last = line.text("BG-26", "BT-134"), line.text("BG-26", "BT-135")
        if begin and first and first < begin:
            yield _broken("R110", "BT-134", f"the line begins on {first}, before {begin}", place_of(line))
        if end and last and last > end:
            yield _broken("R111", "BT-135", f"the line ends on {last}, after {end}", place_of(line))


def mandates(paper: Paper) -> Iterator[Broken]:
    """A direct debit names its mandate."""
    for means in paper.top.each("BG-16"):
        if means.text("BT-81") in ("49", "59") and not (means.has("BG-19/BT-89") or paper.top.has("BT-89")):
            yield _broken("R061", "BT-89", "the mandate of the direct debit is missing")


def kinds(paper: Paper) -> Iterator[Broken]:
    """Only some kinds of documents travel in the network."""
    known = {"381", "396", "81", "83", "532"} if paper.root.name == "CreditNote" else _INVOICES
    if paper.top.text("BT-3") not in known:
        number = "P0101" if paper.root.name == "CreditNote" else "P0100"
        yield _broken(number, "BT-3", f"{paper.top.text('BT-3')} is no kind of document of the network")


_KINDS = """
71 80 82 84 102 218 219 326 331 380 382 383 384 386 388 393 395 553 575 623 780 817 870 875 876 877
"""
_INVOICES = frozenset(_KINDS.split())


def exemptions(paper: Paper) -> Iterator[Broken]:
    """Some reasons for exemption go with one category only."""
    for share in paper.top.each("BG-23"):
        code, category = share.text("BT-121").upper(), share.text("BT-118")
        wanted = _REASONS.get(code)
        if wanted and category != wanted[1]:
            yield _broken(wanted[0], "BT-121", f"{code} goes with category {wanted[1]}, not {category}")


_REASONS = {
    "VATEX-EU-G": ("P0104", "G"),
    "VATEX-EU-O": ("P0105", "O"),
    "VATEX-EU-IC": ("P0106", "K"),
    "VATEX-EU-AE": ("P0107", "AE"),
    "VATEX-EU-D": ("P0108", "E"),
    "VATEX-EU-F": ("P0109", "E"),
    "VATEX-EU-I": ("P0110", "E"),
    "VATEX-EU-J": ("P0111", "E"),
}


def numbers(paper: Paper) -> Iterator[Broken]:
    """A location number (0088) and a Swedish company number (0007) keep their check digit."""
    for where in ("BG-4", "BG-7", "BG-10"):
        for name in ("BT-29", "BT-30", "BT-34", "BT-46", "BT-47", "BT-49", "BT-60", "BT-61"):
            for number in paper.top.all(where, name):
                if number.scheme == "0088" and not _weighted(number, (1, 3)):
                    yield Broken("PEPPOL-COMMON-R040", name, f"{number} is no location number (GLN)")
                if number.scheme == "0007" and not (len(number) == 10 and _weighted(number, (1, 2))):
                    yield Broken("PEPPOL-COMMON-R049", name, f"{number} is no Swedish company number")


def _weighted(number: str, weights: tuple[int, int]) -> bool:
    """Digits from the right by turns of the weights, sums of digits summed again, end in zero (mod 10)."""
    if not (number.isascii() and number.isdigit()):
        return False
    parts = [int(digit) * weights[place % 2] for place, digit in enumerate(reversed(number))]
    if weights[1] == 2:
        parts = [part - 9 if part > 9 else part for part in parts]
    return sum(parts) % 10 == 0


def italy(paper: Paper) -> Iterator[Broken]:
    """An Italian seller states street, town and post code."""
    for address in paper.top.each("BG-4", "BG-5"):
        if address.text("BT-40") == "IT":
            for rule, term in (("IT-R-002", "BT-35"), ("IT-R-003", "BT-37"), ("IT-R-004", "BT-38")):
                if not address.has(term):
                    yield Broken(rule, term, f"{named(term)} is missing")


ARITHMETIC: tuple[Rule, ...] = (
    addresses, currencies, empty_elements, tax_totals, adjustments, signs, prices, lines, periods, mandates,
)  # fmt: skip
"""What XRechnung takes over."""
RULES: tuple[Rule, ...] = (process, *ARITHMETIC, kinds, exemptions, numbers, italy)
