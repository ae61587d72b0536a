"""Maps: every way to find a field, shared values, rows gathered to orders, and maps that are wrong."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.maps.order_map import load
from documents.orders.mapped import RowCount
from documents.orders.reading import Defects, stream
from domain.errors import InputDefectsError
from domain.order import Order

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data"
SCMS = DATA / "scms" / "delivery_history_to_2011.csv"
HEAD = 'schema = "net/map/1"\n[table]\n'
PLAIN = """
[order]
reference = "Nr"
issued_on = "Day"
currency = { value = "EUR" }
buyer = "Who"
[line]
product = "What"
quantity = "Count"
unit_price = "Price"
"""


def run(
    folder: Path, order_map: str, table: str | bytes, count: RowCount | None = None
) -> list[Order | Defects]:
    map_path, path = folder / "map.toml", folder / "table.csv"
    map_path.write_text(order_map)
    path.write_bytes(table if isinstance(table, bytes) else table.encode())
    return list(stream(path, load(map_path), count=count))


def one(folder: Path, order_map: str, table: str | bytes) -> Order:
    (order,) = run(folder, order_map, table)
    assert isinstance(order, Order), order
    return order


def test_european_table_with_its_own_dates_and_numbers(tmp_path: Path) -> None:
    order_map = HEAD + (
        'separator = ";"\nskipped = 1\nencodings = ["utf-8", "cp1252"]\n'
        '[kind.day]\nread = "date"\nstyles = ["%d.%m.%Y", "excel"]\n'
        '[kind.money]\nread = "number"\ndecimal = ","\nthousands = "."\nremove = ["€"]\n'
        '[order]\nreference = "Nr"\nissued_on = { column = "Tag", kind = "day" }\n'
        'currency = { value = "EUR" }\n'
        'due_on = { column = "Tag", kind = "day", plus_days = "Frist" }\nbuyer = "Wer"\n'
        '[line]\nproduct = "Was"\nquantity = "Menge"\nunit_price = { column = "Preis", kind = "money" }\n'
        'weight_kg = { column = "Pfund", kind = "money", times = "0.5" }\n'
    )
    table = "export\nNr;Tag;Frist;Wer;Was;Menge;Preis;Pfund\n1;31.03.2026;10;Müller;Öl;3;1.234,50 €;7,5\n"
    order = one(tmp_path, order_map, table.encode("cp1252"))
    assert (order.issued_on, order.due_on) == (date(2026, 3, 31), date(2026, 4, 10))
    assert (order.buyer.name, order.net_minor, order.lines[0].weight_kg) == (
        "Müller",
        370_350,
        Decimal("3.75"),
    )
    excel = one(tmp_path, order_map, table.replace("31.03.2026", "46112").replace("€", "").encode("cp1252"))
    assert excel.issued_on == order.issued_on


def test_first_way_that_gives_a_value_counts_and_leaves_its_remark(tmp_path: Path) -> None:
    order_map = HEAD + PLAIN.replace(
        'issued_on = "Day"',
        'issued_on = [{ column = "Day", absent = ["n/a"] }, { column = "Other", remark = "assumed" }]',
    )
    table = "Nr,Day,Other,Who,What,Count,Price\n1,N/A,2026-01-02,a,b,1,1\n2,2026-01-01,x,a,b,1,1\n"
    first, second = run(tmp_path, order_map, table)
    assert (first.issued_on, first.extra["remarks"]) == (date(2026, 1, 2), ["assumed"])
    assert (second.issued_on, second.extra) == (date(2026, 1, 1), {})


def test_patterns_split_and_columns_join_a_reference(tmp_path: Path) -> None:
    order_map = HEAD + PLAIN.replace('"Nr"', '{ columns = ["Nr", "Day"], join = "/" }').replace(
        '"Who"', "{ column = 'Who', pattern = '^(\\w+)-' }"
    )
    order = one(tmp_path, order_map, "Nr,Day,Who,What,Count,Price\n7,2026-01-01,firm-12,b,1,1\n")
    assert (order.reference, order.buyer.name) == ("7/2026-01-01", "firm")


@pytest.mark.parametrize(("otherwise", "country"), [("absent", ""), ("refuse", None)])
def test_lookup_folds_and_says_what_holds_for_other_texts(
    tmp_path: Path, otherwise: str, country: str | None
) -> None:
    order_map = (
        HEAD
        + PLAIN.replace(
            "[line]", f'country = {{ column = "Land", lookup = "c", otherwise = "{otherwise}" }}\n[line]'
        )
        + '[lookup.c]\n"Côte d\'Ivoire" = "CI"\n'
    )
    head = "Nr,Day,Who,What,Count,Price,Land\n"
    row = "1,2026-01-01,a,b,1,1,"
    assert one(tmp_path, order_map, f"{head}{row}CÔTE  D’IVOIRE\n").country == "CI"
    (other,) = run(tmp_path, order_map, f"{head}{row}Atlantis\n")
    if country is None:
        assert isinstance(other, Defects)
        assert "Atlantis" in other.defects[0].problem
    else:
        assert other.country == country


SHARED = (
    'schema = "net/map/1"\n[table]\nidentity = "Nr"\n[kind.money]\nread = "number"\nabsent = ["included"]\n'
    + PLAIN
    + """
