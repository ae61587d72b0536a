"""A lender's book at a date: what is promised, out, due, late, expected and earned, and what it is worth.

NAV = cash + outstanding + accrued - allowance. Losses fall on the junior part first. Buckets are days past
due; IFRS 9 stages: 1 up to 30, 2 beyond, 3 from 90 or once the claim is struck.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from finance.contract import Rank
from finance.debt import Debt
from finance.lending import lender_entity, undrawn
from finance.loss import stage_of
from finance.position import CASH, Position
from finance.returns import xirr

BUCKETS = ("0", "1-30", "31-60", "61-90", "90+")
PAR_DAYS = 30


@dataclass(frozen=True, slots=True)
class Line:
    """One lender's part of one facility of one order; amounts in minor units, ``flows`` its cash so far."""

    order: str
    facility: str
    lender: str
    currency: str
    buyer: str
    group: str
    trader: str
    providers: tuple[str, ...]
    limit_group: str
    committed: int
    undrawn: int
    drawn: int
    principal: int
    accrued: int
    allowance: int
    earned: int
    lost: int
    recovered: int
    due_on: date | None
    days_late: int
    stage: int
    flows: tuple[tuple[date, int], ...]
    forecast: tuple[tuple[date, int], ...] = ()

    @property
    def bucket(self) -> str:
        return bucket_of(self.days_late)


def bucket_of(days_late: int) -> str:
    if days_late <= 0:
        return BUCKETS[0]
    if days_late <= 30:
        return BUCKETS[1]
    if days_late <= 60:
        return BUCKETS[2]
    return BUCKETS[3] if days_late <= 90 else BUCKETS[4]


def lines_of(
    position: Position, on: date, *, buyer_group: str = "", forecast: Mapping[str, Sequence[tuple[date, int]]]
) -> list[Line]:
    """The lines of one order, for every lender in it; ``forecast`` are lenders' flows still expected."""
    found = []
    for debt in position.debts.values():
        for share in debt.facility.shares:
            found.append(_line(position, debt, share.lender, on, buyer_group, forecast))
    return found


def _line(
    position: Position,
    debt: Debt,
    lender: str,
    on: date,
    group: str,
    forecast: Mapping[str, Sequence[tuple[date, int]]],
) -> Line:
    contract, entity = position.contract, lender_entity(lender)
    principal = debt.owed_to(lender, Rank.PRINCIPAL)
    late = (on - debt.due_on).days if debt.due_on is not None and debt.claim and not debt.released else 0
    figures = _figures(position, debt, entity)
    limit = 0 if debt.closed else debt.facility.limit_minor
    if debt.facility.standby or debt.stopped:  # not promised: only what is out counts
        limit = min(limit, debt.principal)
    return Line(
        contract.order,
        debt.facility.id,
        lender,
        contract.currency,
        contract.buyer,
        group,
        contract.trader,
        tuple({account.booking.entity: None for account in position.accounts.values()}),
        debt.facility.limit_group,
        debt.split(limit).get(lender, 0),
        0 if debt.facility.standby else debt.split(undrawn(debt)).get(lender, 0),
        sum(
            part.drawn for drawing in debt.drawings for name, part in drawing.parts.items() if name == lender
        ),
        principal,
        debt.income_owed_to(lender),
        debt.allowance.get(lender, 0),
        figures["earned"],
        figures["lost"],
        figures["recovered"],
        debt.due_on,
        max(late, 0),
        stage_of(debt, on),
        figures["flows"],
        tuple(forecast.get(f"{debt.facility.id}/{entity}", ())),
    )


def _figures(position: Position, debt: Debt, entity: str) -> dict[str, Any]:
    """Earned, lost, recovered and cash flows of one lender in one facility, from its journals."""
    earned = lost = recovered = 0
    flows = []
    for journal in position.books.journals:
        if journal.facility != debt.facility.id:
            continue
        for owner, code, amount in journal.postings:
            if owner != entity:
                continue
            earned -= amount if code in ("4110", "4120", "4130", "4140") else 0
            recovered -= amount if code == "4150" else 0
            lost += amount if code == "5510" else 0
            if code == CASH:
                flows.append((journal.on, amount))
    return {"earned": earned, "lost": lost, "recovered": recovered, "flows": tuple(flows)}


@dataclass(frozen=True, slots=True)
class Pool:
    """How a lender's capital is layered; ``senior_most`` is the share beyond which it stops lending."""

    capital: int = 0
    junior_share: Fraction = Fraction(0)
    senior_most: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Book:
    """A lender's or a pool's book at a date, in one currency."""

    name: str
    on: date
    currency: str
    committed: int
    undrawn: int
    drawn: int
    outstanding: int
    accrued: int
    allowance: int
    earned: int
    lost: int
    cash: int
    nav: int
    utilisation: Fraction
    buckets: Mapping[str, int]
    stages: Mapping[int, tuple[int, int]]
    at_risk: Fraction
    yield_gross: float | None
    yield_net: float | None
    concentration: Mapping[str, Sequence[tuple[str, int]]]
    forecast: Sequence[tuple[date, int]]
    junior: int
    senior: int
    senior_ratio: Fraction
    may_lend: bool
    lines: Sequence[Line] = field(default_factory=tuple)


