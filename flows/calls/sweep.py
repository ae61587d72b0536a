"""Puts away what is left over: holds whose time is over, calls given up, what could not be given back.

Safe to run at any time, any number of times; the node runs it every minute.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime

from domain.errors import NetError, NotFoundError
from flows.calls.asking import ENDING, MustAsk, Reply, Steps, Unreachable, WantedCall, missing
from flows.calls.caller import Caller, Patience
from flows.calls.resolve import OpenCall, open_calls
from flows.calls.undo import intend_undoing, undoing
from flows.firms.call_journal import CallJournal
from flows.firms.connected import Firms
from flows.shop.serve import expire_sold
from ledger.store import Ledger
from providers.protocol import Call, Pending, Released


@dataclass(frozen=True, slots=True)
class Swept:
    """``expired`` holds, calls ``undone`` and ``closed``, and what is ``left`` with the reason."""

    expired: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def expire_holds(ledger: Ledger, now: datetime) -> tuple[str, ...]:
    """End every hold of our own calendar whose time is over."""
    if not ledger.expired_holds(now):
        return ()
    with ledger.write() as transaction:
        sold = expire_sold(transaction, now)  # other firms' holds: they are told
        own = transaction.expired_holds(now)
        for hold in own:
            transaction.expire_hold(hold.hold_id)
    return (*sold, *(hold.hold_id for hold in own))


def sweep(
    ledger: Ledger,
    firms: Firms,
    on: date,
    *,
    patience: Patience | None = None,
    pool: Callable[[int], Executor] = ThreadPoolExecutor,
) -> Swept:
    """Expire, find out what became of calls given up, and undo what firms did all the same."""
    expired = expire_holds(ledger, firms.clock())
    wanted = [one for one in open_calls(ledger) if one.given_up or one.call.verb in ENDING]
    caller: Caller[str] = Caller(ledger, firms, on, patience=patience, pool=pool)
    flows = [_settle(ledger.id, firms, one) for one in wanted]
    outcomes = caller.run(flows) if flows else []
    left = [str(outcome) for outcome in outcomes if isinstance(outcome, NetError) or outcome.startswith("!")]
    closed = [one.operation for one, out in zip(wanted, outcomes, strict=True) if out == ""]
    return Swept(expired, tuple(closed), tuple(text.removeprefix("!") for text in left))


def _settle(ledger_id: str, firms: Firms, one: OpenCall) -> Steps[str]:
    """Nothing when the call is closed, else ``!`` and why it is not."""
    turn = yield ()
    try:
        adapter = firms.adapter(one.firm)
    except NotFoundError as gone:
        return f"!{gone.message}"
    wanted = WantedCall(one.operation, one.order, one.firm, adapter, one.call)
    turn = yield [wanted]
    reply = turn.replies[one.operation]
    if isinstance(reply, Pending | Unreachable | MustAsk):
        return f"!{missing(reply)}"
    if not one.given_up:
        return _given_back(one.call, reply)
    found = undoing(ledger_id, one.operation, one.call, reply, turn.now.replace(microsecond=0))
    if found is None:
        return ""
    intend_undoing(turn.transaction, CallJournal(), ledger_id, one.operation, one.call, reply, turn.now)
    turn = yield [WantedCall(found.operation, one.order, one.firm, adapter, found.call)]
    return _given_back(found.call, turn.replies[found.operation])


def _given_back(call: Call, reply: Reply) -> str:
    return "" if isinstance(reply, Released) else f"!{call.request.provider} {missing(reply)}"


def describe(swept: Swept) -> Sequence[str]:
    """What a person is told, a line each."""
    lines = [f"expired: {hold}" for hold in swept.expired]
    lines += [f"closed: {operation}" for operation in swept.closed]
    return lines + [f"still open: {reason}" for reason in swept.left]
