"""Thousands of orders the whole way, many to a commit, in several processes; run again after anything.

An order is told as done only when the commit that holds it is on the disk. What an earlier run has done is
found by the order's own reference and not done again.

Plans are made before the commit is opened, so that processes plan at the same time and only write in turn.
A plan made so may count on a slot that another order takes meanwhile: then the reservation is declined, and
the next best plan is tried, as for any other order.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path

from documents.orders.reading import Defects
from domain.errors import InputDefectsError, NetError
from domain.order import Order
from domain.plan import Plan
from domain.states import ENDED, OrderState
from flows.books.advance import advance, play_out, record_played
from flows.books.record import Recorded
from flows.credit.refusals import lenders_have_rules
from flows.deals.rehearse import Rehearsal, last_day, rehearse
from flows.deals.run import (
    UNRESERVED,
    Way,
    best_plan,
    fresh_plan,
    go_on,
    keep_plan,
    reserve_planned,
    reserve_side_by_side,
)
from flows.desk.session import Clock, Session, utc_now
from flows.many.one_commit import grouped
from flows.many.workers import in_order
from flows.orders.find import Placed
from flows.orders.place import place_order, same_order
from flows.orders.refusal import keep_refusal
from flows.plans.availability import LedgerAvailability, slot_lines
from flows.plans.needs import needs_of
from flows.plans.newest import newest_plan
from flows.slots.reserve import all_local, is_local

RESERVED, SETTLED = "reserved", "settled"
GROUP = 25
"""Orders to a commit: enough to share the cost of reaching the disk, few enough to see progress."""


@dataclass(frozen=True, slots=True)
class BatchTerms:
    """How a batch is run; ``on`` None is each order's own issue date on a practice ledger, else today."""

    ledger_url: str
    config_path: Path
    on: date | None = None
    until: str = RESERVED
    workers: int = 2
    group: int = GROUP
    clock: Clock = utc_now


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one order; ``error`` is empty when it went well, ``repeated`` when nothing was left."""

    reference: str
    state: str = ""
    currency: str = ""
    gross_minor: int = 0
    profit_minor: int = 0
    repeated: bool = False
    error: str = ""
    message: str = ""
    hint: str = ""
    exit_code: int = 0

    @property
    def went_well(self) -> bool:
        return not self.error


def run_batch(terms: BatchTerms, items: Iterable[Order | Defects]) -> Iterator[Done]:
    """Every order in turn, each told once its commit is durable."""
    groups = _groups(items, terms.group)
    for done in in_order(groups, _work, workers=terms.workers, begin=_begin, given=(terms,)):
        yield from done


def _groups(items: Iterable[Order | Defects], size: int) -> Iterator[list[Order | Defects]]:
    stream = iter(items)
    while group := list(islice(stream, size)):
        yield group


@dataclass
class _Worker:
    """What one process keeps open for all of its work."""

    session: Session
    terms: BatchTerms


_worker: list[_Worker] = []


def _begin(terms: BatchTerms) -> None:
    session = Session(
        ledger_url=terms.ledger_url, config_path=terms.config_path, on=terms.on, clock=terms.clock
    )
    _worker[:] = [_Worker(session, terms)]


def _work(items: Sequence[Order | Defects]) -> list[Done]:
    worker = _worker[0]
    return work_group(worker.session, worker.terms, items)


def work_group(session: Session, terms: BatchTerms, items: Sequence[Order | Defects]) -> list[Done]:
    """One group: plan each order, then take them all the way in one commit.

    Orders that need firms with systems of their own are reserved side by side afterwards, each in commits of
    its own, since no transaction stays open while a firm is asked.
    """
    free = LedgerAvailability(session.ledger)
    told = [_prepare(session, terms, item, free) for item in items]
    done = {place: one for place, one in enumerate(told) if isinstance(one, Done)}
    own = {place: one for place, one in enumerate(told) if isinstance(one, _Prepared) and one.local}
    others = {place: one for place, one in enumerate(told) if isinstance(one, _Prepared) and not one.local}
    if own:
        with grouped(session.ledger) as group:
            inside = session.on_ledger(group)
            done |= {place: _take(inside, terms, one) for place, one in own.items()}
    if others:
        done |= dict(zip(others, _take_elsewhere(session, terms, list(others.values())), strict=True))
    return [done[place] for place in range(len(told))]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An order with the plan made for it outside the commit; ``refusal`` is why there is none.

    ``local`` says that every firm of the plan keeps its slots in our own ledger.
    """

    order: Order
    on: date
    plan: Plan | None = None
    refusal: NetError | None = None
    local: bool = True
    rehearsal: Rehearsal | None = None


def _prepare(
    session: Session, terms: BatchTerms, item: Order | Defects, free: LedgerAvailability
) -> _Prepared | Done:
    if isinstance(item, Defects):
        return _refused(item.reference or f"line {item.line}", item.error())
    on = session.day_of(item.issued_on)
    try:
        known = same_order(session.ledger, item)
    except NetError as error:
        return _refused(item.reference, error)
    if known is not None and _finished(known, terms):
        return _done(session, known, repeated=True)
    if known is not None and known.state is not OrderState.CONFIRMED:
        standing = newest_plan(session.ledger, known.id)
        return _Prepared(item, on, local=standing is None or is_local(standing, session.firms))
    try:
        placed = known or Placed(item.reference, item, OrderState.CONFIRMED, on)
        plan = best_plan(session, placed, on, free, quick=not lenders_have_rules(session.network))
    except NetError as error:
        return _Prepared(item, on, refusal=error)
    free.claim(slot_lines(plan))
    needs = needs_of(plan, session.network)
    local = all_local(needs, session.firms)
    rehearsal = None
    if known is None and local:
        rehearsal = rehearse(session, placed, plan, needs, on, settled=terms.until == SETTLED)
    return _Prepared(item, on, plan, local=local, rehearsal=rehearsal)


