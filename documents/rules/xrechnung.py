"""Rules of XRechnung 3.0 (BR-DE-*): contact, addresses, means of payment, cash discount lines."""

import re
from collections.abc import Iterator

from documents.bills.paper import Group, Paper
from documents.rules import peppol
from documents.rules.broken import Broken, Rule, named
from documents.rules.present import unit_of
from domain.iban import is_iban

SPECIFICATION = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
EXTENSION = f"{SPECIFICATION}#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0"
VEHICLES = f"{SPECIFICATION}#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9"
KINDS = ("326", "380", "384", "389", "381", "875", "876", "877")
_DISCOUNT = re.compile(
    r"#SKONTO#TAGE=[0-9]+#PROZENT=[0-9]+\.[0-9]{2}(#BASISBETRAG=-?[0-9]+\.[0-9]{2})?#", re.ASCII
)
_MAIL = re.compile(r"[^@\s]+@([^@.\s]+\.)+[^@.\s]+")
_TAXED = ("S", "Z", "E", "AE", "K", "G", "L", "M")
TRANSFERS, CARDS, DEBIT = ("30", "58"), ("48", "54", "55"), "59"

NEEDED = """
BR-DE-1 / BG-16
BR-DE-2 BG-4 BG-6
BR-DE-3 BG-4/BG-5 BT-37
BR-DE-4 BG-4/BG-5 BT-38
BR-DE-5 BG-4/BG-6 BT-41
BR-DE-6 BG-4/BG-6 BT-42
BR-DE-7 BG-4/BG-6 BT-43
BR-DE-8 BG-7/BG-8 BT-52
BR-DE-9 BG-7/BG-8 BT-53
BR-DE-10 BG-13/BG-15 BT-77
BR-DE-11 BG-13/BG-15 BT-78
BR-DE-14 BG-23 BT-119
BR-DE-15 / BT-10
"""


def needed(paper: Paper) -> Iterator[Broken]:
    """Contact, towns and post codes, the buyer's reference."""
    for row in NEEDED.split("\n")[1:-1]:
        rule, where, term = row.split()
        for group in paper.top.each(*([] if where == "/" else where.split("/"))):
            if not group.has(term):
                shown = {"BG-6": "BT-41", "BG-16": "BT-81"}.get(term, term)
                yield Broken(rule, shown, f"{named(shown)} is missing")


def contact(paper: Paper) -> Iterator[Broken]:
    """A telephone number has three digits, an address one @."""
    for group in paper.top.each("BG-4", "BG-6"):
        if len(re.findall(r"[0-9]", group.text("BT-42"))) < 3:
            yield Broken("BR-DE-27", "BT-42", f"{group.text('BT-42')!r} is no telephone number", warning=True)
        if not _MAIL.fullmatch(group.text("BT-43")):
            yield Broken("BR-DE-28", "BT-43", f"{group.text('BT-43')!r} is no address", warning=True)


def known_seller(paper: Paper) -> Iterator[Broken]:
    """A taxed sale names the seller's tax number or a representative."""
    places = (("BG-25", "BT-151"), ("BG-20", "BT-95"), ("BG-21", "BT-102"))
    used = {term for where, name in places for term in paper.top.all(where, name)}
    known = paper.top.has("BG-4/BT-31") or paper.top.has("BG-4/BT-32") or paper.top.has("BG-11")
    if used & set(_TAXED) and not known:
        yield Broken("BR-DE-16", "BT-31", f"{named('BT-31')} or {named('BT-32')} is missing")


def kind(paper: Paper) -> Iterator[Broken]:
    """The kinds of documents, and the specification."""
    code = paper.top.text("BT-3")
    if code not in KINDS:
        yield Broken("BR-DE-17", "BT-3", f"{code} is no kind of XRechnung", warning=True)
    if code == "384" and not paper.top.has("BG-3"):
        yield Broken("BR-DE-26", "BT-25", f"{named('BT-25')} is missing", warning=True)
    if paper.top.text("BT-24") not in (SPECIFICATION, EXTENSION, VEHICLES):
        yield Broken("BR-DE-21", "BT-24", f"{named('BT-24')} is not XRechnung 3.0", warning=True)


def discounts(paper: Paper) -> Iterator[Broken]:
    """A line of the terms that begins with # is a cash discount, ends in #, and is ended."""
    terms = next(_texts_of_terms(paper), None)
    if terms is None:
        return
    rows = re.split(r"\r?\n", terms)
    lines = [row for row in rows if row.strip().startswith("#")]
    rest = re.split(r"#.+#", terms)[-1]
    if any(not _DISCOUNT.fullmatch(row.strip()) for row in lines) or (lines and not re.match(r"\s*\n", rest)):
        yield Broken("BR-DE-18", "BT-20", "a cash discount is not written as #SKONTO#TAGE=14#PROZENT=2.25#")


