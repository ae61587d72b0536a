"""Outside tables to a proven answer: the published cases, and small tables of our own."""

from decimal import Decimal
from pathlib import Path

import pytest

from domain.errors import InputDefectsError, UsageError
from flows.many.outside_tables import route_tables
from routing.shared.answer import Status

ROOT = Path(__file__).parents[3]
MAPS = ROOT / "examples" / "routing"
DATA = ROOT / ".." / "shared" / "data"

MAP = """
schema = "net/routing-map/1"
name = "small"
objective = "least-cost"
[orders]
file = "orders.csv"
name = "id"
quantity = "units"
weight = "kg"
fields = { product = "product", to = "to", service = "service" }
[providers]
file = "plants.csv"
name = "plant"
capacity = "capacity"
[rates]
file = "plants.csv"
name = "plant"
rate = "rate"
per = "quantity"
[[rule]]
title = "not in stock"
file = "stock.csv"
provider = "plant"
value = "product"
field = "product"
unlisted = "refused"
[lanes]
file = "lanes.csv"
origin = "from"
destination = "to"
service = "service"
least = "least"
most = "most"
minimum = "minimum"
rate = "rate"
only = { mode = ["AIR"] }
ports = "ports.csv"
port_provider = "plant"
port = "port"
order_destination = "to"
order_service = "service"
free = { service = ["own"] }
"""
TABLES = {
    "orders.csv": "id,product,units,kg,to,service\n"
    "1.10,p,10,2.5,X,fast\n1.1,p,10,100,X,fast\n2,p,4,7,X,own\n",
    "plants.csv": "plant,capacity ,rate\nA,2,0.1234567890123456\nB,2,0.5\n",
    "stock.csv": "plant,product\nA,p\nB,p\n",
    "ports.csv": "plant,port\nA,N\nA,S\nB,S\n",
    "lanes.csv": "from,to,service,mode,least,most,minimum,rate\nN,X,fast,AIR   ,0,50,3,1\n"
    "S,X,fast,AIR,50.01,500,3,0.25\nS,X,fast,AIR,0,50,4,0.1\nS,X,fast,SEA,0,500,0.01,0.001\n",
}


@pytest.fixture
def tables(tmp_path):
    (tmp_path / "map.toml").write_text(MAP)
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def test_route_tables_prices_by_weight_band_minimum_charge_and_cheapest_port(tables):
    answer = route_tables(tables / "map.toml")
    assert answer.status is Status.OPTIMAL
    taken = {order: plant for order, plant, _ in answer.shares}
    assert taken == {"1.10": "A", "1.1": "A", "2": "B"}
    assert answer.parts["provider"] == Decimal("0.1234567890123456") * 20 + 2
    # 2.5 kg: port N asks its minimum of 3, port S of 4; 100 kg: 25; customer-arranged: nothing
    assert answer.parts["freight"] == 28
    assert answer.objective == answer.bound == sum(answer.parts.values())
    # one more place at A would take order 2 from B
    assert answer.prices == {"A": 4 * (Decimal("0.5") - Decimal("0.1234567890123456"))}
    assert answer.load == {"A": (2, 2), "B": (1, 2)}


def test_route_tables_refuses_what_has_no_lane_unless_told_otherwise(tables):
    answer = route_tables(
        tables / "map.toml", changes=['orders.only={"kg"=["100"]}', 'lanes.only={mode=["SEA"]}']
    )
    assert answer.parts["freight"] == Decimal("0.1")
    none = route_tables(tables / "map.toml", changes=['lanes.only={mode=["RAIL"]}'])
    assert none.status is Status.INFEASIBLE
    assert none.causes[0].orders == ("1.1",)
    free = route_tables(tables / "map.toml", changes=['lanes.only={mode=["RAIL"]}', 'lanes.no_lane="free"'])
    assert free.parts["freight"] == 0


def test_route_tables_takes_plants_out_and_counts_days(tables):
    changes = ['providers.without=["B"]', 'providers.times="smallest"']
    answer = route_tables(tables / "map.toml", changes=changes)
    assert (answer.times, answer.too_small.need, answer.too_small.have) == (2, 3, 2)
    assert answer.objective == Decimal("0.1234567890123456") * 24 + 28


def test_route_tables_serves_most_then_cheapest(tables):
    changes = ['providers.without=["B"]', 'objective="most-served"']
    answer = route_tables(tables / "map.toml", changes=changes)
    assert len(answer.shares) == 2
    assert answer.unserved_bound == 1
    assert list(answer.unserved) == ["1.1"]
    assert answer.unserved["1.1"].resources == ("A",)


def test_route_tables_keeps_the_orders_of_a_group_together(tables):
    changes = ['orders.group="product"', "providers.times=2", 'providers.without=["B"]']
    alone = route_tables(tables / "map.toml", changes=changes[1:])
    assert {plant for _, plant, _ in alone.shares} == {"A"}
    apart = route_tables(tables / "map.toml", changes=changes[:1])
    assert apart.status is Status.INFEASIBLE
    together = route_tables(tables / "map.toml", changes=changes[:2])
    assert len({plant for _, plant, _ in together.shares}) == 1
    assert together.objective == alone.objective


