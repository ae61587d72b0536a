"""The chart of accounts is complete, and its page is made from it."""

import importlib.util
import re
from pathlib import Path

from domain.accounts import Account
from finance.books.chart import account_name, chart

ROOT = Path(__file__).resolve().parents[3]
KINDS = {"1": "asset", "2": "liability", "3": "equity", "4": "income", "5": "expense", "9": "memo"}


CODES = {name: code for name, code in vars(Account).items() if name.isupper()}
PROGRAM = ("cli", "domain", "finance", "flows", "ledger", "documents", "node", "config", "routing")


def sources(*folders: str) -> list[Path]:
    return [path for folder in folders for path in (ROOT / folder).rglob("*.py")]


def test_the_names_of_accounts_and_the_chart_agree() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert set(CODES.values()) == set(chart())


def test_no_code_stands_in_the_program_as_a_number() -> None:
    home = ROOT / "domain" / "accounts.py"
    written = {
        (str(path.relative_to(ROOT)), code)
        for path in sources(*PROGRAM)
        for code in re.findall(r'"(\d{4})"', path.read_text())
        if path != home and code in chart()
    }
    assert written == {("domain/posting.py", "1010")}  # its docstring says what a code looks like


def test_every_code_that_is_posted_is_in_the_chart() -> None:
    used = {
        name for path in sources("finance") for name in re.findall(r"Account\.([A-Z_]+)", path.read_text())
    }
    assert {CODES[name] for name in used} <= set(chart())
    assert len(used) > 50


def test_the_first_digit_says_the_kind() -> None:
    assert {code: one.kind for code, one in chart().items()} == {code: KINDS[code[0]] for code in chart()}


def test_every_account_is_posted_somewhere() -> None:
    text = "".join(path.read_text() for path in sources("finance"))
    assert {name for name in CODES if not re.search(rf"Account\.{name}\b", text)} == set()


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
