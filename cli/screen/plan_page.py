"""One self-contained page for a plan: the cash curve, the chain on a time axis, who earns what.

No script, no font, no picture from elsewhere: the drawings are inline SVG, every text is escaped.
"""

from collections.abc import Iterable
from datetime import date
from html import escape

from cli.screen.plan_chart import balances
from domain.money import format_minor
from domain.plan import Plan

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM = 960, 320, 130, 50, 40
ROW = 30
NAME_ROOM = 170
COLOURS = ("#1f5fa8", "#c2571a", "#2f7d4f", "#7a3f92", "#8a6d1d", "#a23b52", "#3d7f8c", "#5a5a5a")

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#1c1c1c}
h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}
table{border-collapse:collapse;width:100%}th,td{padding:.25em .6em;border-bottom:1px solid #ddd;
text-align:left}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg{max-width:100%;height:auto}
.big{display:flex;flex-wrap:wrap;gap:1em 2.5em}.big b{display:block;font-size:1.25em}
@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}th,td{border-color:#444}
svg text{fill:#e6e6e6}}
"""


def plan_page(plan: Plan) -> str:
    """The whole HTML document."""
    title = escape(f"Plan of order {plan.order}")
    parts = [
        f"<h1>{title}</h1>",
        _figures(plan),
        "<h2>The cash of the order, by date</h2>",
        cash_svg(plan),
        "<h2>The chain</h2>",
        chain_svg(plan),
        _table(("leg", "firm", "from", "to", f"net {plan.currency}", "paid on"), _legs(plan), (4,)),
        "<h2>The money</h2>",
        _table(
            ("product", "lender", "limit", "cost", "repaid on", "headline", "simple APR", "XIRR"),
            _money(plan),
            (2, 3),
        ),
        "<h2>Who earns what</h2>",
        earnings_svg(plan),
        "<h2>What if</h2>",
        _table(("stress", "passes", "lowest balance", "on", "gap", "profit"), _stresses(plan), (2, 4, 5)),
        "<h2>Every flow</h2>",
        _table(("date", "what", "with", plan.currency, "balance"), _flows(plan), (3, 4)),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _told(plan: Plan, minor: int) -> str:
    return format_minor(minor, plan.currency, grouped=True)


def _figures(plan: Plan) -> str:
    room = plan.headroom
    days = {"profit": room.profit_days, "recourse": room.recourse_days, "cash": room.liquidity_days}
    late = ", ".join(f"{name} {'no limit' if n is None else f'{n} days'}" for name, n in days.items())
    cells = {
        "profit": f"{_told(plan, plan.profit_minor)} {plan.currency}",
        "own cash needed": f"{_told(plan, 0)} {plan.currency}",
        "lowest balance": f"{_told(plan, plan.minimum_minor)} on {plan.minimum_on}",
        "peak funding": f"{_told(plan, plan.peak_minor)} on {plan.peak_on}",
        "the buyer may be late": late,
    }
    inner = "".join(f"<div>{escape(name)}<b>{escape(told)}</b></div>" for name, told in cells.items())
    return f'<div class="big">{inner}</div>'


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], right: tuple[int, ...]) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = ' class="n"' if place in right else ""
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    top = "".join(cell("th", place, name) for place, name in enumerate(head))
    lines = (
        "<tr>" + "".join(cell("td", place, text) for place, text in enumerate(row)) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _legs(plan: Plan) -> Iterable[tuple[str, ...]]:
    for leg in plan.legs:
        paid = ", ".join(str(part.due_on) for part in leg.schedule)
        net = _told(plan, leg.net_minor)
        yield leg.kind, leg.name or leg.provider, str(leg.starts_on), str(leg.ends_on), net, paid


def _money(plan: Plan) -> Iterable[tuple[str, ...]]:
    for one in plan.facilities:
        name = f"{one.name} (standby)" if one.standby else one.name
        limit, cost = _told(plan, one.limit_minor), _told(plan, one.cost_minor)
        rates = (one.headline, one.apr or "-", one.xirr or "-")
        yield name, one.lender, limit, cost, str(one.repaid_on), *rates


def _stresses(plan: Plan) -> Iterable[tuple[str, ...]]:
    for one in plan.stresses:
        gap = _told(plan, one.gap_minor) if one.gap_minor else ""
        told = "yes" if one.passed else f"no, from {one.gap_on}"
        low, profit = _told(plan, one.minimum_minor), _told(plan, one.profit_minor)
        yield one.name, told, low, str(one.minimum_on), gap, profit


def _flows(plan: Plan) -> Iterable[tuple[str, ...]]:
    for flow in plan.flows:
        amount, balance = _told(plan, flow.amount_minor), _told(plan, flow.balance_minor)
        yield str(flow.on), flow.kind.value, flow.counterparty, amount, balance


class _Axis:
    """Days to pixels."""

    def __init__(self, first: date, last: date) -> None:
        self.first = first.toordinal()
        self.span = max(1, last.toordinal() - self.first)

    def x(self, day: date) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (day.toordinal() - self.first) / self.span, 1)

    def ticks(self, height: int) -> str:
        marks = []
        for place in range(7):
            day = date.fromordinal(self.first + self.span * place // 6)
            x = self.x(day)
            marks.append(f'<line x1="{x}" y1="10" x2="{x}" y2="{height - BOTTOM}" stroke="#8884"/>')
            marks.append(f'<text x="{x}" y="{height - 15}" text-anchor="middle" font-size="12">{day}</text>')
        return "".join(marks)


def _svg(height: int, inner: str, label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{inner}</svg>'


def cash_svg(plan: Plan) -> str:
    """The balance by date, with the lenders' money and without."""
    lines = [balances(plan), balances(plan, without_money=True)]
    if not lines[0]:
        return ""
    axis = _Axis(lines[0][0][0], lines[0][-1][0])
    amounts = [amount for line in lines for _, amount in line] + [0]
    low, high = min(amounts), max(amounts)
    room = max(1, high - low)

    def y(amount: int) -> float:
        return round(10 + (HEIGHT - BOTTOM - 20) * (high - amount) / room, 1)

    drawn = [axis.ticks(HEIGHT)]
    for amount in sorted({low, 0, high}):
        told = escape(_told(plan, amount))
        drawn.append(
            f'<line x1="{LEFT}" y1="{y(amount)}" x2="{WIDTH - RIGHT}" y2="{y(amount)}" stroke="#8888"/>'
            f'<text x="{LEFT - 8}" y="{y(amount) + 4}" text-anchor="end" font-size="12">{told}</text>'
        )
    for line, colour, dash in zip(lines, COLOURS, ("", ' stroke-dasharray="6 4"'), strict=False):
        points, before = [], 0
        for day, amount in line:
            points += [f"{axis.x(day)},{y(before)}", f"{axis.x(day)},{y(amount)}"]
            before = amount
        drawn.append(
            f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>'
        )
    legend = "solid: with the lenders' money; dashed: without it"
    return _svg(HEIGHT, "".join(drawn), "cash by date") + f"<p>{legend}</p>"


def chain_svg(plan: Plan) -> str:
    """Each leg as a bar from its first to its last day."""
    if not plan.legs:
        return ""
    axis = _Axis(min(leg.starts_on for leg in plan.legs), max(leg.ends_on for leg in plan.legs))
    height = ROW * len(plan.legs) + BOTTOM + 20
    drawn = [axis.ticks(height)]
    for place, leg in enumerate(plan.legs):
        top = 14 + ROW * place
        left = axis.x(leg.starts_on)
        wide = max(4.0, round(axis.x(leg.ends_on) - left, 1))
        colour = COLOURS[place % len(COLOURS)]
        # A bar that ends in the right half is named on its left, so that no name runs off the page.
        late = left + wide > (LEFT + WIDTH) / 2 and left > LEFT + NAME_ROOM
        named = (left - 6, "end") if late else (left + wide + 6, "start")
        if left + wide + NAME_ROOM > WIDTH and not late:
            named = (WIDTH - 2, "end")
        drawn.append(
            f'<rect x="{left}" y="{top}" width="{wide}" height="18" rx="3" fill="{colour}"/>'
            f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end" font-size="12">{escape(leg.kind)}</text>'
            f'<text x="{named[0]}" y="{top + 14}" text-anchor="{named[1]}" font-size="12">'
            f"{escape(leg.name)}</text>"
        )
    return _svg(height, "".join(drawn), "the chain by date")


def earnings_svg(plan: Plan) -> str:
    """Each party's part of the order's net value as a bar."""
    height = ROW * len(plan.earnings) + 20
    most = max((abs(each.amount_minor) for each in plan.earnings), default=1) or 1
    drawn = []
    for place, each in enumerate(plan.earnings):
        top = 8 + ROW * place
        wide = round(520 * abs(each.amount_minor) / most, 1)
        share = 100 * each.amount_minor / plan.net_minor if plan.net_minor else 0
        told = f"{_told(plan, each.amount_minor)} ({share:.2f}%)"
        colour = COLOURS[place % len(COLOURS)]
        drawn.append(
            f'<text x="238" y="{top + 14}" text-anchor="end" font-size="12">{escape(each.party)}</text>'
            f'<rect x="246" y="{top}" width="{wide}" height="18" rx="3" fill="{colour}"/>'
            f'<text x="{254 + wide}" y="{top + 14}" font-size="12">{escape(told)}</text>'
        )
    return _svg(height, "".join(drawn), "who earns what")