def _texts_of_terms(paper: Paper) -> Iterator[str]:
    path: tuple[str, ...] = ("PaymentTerms", "Note")
    if paper.syntax == "cii":
        path = (
            "SupplyChainTradeTransaction",
            "ApplicableHeaderTradeSettlement",
            "SpecifiedTradePaymentTerms",
            "Description",
        )
    return (node.text for node in paper.root.each(*path))


def means(paper: Paper) -> Iterator[Broken]:
    """A transfer has an account, a card its card, a debit its mandate, and none has another's."""
    for group in paper.top.each("BG-16"):
        code = group.text("BT-81")
        debit = _debit(paper, group)
        account, card = group.has("BG-17"), group.has("BG-18")
        for codes, rules, own, other in (
            (TRANSFERS, "BR-DE-23", account, card or debit),
            (CARDS, "BR-DE-24", card, account or debit),
            ((DEBIT,), "BR-DE-25", debit, account or card or _banks(group)),
        ):
            if code in codes and not own:
                yield Broken(f"{rules}-a", "BT-84", f"what means {code} needs is missing")
            if code in codes and other:
                yield Broken(f"{rules}-b", "BT-84", f"means {code} stands with what belongs to another")
        yield from _right_account(group)


def _banks(group: Group) -> bool:
    return "PAYEEBANK" in group.terms or "PAYERBANK" in group.terms


def _debit(paper: Paper, group: Group) -> bool:
    if paper.syntax == "ubl":
        return group.has("BG-19")
    return bool(paper.top.terms.get("BT-89") or paper.top.terms.get("CREDITOR") or group.terms.get("BT-91"))


def _right_account(group: Group) -> Iterator[Broken]:
    if group.text("BT-81") == "58" and not is_iban(group.text("BG-17", "BT-84")):
        yield Broken("BR-DE-19", "BT-84", f"{group.text('BG-17', 'BT-84')} is no IBAN", warning=True)
    payer = group.text("BG-19", "BT-91") or group.text("BT-91")
    if group.text("BT-81") == DEBIT and not is_iban(payer):
        yield Broken("BR-DE-20", "BT-91", f"{payer} is no IBAN", warning=True)


def mandate(paper: Paper) -> Iterator[Broken]:
    """A direct debit names its creditor and the account it comes from."""
    top = paper.top
    if paper.syntax == "ubl":
        groups = list(top.each("BG-16", "BG-19"))
        creditor = top.has("BG-4/BT-90") or top.has("BG-10/BT-90")
        payer = top.has("BG-16/BG-19/BT-91")
    else:
        creditor = "CREDITOR" in top.terms
        payer = any(group.has("BT-91") for group in top.each("BG-16"))
        groups = list(top.each("BG-16")) if creditor or payer or "BT-89" in top.terms else []
    if groups and not creditor:
        yield Broken("BR-DE-30", "BT-90", "the creditor's identifier is missing")
    if groups and not payer:
        yield Broken("BR-DE-31", "BT-91", "the account to be debited is missing")


def delivery(paper: Paper) -> Iterator[Broken]:
    """When it was delivered, or for which time it is billed."""
    lines = list(paper.top.each("BG-25"))
    told = paper.top.has("BG-13/BT-72") or paper.top.has("BG-14")
    if not told and not all(line.has("BG-26") for line in lines):
        yield Broken("BR-DE-TMP-32", "BT-72", f"{named('BT-72')} is missing", warning=True)


def gross_bases(paper: Paper) -> Iterator[Broken]:
    """Net and gross price are for the same quantity (BR-TMP-3)."""
    if paper.syntax != "cii":
        return
    for line in paper.top.each("BG-25"):
        bases = (*line.all("BT-149"), *line.all("GROSSBASE"))
        units = {unit_of(base) for base in bases} - {""}
        if len(bases) > 1 and (line.number("BT-149") != line.number("GROSSBASE") or len(units) > 1):
            yield Broken("BR-TMP-3", "BT-149", "net and gross price are for two quantities")


RULES: tuple[Rule, ...] = (
    *peppol.ARITHMETIC, needed, contact, known_seller, kind, discounts, means, mandate, delivery, gross_bases,
)  # fmt: skip
