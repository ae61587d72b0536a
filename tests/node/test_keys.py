"""Keys between firms over time: changed, revoked, and clocks that do not agree."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.errors import NotFoundError, RefusedError
from flows.firms.connected import no_secrets
from providers.http import HttpNode
from providers.protocol import (
    Booked,
    Call,
    Held,
    NoAnswerError,
    NotSentError,
    Services,
    SlotLine,
    SlotRequest,
    Verb,
    ask,
)
from tests.node.test_node import hold_body, with_key
from tests.parts.node_inside import Inside
from tests.parts.node_parts import RunningNode, firm_keys
from trust.node_keys import (
    create_signing_key,
    distrust_firm,
    key_id_of,
    load_signing_key,
    public_line,
    replace_signing_key,
    trust_firm,
    trusted_firms,
)

SOON = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()


def line_of(folder: Path) -> str:
    return public_line(load_signing_key(folder).public_key())


def test_replaced_key_is_kept_aside_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    old = create_signing_key(tmp_path)
    new = replace_signing_key(tmp_path, "20260302T120000")
    assert key_id_of(new.public_key()) != key_id_of(old.public_key())
    assert {path.name for path in tmp_path.iterdir()} == {"node.key", "node.key.20260302T120000"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    with pytest.raises(RefusedError):
        replace_signing_key(tmp_path, "20260302T120000")
    with pytest.raises(NotFoundError):
        replace_signing_key(tmp_path / "nowhere", "x")


def test_both_keys_count_while_a_firm_changes_its_key(tmp_path: Path) -> None:
    create_signing_key(tmp_path / "north")
    first = line_of(tmp_path / "north")
    trust_firm(tmp_path, "north", first, "https://north.example")
    replace_signing_key(tmp_path / "north", "a")
    second = line_of(tmp_path / "north")
    trust_firm(tmp_path, "north", second, keep=True)
    assert [(one.name, one.callback) for one in trusted_firms(tmp_path).values()] == [
        ("north", "https://north.example")
    ] * 2
    assert next(iter(trusted_firms(tmp_path).values())).key_id == key_id_of(
        load_signing_key(tmp_path / "north").public_key()
    )
    trust_firm(tmp_path, "north", second)
    assert len(trusted_firms(tmp_path)) == 1
    distrust_firm(tmp_path, "north")
    assert trusted_firms(tmp_path) == {}
    for name in ("north", "../north", "node.key"):
        with pytest.raises(NotFoundError):
            distrust_firm(tmp_path, name)


@pytest.fixture
def works(tmp_path: Path) -> Any:
    inside = Inside(tmp_path, capacity=10)
    yield inside
    inside.node.close()


def test_buyers_new_key_confirms_what_its_old_key_held(works: Inside) -> None:
    assert works.ask("POST", "/v1/holds", hold_body(2), with_key("key-00001"))[0] == 200
    works.buyer_key = replace_signing_key(works.folder / "buyer", "old")
    path, headers = "/v1/holds/key-00001/confirm", with_key("key-00002")
    assert works.call("POST", path, works.signed("POST", path, b"", headers))[0] == 401
    trust_firm(works.folder / "keys", "buyer", line_of(works.folder / "buyer"), keep=True)
    works.node._firms_read = 0.0
    status, _, booked = works.call("POST", path, works.signed("POST", path, b"", headers))
    assert (status, booked["answer"]) == (200, "booked")


def test_firm_that_is_trusted_no_more_is_refused_at_once(works: Inside) -> None:
    assert works.ask("POST", "/v1/holds", hold_body(2), with_key("key-00001"))[0] == 200
    distrust_firm(works.folder / "keys", "buyer")
    works.node._firms_read = 0.0
    status, _, problem = works.ask("POST", "/v1/holds/key-00001/confirm", b"", with_key("key-00002"))
    assert (status, problem["code"]) == (401, "unknown-key")


def test_buyer_takes_answers_under_both_of_the_sellers_keys_while_it_changes(tmp_path: Path) -> None:
    """The seller restarts with its new key: who knows both goes on, who knows the old one does not."""
    node = RunningNode(tmp_path / "works")
    keys = firm_keys(tmp_path / "buyer")
    node.trust("buyer", keys)
    services = Services(lambda: datetime.now(UTC), no_secrets, str(keys))
    old = node.key_line
    node.start()
    try:
        firm = HttpNode("mill", node.settings_for_buyer(), services)
        held = ask(firm, call(Verb.HOLD, "key-00001"))
        assert isinstance(held, Held)
        node.stop()
        replace_signing_key(node.folder / "keys", "old")
        node.start()
        with pytest.raises(NoAnswerError, match="not signed by that firm"):
            ask(firm, call(Verb.CONFIRM, "key-00002", held.reference))
        both = node.settings_for_buyer(key=[old, line_of(node.folder / "keys")])
        answer = ask(HttpNode("mill", both, services), call(Verb.CONFIRM, "key-00002", held.reference))
        assert isinstance(answer, Booked)
    finally:
        node.stop()


@pytest.mark.parametrize(("seconds", "well"), [(-25, True), (25, True), (-400, False), (400, False)])
def test_clocks_may_differ_by_half_a_minute_and_no_more(tmp_path: Path, seconds: int, well: bool) -> None:
    """Beyond it the node refuses what it cannot date, and says so: nothing was done there."""
    node = RunningNode(tmp_path / "works")
    keys = firm_keys(tmp_path / "buyer")
    node.trust("buyer", keys)
    node.start()
    try:
        skewed = Services(lambda: datetime.now(UTC) + timedelta(seconds=seconds), no_secrets, str(keys))
        firm = HttpNode("mill", node.settings_for_buyer(), skewed)
        if well:
            assert isinstance(ask(firm, call(Verb.HOLD, "key-00001")), Held)
        else:
            with pytest.raises((NotSentError, NoAnswerError)):
                ask(firm, call(Verb.HOLD, "key-00001"))
    finally:
        node.stop()


def call(verb: Verb, key: str, reference: str = "") -> Call:
    request = SlotRequest("o1", "factory", "factory", "mill", (SlotLine("mill/lamp", SOON, 1),), 1000, "CNY")
    return Call(verb, key, request, datetime.now(UTC) + timedelta(hours=1), reference)