[[adjustment]]
reason = { value = "freight" }
amount = { column = "Freight", kind = "money", shared = { pattern = '#(\\d+)', by = "Count" } }
"""
)


def freights(folder: Path, *cells: str) -> list[int | str]:
    rows = "".join(f"{n},2026-01-01,a,b,{n},10,{cell}\n" for n, cell in enumerate(cells, start=1))
    found = run(folder, SHARED, "Nr,Day,Who,What,Count,Price,Freight\n" + rows)
    return [item.adjustment_minor if isinstance(item, Order) else item.defects[0].problem for item in found]


def test_shared_freight_is_divided_and_sums_to_the_whole(tmp_path: Path) -> None:
    """100.00 over 1, 2 and 3 pieces; the references stand before and after the bill."""
    assert freights(tmp_path, "see #2", "100.00", "see #2", "7.00") == [1667, 3333, 5000, 700]


def test_shared_freight_follows_chains_and_stops_at_circles(tmp_path: Path) -> None:
    assert freights(tmp_path, "60", "#1", "#2") == [1000, 2000, 3000]
    assert all("without an end" in str(problem) for problem in freights(tmp_path, "#2", "#1"))


def test_shared_freight_that_is_absent_or_missing(tmp_path: Path) -> None:
    assert freights(tmp_path, "included", "#1", "#99")[:2] == [0, 0]
    assert "row 99, which is not in the file" in str(freights(tmp_path, "1", "#99")[1])


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    bill=st.integers(0, 10**9),
    counts=st.lists(st.integers(1, 10**6), min_size=1, max_size=12),
    place=st.integers(0, 11),
)
def test_parts_of_a_shared_bill_always_sum_to_it(
    tmp_path_factory: pytest.TempPathFactory, bill: int, counts: list[int], place: int
) -> None:
    place %= len(counts)
    rows = "".join(
        f"{n},2026-01-01,a,b,{count},10,{f'{bill // 100}.{bill % 100:02d}' if n == place else f'#{place}'}\n"
        for n, count in enumerate(counts)
    )
    found = run(tmp_path_factory.mktemp("m"), SHARED, "Nr,Day,Who,What,Count,Price,Freight\n" + rows)
    assert sum(order.adjustment_minor for order in found) == bill


def test_rows_anywhere_become_one_order_and_must_agree(tmp_path: Path) -> None:
    order_map = 'schema = "net/map/1"\n[table]\nrows = "anywhere"\nby = ["Nr"]\n' + PLAIN
    table = "Nr,Day,Who,What,Count,Price\n1,2026-01-01,a,x,1,1\n2,2026-01-01,a,x,1,1\n1,2026-01-01,a,y,2,3\n"
    first, second = run(tmp_path, order_map, table)
    assert [line.product for line in first.lines] == ["x", "y"]
    assert (first.net_minor, second.net_minor) == (700, 100)
    (broken,) = run(tmp_path, order_map, table.replace("2,2026-01-01", "1,2026-01-09"))
    assert [(defect.field, defect.line) for defect in broken.defects] == [("issued_on", 2)]


def test_rules_leave_out_and_refuse_with_their_reason(tmp_path: Path) -> None:
    order_map = (
        HEAD
        + PLAIN
        + '[[ignore]]\ncolumn = "Who"\nequals = ["test"]\nreason = "a test"\n'
        + '[[refuse]]\ncolumn = "What"\nempty = true\nreason = "no product"\n'
    )
    rows = "1,2026-01-01,test,b,1,1\n2,2026-01-01,a,,1,1\n3,2026-01-01,a,b,1,1\n"
    count = RowCount()
    refused, order = run(tmp_path, order_map, "Nr,Day,Who,What,Count,Price\n" + rows, count)
    assert refused.defects[0].problem == "no product"
    assert order.reference == "3"
    assert (count.rows, count.ignored) == (3, {"a test": 1})


def test_unreadable_cell_names_its_column_text_and_line(tmp_path: Path) -> None:
    order_map = (
        HEAD + '[kind.n]\nread = "number"\n' + PLAIN.replace('"Count"', '{ column = "Count", kind = "n" }')
    )
    found = run(tmp_path, order_map, "Nr,Day,Who,What,Count,Price\n1,2026-01-01,a,b,many,1\n")
    (defect,) = found[0].defects
    assert (defect.line, defect.field) == (2, "lines[1].quantity")
    assert "Count holds 'many'" in defect.problem


def test_missing_columns_are_all_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputDefectsError) as caught:
        run(tmp_path, HEAD + PLAIN, "Nr,Day,Other\n1,2,3\n")
    assert {defect.field for defect in caught.value.defects} == {"Who", "What", "Count", "Price"}


def test_wrong_map_is_refused_with_every_defect(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(
        'schema = "net/map/9"\ntabel = 1\n[table]\nrows = "some"\nencodings = ["utf-99"]\n[order]\n'
        'reference = { colum = "Nr" }\nissued_on = { column = "Day", kind = "day" }\n'
        'due_on = { column = "Day", lookup = "x", pattern = "(" }\n[kind.n]\ndecimal = ","\nthousands = ","\n'
    )
    with pytest.raises(InputDefectsError) as caught:
        load(path)
    assert {defect.field for defect in caught.value.defects} == {
        "schema",
        "tabel",
        "table.rows",
        "table.encodings",
        "order.reference",
        "order.reference.colum",
        "order.issued_on.kind",
        "order.due_on.lookup",
        "order.due_on.pattern",
        "order.currency",
        "order.buyer.name",
        "line.product",
        "line.quantity",
        "kind.n.thousands",
    }
    assert all(defect.line for defect in caught.value.defects if defect.field.startswith(("table.", "kind.")))


@pytest.mark.shared_data
@pytest.mark.skipif(not SCMS.is_file(), reason="the shared data sets are not beside the checkout")
def test_real_delivery_history_is_read_but_for_one_row_that_was_due_before_it_was_ordered() -> None:
    count = RowCount()
    found = list(stream(SCMS, load(ROOT / "examples/maps/scms.toml"), count=count))
    refused = [item for item in found if isinstance(item, Defects)]
    assert (count.rows, len(found), len(refused)) == (5_234, 5_234, 1)
    assert [(defect.line, defect.field) for defect in refused[0].defects] == [(456, "due_on")]
    by_line = {item.lines[0].number: item for item in found if isinstance(item, Order)}
    bill = [order for order in by_line.values() if "ID#:10589)" in order.extra["freight"]]
    assert len(bill) == 16
    whole = Decimal(by_line["10589"].extra["freight"]) * 100
    insurance = [
        item.amount_minor for order in bill for item in order.adjustments if item.reason == "Insurance"
    ]
    shared = sum(order.adjustment_minor for order in (*bill, by_line["10589"])) - sum(insurance)
    own = sum(item.amount_minor for item in by_line["10589"].adjustments if item.reason == "Insurance")
    assert shared - own == whole


@pytest.mark.shared_data
@pytest.mark.skipif(not SCMS.is_file(), reason="the shared data sets are not beside the checkout")
def test_later_habits_of_the_same_table_are_read(tmp_path: Path) -> None:
    """Rows as later years write them: another encoding, other dates, texts for numbers, a bill elsewhere."""
    lines = SCMS.read_text(encoding="utf-8").splitlines()
    header, row = lines[0], lines[1]
    changed = [
        row,
        row.replace("1,100-CI", "2,100-CI", 1).replace("2-Jun-06", "6/2/06"),
        row.replace("1,100-CI", "3,100-CI", 1).replace("780.34", "Freight Included in Commodity Cost"),
        row.replace("1,100-CI", "4,100-CI", 1).replace("780.34", "Invoiced Separately"),
        row.replace("1,100-CI", "5,100-CI", 1).replace("780.34", "See DN-1 (ID#:1)"),
        row.replace("1,100-CI", "6,100-CI", 1).replace("780.34", "See DN-9 (ID#:99999)"),
        row.replace("1,100-CI", "7,100-CI", 1).replace("Yes,13,", "Yes,Weight Captured Separately,"),
        row.replace("1,100-CI", "8,100-CI", 1).replace("Yes,13,", "Yes,0,"),
    ]
    path = tmp_path / "later.csv"
    path.write_bytes("\r\n".join([header, *changed, ""]).encode("cp1252"))
    found = list(stream(path, load(ROOT / "examples/maps/scms.toml")))
    assert all(isinstance(item, Order) for item in found), [
        item for item in found if isinstance(item, Defects)
    ]
    assert {order.country for order in found} == {"CI"}
    assert [order.adjustment_minor for order in found] == [39017, 78034, 0, 0, 39017, 0, 78034, 78034]
    assert [order.lines[0].weight_kg for order in found[-2:]] == [None, 0]
    assert {order.due_on for order in found} == {date(2006, 6, 2)}


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the checkout")
def test_another_table_is_read_by_its_own_map() -> None:
    count = RowCount()
    found = list(
        stream(DATA / "brunel" / "OrderList.csv", load(ROOT / "examples/maps/brunel.toml"), count=count)
    )
    assert count.rows == 9_215
    assert sum(isinstance(item, Order) for item in found) == 9_215


SHOP = (
    HEAD + 'rows = "together"\nby = ["Nr"]\n' + PLAIN + '[[adjustment]]\nreason = { value = "Shipping" }\n'
    'amount = "Post"\n'
)
SHOP_ROWS = "Nr,Day,Who,What,Count,Price,Post\n"


def test_adjustment_of_the_order_counts_once(tmp_path: Path) -> None:
    """A shop repeats the order's shipping on each row of an item; it is one shipping."""
    table = SHOP_ROWS + "1,2026-03-02,Harbour,lamp,2,100,10.00\n1,2026-03-02,Harbour,bulb,1,50,10.00\n"
    order = one(tmp_path, SHOP, table)
    assert [(part.reason, part.amount_minor) for part in order.adjustments] == [("Shipping", 1_000)]
    per_row = SHOP.replace("[[adjustment]]\n", '[[adjustment]]\nper = "row"\n')
    assert len(one(tmp_path, per_row, table).adjustments) == 2


