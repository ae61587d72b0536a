"""Firms are added to the trader's own network file, never to the one that ships."""

from decimal import Decimal
from pathlib import Path

import pytest

from config.locations import own_config, shipped_network
from domain.errors import NotFoundError
from flows.desk.network import (
    QUESTIONS,
    add_firm,
    check_lender,
    find_provider,
    provider_text,
    questions,
    table_of,
    value_of,
    what_of,
)
from flows.desk.session import Session

GIVEN = {
    "id": "new-firm", "name": "New Firm", "place": "Oslo", "per_unit_day": "0.04", "limit": "5000",
    "product.product": "lamp", "product.unit_price": "9.50", "lane.id": "o-b", "lane.origin": "Oslo",
    "lane.destination": "Bergen", "lane.rate": "1.25", "product.id": "loan", "product.name": "Loan",
    "product.advance_rate": "75%", "product.rate": "12%", "product.fee": "1%",
}  # fmt: skip


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def answered(section: str) -> dict[str, object]:
    return {q.path: value_of(q, GIVEN.get(q.path, q.usual or "")) for q in questions(section)}


@pytest.mark.parametrize("section", sorted(QUESTIONS))
def test_add_firm_of_each_kind_gives_a_sound_network(own_home: Path, section: str) -> None:
    shipped = shipped_network().read_bytes()
    with Session() as session:
        path, _ = add_firm(session, section, answered(section))
        network = session.network
    assert path == own_home / "net" / "network.toml"
    assert shipped_network().read_bytes() == shipped
    found = network.lender("new-firm") if section == "lender" else network.provider("new-firm")
    assert found is not None
    assert found.name == "New Firm"
    assert own_config().exists()


@pytest.mark.usefixtures("own_home")
def test_add_lender_keeps_price_fee_and_limit() -> None:
    with Session() as session:
        add_firm(session, "lender", answered("lender"))
        product = session.network.product("loan")
        lender = session.network.lender("new-firm")
    assert product is not None
    assert lender is not None
    assert (str(product.price.rate_annual), str(product.fees[0].rate)) == ("3/25", "1/100")
    assert lender.limit_minor == 500_000


def test_a_fee_of_nothing_is_left_out() -> None:
    made = table_of("lender", {"id": "x", "product.id": "p", "product.fee": "0.00%"})
    assert "fee" not in made["product"][0]


@pytest.mark.parametrize(
    ("path", "text"),
    [("per_unit_day", "-1"), ("per_unit_day", "many"), ("capacity", "1.5"), ("payment", "soon")],
)
def test_an_answer_that_cannot_be_is_refused(path: str, text: str) -> None:
    question = next(one for one in questions("warehouse") if one.path == path)
    with pytest.raises(ValueError, match=r"."):
        value_of(question, text)


def test_terms_are_typed_as_shares_of_events() -> None:
    question = next(one for one in questions("factory") if one.path == "payment")
    assert value_of(question, "30% booking, 70% inspection+14") == [
        {"share": "30%", "event": "booking"},
        {"share": "70%", "event": "inspection", "days": 14},
    ]


@pytest.mark.usefixtures("own_home")
def test_provider_text_is_what_the_file_says() -> None:
    with Session() as session:
        provider, text = provider_text(session, "zhongshan-lamps")
    assert provider.products[0].unit_price == Decimal(75)
    assert "unit_price = 75.00" in text
    assert what_of(provider) == "desk-lamp at 75.00; floor-lamp at 138.00"


@pytest.mark.usefixtures("own_home")
def test_an_unknown_provider_says_where_to_look() -> None:
    with Session() as session, pytest.raises(NotFoundError, match="nobody"):
        find_provider(session.network, "nobody")


@pytest.mark.usefixtures("own_home")
def test_check_lender_finds_what_cannot_be_used() -> None:
    with Session() as session:
        assert all(rule.passed for rule in check_lender(session, "harbour"))
        path, _ = add_firm(session, "lender", answered("lender"))
        text = path.read_text() + 'requires = ["blessing"]\ncurrency = "EUR"\n'
        path.write_text(text)
        failed = {rule.name for rule in check_lender(session, "new-firm") if not rule.passed}
    assert failed == {"loan: requires", "loan: currency"}
