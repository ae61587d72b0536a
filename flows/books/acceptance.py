"""The acceptance in force for an order: under which key it is recorded, and the contract it fixed."""

from domain.errors import NotFoundError
from domain.plain import from_plain
from domain.record_kinds import RecordKey
from finance.agreed.contract import Contract
from ledger.book.reading import Reading
from ledger.record.records import Record


def acceptance_key(reading: Reading, order: str) -> str:
    """The key of the acceptance in force; acceptances that were withdrawn are counted."""
    number = 0
    while reading.record_by_key(RecordKey.finance_withdrawn(order, number)) is not None:
        number += 1
    return RecordKey.finance_accepted(order, number)


def acceptance(reading: Reading, order: str) -> Record | None:
    """The record of the acceptance in force; None before any, and after it was withdrawn."""
    return reading.record_by_key(acceptance_key(reading, order))


def read_contract(reading: Reading, order: str) -> Contract:
    """What was agreed for the order; NotFoundError when nothing was financed."""
    record = acceptance(reading, order)
    if record is None:
        raise NotFoundError(
            f"order {order} is not financed yet", f"net finance accept {order} accepts the plan's offers"
        )
    return from_plain(Contract, record.body["contract"])
