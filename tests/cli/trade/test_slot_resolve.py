"""A firm that is phoned: what a person is shown, and the ways in which the answer is recorded."""

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import Net

MAKER = "zhongshan-lamps"
ORDER = "PO-2026-0017"
LAMP = "examples/lamp-order.toml"


@pytest.fixture
def phoned(net: Net, home) -> Callable[..., object]:
    """The shipped network, with a maker and a store that are reached by telephone."""
    net("init", "--practice")
    path = next(home.rglob("network.toml"))
    text = path.read_text()
    for firm, contact in ((MAKER, "Ms Li, +86 760 5550 114"), ("nansha-store", "")):
        settings = f'adapter = "manual"\nsettings = {{ contact = "{contact}" }}\n'
        text = text.replace(f'id = "{firm}"\n', f'id = "{firm}"\n{settings}', 1)
    path.write_text(text)
    assert net("order", "run", LAMP).code == 8
    return net


def open_calls(net: Net, *more: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(net("slot", "resolve", *more, "--json").out)["open"]
    return found


def test_every_open_call_is_listed_with_all_that_is_needed_to_ask(phoned: Net) -> None:
    calls = {str(one["firm"]): one for one in open_calls(phoned)}
    assert calls.keys() == {MAKER, "nansha-store"}
    maker = calls[MAKER]
    assert (maker["order"], maker["asked to"]) == (ORDER, "hold")
    assert (maker["price"], maker["currency"], maker["attempts"]) == ("760000.00", "CNY", "1")
    assert maker["contact"] == "Ms Li, +86 760 5550 114"
    assert {line["resource"] for line in maker["what"]} == {f"{MAKER}/desk-lamp"}  # type: ignore[attr-defined, index]
    assert maker["answers"] == ["confirmed", "declined", "not-done", "held"]
    told = phoned("slot", "resolve").out
    for part in (ORDER, "was asked to hold", "Ms Li", "760000.00 CNY", str(maker["key"]), "--as confirmed"):
        assert part in told


def test_all_are_answered_at_once_until_the_order_is_reserved(phoned: Net) -> None:
    ran = phoned("slot", "resolve", "--all", "--as", "confirmed", "--by", "Li, phone")
    assert ran.code == 0, ran.err
    assert ran.err.count("answered") == 2
    assert phoned("order", "run", LAMP).code == 8
    assert {one["asked to"] for one in open_calls(phoned)} == {"confirm"}
    assert phoned("slot", "resolve", ORDER, "--all", "--as", "confirmed", "--by", "Li, phone").code == 0
    ran = phoned("order", "run", LAMP)
    assert ran.code == 0, ran.err
    assert open_calls(phoned) == []


def test_one_of_several_is_named_by_its_firm_or_its_call(phoned: Net) -> None:
    assert phoned("slot", "resolve", ORDER, "--as", "confirmed", "--by", "Li").code == 3
    call = next(str(one["call"]) for one in open_calls(phoned, "--firm", "nansha-store"))
    assert phoned("slot", "resolve", ORDER, call, "--as", "confirmed", "--by", "Li").code == 0
    assert [one["firm"] for one in open_calls(phoned)] == [MAKER]
    assert (
        phoned("slot", "resolve", ORDER, MAKER, "--as", "declined", "--reason", "full", "--by", "Li").code
        == 0
    )
    assert open_calls(phoned) == []


def test_what_was_not_done_is_asked_again(phoned: Net) -> None:
    assert phoned("slot", "resolve", "--firm", MAKER, "--as", "not-done", "--by", "Li").code == 0
    assert phoned("order", "run", LAMP).code == 8
    assert {one["firm"]: one["attempts"] for one in open_calls(phoned)} == {MAKER: "2", "nansha-store": "1"}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--as", "confirmed", "--by", "Li"), 3),
        (("--as", "confirmed", "--all"), 2),
        (("--all",), 2),
        (("--as", "perhaps", "--all", "--by", "Li"), 2),
        (("NO-SUCH",), 4),
        (("--firm", "harbour", "--as", "confirmed", "--by", "Li"), 4),
    ],
)
def test_words_that_say_nothing_are_refused(phoned: Net, arguments: tuple[str, ...], code: int) -> None:
    before = open_calls(phoned)
    assert phoned("slot", "resolve", *arguments).code == code
    assert open_calls(phoned) == before
