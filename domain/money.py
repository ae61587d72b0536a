"""Money: an integer of minor units with an ISO 4217 code. No floats, anywhere.

Rounding is half away from zero, once, at the moment an amount becomes money (``round_minor``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction

# ISO 4217 (list one). Exponent: how many decimals the minor unit has.
_EXPONENT_0 = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_EXPONENT_3 = "BHD IQD JOD KWD LYD OMR TND"
_EXPONENT_4 = "CLF UYW"
_EXPONENT_2 = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ "
    "GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR "
    "RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD "
    "TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
CURRENCY_EXPONENTS: dict[str, int] = {
    code: exponent
    for exponent, codes in ((0, _EXPONENT_0), (2, _EXPONENT_2), (3, _EXPONENT_3), (4, _EXPONENT_4))
    for code in codes.split()
}

LAST_DAYS: dict[str, date] = {
    "EEK": date(2010, 12, 31),
    "LVL": date(2013, 12, 31),
    "LTL": date(2014, 12, 31),
    "CUC": date(2021, 6, 30),
    "HRK": date(2022, 12, 31),
    "SLL": date(2024, 3, 31),
    "ZWL": date(2024, 8, 31),
    "ANG": date(2025, 3, 31),
    "BGN": date(2025, 12, 31),
}
"""Currencies that are gone (two decimals each), with the last day they were current (ISO 4217 list three)."""

MINOR_MAXIMUM = 2**63 - 1
"""The largest amount the ledger stores, in minor units; anything beyond is refused, never wrapped."""


class MoneyError(ValueError):
    """A text or a number that is no amount of money in that currency; the message says why."""


def exponent_of(currency: str) -> int:
    """Decimals of the currency's minor unit; MoneyError for a code that ISO 4217 does not list."""
    try:
        return CURRENCY_EXPONENTS[currency]
    except KeyError:
        if currency in LAST_DAYS:
            return 2
        raise MoneyError(f"{currency!r} is not an ISO 4217 currency code") from None


def require_current(currency: str, on: date) -> None:
    """MoneyError when the currency was no longer current on that day."""
    last = LAST_DAYS.get(currency)
    if last is not None and on > last:
        raise MoneyError(f"{currency} was current until {last}, not on {on}")


def round_minor(exact: Fraction | Decimal | int) -> int:
    """The nearest whole number of minor units; halves go away from zero."""
    if isinstance(exact, int):
        return exact
    value = Fraction(exact)
    numerator, denominator = value.numerator, value.denominator
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded


def parse_decimal(text: str) -> Decimal:
    """A plain finite decimal number; MoneyError for anything else (``NaN``, ``1e3``, ``1,000``)."""
    cleaned = text.strip()
    try:
        value = Decimal(cleaned)
    except InvalidOperation:
        raise MoneyError(f"{text!r} is not a number") from None
    if not value.is_finite() or "e" in cleaned.lower() or "_" in cleaned or not cleaned.isascii():
        raise MoneyError(f"{text!r} is not a plain decimal number")
    return value


def minor_of(amount: Decimal, currency: str) -> int:
    """The amount in minor units; MoneyError when it is finer than the minor unit or out of range."""
    scaled = Fraction(amount) * int(10 ** exponent_of(currency))
    if scaled.denominator != 1:
        raise MoneyError(f"{amount} is finer than the minor unit of {currency}")
    if abs(scaled.numerator) > MINOR_MAXIMUM:
        raise MoneyError(f"{amount} {currency} is beyond what the ledger can hold")
    return scaled.numerator


def parse_minor(text: str, currency: str) -> int:
    """``"1130.00"`` in minor units; trailing zeros pass, finer amounts are a MoneyError."""
    return minor_of(parse_decimal(text), currency)


def format_minor(amount_minor: int, currency: str, *, grouped: bool = False) -> str:
    """The amount in major units with all its decimals, ``-1,130.00`` when grouped."""
    exponent = exponent_of(currency)
    sign = "-" if amount_minor < 0 else ""
    whole, rest = divmod(abs(amount_minor), 10**exponent)
    digits = f"{whole:,}" if grouped else str(whole)
    return f"{sign}{digits}.{rest:0{exponent}d}" if exponent else f"{sign}{digits}"


def split_minor(total_minor: int, weights: Sequence[int | Fraction]) -> list[int]:
    """The total in parts proportional to the weights, by largest remainder; parts sum to the total.

    Ties go to the earlier part. ValueError when no weight is positive or one is negative.
    """
    if not weights or min(weights) < 0 or sum(weights) <= 0:
        raise ValueError("weights must be non-negative with a positive sum")
    whole = sum(Fraction(weight) for weight in weights)
    sign = -1 if total_minor < 0 else 1
    exact = [abs(total_minor) * Fraction(weight) / whole for weight in weights]
    parts = [int(share) for share in exact]
    rest = abs(total_minor) - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in by_remainder[:rest]:
        parts[place] += 1
    return [sign * part for part in parts]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount with its currency; sums of two currencies are a MoneyError."""

    amount_minor: int
    currency: str

    def __post_init__(self) -> None:
        exponent_of(self.currency)
        if abs(self.amount_minor) > MINOR_MAXIMUM:
            raise MoneyError(f"{self.amount_minor} minor units of {self.currency} is out of range")

    @classmethod
    def parse(cls, text: str, currency: str) -> "Money":
        return cls(parse_minor(text, currency), currency)

    def _same(self, other: "Money") -> None:
        if self.currency != other.currency:
            raise MoneyError(f"cannot combine {self.currency} with {other.currency}")

    def __add__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor + other.amount_minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._same(other)
        return Money(self.amount_minor - other.amount_minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount_minor, self.currency)

    def times(self, rate: Fraction | Decimal | int) -> "Money":
        """The amount times an exact rate, rounded once to the minor unit."""
        return Money(round_minor(self.amount_minor * Fraction(rate)), self.currency)

    def __str__(self) -> str:
        return f"{format_minor(self.amount_minor, self.currency, grouped=True)} {self.currency}"
