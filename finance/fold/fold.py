"""The fold: a contract and its facts give the complete list of dated journals up to a date.

It is pure and deterministic: the same contract and facts give the same journals, whatever the order in
which they were recorded. Posting, previews, replays after a back-dated fact, and playing the future as
planned are all this one function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from finance.agreed.contract import Contract
from finance.agreed.facts import Fact, FactKind, standing
from finance.books.debt import Debt
from finance.books.order_books import JournalEntry
from finance.books.position import Position
from finance.fold.derecognition import TOUCHING, give_up, take_back
from finance.fold.handlers import HANDLERS
from finance.fold.staging import measure, next_move
from finance.sides.loss import recourse_on


class Assume(Protocol):
    """What would happen next as planned, not before the given date; None when nothing more is expected."""

    def __call__(self, position: Position, today: date) -> Fact | None: ...

    def taken(self, fact: Fact) -> Fact:
        """The fact with its id, once the fold takes it."""
        ...


LIMIT = 5_000


@dataclass(slots=True)
class Folded:
    """What came out: the journals, where the order stands, the facts that were assumed on the way."""

    position: Position
    assumed: list[Fact]
    states: list[tuple[str, str]]

    @property
    def journals(self) -> list[JournalEntry]:
        return self.position.books.journals


def fold(contract: Contract, facts: Iterable[Fact], to: date, assume: Assume | None = None) -> Folded:
    """Take every fact up to ``to`` in the order of trade, with what follows by itself in between.

    ``states`` are (fact id, order state after it) pairs. With ``assume``, what is expected and not
    stated becomes an assumed fact on its date.
    """
    waiting = sorted((fact for fact in standing(facts) if fact.on <= to), key=lambda fact: fact.place)
    position = Position(contract)
    folded = Folded(position, [], [])
    place, today = 0, contract.accepted_on
    for _ in range(LIMIT):
        stated = waiting[place] if place < len(waiting) else None
        fact = _earliest(stated, derived(position, to), assume(position, today) if assume else None)
        if fact is None or fact.on > to:
            return folded
        if fact is stated:
            place += 1
        elif fact.assumed and assume is not None:
            fact = assume.taken(fact)
            folded.assumed.append(fact)
        today = max(today, fact.on)
        _take(position, fact)
        folded.states.append((fact.id, position.state.value))
    raise AssertionError(f"order {contract.order} does not come to rest")  # a bug of ours


def _take(position: Position, fact: Fact) -> None:
    touching = fact.kind in TOUCHING
    if touching:
        take_back(position, fact)
    HANDLERS[fact.kind](position, fact)
    if touching:
        give_up(position, fact)
    measure(position, fact)


def _earliest(*facts: Fact | None) -> Fact | None:
    """The first in the order of trade; what is stated goes before what follows from it on one day."""
    best: Fact | None = None
    for fact in facts:
        if fact is not None and (best is None or fact.place[:2] < best.place[:2]):
            best = fact
    return best


def derived(position: Position, to: date) -> Fact | None:
    """What follows from the contract alone: early money goes to the lenders when their claim falls due;
    a late debt moves to the next stage; an insolvent buyer's claim is struck on the recourse day."""
    found: Fact | None = None
    for debt in position.debts.values():
        if not debt.drawings or not debt.claim:
            continue
        found = _earliest(found, next_move(debt, to))
        if position.sales.collected and debt.due_on is not None and debt.due_on <= to:
            found = _earliest(found, Fact(FactKind.COLLECTION, debt.due_on, f"collection-{debt.due_on}"))
        if position.insolvent_on is not None and not debt.struck:
            found = _earliest(found, _strike(position, debt, to))
    return found


def _strike(position: Position, debt: Debt, to: date) -> Fact | None:
    day = recourse_on(debt)
    if day is None or day > to:
        return None
    struck = max(day, position.insolvent_on or day)
    data = {"facility": debt.id}
    return Fact(FactKind.DEFAULT, struck, f"strike-{debt.id}", data=data)
