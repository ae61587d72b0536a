"""Payment terms of a UBL order: structured ones, and the few plain sentences that have one meaning."""

import re
from datetime import date
from typing import Any

from documents.files.findings import Findings
from documents.files.xml_tree import XmlElement

_NET = (
    re.compile(r"(?:net|n/?)\s*(\d{1,3})(?:\s*days?)?\.?", re.IGNORECASE),
    re.compile(r"(\d{1,3})\s*days?(?:\s*net)?\.?", re.IGNORECASE),
    re.compile(r"(?:payment|payable|due)\s+(?:with)?in\s+(\d{1,3})\s+days?\.?", re.IGNORECASE),
)


def payment_of(root: XmlElement, findings: Findings) -> list[dict[str, Any]]:
    """Terms counted from the invoice or from the order; none where the document does not settle it."""
    terms = [term for node in root.each("PaymentTerms") if (term := _term(root, node))]
    if len(terms) > 1 and not all("percent" in term for term in terms):
        findings.remark("several payment terms without shares; none of them is taken")
        return []
    for term in terms:
        percent = term.pop("percent", "")
        term["share"] = f"{percent}%" if percent else "100%"
    return terms


def _term(root: XmlElement, node: XmlElement) -> dict[str, Any]:
    percent = node.words("PaymentPercent")
    share = {"percent": percent} if percent else {}
    if due := node.words("PaymentDueDate"):
        days = _days_between(root.words("IssueDate"), due)
        return {"event": "order", "days": str(days), **share} if days is not None else {}
    measure = node.first("SettlementPeriod", "DurationMeasure")
    if measure is not None and measure.attributes.get("unitCode", "DAY") == "DAY":
        return {"event": "invoice", "days": measure.text.strip(), **share}
    note = node.words("Note")
    found = next((match for pattern in _NET if (match := pattern.fullmatch(note))), None)
    return {"event": "invoice", "days": found[1], **share} if found else {}


def _days_between(start: str, end: str) -> int | None:
    try:
        days = (date.fromisoformat(end[:10]) - date.fromisoformat(start[:10])).days
    except ValueError:
        return None
    return days if days >= 0 else None
