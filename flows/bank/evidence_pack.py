"""The evidence on one order for a lender: everything that can be proven, in one signed file.

It needs no word of the core firm: the order and the plan are records of a ledger whose checkpoint is signed,
the histories are those of the same ledger, papers are named by their hashes. ``examples/check_pack.py``
checks it off line.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

from domain.errors import NotFoundError
from domain.record_kinds import RecordKey, RecordKind
from finance.agreed.contract import Condition
from finance.clearing.debt import encoded, sign
from finance.forecast.outcomes import Outcome
from finance.underwriting.fingerprint import order_hash
from flows.clearing.firm import Firm
from flows.desk.forecasts import LATE_PAYMENT, LEAD_TIME
from flows.forecast.outcomes import ledger_outcomes
from flows.orders.find import Placed, find_order
from flows.plans.newest import newest_plan
from ledger.checkpoints import make_checkpoint, prove_record, record_bytes
from ledger.record.records import Record
from ledger.store import Ledger
from trust.canonical import canonical_bytes
from trust.keys import Actor
from trust.notes import Checkpoint, verifier_key

SCHEMA = "net.finance-pack/1"
MOST_OUTCOMES = 200
"""So many of the newest payments and services are shown."""
PROVEN_KINDS = (RecordKind.ORDER_AMENDED, RecordKind.ORDER_CONFIRMED, RecordKind.FINANCE_ACCEPTED)


@dataclass(frozen=True, slots=True)
class PackParts:
    """Who packs, on what day, with which papers; ``held`` is where the newest checkpoint is kept."""

    firm: Firm
    actor: Actor
    held: Path
    on: date
    papers: Sequence[Path] = ()


def evidence_pack(ledger: Ledger, order_id: str, parts: PackParts) -> dict[str, Any]:
    """The signed pack of an order with a plan; NotFoundError without order, plan or a paper."""
    placed = find_order(ledger, order_id)
    plan = newest_plan(ledger, order_id)
    if plan is None:
        raise NotFoundError(f"order {order_id} has no plan yet", f"net plan {order_id} makes one")
    checkpoint = make_checkpoint(ledger, parts.actor, parts.held)
    firms = sorted({leg.provider for leg in plan.legs})
    content = {
        "schema": SCHEMA,
        "order": order_id,
        "order_hash": order_hash(placed.order),
        "state": placed.state.value,
        "on": parts.on.isoformat(),
        "firm": parts.firm.id,
        "ledger": ledger.id,
        "practice": ledger.practice,
        "verifier_key": verifier_key(ledger.id, parts.actor.key.public),
        "records": [_proven(ledger, record, checkpoint) for record in _records(ledger, placed)],
        "buyer": _history(ledger, LATE_PAYMENT, parts.on, placed.order.buyer.name),
        "providers": [_history(ledger, LEAD_TIME, parts.on, firm) for firm in firms],
        "claims": [
            {"fingerprint": fingerprint, "financier": financier}
            for fingerprint, _, financier in ledger.finance_claims(order_id)
        ],
        "conditions": _conditions(ledger, order_id),
        "papers": [_paper(path) for path in parts.papers],
    }
    sealed = {"schema": SCHEMA, "sha256": sha256(canonical_bytes(content)).hexdigest()}
    return {"content": content, "sealed": sealed, "signature": encoded(sign(sealed, parts.firm.key))}


def _records(ledger: Ledger, placed: Placed) -> Iterator[Record]:
    """The order as placed and amended, its newest plan, what was accepted, and what was stated of it."""
    first = ledger.record_by_key(RecordKey.order(placed.id))
    if first is not None:
        yield first
    newest = None
    for record in ledger.records(order=placed.id):
        if record.kind == RecordKind.PLAN:
            newest = record
        elif record.kind in PROVEN_KINDS or "condition" in _fact_data(record):
            yield record
    if newest is not None:
        yield newest


def _fact_data(record: Record) -> Mapping[str, Any]:
    fact = record.body.get("fact")
    data = fact.get("data") if isinstance(fact, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def _proven(ledger: Ledger, record: Record, checkpoint: Checkpoint) -> dict[str, Any]:
    """A record's own bytes with its proof, as any tool for such proofs takes them."""
    return {
        "kind": record.kind,
        "record": record.sequence,
        "bytes": record_bytes(ledger, record).decode(),
        "proof": prove_record(ledger, record, checkpoint),
    }


def _history(ledger: Ledger, subject: str, on: date, name: str) -> dict[str, Any]:
    """What one firm did: paid or delivered, how late, by the ledger's own orders."""
    outcomes = [one for one in ledger_outcomes(ledger, subject, on) if one.groups[0] == name]
    newest = sorted(outcomes, key=lambda one: (one.due_on, one.id))[-MOST_OUTCOMES:]
    ended = [one for one in outcomes if one.ended_on is not None]
    return {
        "firm": name,
        "count": len(outcomes),
        "ended": len(ended),
        "in_time": sum(one.ended_on <= one.due_on for one in ended if one.ended_on is not None),
        "outcomes": [_outcome(one) for one in newest],
    }


def _outcome(one: Outcome) -> dict[str, Any]:
    ended = one.ended_on
    return {
        "name": one.id,
        "asked_on": one.asked_on.isoformat(),
        "due_on": one.due_on.isoformat(),
        "ended_on": ended.isoformat() if ended else None,
        "days_late": (ended - one.due_on).days if ended else None,
        "amount_minor": str(one.amount_minor),
    }


def _conditions(ledger: Ledger, order_id: str) -> dict[str, Any]:
    """What was stated of a draw's conditions, the assignment above all: who said so, on what evidence."""
    found: dict[str, Any] = {Condition.ASSIGNMENT_NOTIFIED.value: None, Condition.BUYER_CONFIRMED.value: None}
    for record in ledger.records(order=order_id):
        data = _fact_data(record)
        if "condition" in data:
            fact = record.body["fact"]
            found[str(data["condition"])] = {
                "by": fact.get("by", ""),
                "evidence": fact.get("evidence", ""),
                "on": record.on.isoformat(),
                **{name: data[name] for name in ("public_key", "signature", "order_hash") if name in data},
            }
    return found


def _paper(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
    except OSError:
        raise NotFoundError(f"there is no paper {path}", "name files that are there") from None
    return {"name": path.name, "sha256": sha256(content).hexdigest(), "bytes": len(content)}