def test_adjustments_that_differ_are_refused_unless_each_row_has_its_own(tmp_path: Path) -> None:
    table = SHOP_ROWS + "1,2026-03-02,Harbour,lamp,2,100,10.00\n1,2026-03-02,Harbour,bulb,1,50,4.00\n"
    (found,) = run(tmp_path, SHOP, table)
    assert isinstance(found, Defects)
    assert "is '4.00' on line 3, but '10.00' on line 2" in str(found.defects[0])
    per_row = SHOP.replace("[[adjustment]]\n", '[[adjustment]]\nper = "row"\n')
    assert [part.amount_minor for part in one(tmp_path, per_row, table).adjustments] == [1_000, 400]


def test_rows_of_two_buyers_are_no_one_order(tmp_path: Path) -> None:
    table = SHOP_ROWS + "1,2026-03-02,Harbour,lamp,2,100,\n1,2026-03-02,Quayside,bulb,1,50,\n"
    (found,) = run(tmp_path, SHOP, table)
    assert isinstance(found, Defects)
    assert found.defects[0].field == "buyer.name"


def test_empty_cells_of_further_rows_repeat_the_first(tmp_path: Path) -> None:
    table = SHOP_ROWS + "1,2026-03-02,Harbour,lamp,2,100,10.00\n1,,,bulb,1,50,\n"
    order = one(tmp_path, SHOP, table)
    assert (len(order.lines), len(order.adjustments), order.buyer.name) == (2, 1, "Harbour")
    strict = SHOP.replace("by =", "empty_repeats = false\nby =")
    (found,) = run(tmp_path, strict, table)
    assert isinstance(found, Defects)
    assert {defect.field for defect in found.defects} >= {"issued_on", "buyer.name", "adjustments[1].amount"}


