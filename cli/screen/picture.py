"""Pictures of reports: bars and lines as a terminal chart, and with tables as one self-contained HTML page.

No script, no font, no picture from elsewhere: the drawings are inline SVG, every text is escaped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked
from cli.screen.output import answer, note, table
from cli.screen.plan_page import COLOURS, STYLE

if TYPE_CHECKING:
    from rich.console import Console

WIDTH, LEFT, RIGHT, ROW, HEIGHT = 960, 190, 130, 28, 300
BAR = 40

ChartOption = Annotated[bool, typer.Option("--chart", help="Draw it in the terminal too.")]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")
]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; ``low`` and ``high`` are the ends of its interval, where it has one."""

    name: str
    value: float
    told: str
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Several lines over the same places; ``band`` names two of them that a band lies between."""

    title: str
    places: tuple[str, ...]
    lines: dict[str, tuple[float, ...]]
    band: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; ``right`` are the places of columns set to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()


Picture = Bars | Lines | Grid


def chart(picture: Picture, width: int) -> str:
    """The picture in plain text of at most ``width`` columns; a table is not drawn."""
    if isinstance(picture, Bars):
        return _bars_text(picture, width)
    return _lines_text(picture, width) if isinstance(picture, Lines) else ""


def _bars_text(bars: Bars, width: int) -> str:
    names = max((len(bar.name) for bar in bars.bars), default=0)
    told = max((len(bar.told) for bar in bars.bars), default=0)
    room = max(4, min(BAR, width - names - told - 4))
    most = max((abs(bar.value) for bar in bars.bars), default=0.0) or 1.0
    lines = [bars.title]
    for bar in bars.bars:
        long = round(abs(bar.value) / most * room)
        drawn = ("█" if bar.value >= 0 else "░") * long
        lines.append(f"{bar.name:<{names}}  {bar.told:>{told}}  {drawn}")
    return "\n".join(line.rstrip() for line in lines)


def _lines_text(lines: Lines, width: int) -> str:
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.plot_size(max(60, min(width, 110)), 16)
    plotext.theme("clear")
    places = list(range(len(lines.places)))
    for (name, values), marker in zip(lines.lines.items(), ("hd", "dot", "braille", "+"), strict=False):
        plotext.plot(places, list(values), label=name, marker=marker)
    step = max(1, -(-len(places) // 7))
    plotext.xticks(places[::step], list(lines.places[::step]))
    drawn: str = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    return "\n".join([lines.title, *(line.rstrip() for line in drawn.splitlines())])


def page(title: str, said: Sequence[str], pictures: Sequence[Picture]) -> str:
    """The whole HTML document: sentences, then every picture."""
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(one)}</p>" for one in said)]
    for picture in pictures:
        parts.append(f"<h2>{escape(picture.title)}</h2>" if picture.title else "")
        parts.append(_drawn(picture))
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _drawn(picture: Picture) -> str:
    if isinstance(picture, Bars):
        return _bars_svg(picture)
    return _lines_svg(picture) if isinstance(picture, Lines) else _table(picture)


def _svg(height: int, inner: str, label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">{inner}</svg>'


def _bars_svg(bars: Bars) -> str:
    ends = [end for bar in bars.bars for end in (bar.value, bar.low, bar.high, 0.0) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    span = (high - low) or 1.0

    def x(value: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (value - low) / span, 1)

    drawn = [f'<line x1="{x(0)}" y1="4" x2="{x(0)}" y2="{ROW * len(bars.bars) + 8}" stroke="#8888"/>']
    for place, bar in enumerate(bars.bars):
        top, left = 8 + ROW * place, min(x(0), x(bar.value))
        wide = max(1.0, round(abs(x(bar.value) - x(0)), 1))
        colour = COLOURS[place % len(COLOURS)]
        drawn.append(
            f'<text x="{LEFT - 8}" y="{top + 14}" text-anchor="end" font-size="12">{escape(bar.name)}</text>'
            f'<rect x="{left}" y="{top}" width="{wide}" height="18" rx="3" fill="{colour}"/>'
            f'<text x="{WIDTH - RIGHT + 8}" y="{top + 14}" font-size="12">{escape(bar.told)}</text>'
        )
        if bar.low is not None and bar.high is not None:
            y = top + 9
            drawn.append(f'<line x1="{x(bar.low)}" y1="{y}" x2="{x(bar.high)}" y2="{y}" stroke="#000"/>')
    return _svg(ROW * len(bars.bars) + 16, "".join(drawn), bars.title)


def _lines_svg(lines: Lines) -> str:
    values = [value for line in lines.lines.values() for value in line] + [0.0]
    low, high = min(values), max(values)
    span, last = (high - low) or 1.0, max(len(lines.places) - 1, 1)

    def point(place: int, value: float) -> str:
        x = round(LEFT + (WIDTH - LEFT - RIGHT) * place / last, 1)
        return f"{x},{round(10 + (HEIGHT - 60) * (high - value) / span, 1)}"

    drawn = []
    if lines.band is not None:
        there, back = (lines.lines[name] for name in lines.band)
        around = [point(place, value) for place, value in enumerate(there)]
        around += [point(place, value) for place, value in reversed(list(enumerate(back)))]
        drawn.append(f'<polygon points="{" ".join(around)}" fill="{COLOURS[0]}" opacity=".15"/>')
    for value in sorted({low, 0.0, high}):
        y = point(0, value).split(",")[1]
        drawn.append(
            f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#8886"/>'
            f'<text x="{LEFT - 8}" y="{y}" text-anchor="end" font-size="12">{value:,.0f}</text>'
        )
    for (name, line), colour in zip(lines.lines.items(), COLOURS * 4, strict=False):
        points = " ".join(point(place, value) for place, value in enumerate(line))
        end = point(len(line) - 1, line[-1]).split(",")[1] if line else "0"
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{WIDTH - RIGHT + 6}" y="{end}" font-size="12" fill="{colour}">{escape(name)}</text>'
        )
    step = max(1, -(-len(lines.places) // 8))
    for place in range(0, len(lines.places), step):
        x = point(place, low).split(",")[0]
        told = escape(lines.places[place])
        drawn.append(f'<text x="{x}" y="{HEIGHT - 18}" text-anchor="middle" font-size="12">{told}</text>')
    return _svg(HEIGHT, "".join(drawn), lines.title)


def _table(grid: Grid) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = ' class="n"' if place in grid.right else ""
        return f"<{tag}{kind}>{escape(text)}</{tag}>"

    top = "".join(cell("th", place, name) for place, name in enumerate(grid.columns))
    rows = (
        "<tr>" + "".join(cell("td", place, text) for place, text in enumerate(row)) + "</tr>"
        for row in grid.rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def say(
    asked: Asked,
    schema: str,
    document: dict[str, Any],
    title: str,
    said: list[str],
    pictures: list[Picture],
    draw: bool,
    html: Path | None,
) -> None:
    """The answer in words, tables and pictures: on the screen, as JSON, and as a page where asked."""
    if html is not None:
        html.write_text(page(title, said, pictures), "utf-8")
        note(f"wrote {html}")

    def render(screen: "Console") -> None:
        for line in said:
            screen.print(line)
        for picture in pictures:
            if isinstance(picture, Grid):
                right = ", ".join(picture.columns[place] for place in picture.right)
                screen.print(table(picture.title, picture.columns, picture.rows, right=right))
            elif draw:
                screen.print(chart(picture, screen.width), soft_wrap=True)

    answer(asked, schema, document, render)
