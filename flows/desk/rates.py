"""Exchange rates as the ledger has them: with day and source, in the order in which they were recorded."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from domain.errors import UsageError
from domain.exchange import Rate
from domain.money import MoneyError, exponent_of, parse_decimal
from domain.plain import from_plain
from domain.record_kinds import RecordKind
from finance.agreed.contract import Contract
from ledger.book.reading import Reading


def recorded_rates(reading: Reading) -> list[Rate]:
    """Every rate of the ledger in the order in which it was recorded."""
    return [from_plain(Rate, record.body["rate"]) for record in reading.records(kind=RecordKind.RATE)]


def with_rates(reading: Reading, contract: Contract) -> Contract:
    """The contract with the rates recorded since, where it has anything in another currency."""
    if not contract.currencies:
        return contract
    wanted = {frozenset((contract.currency, currency)) for currency in contract.currencies}
    known = [rate for rate in recorded_rates(reading) if rate.pair in wanted]
    return replace(contract, rates=(*contract.rates, *known)) if known else contract


def read_rate(source: str, target: str, text: str, on: date, by: str) -> Rate:
    """What somebody typed as a rate; UsageError says what is wrong with it."""
    for code in (source, target):
        try:
            exponent_of(code)
        except MoneyError as error:
            raise UsageError(str(error), "codes are three capital letters, such as EUR") from None
    if source == target:
        raise UsageError(f"{source} has no rate in itself", "name two currencies")
    try:
        rate = parse_decimal(text)
    except MoneyError as error:
        raise UsageError(str(error), "write the rate as a plain number, such as 7.8342") from None
    if rate <= Decimal(0):
        raise UsageError(f"a rate of {text} is no rate", f"how many {target} one {source} costs, above zero")
    if not by:
        raise UsageError("who says so is missing", "give --source, such as --source ECB")
    return Rate(source, target, rate, on, by)
