"""Names that enter a signed or exported text: what may stand in them."""

import pytest

from domain.errors import RefusedError, UsageError
from trust.grammar import is_currency_code, is_key_name, is_name, is_origin, require_key_name, require_origin
from trust.keys import SigningKey
from trust.merkle import EMPTY_ROOT
from trust.notes import sign_checkpoint

FORGED = "net-c0769f96276a8a57\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


@pytest.mark.parametrize("good", ["net-c0769f96276a8a57", "a", "trade.example.com", "0-0"])
def test_origins_are_plain(good: str) -> None:
    assert is_origin(good)
    assert require_origin(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        FORGED,
        "",
        "../../outside",
        "a..b",
        "A",
        "a b",
        "a+b",
        "-a",
        "a-",
        "a/b",
        "é",
        "a\n",
        "a" * 65,
        "a\x00",
    ],
)
def test_what_could_say_more_is_no_origin(bad: str) -> None:
    assert not is_origin(bad)
    with pytest.raises(UsageError, match="cannot be the id"):
        require_origin(bad)
    with pytest.raises(RefusedError, match="is not signed"):
        sign_checkpoint(bad, 0, EMPTY_ROOT, SigningKey.from_seed(b"\1" * 32))


@pytest.mark.parametrize("good", ["Anna Müller", "李雷", "علی\u200cرضا", "O'Neill", "क्\u200dष", "trader"])
def test_names_keep_the_letters_of_every_script(good: str) -> None:
    assert is_name(good)
    assert require_key_name(good) == good


@pytest.mark.parametrize(
    "bad", ["", "a\nb", "a\rb", "a\u2028b", "a\u2029b", "a\x85b", "a\x7fb", "a\u202eb", "a\u2066b", "a\tb"]
)
def test_names_are_one_line(bad: str) -> None:
    assert not is_name(bad)
    assert not is_key_name(bad)
    with pytest.raises(UsageError, match="cannot be the name of a key"):
        require_key_name(bad)


def test_a_key_name_has_no_separator_of_note_keys() -> None:
    assert is_name("lender+co")
    assert not is_key_name("lender+co")
    assert not is_key_name(" a")


def test_a_currency_is_three_capitals() -> None:
    assert is_currency_code("CNY")
    assert not any(map(is_currency_code, ("cny", "CN", "CNYX", "A B", "ＣＮＹ", "CNY\n", 7)))
