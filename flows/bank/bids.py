"""Bids for a loan from a table."""

import csv
from fractions import Fraction
from pathlib import Path

from domain.errors import Defect, InputDefectsError, NotFoundError, UsageError
from finance.pools.syndicate import Bid
from finance.underwriting.credit_offer import rate_of
from flows.clearing.debts import amount_in

COLUMNS = ("lender", "amount", "rate")


def rate_in(text: str) -> Fraction:
    """``5%`` or ``0.05``, exact; UsageError for anything else, below zero included."""
    try:
        rate = rate_of(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(-1)
    if rate < 0:
        raise UsageError(f"{text!r} is no rate", "write it as 5% or 0.05")
    return rate


def read_bids(path: Path, currency: str) -> list[Bid]:
    """Every bid of a CSV file with lender, amount and rate; InputDefectsError tells all that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}", "its columns are lender, amount, rate") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}", "its columns are lender, amount, rate") from None
    bids, defects = [], []
    for line, row in enumerate(rows, start=2):
        try:
            lender, much, rate = ((row.get(column) or "").strip() for column in COLUMNS)
            bids.append(Bid(lender, amount_in(much, currency), rate_in(rate)))
        except UsageError as error:
            defects.append(Defect(str(path), line, "bid", str(error), "write lender, amount, rate"))
    if defects:
        raise InputDefectsError(defects)
    return bids
