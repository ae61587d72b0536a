"""Tables on screens of any width: nothing is cut, nothing runs off the screen."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from cli.screen.fitting import LONGEST_WORD, Column, fitted, kept_columns

AMOUNT = st.integers(-(10**9), 10**12).map(lambda minor: f"{minor / 100:,.2f}")
DAY = st.dates().map(str)
WORDS = st.lists(st.text("abcdefgh-", min_size=1, max_size=LONGEST_WORD), max_size=6).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> list[Column]:
    kinds = draw(st.lists(st.sampled_from((AMOUNT, DAY, WORDS)), min_size=1, max_size=9))
    rows = draw(st.integers(1, 4))
    return [
        Column(f"column{place}", [draw(kind) for _ in range(rows)], kind is AMOUNT)
        for place, kind in enumerate(kinds)
    ]


def printed(columns: list[Column], spare: list[str], width: int, title: str = "") -> list[str]:
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(fitted(title, columns, spare, width))
    return captured.get().splitlines()


@settings(deadline=None)
@given(tables(), st.integers(48, 130), st.booleans())
def test_every_word_is_whole_and_no_line_is_too_long(columns: list[Column], width: int, spares: bool) -> None:
    spare = [columns[-1].name] if spares and len(columns) > 1 else []
    lines = printed(columns, spare, width)
    assert max(map(len, lines)) <= width
    shown = kept_columns(columns, spare, width) or columns
    seen = set(re.split(r"\s+", "\n".join(lines)))
    wanted = {word for column in shown for cell in column.cells for word in cell.split()}
    assert wanted <= seen


def test_a_narrow_screen_leaves_out_the_spare_column_first() -> None:
    columns = [
        Column("day", ["2026-03-02"]),
        Column("sum", ["1,130,000.00"], True),
        Column("why", ["x" * 12]),
    ]
    assert "why" in printed(columns, ["why"], 60)[1]
    narrow = printed(columns, ["why"], 30)
    assert "why" not in "".join(narrow)
    assert any("2026-03-02   1,130,000.00" in line for line in narrow)


def test_where_nothing_fits_each_row_is_a_block() -> None:
    columns = [Column("day", ["2026-03-02"]), Column("sum", ["1,130,000.00"], True), Column("note", [""])]
    lines = [line.rstrip() for line in printed(columns, [], 22, "Paid")]
    assert lines == ["Paid", "", "day  2026-03-02", "sum  1,130,000.00", ""]


def test_a_title_longer_than_its_table_is_one_line() -> None:
    title = "Due, in the order in which it is paid"
    assert printed([Column("to", ["tax"])], [], 80, title)[0].rstrip() == title


def test_a_column_without_heading_and_content_takes_no_room() -> None:
    lines = printed([Column("a", ["x"]), Column("", [""]), Column("b", ["y"])], [], 80)
    assert lines[1].rstrip() == "  a   b"


def test_wide_letters_take_two_places_and_no_cell_is_folded_for_them() -> None:
    """Chinese orders and buyers stay whole, in a pipe and on 80 columns, and the columns stay in line."""
    from rich.cells import cell_len

    columns = [
        Column("order", ["订单-001", "订单-002", "PO-3"]),
        Column("buyer", ["景德镇瓷窑 Jingdezhen Kiln", "杭州茶店 Tea House", "Meridian"]),
        Column("with tax", ["355,950.00", "1,130,000.00", "2.00"], True),
    ]
    for width in (60, 80, 140, 2000):
        lines = printed(columns, [], width)
        for name in ("订单-001", "订单-002", "杭州茶店 Tea House"):
            assert sum(name in line for line in lines) == 1
        ends = {cell_len(line.rstrip()) for line in lines if line.rstrip().endswith("0")}
        assert len(ends) == 1
