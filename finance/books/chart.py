"""The chart of accounts, as data: code, name, kind."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tomli


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """One account; ``kind`` is asset, liability, equity, income, expense or memo."""

    code: str
    name: str
    kind: str
    books: str


@cache
def chart() -> dict[str, ChartAccount]:
    """Every account by its code, as the shipped ``chart.toml`` lists them."""
    with (Path(__file__).parent / "chart.toml").open("rb") as file:
        accounts = tomli.load(file)["accounts"]
    return {
        code: ChartAccount(code, one["name"], one["kind"], one["books"]) for code, one in accounts.items()
    }


def account_name(code: str) -> str:
    """The account's name; the code itself when the chart does not know it."""
    known = chart().get(code)
    return known.name if known else code
