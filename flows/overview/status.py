"""All orders at a glance: what is due and late, what expires, what is lent, who is waited for.

Everything is read from what is kept: the agenda, the calendar of slots, the heads of orders. No order is
folded here unless it has changed since the agenda was last asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.network import Network
from domain.slots import CREDIT_PERIOD, credit_resource
from domain.states import OrderState
from flows.desk.session import Session
from flows.overview.agenda import Agenda
from flows.overview.agenda_line import AgendaLine
from flows.overview.verified import Verified, last_verified
from ledger.book.reading import Reading
from ledger.store import Ledger


@dataclass(frozen=True, slots=True)
class Expiring:
    """A hold that ends by itself unless it is confirmed."""

    order: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What a lender's limit has committed to orders, in minor units of ``currency``."""

    name: str
    lender: str
    limit_minor: int
    committed_minor: int
    currency: str

    @property
    def percent(self) -> int:
        """Of the limit that is committed, rounded down."""
        return self.committed_minor * 100 // self.limit_minor if self.limit_minor else 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The answer of ``net status`` for one day and the days after it."""

    on: date
    days: int
    states: tuple[tuple[str, int], ...]
    late: tuple[AgendaLine, ...]
    late_total: int
    due: tuple[AgendaLine, ...]
    to_come: tuple[AgendaLine, ...]
    expiring: tuple[Expiring, ...]
    lines: tuple[CreditLine, ...]
    waiting: tuple[tuple[str, int, date | None], ...]
    verified: Verified


def status(
    session: Session, days: int, most: int, told: Callable[[int], None] = lambda _count: None
) -> Overview:
    """How everything stands on the session's day; each list of orders has at most ``most`` lines."""
    ledger, on = session.ledger, session.on
    until = on + timedelta(days=days)
    with Agenda(ledger, told) as agenda:
        before = on - timedelta(days=1)
        late = agenda.lines(before, due=True, limit=most)
        late_total = sum(count for count, _ in agenda.totals(None, before).values())
        coming = agenda.between(on, until, most)
        waiting: list[tuple[str, int, date | None]] = list(agenda.waiting(until))
    return Overview(
        on,
        days,
        tuple(states(ledger)),
        tuple(late),
        late_total,
        tuple(line for line in coming if line.due),
        tuple(line for line in coming if not line.due),
        tuple(expiring(ledger, session.clock() + timedelta(days=days))),
        tuple(credit_lines(ledger, session.network)),
        (*_asked(ledger), *waiting[:most]),
        last_verified(session),
    )


def states(ledger: Ledger) -> list[tuple[str, int]]:
    """How many orders are in each state, in the order in which an order passes them."""
    counts = ledger.state_counts()
    return [(state.value, counts[state.value]) for state in OrderState if state.value in counts]


def expiring(reading: Reading, until: datetime) -> list[Expiring]:
    """Holds that end by themselves up to then, the first to end first."""
    found = [
        Expiring(hold.order, ", ".join(dict.fromkeys(line.resource for line in hold.lines)), hold.expires_at)
        for hold in reading.expired_holds(until)
        if hold.expires_at is not None
    ]
    return sorted(found, key=lambda one: one.at)


def credit_lines(reading: Reading, network: Network) -> list[CreditLine]:
    """Every limit of the network that has one, and how much of it is committed; the fullest first."""
    found = {}
    for name, lender, limit, currency in _limits(network):
        known = reading.capacity(credit_resource(name), CREDIT_PERIOD)
        found[name] = CreditLine(name, lender, limit, known[1] if known else 0, currency)
    return sorted(found.values(), key=lambda line: (-line.percent, line.name))


def _limits(network: Network) -> list[tuple[str, str, int, str]]:
    """Of lenders, and of groups of products: the name in the calendar, whose it is, limit, currency."""
    limits = [
        (lender.id, lender.id, lender.limit_minor, lender.currency or network.currency)
        for lender in network.lenders
        if lender.limit_minor is not None
    ]
    for limit in network.limits:
        members = [product for product in network.products if product.limit_group == limit.group]
        lenders = ", ".join(dict.fromkeys(product.lender for product in members))
        currency = members[0].currency if members else network.currency
        limits.append((limit.group, lenders, limit.limit_minor, currency))
    return limits


def _asked(reading: Reading) -> Sequence[tuple[str, int, date | None]]:
    """Firms whose answer to a call is still open."""
    if not reading.unfinished_intents():
        return []
    from flows.calls.resolve import open_calls

    firms: dict[str, list[date | None]] = {}
    for call in open_calls(reading):
        asked_at = call.first_asked
        firms.setdefault(call.firm, []).append(asked_at.date() if asked_at else None)
    return [
        (firm, len(days), min((day for day in days if day), default=None)) for firm, days in firms.items()
    ]
