"""A lender's book at a date: what is promised, out, due, late, expected and earned, and what it is worth.

NAV = cash + outstanding + accrued - allowance; what of it is not earned yet, or is tax to be passed on, is
shown beside it, and the rest is capital + earned + recovered - lost. Buckets are days past
due; IFRS 9 stages: 1 up to 30, 2 beyond, 3 from 90 or once the claim is struck.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from domain.accounts import Account, account_and_currency
from finance.agreed.contract import Rank
from finance.books.debt import Debt
from finance.books.position import Position
from finance.pricing.returns import xirr
from finance.reports.tranches import Pool, Tranche, senior_ratio, tranches_of
from finance.sides.lenders import lender_entity, undrawn
from finance.sides.loss import stage_of

BUCKETS = ("0", "1-30", "31-60", "61-90", "90+")
PAR_DAYS = 30
PRINCIPAL = frozenset({Account.LOAN, Account.FACTORING_ADVANCE})
FIGURES = {
    **dict.fromkeys(
        (Account.INTEREST_INCOME, Account.FACTORING_INCOME, Account.FEE_INCOME, Account.LATE_CHARGE_INCOME),
        "earned",
    ),
    Account.RECOVERY: "recovered",
    Account.IMPAIRMENT: "lost",
    **dict.fromkeys((Account.UNEARNED_FEE, Account.OUTPUT_TAX), "unearned"),
}
"""What an account of a lender adds to; incomes and liabilities are credits, so their sign is turned."""


@dataclass(frozen=True, slots=True)
class LenderLine:
    """One lender's part of one facility of one order; amounts in minor units, ``flows`` its cash so far.

    ``written_off`` is principal, ``unearned`` fees not earned yet and tax that is not the lender's.
    """

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
    written_off: int
    unearned: int
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
) -> list[LenderLine]:
    """The lines of one order, for every lender in it; ``forecast`` are lenders' flows still expected."""
    found = []
    for debt in position.debts.values():
        for lender in _ever_lenders(position, debt):
            found.append(_line(position, debt, lender, on, buyer_group, forecast))
    return found


def _ever_lenders(position: Position, debt: Debt) -> list[str]:
    """Those who have a share, then those who had one and sold it."""
    prefix, found = lender_entity(""), dict.fromkeys(debt.lenders())
    for journal in position.books.journals:
        if journal.facility == debt.id:
            owners = [owner for owner, _, _ in journal.postings if owner.startswith(prefix)]
            found |= dict.fromkeys(owner.removeprefix(prefix) for owner in owners)
    return list(found)


def _line(
    position: Position,
    debt: Debt,
    lender: str,
    on: date,
    group: str,
    forecast: Mapping[str, Sequence[tuple[date, int]]],
) -> LenderLine:
    contract, entity = position.contract, lender_entity(lender)
    principal = debt.owed_to(lender, Rank.PRINCIPAL)
    late = (on - debt.due_on).days if debt.due_on is not None and debt.claim and not debt.released else 0
    figures = _figures(position, debt, entity)
    limit = 0 if debt.closed else debt.facility.limit_minor
    if debt.facility.standby or debt.stopped:  # not promised: only what is out counts
        limit = min(limit, debt.principal)
    return LenderLine(
        contract.order,
        debt.id,
        lender,
        debt.currency or contract.currency,
        contract.buyer,
        group,
        contract.trader,
        tuple({account.entity: None for account in position.accounts.values()}),
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
        figures["written_off"],
        figures["unearned"],
        debt.due_on,
        max(late, 0),
        stage_of(debt, on),
        figures["flows"],
        tuple(forecast.get(f"{debt.id}/{entity}", ())),
    )


