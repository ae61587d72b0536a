"""What comes next for an order: the exact commands, from where it really stands.

Before anything is reserved the state says it. Afterwards it is what the plan expects and nobody has stated
yet, in the order in which it falls, each as the command that states it.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from domain.money import format_minor
from domain.states import ENDED, OrderState
from finance.agreed.contract import BUYER, Condition, Contract
from finance.agreed.facts import Fact, FactKind, standing
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from flows.books.acceptance import acceptance
from flows.books.order_book import OrderBook, read_book
from flows.books.record import horizon
from flows.calls.resolve import open_calls
from flows.credit.confirmation import buyer_keys
from flows.firms.withdrawals import open_withdrawals
from flows.orders.find import Placed
from flows.settlement.owed import standing_at
from ledger.book.reading import Reading

AHEAD = timedelta(days=1500)
"""How far beyond the last fact the plan is looked at: longer than any order lasts."""
BY_OTHERS = (Condition.BUYER_CONFIRMED, Condition.ASSIGNMENT_NOTIFIED)
"""Conditions of a first draw that somebody has to state; the others follow from the order's own way."""
SIGNATURE, KEY, NOTICE, HOW_CHECKED = "SIGNATURE-FILE", "KEY", "NOTICE", "HOW-CHECKED"
"""What only the person has: it stands in a command in capitals."""


@dataclass(frozen=True, slots=True)
class NextStep:
    """One command to come: its words after ``net``, what it states, the day that the plan has for it (None:
    at once), and whom it waits for (nothing: the trader)."""

    words: tuple[str, ...]
    what: str
    on: date | None = None
    waits_for: str = ""

    @property
    def command(self) -> str:
        """As it is typed in a shell."""
        return shlex.join(("net", *self.words))


def next_steps(reading: Reading, placed: Placed, *, practice: bool = False) -> list[NextStep]:
    """What is still to be done about an order, first things first; empty when it has ended."""
    order, state = placed.id, placed.state
    if state in ENDED:
        return []
    if state is OrderState.DRAFT:
        return [NextStep(("order", "confirm", order), "the buyer agrees")]
    urgent = [*_calls(reading, order), *_withdrawn(reading, order)]
    if urgent:
        return urgent
    if acceptance(reading, order) is None:
        return [NextStep(("order", "run", order), "plan it, ask the lenders, reserve everything")]
    book = read_book(reading, order)
    expected = list(_expected(reading, book))
    if practice and expected:
        last = max(step.on for step in expected if step.on)
        played = ("order", "advance", order, "--to", last.isoformat(), "--as-planned")
        return [NextStep(played, "play what the plan expects", last), *expected]
    return [*_claims(book), *expected] or list(_stuck(reading, placed))


def _calls(reading: Reading, order: str) -> Iterator[NextStep]:
    """Firms whose answer only a person can find out."""
    for call in open_calls(reading, order):
        if call.waits_for_a_person and not call.given_up:
            words = ("slot", "resolve", order, call.firm)
            yield NextStep(words, f"what did {call.firm} answer to {call.call.verb}?", None, call.firm)


def _withdrawn(reading: Reading, order: str) -> Iterator[NextStep]:
    for lost in open_withdrawals(reading, order):
        yield NextStep(
            ("order", "replace", order, lost.firm), f"{lost.firm} took back {lost.leg}: {lost.reason}"
        )


def _expected(reading: Reading, book: OrderBook) -> Iterator[NextStep]:
    """Every step that the plan still has, as planned from what is stated so far."""
    contract = book.in_force
    first = FirstDraws(reading, book)
    for fact in expected_facts(book):
        yield from first.before(fact)
        yield step_of(contract, fact)


def expected_facts(book: OrderBook) -> list[Fact]:
    """What the plan expects and nobody has stated, in the order in which it falls."""
    far = horizon(book, book.contract.accepted_on) + AHEAD
    return fold(book.contract, book.facts, far, Expectations(book.contract, book.facts)).assumed


class FirstDraws:
    """What somebody has to state before the first draw of each facility; each thing is asked for once."""

    def __init__(self, reading: Reading, book: OrderBook) -> None:
        self._reading, self._contract = reading, book.in_force
        self._open = _open_conditions(book)

    def before(self, fact: Fact) -> Iterator[NextStep]:
        """The steps before this fact; only a draw has any."""
        if fact.kind is FactKind.DRAW:
            for condition in self._open.pop(fact.text("facility"), ()):
                yield from _condition_steps(self._reading, self._contract, condition, fact.on)


def _open_conditions(book: OrderBook) -> dict[str, tuple[Condition, ...]]:
    """By facility not drawn yet: conditions of its first draw that somebody still has to state; each once."""
    stated = {fact.text("condition") for fact in standing(book.facts)}
    drawn = {fact.text("facility") for fact in standing(book.facts) if fact.kind is FactKind.DRAW}
    found: dict[str, tuple[Condition, ...]] = {}
    for facility in book.contract.facilities:
        if facility.id in drawn:
            continue
        wanted = (*facility.first_conditions, *facility.conditions)
        found[facility.id] = tuple(one for one in BY_OTHERS if one in wanted and one.value not in stated)
        stated |= {one.value for one in found[facility.id]}
    return found


