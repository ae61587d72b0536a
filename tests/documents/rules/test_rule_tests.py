"""The rule tests of EN 16931 and of XRechnung: each names a document, a rule, and whether it holds."""

from collections.abc import Iterator

import pytest

from documents.bills.syntaxes import paper_of
from documents.rules import check, peppol, xrechnung, xrechnung_extensions
from documents.rules.broken import Rule
from tests.documents.rules.rule_tests import Expected, standard_tests, xrechnung_tests

RULES: tuple[Rule, ...] = tuple(
    dict.fromkeys((*check.EN_16931, *peppol.RULES, *xrechnung.RULES, *xrechnung_extensions.RULES))
)
PARTS = ("PEPPOL-EN16931-R043-1", "PEPPOL-EN16931-R043-2")
"""One rule of Peppol that XRechnung numbers by where the indicator stands."""


def wrong(expectations: Iterator[Expected]) -> tuple[list[str], int]:
    found, count = [], 0
    for count, one in enumerate(expectations, start=1):  # noqa: B007
        paper = paper_of(one.document, one.file)
        broken = {broken.rule for rule in RULES for broken in rule(paper)}
        rule = one.rule[:-2] if one.rule in PARTS else one.rule
        if (rule not in broken) is not one.holds:
            found.append(f"{one.file}: {one.rule} must {'hold' if one.holds else 'fail'}")
    return found, count


@pytest.mark.shared_data
def test_rule_tests_of_the_standard_come_out_as_stated() -> None:
    found, count = wrong(standard_tests())
    assert found == []
    assert count >= 600


@pytest.mark.shared_data
def test_rule_tests_of_xrechnung_and_peppol_come_out_as_stated() -> None:
    found, count = wrong(xrechnung_tests())
    assert found == []
    assert count >= 800
