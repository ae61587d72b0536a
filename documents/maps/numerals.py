"""Numbers as tables write them: marks, blanks, signs, full width, Chinese numerals and capital amounts."""

import re
import unicodedata
from fractions import Fraction

_BLANKS = "\u00a0\u2007\u2009\u202f"
_MINUS = "\u2212\u2012\u2013"
_BLANK = "\u00a0"
_DIGITS = dict(zip("零〇一二三四五六七八九", "00123456789", strict=True))
_DIGITS |= dict(zip("壹贰叁肆伍陆柒捌玖两弌貳參陸", "12345678921236", strict=True))
_UNITS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_PARTS = {"角": Fraction(1, 10), "分": Fraction(1, 100)}
_CHINESE = frozenset({*_DIGITS, *_UNITS, *_MYRIADS})
_AMOUNT = re.compile(
    r"(?:人民币)?(?P<yuan>[^元圆角分整正]+[元圆])?(?P<rest>(?:[^元圆角分整正]+[角分]|零)*)[整正]?"
)
_MULTIPLE = re.compile(r"(?P<number>.*\d)(?P<unit>[千万亿])")


def plain_number(text: str, decimal: str, thousands: str) -> str:
    """The number with a point and without marks between thousands; ValueError says why it is none.

    A mark of thousands counts only between groups of three digits: anything else is another number.
    """
    signed = narrow(text)
    if signed.startswith("(") and signed.endswith(")"):
        signed = f"-{signed[1:-1].strip()}"
    elif len(signed) > 1 and signed[-1] in "+-" and signed[0] not in "+-":
        signed = f"{signed[-1]}{signed[:-1].rstrip(_BLANK + ' ')}"
    if multiple := _MULTIPLE.fullmatch(signed):
        number = plain_number(multiple["number"], decimal, thousands)
        return _times(number, _MYRIADS.get(multiple["unit"]) or _UNITS[multiple["unit"]])
    if in_chinese(signed):
        return _written(chinese_amount(signed))
    return _ungrouped(signed, _mark(decimal), _mark(thousands))


def in_chinese(text: str) -> bool:
    """Whether the number is written in Chinese numerals, in which marks such as 元 have a meaning."""
    plain = unicodedata.normalize("NFKC", text)
    return any(letter in _CHINESE for letter in plain) and not any(letter.isdecimal() for letter in plain)


def narrow(text: str) -> str:
    """Full width and kinds of blank, minus and apostrophe made one; blanks that group stay apart."""
    kept = "".join(_BLANK if letter in _BLANKS else letter for letter in text)
    plain = "".join(letter if letter == _BLANK else unicodedata.normalize("NFKC", letter) for letter in kept)
    for mark in _MINUS:
        plain = plain.replace(mark, "-")
    return plain.replace("\u2019", "'").strip(_BLANK + " \t")


def _mark(mark: str) -> str:
    return _BLANK if mark in _BLANKS and mark else "'" if mark == "\u2019" else mark


def _ungrouped(text: str, decimal: str, thousands: str) -> str:
    whole, found, decimals = text.partition(decimal)
    if decimal != "." and "." in text and thousands != ".":
        raise ValueError(f"has a point, but its decimal mark is {decimal!r}")
    for mark in dict.fromkeys((thousands, _BLANK)):
        if mark and mark in decimals:
            raise ValueError(f"has {mark!r} after its decimal mark")
        if mark and mark in whole:
            grouped = rf"[+-]?\d{{1,3}}({re.escape(mark)}\d{{3}})+"
            if not re.fullmatch(grouped, whole, re.ASCII):
                raise ValueError(f"is not grouped in threes by {mark!r}")
            whole = whole.replace(mark, "")
    return f"{whole}.{decimals}" if found else whole


def _times(number: str, factor: int) -> str:
    try:
        return _written(Fraction(number) * factor)
    except ValueError:
        raise ValueError("is no number before its unit") from None


def _written(value: Fraction) -> str:
    """With at most two decimals, which is all that these numerals can say; more is refused."""
    if (value * 10**6).denominator != 1:
        raise ValueError("has too many decimals")
    sign, micro = ("-" if value < 0 else ""), int(abs(value) * 10**6)
    return f"{sign}{micro // 10**6}.{micro % 10**6:06d}".rstrip("0").rstrip(".")


def chinese_amount(text: str) -> Fraction:
    """一千二百 as 1200, and an amount in capitals (壹拾万元整) as 100000; ValueError for anything else."""
    plain = text.replace(" ", "")
    match = _AMOUNT.fullmatch(plain)
    if match is None or not (match["yuan"] or match["rest"]):
        return Fraction(chinese_integer(plain))
    total = Fraction(chinese_integer(match["yuan"][:-1])) if match["yuan"] else Fraction(0)
    for digits, part in re.findall(r"零?([^角分零])([角分])", match["rest"] or ""):
        total += _PARTS[part] * _digit(digits)
    return total


def chinese_integer(text: str) -> int:
    """A whole number in Chinese numerals, by place (二〇二六) or with units (一千二百)."""
    if not text or any(letter not in _CHINESE for letter in text):
        raise ValueError("is no Chinese numeral")
    if all(letter in _DIGITS for letter in text):
        return int("".join(_DIGITS[letter] for letter in text))
    total = section = digit = 0
    for letter in text:
        if letter in _DIGITS:
            digit = _digit(letter)
        elif letter in _UNITS:
            section += (digit or 1) * _UNITS[letter]
            digit = 0
        else:
            total = (total + section + digit) * _MYRIADS[letter]
            section = digit = 0
    return total + section + digit


def _digit(letter: str) -> int:
    if letter not in _DIGITS:
        raise ValueError(f"{letter!r} is no Chinese digit")
    return int(_DIGITS[letter])


def plain_date(text: str) -> str:
    """A date with its digits in narrow form, and Chinese numerals before 年, 月, 日 and 号 as digits."""
    folded = unicodedata.normalize("NFKC", text).strip()
    return re.sub(
        r"([零〇一二三四五六七八九十]+)(?=[年月日号])", lambda run: str(chinese_integer(run[1])), folded
    )