def _condition_steps(
    reading: Reading, contract: Contract, condition: Condition, on: date
) -> Iterator[NextStep]:
    order, buyer, day = contract.order, contract.buyer or BUYER, ("--on", on.isoformat())
    if condition is not Condition.BUYER_CONFIRMED:
        stated = ("--condition", condition.value, "--evidence", NOTICE)
        yield NextStep(("finance", "confirm", order, *stated, *day), condition.value.replace("_", " "), on)
        return
    if not buyer_keys(reading, buyer):
        words = ("finance", "enrol-buyer", buyer, KEY, "--evidence", HOW_CHECKED, "--order", order)
        yield NextStep(words, "note the buyer's own key, learned from the buyer itself", on, buyer)
    signed = ("finance", "confirm", order, "--signature", SIGNATURE, *day)
    told = f"the buyer signs what net finance confirm {order} prints, with its own key"
    yield NextStep(signed, told, on, buyer)


def step_of(contract: Contract, fact: Fact) -> NextStep:
    """The command by which the fact is stated."""
    order = contract.order
    day = ("--on", fact.on.isoformat())
    again = ("--reference", "again") if fact.id.endswith("+") else ()
    match fact.kind:
        case FactKind.MILESTONE:
            return _milestone(order, contract, fact, day)
        case FactKind.INVOICE:
            return NextStep(("milestone", "record", order, "invoice", *day), "invoice the buyer", fact.on)
        case FactKind.DRAW:
            return _draw(order, contract, fact, day)
        case FactKind.RECEIPT:
            money = format_minor(fact.minor("amount") or 0, contract.currency)
            words = ("payment", "receive", order, money, *again, *day)
            buyer = contract.buyer or BUYER
            return NextStep(words, f"{buyer} pays {money} {contract.currency}", fact.on, buyer)
        case FactKind.PAYMENT:
            return _payment(order, contract, fact, (*again, *day))
    return NextStep(("order", "settle", order, *day), "close the order", fact.on)


def _milestone(order: str, contract: Contract, fact: Fact, day: tuple[str, ...]) -> NextStep:
    booking, name = fact.text("booking"), fact.text("name")
    whose = ("--booking", booking) if booking else ()
    told = f"{name.replace('_', ' ')}{f' of {booking}' if booking else ''}"
    words = ("milestone", "record", order, name, *whose, *day)
    return NextStep(words, told, fact.on, booking or _doer(contract, name))


def _doer(contract: Contract, name: str) -> str:
    """Whose deed a milestone of the whole order is: the factory's, the inspector's, the last carrier's."""
    kinds = {"production_end": "factory", "inspection": "inspection", "delivery": "logistics"}
    found = [one.id for one in contract.bookings if one.kind == kinds.get(name)]
    return found[-1].partition("#")[0] if found else ""


def _draw(order: str, contract: Contract, fact: Fact, day: tuple[str, ...]) -> NextStep:
    facility = fact.text("facility")
    lent = contract.currency_of(facility)
    words = ["finance", "draw", order, facility]
    amount = fact.minor("amount")
    if amount is not None:
        words.append(format_minor(amount, lent))
    for name, *figures in _listed(fact.data.get("payees", [])):
        paid = format_minor(int(figures[0]), contract.currency_of(name))
        cost = f"@{format_minor(int(figures[1]), lent)}" if len(figures) > 1 else ""
        words += ["--pay", f"{name}={paid}{cost}"]
    payees = ", ".join(name for name, *_ in _listed(fact.data.get("payees", []))) or "the order's account"
    known = contract.facility(facility)
    lenders = ", ".join(share.lender for share in known.shares) if known else ""
    return NextStep((*words, *day), f"{lenders or facility} pays {payees}", fact.on, lenders)


def _listed(payees: Any) -> list[list[str]]:
    return [[str(part) for part in payee] for payee in payees]


def _payment(order: str, contract: Contract, fact: Fact, rest: tuple[str, ...]) -> NextStep:
    payee, amount, cost = fact.text("payee"), fact.minor("amount"), fact.minor("cost")
    words = ["payment", "make", order, payee]
    if amount is not None:
        words.append(format_minor(amount, contract.currency_of(payee)))
    if cost is not None:
        words += ["--cost", format_minor(cost, contract.currency)]
    return NextStep((*words, *rest), f"pay {payee}", fact.on)


def _claims(book: OrderBook) -> Iterator[NextStep]:
    """Differences that corrections left open with somebody."""
    for party, minor in book.claims.items():
        if minor:
            way = "pays back" if minor > 0 else "is paid"
            yield NextStep(
                ("payment", "clear", book.order, party), f"{party} {way} what corrections left open"
            )


def _stuck(reading: Reading, placed: Placed) -> Iterator[NextStep]:
    """Where the plan says nothing more: what is open between people."""
    order, currency = placed.id, placed.order.currency
    if placed.state is OrderState.DISPUTED:
        yield NextStep(("payment", "dispute", order, "--amount", "AMOUNT", "--settled"), "the buyer gives in")
        yield NextStep(("payment", "credit", order, "--amount", "AMOUNT"), "or the trader does")
        return
    if placed.state is OrderState.DEFAULTED:
        yield NextStep(("payment", "recover", order, "AMOUNT"), "money from the buyer's estate")
        yield NextStep(("payment", "write-off", order), "or nobody will pay")
        return
    found = standing_at(reading, order, placed.on + AHEAD)
    for one in found.owed if found else ():
        money = format_minor(abs(one.amount_minor), one.currency or currency)
        if one.amount_minor < 0:
            words = ("payment", "receive", order, money)
            yield NextStep(words, f"{one.party} still owes it", one.due_on, one.party)


def first_step(reading: Reading, placed: Placed, *, practice: bool = False) -> NextStep | None:
    """The next step alone; None when nothing is left to do."""
    return next(iter(next_steps(reading, placed, practice=practice)), None)
