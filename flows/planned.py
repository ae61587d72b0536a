"""The plan that an order stands on: recorded when it is made, read again by every later step."""

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from domain.errors import NotFoundError, OwnCashNeededError
from domain.money import format_minor
from domain.plain import from_plain, to_plain
from domain.plan import Certificate, Plan
from domain.posting import Entry
from domain.states import OrderState

if TYPE_CHECKING:
    from flows.place import Placed
    from ledger.reading import Reading
    from ledger.transaction import Transaction

PLANNED = "plan"

SHOWN = 8
"""How many refusals a message names."""


def record_plan(transaction: "Transaction", placed: "Placed", plan: Plan, on: date) -> int:
    """Make this the plan that the order stands on; its number, counted from 1.

    The plan in force already is not recorded again. Once slots are booked the state stays as it is.
    """
    plan = replace(plan, order=placed.id)
    known = _newest(transaction, placed.id)
    if known is not None and placed.state is not OrderState.CONFIRMED and _same(known[1], plan):
        return known[0]
    number = known[0] + 1 if known else 1
    body: dict[str, object] = {"plan": to_plain(plan)}
    if placed.state in (OrderState.CONFIRMED, OrderState.PLANNED):
        body["state"] = OrderState.PLANNED.value
    transaction.append(Entry(PLANNED, f"{PLANNED}:{placed.id}:{number}", on, placed.id, body))
    return number


def _same(known: Plan, plan: Plan) -> bool:
    """Whether two plans say the same; how long the search took does not count."""
    return replace(known, search=plan.search) == plan


def _newest(reading: "Reading", order_id: str) -> tuple[int, Plan] | None:
    number, found = 0, None
    while (record := reading.record_by_key(f"{PLANNED}:{order_id}:{number + 1}")) is not None:
        number, found = number + 1, record
    return (number, from_plain(Plan, found.body["plan"])) if found else None


def current_plan(reading: "Reading", order_id: str) -> Plan:
    """The order's newest plan; NotFoundError when it was never planned."""
    found = _newest(reading, order_id)
    if found is None:
        raise NotFoundError(f"order {order_id} is not planned yet", f"net plan {order_id}")
    return found[1]


def read_plan(reading: "Reading", order_id: str) -> Plan | None:
    found = _newest(reading, order_id)
    return found[1] if found else None


def own_cash_error(certificate: Certificate, order_id: str) -> OwnCashNeededError:
    """Why no plan passes, with the nearest gap and the ways out that were found."""
    told = [f"no plan for order {order_id} stands without your own cash: {certificate.reason}"]
    if certificate.gap_minor:
        gap = format_minor(certificate.gap_minor, certificate.currency, grouped=True)
        when = f" on {certificate.gap_on}" if certificate.gap_on else ""
        told.append(f"  the best chain is short of {gap} {certificate.currency}{when}")
    told += [f"  {refusal.subject}: {refusal.reason}" for refusal in certificate.refusals[:SHOWN]]
    ways = [
        f"{repair.text} (net plan {order_id} --what-if {repair.change})" for repair in certificate.repairs
    ]
    hint = "; or ".join(ways) or f"net plan {order_id} shows what was tried"
    return OwnCashNeededError("\n".join(told), hint)
