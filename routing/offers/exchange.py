"""What the planner counts on when another currency is needed: the rate, its haircut, or a promised rate."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.exchange import Dealing, Rate, newest
from domain.network import ExchangeRate, Network


class CurrencyError(ValueError):
    """No exchange rate between two currencies that may be planned with; the message says why."""


@dataclass(frozen=True, slots=True)
class QuotedRate:
    """The rate that values one currency in another on a day, and at what money is planned to change hands."""

    rate: Rate
    dealing: Dealing


def exchange_factor(network: Network, source: str, target: str) -> Fraction:
    """Minor units of ``target`` that must be planned for one of ``source``, the haircut included."""
    if source == target:
        return Fraction(1)
    return quoted(network, source, target, date.max, None).dealing.buy


def quoted(network: Network, currency: str, home: str, on: date, most_days: int | None) -> QuotedRate:
    """What the network file and the ledger say on a day of one currency in another.

    The newest dated rate counts, whether from the ledger or the file; an undated one where there is none. A
    haircut is added to what is bought and taken from what is sold. CurrencyError where there is no rate, or
    none younger than ``most_days`` (None: any age).
    """
    declared = [rate for rate in network.rates if {rate.source, rate.target} == {currency, home}]
    rate = _valuing(network, declared, currency, home, on)
    if most_days is not None and (on - rate.on).days > most_days:
        raise CurrencyError(
            f"asks {currency}, the order is in {home}, and the newest exchange rate is of {rate.on}: older"
            f" than the {most_days} days of the policy (net rate record {currency} {home} RATE --source NAME)"
        )
    factor = rate.factor(currency, home)
    fixed = next((one for one in declared if one.fixed_by and (one.until is None or one.until >= on)), None)
    if fixed is not None:
        promised = _as_rate(fixed, on).factor(currency, home)
        return QuotedRate(rate, Dealing(currency, promised, promised, fixed.fixed_by, fixed.until))
    haircut = max((one.haircut for one in declared), default=Fraction(0))
    return QuotedRate(rate, Dealing(currency, factor * (1 + haircut), factor * (1 - haircut)))


def _valuing(network: Network, declared: list[ExchangeRate], currency: str, home: str, on: date) -> Rate:
    spot = [one for one in declared if one.rate and not one.fixed_by]
    dated = [_as_rate(one, one.on) for one in spot if one.on is not None]
    found = newest((*dated, *network.recorded), currency, home, on)
    if found is not None:
        return found
    for one in (*(one for one in spot if one.on is None), *(one for one in declared if one.fixed_by)):
        return _as_rate(one, on)
    raise CurrencyError(
        f"asks {currency}, the order is in {home}, and no exchange rate is given"
        f" (net rate record {currency} {home} RATE --source NAME, or [[rate]] in the network file)"
    )


def _as_rate(one: ExchangeRate, on: date) -> Rate:
    return Rate(one.source, one.target, one.rate, on, one.by or one.fixed_by)


def scaled(amount: int, factor: Fraction) -> int:
    """A limit in another currency, rounded down: never more than what it is worth."""
    return amount * factor.numerator // factor.denominator
