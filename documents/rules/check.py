"""Checks a whole invoice against the rules that its own specification names."""

from collections.abc import Iterator

from documents.bills.paper import Paper
from documents.bills.syntaxes import paper_of
from documents.rules import (
    categories,
    coded,
    peppol,
    present,
    structure,
    sums,
    xrechnung,
    xrechnung_extensions,
)
from documents.rules.broken import Broken, Rule

EN_16931: tuple[Rule, ...] = (
    present.missing_terms,
    present.schemes_missing,
    present.payment_means,
    present.days_in_order,
    present.too_many_decimals,
    sums.totals,
    sums.tax_total,
    sums.tax_shares,
    sums.due,
    sums.prices,
    sums.tax_points,
    categories.categories,
    coded.wrong_codes,
    coded.vat_prefixes,
    structure.counted,
    structure.attachments,
)


def check(paper: Paper) -> list[Broken]:
    """Every rule that the document breaks, each place once, fatal ones first."""
    found = dict.fromkeys(broken for rule in rules_for(paper) for broken in rule(paper))
    return sorted(found, key=lambda broken: broken.warning)


def check_document(content: bytes, name: str = "invoice") -> list[Broken]:
    return check(paper_of(content, name))


def fatal(content: bytes, name: str = "invoice") -> list[Broken]:
    """What makes a receiver refuse the document."""
    return [broken for broken in check_document(content, name) if not broken.warning]


def rules_for(paper: Paper) -> Iterator[Rule]:
    """The standard's rules, and those of the country or network that the specification names."""
    yield from EN_16931
    specification = paper.top.text("BT-24")
    if "peppol" in specification:
        yield from peppol.RULES
    if "xrechnung" in specification:
        yield from xrechnung.RULES
        yield from xrechnung_extensions.RULES
