"""What firms keep for slots that an order gave back, as the ledger has it: owed whatever is planned next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from domain.accounts import Account
from domain.network import Network
from domain.record_kinds import RecordKind
from domain.terms import Event
from ledger.book.reading import Reading
from ledger.record.records import Record


@dataclass(frozen=True, slots=True)
class KeptFee:
    """``amount_minor`` of ``currency``, negative where a firm asks less than was booked by its terms.

    ``id`` is unique in the order; ``booking`` is what the order's books call the firm.
    """

    id: str
    on: date
    booking: str
    entity: str
    currency: str
    amount_minor: int


def kept_in(record: Record) -> Iterator[KeptFee]:
    """The fees that one record books outside the order's facts."""
    if record.kind not in (RecordKind.FINANCE_WITHDRAWN, RecordKind.SLOT_FEE):
        return
    income = [leg for leg in record.legs if leg.account == Account.CANCELLATION_INCOME]
    names = list(record.body.get("fees", ())) or [leg.entity.partition(":")[2] for leg in income]
    for number, (name, leg) in enumerate(zip(names, income, strict=False)):
        found = f"{record.key}#{number}"
        yield KeptFee(found, record.on, name, leg.entity, leg.currency, -leg.amount_minor)


def kept_fees(reading: Reading, order: str) -> list[KeptFee]:
    """Every fee that the order owes for what it gave back, in the order in which they were booked."""
    kinds = (RecordKind.FINANCE_WITHDRAWN, RecordKind.SLOT_FEE)
    records = (record for kind in kinds for record in reading.records(order=order, kind=kind))
    return [fee for record in records for fee in kept_in(record)]


def shortfall(reading: Reading, order: str) -> dict[tuple[str, str], int]:
    """What an order that nothing is agreed for any more owes firms, by entity and currency: it has no money
    of its own to pay it from."""
    found: dict[tuple[str, str], int] = {}
    for fee in kept_fees(reading, order):
        place = fee.entity, fee.currency
        found[place] = found.get(place, 0) + fee.amount_minor
    return {place: minor for place, minor in found.items() if minor > 0}


def with_fees_owed(network: Network, reading: Reading, order: str, currency: str) -> Network:
    """The network as an order is planned on it that owes fees from before: paid once the buyer has paid."""
    owed = sum(fee.amount_minor for fee in kept_fees(reading, order) if fee.currency == currency)
    return replace(network, carried=((Event.BUYER_PAYMENT, owed),)) if owed > 0 else network
