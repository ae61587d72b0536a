"""A statement as it is recorded with what it says: the day it counts on, who says so, on what evidence."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Statement:
    """Who says something of a day, and what shows it; ``by`` and ``evidence`` may be empty.

    What is stated stands beside it: a fact about an order, a key of a buyer, a booking that was used.
    """

    on: date
    by: str = ""
    evidence: str = ""
