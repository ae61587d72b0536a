"""Numbers and dates as tables write them, and what looks like a number and is another one."""

from datetime import date
from fractions import Fraction

import pytest

from documents.maps.cell_kinds import Kind
from documents.maps.numerals import chinese_amount, chinese_integer

POINT = Kind("number", thousands=",")
COMMA = Kind("number", decimal=",", thousands=".")
CHINESE = Kind("number", thousands=",", remove=("￥", "¥", "元"))


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (COMMA, "1.234,50", "1234.50"),
        (COMMA, "35,00-", "-35.00"),
        (COMMA, "\u221235,00", "-35.00"),
        (COMMA, "\u201335,00", "-35.00"),
        (COMMA, "-1.000", "-1000"),
        (COMMA, "339\u202f000,00", "339000.00"),
        (COMMA, "339\u00a0000,00", "339000.00"),
        (COMMA, "339\u2009000,00", "339000.00"),
        (COMMA, "\u00a035,00\u00a0", "35.00"),
        (POINT, "(1,234.50)", "-1234.50"),
        (POINT, "1,234,567.50", "1234567.50"),
        (POINT, "12", "12"),
        (Kind("number", decimal=",", thousands="'"), "1\u2019234,50", "1234.50"),
        (Kind("number", decimal=",", thousands="\u202f"), "1\u202f234,50", "1234.50"),
        (CHINESE, "１，０００", "1000"),
        (CHINESE, "￥１００．００", "100.00"),
        (CHINESE, "100元", "100"),
        (CHINESE, "1千", "1000"),
        (CHINESE, "1.5万", "15000"),
        (CHINESE, "壹拾万元整", "100000"),
        (CHINESE, "一千二百", "1200"),
    ],
)
def test_number_is_read(kind: Kind, text: str, number: str) -> None:
    assert Fraction(kind.number(text)) == Fraction(number)


@pytest.mark.parametrize(
    ("kind", "text", "word"),
    [
        (COMMA, "339000.00", "not grouped in threes"),
        (COMMA, "12.50", "not grouped in threes"),
        (COMMA, "2.5", "not grouped in threes"),
        (COMMA, "1.5", "not grouped in threes"),
        (COMMA, "1.2345", "not grouped in threes"),
        (COMMA, "1234.567,00", "not grouped in threes"),
        (COMMA, "1,234.50", "after its decimal mark"),
        (POINT, "1,5", "not grouped in threes"),
        (POINT, "1.000,50", "after its decimal mark"),
        (COMMA, "1.000\u202f000", "grouped"),
        (Kind("number", decimal=","), "1.5", "has a point"),
        (POINT, "1-2", "no number"),
        (POINT, "--5", "no number"),
        (POINT, "5e3", "no number"),
        (CHINESE, "壹拾萬個", "no Chinese numeral"),
    ],
)
def test_what_is_another_number_is_refused(kind: Kind, text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        kind.number(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("壹拾万元整", Fraction(100_000)),
        ("壹万贰仟叁佰肆拾伍元陆角柒分", Fraction("12345.67")),
        ("人民币壹仟零伍元正", Fraction(1005)),
        ("贰佰元零伍分", Fraction("200.05")),
        ("伍角整", Fraction("0.5")),
        ("壹亿元整", Fraction(10**8)),
        ("拾元整", Fraction(10)),
    ],
)
def test_amount_in_capitals_is_read(text: str, amount: Fraction) -> None:
    assert chinese_amount(text) == amount


def capitals(amount: int) -> str:
    """The amount in yuan in capitals, written in groups of four, zeros once."""
    digits, units = "零壹贰叁肆伍陆柒捌玖", ("", "拾", "佰", "仟")
    text, pending = "", False
    number = str(amount)
    for place, letter in enumerate(number):
        power = len(number) - 1 - place
        if letter == "0":
            pending = True
        else:
            text += "零" * (pending and bool(text)) + digits[int(letter)] + units[power % 4]
            pending = False
        if power % 4 == 0 and power and int(number[: place + 1]) % 10_000:
            text += {4: "万", 8: "亿"}[power]
    return f"{text}元整"


@pytest.mark.parametrize("amount", [*range(1, 1000, 7), 10_001, 100_100, 1_010_101, 20_000_300, 300_000_001])
def test_amounts_in_capitals_come_back(amount: int) -> None:
    assert chinese_amount(capitals(amount)) == amount


@pytest.mark.parametrize(
    ("text", "number"), [("二〇二六", 2026), ("二十", 20), ("十", 10), ("一百零五", 105)]
)
def test_chinese_numeral_is_read(text: str, number: int) -> None:
    assert chinese_integer(text) == number


@pytest.mark.parametrize("text", ["2026年3月2日", "２０２６年３月２日", "二〇二六年三月二日", "2026/3/2"])
def test_chinese_date_is_read(text: str) -> None:
    assert Kind("date", ("%Y年%m月%d日", "%Y/%m/%d")).day(text) == date(2026, 3, 2)
