"""Account numbers of the shape of an IBAN."""

import pytest

from documents.files.iban import account_problem, plain_account


@pytest.mark.parametrize(
    "account",
    [
        "DE89370400440532013000",
        "DE89 3704 0044 0532 0130 00",
        "gb82 west 1234 5698 7654 32",
        "NO9386011117947",
    ],
)
def test_right_iban_passes(account: str) -> None:
    assert account_problem(account) == ""
    assert " " not in plain_account(account)


@pytest.mark.parametrize("account", ["", "6222 0202 0011 2233", "123456789", "acct-7", "A1"])
def test_account_of_another_kind_passes_as_it_is(account: str) -> None:
    assert account_problem(account) == ""
    assert plain_account(account) == account


@pytest.mark.parametrize(
    ("account", "word"),
    [
        ("DE89370400440532013001", "check digits"),
        ("DE8937040044053201300", "21 characters; DE has 22"),
        ("XX00", "XX has none"),
        ("CN12345678901234", "CN has none"),
    ],
)
def test_wrong_iban_is_told(account: str, word: str) -> None:
    assert word in account_problem(account)
