"""A lender's facility for a clearing, from its file: so much in all, and so much to each firm."""

from pathlib import Path

import tomli

from domain.errors import NotFoundError, UsageError
from domain.money import MoneyError, parse_minor
from finance.clearing.draft import ClearingFacility
from flows.clearing.firm import Firm

SHAPE = 'lender = "bank", most = "1000.00" and [firms] with north = "500.00"'


def read_facility(path: Path, firm: Firm, currency: str) -> ClearingFacility:
    """NotFoundError without the file or a firm, UsageError where it is none of this shape."""
    try:
        data = tomli.loads(path.read_text(encoding="utf-8"))
        limits = {firm.key_of(name): parse_minor(most, currency) for name, most in data["firms"].items()}
        return ClearingFacility(firm.key_of(data["lender"]), parse_minor(data["most"], currency), limits)
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}", f"write it as {SHAPE}") from None
    except (
        tomli.TOMLDecodeError,
        UnicodeDecodeError,
        KeyError,
        TypeError,
        AttributeError,
        MoneyError,
    ) as error:
        raise UsageError(f"{path}: {error}", f"write it as {SHAPE}") from None