def _figures(position: Position, debt: Debt, entity: str) -> dict[str, Any]:
    """Earned, lost, recovered and cash flows of one lender in one facility, from its journals."""
    sums = dict.fromkeys(("earned", "lost", "recovered", "written_off", "unearned"), 0)
    flows = []
    for journal in position.books.journals:
        if journal.facility != debt.id:
            continue
        for owner, account, amount in journal.postings:
            if owner != entity:
                continue
            code = account_and_currency(account)[0]
            if code in FIGURES:
                sums[FIGURES[code]] += amount if code == Account.IMPAIRMENT else -amount
            elif code in PRINCIPAL and journal.kind == "written_off":
                sums["written_off"] -= amount
            elif code == Account.CASH:
                flows.append((journal.on, amount))
    return {**sums, "flows": tuple(flows)}


@dataclass(frozen=True, slots=True)
class LenderBook:
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
    realised: int
    unearned: int
    tranches: tuple[Tranche, Tranche]
    senior_ratio: Fraction
    may_lend: bool
    lines: Sequence[LenderLine] = field(default_factory=tuple)

    @property
    def junior(self) -> int:
        """What the junior layer is worth, with expected losses taken off."""
        return self.tranches[0].value

    @property
    def senior(self) -> int:
        return self.tranches[1].value

    @property
    def net_assets(self) -> int:
        """NAV less what is not the lenders': capital + earned + recovered - lost, at any date."""
        return self.nav - self.unearned


def book_of(name: str, on: date, currency: str, lines: Sequence[LenderLine], pool: Pool) -> LenderBook:
    """Everything about these lines together."""
    outstanding = sum(line.principal for line in lines)
    accrued = sum(line.accrued for line in lines)
    allowance = sum(line.allowance for line in lines)
    committed = committed_of(lines)
    lost = sum(line.lost for line in lines) - sum(line.recovered for line in lines)
    cash = pool.capital + sum(amount for line in lines for _, amount in line.flows)
    realised = _realised(lines)
    layers = tranches_of(pool, realised, allowance)
    ratio = senior_ratio(*layers)
    gross, net = _yields(lines, on)
    return LenderBook(
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
        realised,
        sum(line.unearned for line in lines),
        layers,
        ratio,
        not pool.capital or ratio <= pool.senior_most,
        lines,
    )


def committed_of(lines: Iterable[LenderLine]) -> int:
    """What is promised: facilities of one order that share a limit count once, at the higher."""
    grouped: dict[tuple[str, str, str], int] = {}
    for line in lines:
        place = line.order, line.lender, line.limit_group or line.facility
        grouped[place] = max(grouped.get(place, 0), line.committed)
    return sum(grouped.values())


def _realised(lines: Sequence[LenderLine]) -> int:
    """Principal that was written off, less what came back of it and what a sale of a part gained or lost."""
    return max(sum(line.written_off for line in lines) - sum(line.recovered for line in lines), 0)


def _at_risk(lines: Iterable[LenderLine], outstanding: int) -> Fraction:
    late = sum(line.principal for line in lines if line.days_late > PAR_DAYS)
    return Fraction(late, outstanding) if outstanding else Fraction(0)


def _yields(lines: Iterable[LenderLine], on: date) -> tuple[float | None, float | None]:
    """XIRR on what flowed and is expected; net of the allowance, as if it were lost on the last day."""
    flows = [flow for line in lines for flow in (*line.flows, *line.forecast)]
    if not flows:
        return None, None
    last = max(day for day, _ in flows)
    allowance = sum(line.allowance for line in lines)
    return xirr(flows), xirr([*flows, (max(last, on), -allowance)])


def concentration_of(lines: Iterable[LenderLine]) -> dict[str, list[tuple[str, int]]]:
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


def forecast_of(lines: Iterable[LenderLine], on: date) -> list[tuple[date, int]]:
    """Expected cash per week from ``on``, as planned; the date is the week's last day."""
    weeks: dict[date, int] = {}
    for line in lines:
        for day, amount in line.forecast:
            if day > on:
                week = on + timedelta(days=7 * -(-(day - on).days // 7))
                weeks[week] = weeks.get(week, 0) + amount
    return sorted(weeks.items())
