"""What an account's name says: its kind and its currency."""

from domain.accounts import (
    Account,
    account_and_currency,
    in_currency,
    is_memo,
    is_result,
    party_and_currency,
)


def test_the_first_digit_says_the_kind() -> None:
    assert is_memo(Account.UNDRAWN)
    assert not is_memo(Account.CASH)
    assert is_result(Account.SALES)
    assert is_result(Account.INTEREST)
    assert not is_result(Account.RECEIVABLE)


def test_an_account_in_another_currency_is_the_code_with_the_currency() -> None:
    assert in_currency(Account.PAYABLE, "CNY") == "2110/CNY"
    assert in_currency(Account.PAYABLE, "") == "2110"
    assert account_and_currency("2110/CNY", "EUR") == ("2110", "CNY")
    assert account_and_currency("2110", "EUR") == ("2110", "EUR")


def test_a_party_may_carry_a_currency() -> None:
    assert party_and_currency("provider:mill/CNY") == ("provider:mill", "CNY")
    assert party_and_currency("provider:mill/two") == ("provider:mill/two", "")