def test_route_tables_tells_every_defect_with_file_and_line(tables):
    (tables / "orders.csv").write_text("id,product,units,kg,to,service\n1,p,ten,2,X,fast\n2,p,3,-4,X,fast\n")
    with pytest.raises(InputDefectsError) as caught:
        route_tables(tables / "map.toml")
    assert [(Path(item.file).name, item.line, item.field) for item in caught.value.defects] == [
        ("orders.csv", 2, "units"),
        ("orders.csv", 3, "kg"),
    ]


def test_route_tables_names_a_missing_column_and_a_misspelt_key(tables):
    with pytest.raises(InputDefectsError, match="is no column here"):
        route_tables(tables / "map.toml", changes=['orders.quantity="pieces"'])
    with pytest.raises(InputDefectsError, match="is not a field here"):
        route_tables(tables / "map.toml", changes=["orders.wieght=1"])
    with pytest.raises(UsageError, match="changes nothing"):
        route_tables(tables / "map.toml", changes=["orders"])


def test_route_tables_reads_bare_numbers_and_the_word_capacity(tmp_path):
    (tmp_path / "map.toml").write_text(
        'schema = "net/routing-map/1"\nlayout = "location"\nnumbers = "n.txt"\nobjective = "least-cost"\n'
    )
    (tmp_path / "n.txt").write_text(" 2 1\n capacity 10.5\n capacity 100.\n 8\n 16.00 4.00\n")
    answer = route_tables(tmp_path / "map.toml", changes=["capacity=5"])
    # site 1 for 5 units (10) and site 2 for 3 (1.5), both opened
    assert answer.objective == Decimal("110.5") + min(
        Decimal(5) * 2 + Decimal("1.5"), Decimal(3) * 2 + Decimal("2.5")
    )
    assert {provider for _, provider, _ in answer.shares} == {"site 1", "site 2"}
    with pytest.raises(InputDefectsError, match="'capacity' is not a number"):
        route_tables(tmp_path / "map.toml")


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.exists(), reason="the real data sets are not beside the checkout")
class TestPublishedCases:
    def solved(self, map_name, data, *changes):
        answer = route_tables(MAPS / map_name, data=DATA / data, changes=changes)
        assert answer.status is Status.OPTIMAL
        assert answer.objective == answer.bound
        return answer

    def test_brunel_1000_meets_the_published_optimum(self):
        assert round(float(self.solved("brunel-1000.toml", "brunel_1000").objective), 3) == 5365566.565

    def test_brunel_needs_seven_days(self):
        answer = self.solved("brunel.toml", "brunel")
        assert (answer.times, len(answer.shares)) == (7, 9215)
        assert answer.too_small.need > 6 * (138 + 1013 + 118)
        assert answer.too_small.resources == ("PLANT02", "PLANT03", "PLANT10")
        assert round(float(answer.objective), 2) == 15486644.48

    def test_brunel_in_one_day_serves_2444(self):
        answer = self.solved("brunel.toml", "brunel", "providers.times=1", 'objective="most-served"')
        assert (len(answer.shares), answer.unserved_bound) == (2444, 9215 - 2444)
        assert round(float(answer.objective), 2) == 1181335.93

    def test_brunel_with_freight(self):
        answer = self.solved("brunel-freight.toml", "brunel")
        assert round(float(answer.objective), 2) == 15578496.16
        assert round(float(answer.parts["freight"]), 2) == 86470.54

    @pytest.mark.parametrize(
        ("file", "optima"),
        [
            ("gap1", (336, 327, 339, 341, 326)),
            ("gap2", (434, 436, 420, 419, 428)),
            ("gap3", (580, 564, 573, 570, 564)),
            ("gap4", (656, 644, 673, 647, 664)),
            ("gap5", (563, 558, 564, 568, 559)),
            ("gap6", (761, 759, 758, 752, 747)),
        ],
    )
    def test_generalised_assignment_meets_the_literature(self, file, optima):
        found = [
            self.solved(
                "assignment.toml", "orlib_gap", f'numbers="{file}.txt"', f"problem={number}"
            ).objective
            for number in range(1, 6)
        ]
        assert tuple(found) == optima

    @pytest.mark.parametrize(
        ("file", "optimum"),
        [
            ("cap41", "1040444.375"),
            ("cap42", "1098000.450"),
            ("cap43", "1153000.450"),
            ("cap44", "1235500.450"),
            ("cap51", "1025208.225"),
            ("cap61", "932615.750"),
            ("cap62", "977799.400"),
            ("cap63", "1014062.050"),
            ("cap64", "1045650.250"),
            ("cap71", "932615.750"),
            ("cap72", "977799.400"),
            ("cap73", "1010641.450"),
            ("cap74", "1034976.975"),
        ],
    )
    def test_warehouse_location_meets_the_literature(self, file, optimum):
        assert self.solved("location.toml", "orlib_cap", f'numbers="{file}.txt"').objective == Decimal(
            optimum
        )