def _finished(known: Placed, terms: BatchTerms) -> bool:
    if terms.until == RESERVED:
        return known.state not in (*UNRESERVED, OrderState.DRAFT)
    return known.state in ENDED


def _take(session: Session, terms: BatchTerms, prepared: _Prepared) -> Done:
    """One order the whole way inside the open commit; a step that fails is undone, those before it stay."""
    try:
        placed = _placed(session, prepared)
        return _finish(session, terms, _reserve(session, placed, prepared), prepared.rehearsal)
    except NetError as error:
        _keep_refusal(session, prepared, error)
        return _refused(prepared.order.reference, error)


def _keep_refusal(session: Session, prepared: _Prepared, error: NetError) -> None:
    """The refusal stays with the order where the order itself was recorded."""
    with suppress(NetError):  # another order has the reference: there is nothing to keep it with
        known = same_order(session.ledger, prepared.order)
        if known is not None:
            keep_refusal(session.ledger, known.id, prepared.on, error)


def _placed(session: Session, prepared: _Prepared) -> Placed:
    entry = prepared.rehearsal.placing if prepared.rehearsal else None
    placed = place_order(session.ledger, prepared.order, prepared.on, entry=entry)
    if prepared.refusal is not None:
        raise prepared.refusal
    return placed


def _finish(session: Session, terms: BatchTerms, way: Way, rehearsal: Rehearsal | None = None) -> Done:
    placed = way.placed
    if terms.until == SETTLED:
        placed = replace(placed, state=_play(session, way, rehearsal).state)
    return _done(session, placed, plan=way.plan)


def _take_elsewhere(session: Session, terms: BatchTerms, some: Sequence[_Prepared]) -> list[Done]:
    """Record and plan them in one commit, ask all their firms at the same time, then go on with each."""
    found: dict[int, Done] = {}
    ready: dict[int, tuple[Placed, Plan, date]] = {}
    with grouped(session.ledger) as group:
        inside = session.on_ledger(group)
        for place, one in enumerate(some):
            try:
                ready[place] = _ready(inside, one)
            except NetError as error:
                found[place] = _refused(one.order.reference, error)
    ways = reserve_side_by_side(session, list(ready.values()))
    for place, way in zip(ready, ways, strict=True):
        reference = some[place].order.reference
        try:
            found[place] = (
                _refused(reference, way) if isinstance(way, NetError) else _finish(session, terms, way)
            )
        except NetError as error:
            found[place] = _refused(reference, error)
    return [found[place] for place in range(len(some))]


def _ready(session: Session, one: _Prepared) -> tuple[Placed, Plan, date]:
    placed = _placed(session, one)
    if placed.state is OrderState.CONFIRMED and one.plan is not None:
        plan = replace(one.plan, order=placed.id)
        return keep_plan(session, placed, plan, one.on), plan, one.on
    return placed, fresh_plan(session, placed, one.on), one.on


def _play(session: Session, way: Way, rehearsal: Rehearsal | None) -> Recorded:
    """Play the plan to its last day; the book is in hand when the order was reserved just now."""
    last = last_day(way.plan, session.network.sales_tax())
    if way.book is None:
        return advance(session.ledger, way.placed.id, last, as_planned=True)
    played = rehearsal.played if rehearsal is not None else None
    if played is None or played.book is not way.book:
        played = play_out(way.book, last)
    with session.ledger.write() as transaction:
        return record_played(transaction, played)


def _reserve(session: Session, placed: Placed, prepared: _Prepared) -> Way:
    if placed.state is OrderState.CONFIRMED and prepared.plan is not None:
        plan, rehearsal = prepared.plan, prepared.rehearsal
        if placed.id != plan.order:  # another buyer's order has the reference
            plan, rehearsal = replace(plan, order=placed.id), None
        kept = keep_plan(session, placed, plan, prepared.on, rehearsal)
        return reserve_planned(session, kept, plan, prepared.on, rehearsal)
    return go_on(session, placed, prepared.on)


def _done(session: Session, known: Placed, *, plan: Plan | None = None, repeated: bool = False) -> Done:
    """An order that was called off or lost earns nothing of what was planned."""
    over = known.state in (OrderState.CANCELLED, OrderState.DEFAULTED)
    found = None if over else plan or newest_plan(session.ledger, known.id)
    return Done(
        known.id,
        known.state.value,
        known.order.currency,
        known.order.gross_minor,
        found.profit_minor if found else 0,
        repeated,
    )


def _refused(reference: str, error: NetError) -> Done:
    message = error.message
    if isinstance(error, InputDefectsError):
        message = "; ".join(str(defect) for defect in error.defects)
    return Done(
        reference,
        error=type(error).__name__,
        message=message,
        hint=error.hint,
        exit_code=error.exit_code,
    )


@dataclass
class Summary:
    """What a batch came to; ``profit`` by currency in minor units, ``reasons`` by kind of refusal."""

    orders: int = 0
    fresh: int = 0
    repeated: int = 0
    refused: int = 0
    profit: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)

    def add(self, done: Done) -> None:
        self.orders += 1
        if not done.went_well:
            self.refused += 1
            self.reasons[done.error] = self.reasons.get(done.error, 0) + 1
            return
        self.repeated += done.repeated
        self.fresh += not done.repeated
        self.profit[done.currency] = self.profit.get(done.currency, 0) + done.profit_minor
