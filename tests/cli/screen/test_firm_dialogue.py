"""``net provider add`` and ``net lender add`` ask in a terminal, and ask again when an answer cannot be."""

import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

Net = Callable[..., Any]

FACTORY = ("ningbo-bright-two", "Ningbo Bright Two", "Ningbo", "desk-lamp", "dear", "81.50", "200", "", "250",
           "", "0.9", "13%", "30% order, 70% delivery+15")  # fmt: skip
LENDER = (
    "quay",
    "Quay Finance",
    "",
    "quay-loan",
    "Order loan",
    "",
    "",
    "a lot",
    "75%",
    "12%",
    "",
    "1%",
    "",
    "",
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def answer(net: Net, patch: pytest.MonkeyPatch, answers: Sequence[str], *command: str) -> Any:
    patch.setattr("sys.stdin", Terminal("\n".join(answers) + "\n"))
    return net(*command)


def test_provider_add_asks_for_a_factory_and_writes_what_was_said(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = answer(net, monkeypatch, FACTORY, "provider", "add", "factory")
    assert ran.code == 0, ran.err
    assert ran.err.count("Price of one, before tax") == 2
    listed = json.loads(net("provider", "list", "--json").out)["providers"]
    assert "ningbo-bright-two" in {one["provider"] for one in listed}


def test_lender_add_asks_for_a_product_and_writes_what_was_said(
    net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = answer(net, monkeypatch, LENDER, "lender", "add")
    assert ran.code == 0, ran.err
    assert ran.err.count("Advances which share") == 2
    listed = json.loads(net("lender", "list", "--json").out)["lenders"]
    assert "quay" in {one["lender"] for one in listed}


def test_a_dialogue_that_ends_early_writes_nothing(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    before = net("provider", "list", "--json").out
    ran = answer(net, monkeypatch, FACTORY[:4], "provider", "add", "factory")
    assert ran.code != 0
    assert net("provider", "list", "--json").out == before