def test_amount_in_capitals_is_checked_against_the_figures(tmp_path: Path) -> None:
    order_map = HEAD + (
        '[kind.money]\nread = "number"\nthousands = ","\nremove = ["¥", "元"]\n'
        '[kind.day]\nread = "date"\nstyles = ["%Y年%m月%d日"]\n'
        '[[agree]]\none = { column = "大写", kind = "money" }\nother = { column = "金额", kind = "money" }\n'
        'reason = "words and figures differ"\n'
        '[order]\nreference = "Nr"\nissued_on = { column = "日期", kind = "day" }\n'
        'currency = { value = "CNY" }\nbuyer.name = { value = "美景" }\n'
        '[line]\nproduct = "品名"\nquantity = { column = "数量", kind = "money" }\n'
        'net = { column = "金额", kind = "money" }\nunit_price = { column = "单价", kind = "money" }\n'
    )
    head = "Nr,日期,品名,数量,单价,金额,大写\n"
    row = 'DD1,二〇二六年三月二日,lamp,"１，０００",￥１００．００,"￥１００，０００．００",壹拾万元整\n'
    order = one(tmp_path, order_map, (head + row).encode("utf-8"))
    assert (order.issued_on, order.lines[0].quantity) == (date(2026, 3, 2), Decimal(1000))
    (found,) = run(tmp_path, order_map, (head + row.replace("壹拾万", "壹拾贰万")).encode("utf-8"))
    assert isinstance(found, Defects)
    assert "words and figures differ: 120000 and 100000.00 on line 2" in str(found.defects[0])
