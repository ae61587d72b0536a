"""The plan that an order stands on, as the ledger has it."""

from domain.plain import from_plain
from domain.plan import Plan
from domain.record_kinds import RecordKind
from ledger.book.reading import Reading


def newest_plan(reading: Reading, order_id: str) -> Plan | None:
    newest = None
    for record in reading.records(order=order_id, kind=RecordKind.PLAN):
        newest = record
    return from_plain(Plan, newest.body["plan"]) if newest is not None else None
