"""The chart of accounts is complete, and its page is made from it."""

import importlib.util
import re
from pathlib import Path

from finance.books.chart import account_name, chart

ROOT = Path(__file__).resolve().parents[3]
KINDS = {"1": "asset", "2": "liability", "3": "equity", "4": "income", "5": "expense", "9": "memo"}


def test_every_code_that_is_posted_is_in_the_chart() -> None:
    used = {
        code
        for path in (ROOT / "finance").rglob("*.py")
        for code in re.findall(r'"(\d{4})"', path.read_text())
    }
    assert used <= set(chart())
    assert len(used) > 50


def test_the_first_digit_says_the_kind() -> None:
    assert {code: one.kind for code, one in chart().items()} == {code: KINDS[code[0]] for code in chart()}


def test_every_account_is_posted_somewhere() -> None:
    text = "".join(path.read_text() for path in (ROOT / "finance").rglob("*.py"))
    assert {code for code in chart() if f'"{code}"' not in text} == set()


def test_names_are_given_and_unknown_codes_stay() -> None:
    assert account_name("2330") == "Recourse advances"
    assert account_name("0000") == "0000"


def test_the_page_is_made_from_the_chart() -> None:
    spec = importlib.util.spec_from_file_location("accounts_page", ROOT / "docs" / "accounts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.page()
