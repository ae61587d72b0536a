"""An order's way worked out before its commit is opened: what rests on its plan alone, ready to be recorded.

While one process writes, the others wait. So a batch makes the entries of an order that the ledger does not
know yet, and their canonical bytes, before it writes; what rests on the ledger (names that are free, slots,
credit, the registry) is asked inside the write, as for any other order. Where that turns out otherwise, what
was made here is left and made again: the records are the same either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from domain.errors import NetError
from domain.plan import FlowKind, Plan
from domain.posting import Entry
from domain.terms import Event, SalesTax
from flows.books.advance import Played, play_out
from flows.credit.accept import Draft, draft_acceptance
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.orders.place import placing
from flows.plans.needs import Need
from flows.plans.recorded_plan import first_planning, known_as

MONTH, ROLLED = 31, 15
"""Days: the longest month, and the most by which a holiday moves a day."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """``played`` is None where the order is only to be reserved."""

    plan: Plan
    needs: Sequence[Need]
    placing: Entry
    planning: Entry
    draft: Draft
    played: Played | None = None


def rehearse(
    session: Session, fresh: Placed, plan: Plan, needs: Sequence[Need], on: date, *, settled: bool
) -> Rehearsal | None:
    """The way of an order that is to be recorded under its own reference; None where a rule refuses it,
    which the way itself will tell."""
    from ledger.record.body import ready

    ledger_id = session.ledger.id
    try:
        draft = draft_acceptance(known_as(fresh), plan, session.network, on)
        played = play_out(draft.book, last_day(plan, session.network.sales_tax())) if settled else None
    except NetError:
        return None
    draft = replace(draft, entry=ready(draft.entry, ledger_id))
    if played is not None:
        played = replace(played, entries=tuple(ready(entry, ledger_id) for entry in played.entries))
    return Rehearsal(
        plan,
        needs,
        ready(placing(fresh.id, fresh.order, on), ledger_id),
        ready(first_planning(plan, on), ledger_id),
        draft,
        played,
    )


def last_day(plan: Plan, tax: SalesTax) -> date:
    """A day by which all that the plan expects has come: its last flow, and where no tax is payable the day
    on which that is declared."""
    last = max((flow.on for flow in plan.flows), default=plan.planned_on)
    invoiced = plan.events.get(Event.INVOICE.value)
    if invoiced is None or any(flow.kind is FlowKind.TAX for flow in plan.flows):
        return last
    longest = MONTH * (tax.period_months + tax.months_after) + tax.due_day + ROLLED
    return max(last, invoiced + timedelta(days=longest))
