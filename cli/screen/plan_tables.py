"""How a plan reads: the chain with dates and prices, the money, the cash line by date, who earns what."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from cli.screen.output import amount, table
from domain.money import round_minor
from domain.plan import Exchange, FacilityPlan, Plan, PlanLeg

if TYPE_CHECKING:
    from rich.console import Group

    from flows.plans.foresight import PlanChances

Row = tuple[str, ...]


def chain_table(plan: Plan) -> "Group":
    """Who makes, keeps, moves and checks the goods, from when to when, at which price."""
    rows = [_leg_row(leg, plan.currency) for leg in plan.legs]
    columns = ("leg", "firm", "what", "from", "to", f"net {plan.currency}", "with tax", "paid on")
    return table(
        "The chain", columns, rows, right=f"net {plan.currency}, with tax", spare="paid on, with tax"
    )


def _leg_row(leg: PlanLeg, currency: str) -> Row:
    paid = ", ".join(part.due_on.isoformat() for part in leg.schedule)
    moves = leg.origin and leg.destination and leg.origin != leg.destination
    way = f"{leg.origin} - {leg.destination}" if moves else leg.item
    return (
        leg.kind,
        leg.name or leg.provider,
        way,
        leg.starts_on.isoformat(),
        leg.ends_on.isoformat(),
        amount(leg.net_minor, currency),
        amount(leg.gross_minor, currency),
        paid,
    )


def money_table(plan: Plan) -> "Group":
    """Whose money it stands on: limit, what is drawn, repaid when, and what it really costs."""
    rows = [_facility_row(each, plan.currency) for each in plan.facilities]
    columns = ("money of", "product", "limit", "drawn", "repaid", "on", "cost", "headline", "APR", "XIRR")
    right = "limit, drawn, repaid, cost, APR, XIRR"
    return table("The money", columns, rows, right=right, spare="limit, headline, repaid, XIRR")


def _facility_row(each: FacilityPlan, currency: str) -> Row:
    standby = " (standby)" if each.standby else ""
    return (
        each.lender,
        each.name + standby,
        amount(each.limit_minor, currency),
        amount(each.principal_minor, currency),
        amount(each.repaid_minor, currency),
        each.repaid_on.isoformat(),
        amount(each.cost_minor, currency),
        each.headline,
        _percent(each.apr),
        _percent(each.xirr),
    )


def _percent(rate: str | None) -> str:
    """``0.3021`` as ``30.2%``; a dash where the rate is not defined."""
    if rate is None:
        return "-"
    return f"{round_minor(Fraction(rate) * 1000) / Decimal(10)}%"


def cash_table(plan: Plan) -> "Group":
    """Every flow of the order's closed loop by date, and what is in it afterwards."""
    rows = [
        (
            flow.on.isoformat(),
            flow.kind.value,
            flow.counterparty,
            flow.note,
            amount(flow.amount_minor, plan.currency),
            amount(flow.balance_minor, plan.currency),
        )
        for flow in plan.flows
    ]
    columns = ("date", "what", "with", "", plan.currency, "balance")
    return table("The cash line", columns, rows, right=f"{plan.currency}, balance")


def exchange_tables(plan: Plan) -> "list[Group]":
    """For each other currency: the rate, what changing money is planned at, and its own cash line."""
    return [_exchange_table(plan, one) for one in plan.exchange]


def _exchange_table(plan: Plan, one: Exchange) -> "Group":
    currency, rate, dealing = one.dealing.currency, one.rate, one.dealing
    told = f"1 {rate.source} = {rate.rate} {rate.target} ({rate.on}{', ' + rate.by if rate.by else ''})"
    if dealing.fixed_by:
        told += f"; changed at the rate that {dealing.fixed_by} has fixed"
        told += f" until {dealing.until}" if dealing.until else ""
    elif haircut := dealing.buy / rate.factor(currency, plan.currency) - 1:
        told += f"; a haircut of {_percent(str(haircut))} either way"
    rows = [
        (
            flow.on.isoformat(),
            flow.counterparty,
            amount(flow.amount_minor, currency),
            amount(flow.balance_minor, currency),
            amount(flow.worth_minor, plan.currency) if flow.worth_minor else "",
        )
        for flow in one.flows
    ]
    columns = ("date", "with", currency, "balance", plan.currency)
    title = f"The cash line in {currency}: {told}"
    return table(title, columns, rows, right=f"{currency}, balance, {plan.currency}")


