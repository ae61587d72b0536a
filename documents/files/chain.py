"""The firms of another chain, to compare an order's own with: importer, wholesalers, in TOML."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from documents.files import toml as toml_order
from documents.files.findings import Findings
from documents.files.opening import decode, read_document
from documents.files.section import Section

SCHEMA = "net/chain/1"
MOST = 50


@dataclass(frozen=True, slots=True)
class ChainFirm:
    """One firm that buys and sells on; ``fixed_minor`` in the currency asked for."""

    name: str
    markup: Fraction
    fixed_minor: int
    goods_days: int
    money_days: int


def read_chain(path: Path, currency: str) -> tuple[str, list[ChainFirm]]:
    """The chain's name and its firms, from the maker on; InputDefectsError with every defect."""
    text = decode(read_document(path), str(path))
    findings = Findings(str(path), toml_order.Locator(text))
    top = Section(toml_order.parse(text, str(path)), "", findings)
    if (schema := top.text("schema", needed=True)) and schema != SCHEMA:
        top.wrong("schema", f"{schema!r} is not known", f'write schema = "{SCHEMA}"')
    name = top.text("name") or path.stem
    firms = [_firm(one, currency) for one in top.sections("firm", limit=MOST)]
    if not firms:
        top.wrong("firm", "is missing", "name the firms in [[firm]] tables")
    top.finish()
    findings.raise_any()
    return name, firms


def _firm(entry: Section, currency: str) -> ChainFirm:
    found = ChainFirm(
        entry.text("name", needed=True),
        entry.share("markup") or Fraction(0),
        entry.amount("fixed", currency) or 0,
        entry.integer("goods_days", 0, 10_000),
        entry.integer("money_days", 0, 10_000),
    )
    entry.finish()
    return found
