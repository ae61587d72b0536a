"""What giving back costs, from one source: what the firm itself answers is what is owed to it.

Cancellation terms of the network file say what to expect: the contract is made of them, and calling an order
off posts them at once. When the firm answers, only the difference to what was posted is. A firm in our own
ledger has nobody else to answer for it, so its terms are its answer.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from domain.accounts import Account
from domain.posting import Entry, Leg
from domain.record_kinds import RecordKey, RecordKind
from finance.agreed.facts import FactKind
from finance.fold.fold import fold
from finance.sides.providers import cancellation_fee
from flows.books.order_book import read_book
from flows.firms.operation import Operation, ReservationName
from flows.plans.needs import booking_names, leg_need
from flows.plans.newest import newest_plan
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.record.records import Record
from providers.protocol import Call, Released


def charged_minor(reading: Reading, order: str, operation: str) -> int | None:
    """What calling the order off, or giving it back, has posted for the leg of that call already, in the
    order's currency; None where neither has happened since it was reserved."""
    call = Operation.parse(operation)
    if reading.record_by_key(call.reservation.reserved) is None:
        return None
    ended = _ended(reading, order, call.reservation)
    name = _booking_of(reading, order, call.leg) if ended is not None else ""
    if ended is None or not name:
        return None
    if ended.kind == FactKind.CANCELLED.value:
        return _called_off(reading, order, ended, name)
    return int(ended.body["fees"].get(name, 0))


def _ended(reading: Reading, order: str, reservation: ReservationName) -> Record | None:
    """The record that called the order off or gave it back after that reservation."""
    reserved = False
    for record in reading.records(order=order):
        reserved = reserved or record.key == reservation.reserved
        if reserved and record.kind in (RecordKind.FINANCE_WITHDRAWN, FactKind.CANCELLED.value):
            return record
    return None


def _booking_of(reading: Reading, order: str, leg: str) -> str:
    """The contract's name for what was reserved as that leg; empty for credit."""
    plan = newest_plan(reading, order)
    if plan is None:
        return ""
    named = zip(plan.legs, booking_names(plan), strict=True)
    return next((name for one, name in named if leg_need(plan, one).leg == leg), "")


def _called_off(reading: Reading, order: str, record: Record, name: str) -> int:
    book = read_book(reading, order)
    before = [fact for fact in book.facts if fact.id != record.body["fact"]["id"]]
    position = fold(book.contract, before, record.on).position
    account = position.accounts.get(name)
    if account is None or account.ended or account.billed_share == 1:
        return 0
    stated: Mapping[str, Any] = record.body["fact"]["data"].get("fees", {})
    if name in stated:
        return int(stated[name])
    return cancellation_fee(account.booking, position.state.value)


def post_fee(transaction: Transaction, on: date, operation: str, call: Call, released: Released) -> None:
    """What giving back costs is owed to the firm from now on, once for each call that gave back: the whole
    of it, or what it differs from what was posted by its terms."""
    key = RecordKey.fee(operation)
    request = call.request
    if transaction.record_by_key(key) is not None or _has_failed(
        transaction, request.order, request.provider
    ):
        return
    charged = charged_minor(transaction, call.request.order, operation)
    more = released.fee_minor - (charged or 0)
    if not more:
        return
    body = {
        "firm": request.provider,
        "leg": request.leg,
        "fee_minor": str(released.fee_minor),
        "charged_minor": str(charged or 0),
    }
    legs = fee_legs(request.provider, request.kind, released.currency, more)
    transaction.append(Entry(RecordKind.SLOT_FEE, key, on, request.order, body, legs))


def _has_failed(reading: Reading, order: str, firm: str) -> bool:
    """Whether the firm failed this order itself: then nobody owes it anything for giving its slots back."""
    failed = reading.records(order=order, kind=FactKind.PROVIDER_FAILED.value)
    names = (str(record.body["fact"]["data"].get("booking", "")) for record in failed)
    return any(re.split("[#~]", name)[0] == firm for name in names)


def fee_legs(firm: str, kind: str, currency: str, minor: int) -> tuple[Leg, ...]:
    """The trader owes it, and a provider has it to come."""
    owed = (
        Leg("trader", Account.CANCELLATION, currency, minor),
        Leg("trader", Account.PAYABLE, currency, -minor),
    )
    if kind.startswith("credit"):
        return owed
    entity = f"provider:{firm}"
    return (
        *owed,
        Leg(entity, Account.RECEIVABLE, currency, minor),
        Leg(entity, Account.CANCELLATION_INCOME, currency, -minor),
    )