def stress_table(plan: Plan) -> "Group":
    """The same chain and money when something goes otherwise: what it leaves, or what it lacks and when."""
    rows = [
        (
            each.name,
            "yes" if each.passed else "NO",
            amount(each.minimum_minor, plan.currency),
            each.minimum_on.isoformat(),
            f"{amount(each.gap_minor, plan.currency)} on {each.gap_on}" if each.gap_minor else "",
            amount(each.profit_minor, plan.currency),
        )
        for each in plan.stresses
    ]
    columns = ("if", "passes", "lowest", "on", "gap, from", "profit")
    return table("What if", columns, rows, right="lowest, gap, profit", spare="on")


def compare_rows(plans: Sequence[Plan]) -> list[Row]:
    """The best plans side by side, one figure a row."""
    told: list[tuple[str, Callable[[Plan], str]]] = [
        ("profit", lambda plan: amount(plan.profit_minor, plan.currency)),
        ("cost of money", lambda plan: amount(plan.finance_cost_minor, plan.currency)),
        ("lowest balance", lambda plan: amount(plan.minimum_minor, plan.currency)),
        ("on", lambda plan: plan.minimum_on.isoformat()),
        ("peak funding", lambda plan: amount(plan.peak_minor, plan.currency)),
        ("buyer may be late", lambda plan: "-" if plan.headroom.days is None else f"{plan.headroom.days} d"),
        ("booked", lambda plan: plan.events["booking"].isoformat()),
        ("delivered", lambda plan: plan.events["delivery"].isoformat()),
        ("money", lambda plan: ", ".join(one.product for one in plan.facilities if not one.standby)),
    ]
    kinds = dict.fromkeys(leg.kind for plan in plans for leg in plan.legs)
    rows = [(name, *(tell(plan) for plan in plans)) for name, tell in told]
    for kind in kinds:
        rows.append((kind, *(_firms(plan, kind) for plan in plans)))
    return rows


def _firms(plan: Plan, kind: str) -> str:
    return ", ".join(dict.fromkeys(leg.provider for leg in plan.legs if leg.kind == kind)) or "-"


def earnings_table(plan: Plan) -> "Group":
    """Who earns what of the order's net value; the shares sum to the whole."""
    rows = [
        (
            each.party,
            each.kind,
            amount(each.amount_minor, plan.currency),
            _share(each.amount_minor, plan.net_minor),
        )
        for each in plan.earnings
    ]
    rows.append(("", "order, net", amount(plan.net_minor, plan.currency), "100.00%"))
    columns = ("party", "as", plan.currency, "share")
    return table("Who earns what", columns, rows, right=f"{plan.currency}, share")


def _share(part: int, whole: int) -> str:
    hundredths = (20_000 * part + whole) // (2 * whole) if whole else 0
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def headlines(plan: Plan) -> Iterator[str]:
    """What matters of a plan in a few lines; the delay that the cash survives is the number to watch."""

    def of(minor: int) -> str:
        return f"{amount(minor, plan.currency)} {plan.currency}"

    yield f"profit            {of(plan.profit_minor)}"
    yield f"own cash needed   {of(0)}, at every date"
    yield f"lowest balance    {of(plan.minimum_minor)} on {plan.minimum_on}"
    yield f"peak funding      {of(plan.peak_minor)} on {plan.peak_on}"
    room = plan.headroom
    told = ", ".join(
        f"{name} {'never breaks' if days is None else f'{days} days'}"
        for name, days in (
            ("profit", room.profit_days),
            ("recourse", room.recourse_days),
            ("cash", room.liquidity_days),
        )
    )
    yield f"buyer may be late {told}"


def plain_chances(one: "PlanChances") -> dict[str, Any]:
    """Chances as text of four decimals; null where nothing breaks."""

    def chance(value: float | None) -> str | None:
        return None if value is None else f"{value:.4f}"

    return {
        "buyer": one.buyer,
        "known_outcomes": one.known,
        "late_probability": chance(one.late),
        "own_cash_probability": chance(one.own_cash),
        "recourse_probability": chance(one.recourse),
        "loss_probability": chance(one.loss),
        "days_late_50": one.days_50,
        "days_late_90": one.days_90,
        "model_until": one.model_until,
        "data_sha256": one.data_digest,
    }


def chances_said(one: "PlanChances", plan: "Plan") -> list[str]:
    """The chances in sentences, with the headroom that each is about."""
    known = f"{one.known} of its payments are known" if one.known else "none of its payments is known"
    room = plan.headroom
    said = [
        f"{one.buyer} pays late with {one.late:.1%}; {one.days_50} days late at 50%, {one.days_90} at 90%"
        f" ({known}; model of {one.model_until}, data {one.data_digest[:12]})"
    ]
    for what, days, chance in (
        ("own cash would be needed", room.liquidity_days, one.own_cash),
        ("the take-out would come back", room.recourse_days, one.recourse),
        ("the profit would be gone", room.profit_days, one.loss),
    ):
        if chance is not None:
            said.append(f"{what} with {chance:.1%}: when he is more than {days} days late")
    return said
