"""Write docs/reference/accounts.md from the chart of accounts; a test compares.

``python docs/accounts.py``
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from finance.books.chart import chart  # noqa: E402

PAGE = ROOT / "docs" / "reference" / "accounts.md"
HEAD = """# Chart of accounts

Every journal balances for each entity and each currency. A debit is positive, a credit negative. The chart
is data (`finance/books/chart.toml`); this page is made from it by `python docs/accounts.py`, and
`domain/accounts.py` has the name by which the program calls each code.

Entities: `trader`, `lender:ID` (each lender), `network`, `provider:ID` (each provider), `tax`, and where they
appear `guarantor:NAME` and `insurer`; `pool:NAME`, and `lender:us` where this installation lends. Codes that
begin with 9 are memo accounts: promises, not money.

| code | name | kind | in the books of |
|---|---|---|---|
"""


def page() -> str:
    rows = [f"| {one.code} | {one.name} | {one.kind} | {one.books} |" for one in chart().values()]
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE.relative_to(ROOT)}")
