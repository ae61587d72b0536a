"""When records were written, by the clocks of those who wrote them: nothing in the ledger orders these."""

import re
from datetime import datetime, timedelta
from itertools import pairwise

from ledger.book.reading import Reading
from ledger.record.records import instant_text

LOOKED_AT = 1_000
"""How many of the last records are looked at."""
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ALLOWED = timedelta(minutes=5)
"""Clocks of several writers may differ, and a server's order is that of its commits."""


def set_back(ledger: Reading, now: datetime) -> str:
    """Which record says that time went back, or that it is later than ``now``; empty when none does."""
    records = list(_moments(ledger))
    if records and records[-1][1] > instant_text(now + ALLOWED):
        number, moment = records[-1]
        return f"record {number} was written at {moment}, which is still to come by this machine's clock"
    for (_, before), (number, moment) in pairwise(records):
        if instant_text(datetime.fromisoformat(moment) + ALLOWED) < before:
            return f"record {number} was written at {moment}, the one before it at {before}"
    return ""


def _moments(ledger: Reading) -> list[tuple[int, str]]:
    """(record, moment) of the last records, oldest first; what is no moment is for ``verify`` to tell."""
    after = max(0, ledger.size() - LOOKED_AT)
    return [
        (record.sequence, record.at)
        for record in ledger.records(after_sequence=after)
        if _INSTANT.fullmatch(record.at)
    ]
