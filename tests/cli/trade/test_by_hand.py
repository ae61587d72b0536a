"""A trader's own order on a network of his own, on a real ledger: every fact is stated by hand until settled.

Another product, country, currency and calendar than the shipped example; a deposit, instalments on departure
at the end of a month, price breaks, a lane that leaves twice a week, a factor paid in advance.
"""

from pathlib import Path

import pytest

from tests.cli.conftest import Net

HERE = Path(__file__).with_name("by_hand")
ORDER = "HH/2028-77"


@pytest.fixture
def chairs(net: Net, home: Path) -> Net:
    net("init")
    (home / "net" / "network.toml").write_text((HERE / "network.toml").read_text("utf-8"), "utf-8")
    ran = net("order", "run", HERE / "order.json", "--on", "2028-02-01")
    assert ran.code == 0, ran.err
    return net


STEPS = f"""
payment receive {ORDER} 9590.45 --on 2028-02-01 --reference BK1
payment make {ORDER} wels-oak --on 2028-02-29
milestone record {ORDER} production_start --on 2028-03-10 --by wels-oak
milestone record {ORDER} production_end --on 2028-03-23 --by wels-oak
milestone record {ORDER} inspection --on 2028-03-24 --by TUV --evidence r-12
milestone record {ORDER} departure --booking wels-oak --on 2028-03-24
milestone record {ORDER} departure --booking danube-spedition --on 2028-03-24
payment make {ORDER} danube-spedition --on 2028-03-24
milestone record {ORDER} departure --booking danube-spedition#2 --on 2028-03-28
payment make {ORDER} danube-spedition#2 --on 2028-03-28
milestone record {ORDER} service_end --booking linz-lager --on 2028-03-29
milestone record {ORDER} delivery --on 2028-03-31 --by buyer --evidence pod-3
finance draw {ORDER} isar-factor --on 2028-04-03
payment make {ORDER} tuev-check --on 2028-04-03
payment make {ORDER} tax --on 2028-04-10
payment make {ORDER} wels-oak --on 2028-04-14
payment make {ORDER} danube-spedition --on 2028-04-21
payment make {ORDER} danube-spedition#2 --on 2028-04-21
payment make {ORDER} linz-lager --on 2028-04-28
payment receive {ORDER} 38361.79 --on 2028-05-02 --reference BK2
payment make {ORDER} network --on 2028-05-02
order settle {ORDER} --on 2028-05-02
"""


def test_every_step_by_hand_ends_settled_with_the_planned_profit(chairs: Net) -> None:
    for step in STEPS.strip().splitlines():
        ran = chairs(*step.split())
        assert ran.code == 0, f"net {step}\n{ran.err}"
    assert chairs("order", "show", ORDER).lines[0] == f"{ORDER}  SETTLED"
    assert chairs("slot", "list", ORDER).out.strip() == "nothing is held or booked"
    assert chairs("ledger", "verify").code == 0
    assert "12,918.66" in chairs("report", "profit", ORDER, "--on", "2028-05-02").out
    again = chairs("order", "settle", ORDER, "--on", "2028-05-02")
    assert (again.code, "nothing changed" in again.err) == (0, True)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (f"milestone record {ORDER} delivery --on 2028-03-13", "before the goods are stated as made"),
        (f"milestone record {ORDER} inspection --on 2028-03-13", "net milestone record ORDER production_end"),
        (f"milestone record {ORDER} departure --on 2028-03-24", "whose departure?"),
        (f"payment make {ORDER} linz-lager --on 2028-03-24", "service_end --booking linz-lager"),
        (f"payment make {ORDER} wels-oak --on 2028-02-29", "the order's account holds 0.00 EUR"),
        (f"order settle {ORDER} --on 2028-05-02", "cannot become SETTLED"),
    ],
)
def test_what_comes_out_of_turn_is_refused_with_the_way_out(chairs: Net, step: str, told: str) -> None:
    ran = chairs(*step.split())
    assert ran.code == 3
    assert told in ran.err


def test_settling_names_who_is_still_owed(chairs: Net) -> None:
    steps = STEPS.strip().splitlines()
    for step in [step for step in steps if "linz-lager --on 2028-04-28" not in step][:-1]:
        assert chairs(*step.split()).code == 0
    assert "212.00 EUR: linz-lager 212.00 EUR" in chairs("order", "settle", ORDER, "--on", "2028-05-02").err
