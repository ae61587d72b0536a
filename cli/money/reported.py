"""How reports over orders read: chains beside one another, earnings by party, order and month."""

from typing import TYPE_CHECKING, Any

from cli.screen.output import amount
from cli.screen.picture import Bar, Bars, Grid, Lines, Picture
from domain.money import exponent_of, format_minor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from finance.reports.chain import ChainReport
    from flows.settlement.chains import ChainCompared
    from flows.settlement.earnings import ProfitReport


def plain_chain(one: "ChainCompared") -> dict[str, Any]:
    return {
        "order": one.ours.name,
        "ours": _plain(one.ours),
        "against": None if one.theirs is None else _plain(one.theirs),
        "difference": [
            {"party": gap.party, "amount": format_minor(gap.amount_minor, one.ours.currency)}
            for gap in one.gaps
        ],
    }


def _plain(one: "ChainReport") -> dict[str, Any]:
    def told(minor: int) -> str:
        return format_minor(minor, one.currency)

    return {
        "name": one.name,
        "currency": one.currency,
        "final_price": told(one.final_minor),
        "title_transfers": one.transfers,
        "wholesale_ratio": f"{float(one.ratio):.4f}",
        "goods_days": one.goods_days,
        "money_days": one.money_days,
        "steps": [
            {
                "party": step.party,
                "kind": step.kind,
                "adds": told(step.adds_minor),
                "price": told(step.price_minor),
                "title": step.title,
                "goods_days": step.goods_days,
            }
            for step in one.steps
        ],
        "carriers": [{"party": each.party, "money_days": told(each.money_days)} for each in one.carriers],
    }


def chain_said(one: "ChainCompared") -> list[str]:
    said = [_sentence(one.ours)]
    if one.theirs is not None:
        said.append(_sentence(one.theirs))
        more = one.theirs.final_minor - one.ours.final_minor
        words = "more" if more >= 0 else "less"
        said.append(f"the other way costs the buyer {amount(abs(more), one.ours.currency)} {words}")
    return said


def _sentence(one: "ChainReport") -> str:
    price = f"{amount(one.final_minor, one.currency)} {one.currency}"
    return (
        f"{one.name}: title passes {one.transfers} times, W/R {float(one.ratio):.2f},"
        f" {one.goods_days} days of goods, {one.money_days} days of money, {price}"
    )


def chain_pictures(one: "ChainCompared") -> list[Picture]:
    found: list[Picture] = []
    for chain in (one.ours, one.theirs):
        if chain is not None:
            found += [_steps(chain), _bars(chain)]
    if one.ours.carriers:
        rows = tuple(
            (each.party, amount(each.money_days, one.ours.currency), _share(one.ours, each.money_days))
            for each in one.ours.carriers
        )
        columns = ("who", f"{one.ours.currency} x days", "share")
        found.append(Grid(f"{one.ours.name}: who carries the days", columns, rows, (1, 2)))
    if one.gaps:
        gaps = tuple((gap.party, amount(gap.amount_minor, one.ours.currency)) for gap in one.gaps)
        total = amount(sum(gap.amount_minor for gap in one.gaps), one.ours.currency)
        title = "Why the prices differ"
        found.append(Grid(title, ("party", one.ours.currency), (*gaps, ("difference", total)), (1,)))
    return found


def _share(one: "ChainReport", days: int) -> str:
    return f"{days / sum(each.money_days for each in one.carriers):.1%}"


def _steps(one: "ChainReport") -> Grid:
    rows = tuple(
        (
            step.party,
            step.kind,
            amount(step.adds_minor, one.currency),
            f"{step.adds_minor / one.final_minor:.2%}",
            amount(step.price_minor, one.currency),
            "passes" if step.title else "",
            str(step.goods_days or ""),
        )
        for step in one.steps
    )
    columns = ("party", "as", "adds", "share", "price then", "title", "days of goods")
    return Grid(f"{one.name}, {one.currency}", columns, rows, (2, 3, 4, 6))


def _bars(one: "ChainReport") -> Bars:
    scale = 10 ** exponent_of(one.currency)
    bars = tuple(
        Bar(step.party, step.adds_minor / scale, amount(step.adds_minor, one.currency)) for step in one.steps
    )
    return Bars(f"{one.name}: what each step adds", bars)


def profit_pictures(report: "ProfitReport", months: "Mapping[str, Mapping[str, int]]") -> list[Picture]:
    """Earnings by party, by order, and by month of settlement."""
    scale = 10 ** exponent_of(report.currency)
    parties = sorted(report.parts, key=lambda one: -one.amount_minor)
    bars = tuple(
        Bar(f"{one.party}", one.amount_minor / scale, amount(one.amount_minor, report.currency))
        for one in parties
    )
    rows = tuple(
        (
            one.order,
            amount(one.net_minor, one.currency),
            amount(sum(part.amount_minor for part in one.parts if part.party == "trader"), one.currency),
            "settled" if one.settled else "open",
        )
        for one in report.orders
    )
    found: list[Picture] = [
        Bars(f"By party, {report.currency}", bars),
        Grid("By order", ("order", "net", "trader", ""), rows, (1, 2)),
    ]
    by_month = months.get(report.currency, {})
    if by_month:
        places = tuple(by_month)
        values = tuple(minor / scale for minor in by_month.values())
        found.append(Lines("Trader's profit by month of settlement", places, {"profit": values}))
    return found
