"""From ``net init`` to SETTLED on a real ledger by typing what the screen proposes, and nothing else."""

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.screen.test_firm_dialogue import Terminal
from trust.keys import SigningKey

Net = Callable[..., Any]
MOST_COMMANDS_TO_RESERVED = 12

ANSWERS = {
    ("provider", "add", "factory"): (
        "mugs", "Mug Works", "Jingdezhen", "mug", "12", "", "", "500", "3", "0.4", "13%", ""),
    ("provider", "add", "logistics"): (
        "jx", "Jiangxi Express", "jdz-sh", "Jingdezhen", "Shanghai", "", "", "0.05", "", "2", "", "", ""),
    ("lender", "add"): (
        "quay", "Quay Finance", "", "quay-loan", "Order loan", "", "", "80%", "12%", "", "", "", ""),
    ("order", "new"): (
        "MUG-1", "Tea House", "mug", "2000", "CNY", "20", "13%", "Shanghai", "", "100% invoice+60", ""),
}  # fmt: skip
"""What a person says in each dialogue, enter where nothing stands."""


def proposed(screen: str) -> list[str]:
    """The words after ``next: net``; empty when the screen proposes nothing."""
    found = re.findall(r"^next: net (.*)$", screen.replace("\\\n", " "), re.M)
    return shlex.split(found[-1]) if found else []


def played(net: Net, patch: pytest.MonkeyPatch, screen: str, fill: Callable[[list[str]], list[str]]) -> Any:
    """Every (command, answer) until nothing is proposed any more; a refusal fails the test."""
    done = []
    while words := proposed(screen):
        given = ANSWERS.get(tuple(words), ())
        patch.setattr("sys.stdin", Terminal("\n".join([*given, "y", ""])))
        ran = net(*fill(words))
        assert ran.code == 0, (words, ran.err)
        screen = ran.out
        done.append((words, screen))
        assert len(done) < 60
    return done


def test_ones_own_first_order_is_reserved_and_settled_by_what_the_screen_proposes(
    net: Net, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgres":
        pytest.skip("the fixture's ledger there is a practice one")
    started = net("init", "--empty")
    done = played(net, monkeypatch, started.out, lambda words: words)
    reserved = next(place for place, (_, screen) in enumerate(done) if "  RESERVED" in screen)
    assert reserved + 2 <= MOST_COMMANDS_TO_RESERVED
    assert [words[:2] for words, _ in done[:4]] == [
        ["provider", "add"],
        ["provider", "add"],
        ["lender", "add"],
        ["order", "new"],
    ]
    assert done[-1][0][:2] == ["order", "settle"]
    assert json.loads(net("order", "show", "MUG-1", "--json").out)["state"] == "SETTLED"
    assert net("ledger", "verify").code == 0


def test_the_example_with_its_buyers_signature_is_settled_by_what_the_screen_proposes(
    net: Net, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database == "postgres":
        pytest.skip("the fixture's ledger there is a practice one")
    key = SigningKey.generate()
    file = tmp_path / "order.sig"

    def fill(words: list[str]) -> list[str]:
        if "SIGNATURE-FILE" in words:
            printed = net("finance", "confirm", words[2]).out
            file.write_bytes(key.sign(printed.split("\n", 1)[1].rstrip("\n").encode()))
        known = {"SIGNATURE-FILE": str(file), "KEY": key.public.text}
        return [known.get(word, word) for word in words]

    net("init")
    screen = net("order", "run", "examples/lamp-order.toml", "--on", "2026-03-02").out
    done = played(net, monkeypatch, screen, fill)
    assert done[-1][0][:2] == ["order", "settle"]
    assert net("order", "next", "PO-2026-0017").lines == ["PO-2026-0017  SETTLED", "nothing is left to do"]


def test_next_shows_all_that_follows_and_says_when_it_is_late(net: Net, database: str) -> None:
    if database == "postgres":
        pytest.skip("the fixture's ledger there is a practice one")
    net("init")
    net("order", "run", "examples/lamp-order.toml", "--on", "2026-03-02")
    shown = net("order", "next", "PO-2026-0017", "--on", "2026-03-08").out
    assert "late by 3 days" in shown
    assert "net order settle PO-2026-0017 --on 2026-06-29" in shown