def book_of(name: str, on: date, currency: str, lines: Sequence[Line], pool: Pool) -> Book:
    """Everything about these lines together."""
    outstanding = sum(line.principal for line in lines)
    accrued = sum(line.accrued for line in lines)
    allowance = sum(line.allowance for line in lines)
    committed = committed_of(lines)
    lost = sum(line.lost for line in lines) - sum(line.recovered for line in lines)
    cash = pool.capital + sum(amount for line in lines for _, amount in line.flows)
    unearned_loss = max(_principal_lost(lines), 0)
    junior_capital = int(pool.capital * pool.junior_share)
    senior = pool.capital - junior_capital
    junior = max(junior_capital - unearned_loss, 0)
    senior -= max(unearned_loss - junior_capital, 0)
    ratio = Fraction(senior, senior + junior) if senior + junior else Fraction(0)
    gross, net = _yields(lines, on)
    return Book(
        name,
        on,
        currency,
        committed,
        sum(line.undrawn for line in lines),
        sum(line.drawn for line in lines),
        outstanding,
        accrued,
        allowance,
        sum(line.earned for line in lines),
        lost,
        cash,
        cash + outstanding + accrued - allowance,
        Fraction(outstanding, committed) if committed else Fraction(0),
        {bucket: sum(line.principal for line in lines if line.bucket == bucket) for bucket in BUCKETS},
        {
            stage: (
                sum(line.principal for line in lines if line.stage == stage),
                sum(line.allowance for line in lines if line.stage == stage),
            )
            for stage in (1, 2, 3)
        },
        _at_risk(lines, outstanding),
        gross,
        net,
        concentration_of(lines),
        forecast_of(lines, on),
        junior,
        senior,
        ratio,
        not pool.capital or ratio <= pool.senior_most,
        lines,
    )


def committed_of(lines: Iterable[Line]) -> int:
    """What is promised: facilities of one order that share a limit count once, at the higher."""
    grouped: dict[tuple[str, str, str], int] = {}
    for line in lines:
        place = line.order, line.lender, line.limit_group or line.facility
        grouped[place] = max(grouped.get(place, 0), line.committed)
    return sum(grouped.values())


def _principal_lost(lines: Iterable[Line]) -> int:
    """Principal that will not come back: impairments less the income that was impaired with it."""
    return sum(max(line.drawn - line.principal - _repaid(line), 0) for line in lines)


def _repaid(line: Line) -> int:
    """What came back on principal, in cash: all receipts up to what was drawn."""
    received = sum(amount for _, amount in line.flows if amount > 0)
    return min(received, line.drawn)


def _at_risk(lines: Iterable[Line], outstanding: int) -> Fraction:
    late = sum(line.principal for line in lines if line.days_late > PAR_DAYS)
    return Fraction(late, outstanding) if outstanding else Fraction(0)


def _yields(lines: Iterable[Line], on: date) -> tuple[float | None, float | None]:
    """XIRR on what flowed and is expected; net of the allowance, as if it were lost on the last day."""
    flows = [flow for line in lines for flow in (*line.flows, *line.forecast)]
    if not flows:
        return None, None
    last = max(day for day, _ in flows)
    allowance = sum(line.allowance for line in lines)
    return xirr(flows), xirr([*flows, (max(last, on), -allowance)])


def concentration_of(lines: Iterable[Line]) -> dict[str, list[tuple[str, int]]]:
    """The ten largest names by what is out and promised, per kind."""
    sums: dict[str, dict[str, int]] = {"buyer": {}, "group": {}, "trader": {}, "provider": {}}
    for line in lines:
        amount = line.principal + line.undrawn
        if not amount:
            continue
        names = [("buyer", line.buyer), ("group", line.group), ("trader", line.trader)]
        names += [("provider", name) for name in line.providers]
        for kind, name in names:
            if name:
                sums[kind][name] = sums[kind].get(name, 0) + amount
    return {
        kind: sorted(found.items(), key=lambda item: (-item[1], item[0]))[:10] for kind, found in sums.items()
    }


def forecast_of(lines: Iterable[Line], on: date) -> list[tuple[date, int]]:
    """Expected cash per week from ``on``, as planned; the date is the week's last day."""
    weeks: dict[date, int] = {}
    for line in lines:
        for day, amount in line.forecast:
            if day > on:
                week = on + timedelta(days=7 * -(-(day - on).days // 7))
                weeks[week] = weeks.get(week, 0) + amount
    return sorted(weeks.items())
