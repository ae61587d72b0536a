"""The plan that an order stands on, as the ledger has it."""

from domain.plain import from_plain
from domain.plan import Plan
from ledger.book.reading import Reading

PLANNED = "plan"
"""The kind of the records that hold plans."""


def newest_plan(reading: Reading, order_id: str) -> Plan | None:
    newest = None
    for record in reading.records(order=order_id, kind=PLANNED):
        newest = record
    return from_plain(Plan, newest.body["plan"]) if newest is not None else None
