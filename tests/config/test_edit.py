"""A network file is added to safely: comments stay, and only a sound file replaces the old one."""

import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from config.edit import append_table, network_file, table_text, value_text
from config.locations import shipped_network
from config.network import load_network
from domain.errors import InputDefectsError

STORE = {"id": "tilbury", "name": "Tilbury Dock", "place": "Tilbury", "per_unit_day": Decimal("0.04")}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return Path(shutil.copyfile(shipped_network(), tmp_path / "network.toml"))


def test_append_table_keeps_what_a_person_wrote(own: Path) -> None:
    own.write_text("# mine, keep it\n" + own.read_text())
    before = own.read_text()
    append_table(own, "warehouse", STORE)
    assert own.read_text().startswith(before.rstrip("\n"))
    provider = load_network(own).provider("tilbury")
    assert provider is not None
    assert provider.storage is not None
    assert provider.storage.per_unit_day == Decimal("0.04")


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "nansha-store", "name": "again"},
        {"id": "x", "nonsense": 1},
        {"id": "x", "payment": [{"share": "90%", "event": "invoice"}]},
    ],
)
def test_append_table_refuses_what_is_not_sound_and_leaves_the_file(
    own: Path, fields: dict[str, object]
) -> None:
    before = own.read_bytes()
    with pytest.raises(InputDefectsError) as refused:
        append_table(own, "warehouse", fields)
    assert own.read_bytes() == before
    assert [path.name for path in own.parent.iterdir()] == ["network.toml"]
    assert refused.value.defects[0].file == str(own)


def test_append_table_with_lanes_and_terms_reads_back(own: Path) -> None:
    lane = {
        "id": "a-b",
        "origin": "A",
        "destination": "B",
        "transit_days": 3,
        "band": [{"from": 0, "rate": Decimal(2)}],
    }
    terms = [{"share": "30%", "event": "booking"}, {"share": "70%", "event": "arrival", "days": 14}]
    append_table(own, "logistics", {"id": "rail", "lane": [lane], "payment": terms})
    provider = load_network(own).provider("rail")
    assert provider is not None
    assert provider.lanes[0].transit_days == 3
    assert [term.days for term in provider.payment] == [0, 14]


def test_network_file_follows_the_settings(tmp_path: Path, own: Path) -> None:
    settings = tmp_path / "net.toml"
    settings.write_text('network = "network.toml"\n')
    assert network_file(settings) == own
    assert network_file(own) == own


values = st.recursive(
    st.text(max_size=20) | st.integers(-(10**9), 10**9) | st.booleans() | st.decimals("0.01", "99", places=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(values)
def test_value_text_is_toml_of_the_same_value(value: object) -> None:
    assert tomli.loads(f"a = {value_text(value)}", parse_float=Decimal)["a"] == value


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=9), max_size=4))
def test_table_text_is_toml_of_the_same_table(fields: dict[str, str]) -> None:
    assert tomli.loads(table_text("firm", fields)) == {"firm": [fields]}
