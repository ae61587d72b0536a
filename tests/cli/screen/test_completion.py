"""The shell completes orders, states, firms, lenders and products, and nothing where there is no ledger."""

from collections.abc import Callable
from typing import Any

import pytest

from cli.screen import completion


def test_names_of_the_ledger_and_of_the_network_complete(net: Callable[..., Any]) -> None:
    net("init", "--practice")
    net("order", "new", "--from", "examples/lamp-order.toml")
    assert completion.complete_order("PO-") == ["PO-2026-0017"]
    assert completion.complete_order("X") == []
    assert completion.complete_firm("zhong") == ["zhongshan-lamps"]
    assert completion.complete_lender("pe") == ["pearl"]
    assert completion.complete_product("desk") == ["desk-lamp"]
    assert completion.complete_state("res") == ["RESERVED"]


@pytest.mark.usefixtures("home")
def test_without_a_ledger_nothing_is_offered() -> None:
    assert completion.complete_order("PO-") == []


def test_the_shell_is_answered(net: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    net("init", "--practice")
    net("order", "new", "--from", "examples/lamp-order.toml")
    monkeypatch.setenv("_NET_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", "net order show PO")
    monkeypatch.setenv("COMP_CWORD", "3")
    assert "PO-2026-0017" in net().out
