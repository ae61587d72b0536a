"""Account numbers: IBANs by length and check digits, other numbers left alone."""

import pytest

from domain.iban import account_written, iban_fault, is_iban


@pytest.mark.parametrize(
    "account",
    ["DE89370400440532013000", "FR1420041010050500013M02606", "NO9386011117947", "XK051212012345678906"],
)
def test_right_iban_passes_grouped_too(account: str) -> None:
    grouped = " ".join(account[place : place + 4] for place in range(0, len(account), 4))
    assert iban_fault(grouped) == ""
    assert account_written(grouped) == account
    assert is_iban(grouped.lower())


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("DE89370400440532013001", "check digits"),
        ("DE8937040044053201300", "has 21 characters, an IBAN of DE has 22"),
        ("XX00", "XX is no country"),
    ],
)
def test_what_has_the_shape_of_an_iban_is_checked(account: str, told: str) -> None:
    assert told in iban_fault(account)
    assert not is_iban(account)


@pytest.mark.parametrize(
    "account", ["6222 0212 3456 7890", "021000021-123456", "CN12", "US64SVBKUS6S3300958879", ""]
)
def test_accounts_of_countries_without_ibans_stay_possible(account: str) -> None:
    assert iban_fault(account) == ""
    assert not is_iban(account)
