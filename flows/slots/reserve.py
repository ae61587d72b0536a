"""Reserve everything that a plan needs at every firm, and the credit, all together or not at all.

Hold every leg and the credit line, test the plan again on what the firms answered, confirm in an order
that respects what each hold is worth, or give everything back and say what that cost. When a firm
declines, the next best plan that keeps what is held already is tried first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from domain.errors import NetError, NoCapacityError, UnreachableError, WaitingError
from domain.money import format_minor
from domain.plan import Plan
from flows.calls.asking import Turn
from flows.calls.caller import Caller, Patience
from flows.firms.connected import Firms
from flows.plans.needs import Need, needs_of
from flows.slots.outcomes import Job, Outcome, Refused, Reserved, Waits
from flows.slots.steps import Reserving
from ledger.book.transaction import Transaction
from ledger.store import Ledger


def is_local(plan: Plan, firms: Firms) -> bool:
    """Whether every firm of the plan is in our own ledger, so that reserving it is one transaction."""
    return all_local(needs_of(plan, firms.network), firms)


def all_local(needs: Iterable[Need], firms: Firms) -> bool:
    """As ``is_local`` for the plan's needs in hand."""
    return all(firms.adapter(need.firm).capabilities.in_ledger for need in needs)


class _UndoneError(Exception):
    """Undoes the savepoint of a refused reservation; never leaves this file."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


def reserve_in(transaction: Transaction, firms: Firms, job: Job) -> Reserved | Refused:
    """Reserve inside the caller's open transaction; only for plans that are ``is_local``.

    When it is refused, nothing is held and nothing is written.
    """
    firms.calendar.current = transaction
    try:
        with transaction.savepoint():
            outcome = _advance_local(transaction, firms, job)
            if isinstance(outcome, Refused):
                raise _UndoneError(replace(outcome, cost_minor={}))
            return outcome
    except _UndoneError as undone:
        return undone.refused
    finally:
        firms.calendar.current = None


def _advance_local(transaction: Transaction, firms: Firms, job: Job) -> Reserved | Refused:
    steps = Reserving(firms, job, "").steps()
    next(steps)
    try:
        asks = steps.send(Turn(transaction, {}, firms.clock()))
    except StopIteration as end:
        outcome: Outcome = end.value
        if isinstance(outcome, Waits):
            raise NetError("a reservation in our own ledger cannot wait") from None
        return outcome
    names = ", ".join(sorted({one.firm for one in asks}))
    raise NetError(f"order {job.order} needs answers of {names}: reserve it outside a transaction")


def reserve_many(
    ledger: Ledger, firms: Firms, jobs: Sequence[Job], *, patience: Patience | None = None
) -> list[Outcome | NetError]:
    """Reserve many orders at once; a slow firm delays only the orders that wait for it."""
    if not jobs:
        return []
    caller: Caller[Outcome] = Caller(ledger, firms, jobs[0].on, patience=patience)
    return caller.run([Reserving(firms, job, ledger.id).steps() for job in jobs])


def reserve(
    ledger: Ledger, firms: Firms, job: Job, *, patience: Patience | None = None
) -> Reserved | Refused:
    """Reserve one order.

    WaitingError when only a person can go on, UnreachableError when a firm could not be reached: both
    leave what is held as it is, and the same command goes on from there.
    """
    outcome = reserve_many(ledger, firms, [job], patience=patience)[0]
    if isinstance(outcome, NetError):
        raise outcome
    if isinstance(outcome, Waits):
        raise waiting_error(outcome)
    return outcome


def waiting_error(waits: Waits) -> NetError:
    """The error of an order whose reservation cannot go on now, with the way out."""
    reasons = "; ".join(waits.reasons)
    if not waits.people:
        return UnreachableError(
            f"order {waits.order} is not reserved yet: {reasons}",
            "run the same command again: nothing is done twice, and what is held stays held until it expires",
        )
    return WaitingError(
        f"order {waits.order} waits for an answer: {reasons}",
        f"find out, then record it: net slot resolve {waits.order}",
    )


def refusal_error(refused: Refused) -> NoCapacityError:
    """The error of an order that nobody could reserve, with every firm's reason and what it cost."""
    reasons = "; ".join(f"{refusal.firm}: {refusal.reason}" for refusal in refused.refusals)
    cost = ", ".join(f"{format_minor(fee, code)} {code}" for code, fee in refused.cost_minor.items())
    suffix = f" (giving back cost {cost})" if cost else ""
    return NoCapacityError(
        f"order {refused.order} could not be reserved: {reasons}{suffix}",
        f"plan it again: net plan {refused.order}",
    )
