"""Whatever becomes of an answer on its way, for every verb: a doubt, never a wrong answer; and when it is
asked again with the same key, what was done is done once."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.firms.connected import no_secrets
from ledger.store import open_ledger
from providers.http import HttpNode
from providers.protocol import (
    Answer,
    Booked,
    Call,
    Held,
    NoAnswerError,
    NotSentError,
    Quoted,
    Released,
    Services,
    SlotLine,
    SlotRequest,
    Verb,
    ask,
)
from tests.parts.node_parts import FAULTS, Between, RunningNode, firm_keys, self_signed

SOON = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
EXPECTED = {
    Verb.QUOTE: Quoted,
    Verb.HOLD: Held,
    Verb.CONFIRM: Booked,
    Verb.RELEASE: Released,
    Verb.CANCEL: Released,
    Verb.COMPLETE: Released,
    Verb.STATUS: Held,
}
LIMIT = 0.4
"""Seconds that the buyer waits for an answer; what is slow takes longer."""


def now() -> datetime:
    return datetime.now(UTC)


class Wire:
    """A buyer, a firm, and a line between them that can be disturbed."""

    def __init__(self, folder: Path) -> None:
        self.node, self.between = RunningNode(folder / "works"), Between()
        self.between.slow = LIMIT * 1.5
        self.keys = firm_keys(folder / "buyer")
        self.node.settings["names"] = [f"127.0.0.1:{self.between.port}"]
        self.between.node_port = self.node.port
        self.node.trust("buyer", self.keys)
        self.node.start()
        url = f"http://127.0.0.1:{self.between.port}"
        self.firm = self.connect(url=url, timeout_seconds=str(LIMIT))
        self.count = 0

    def connect(self, **settings: Any) -> HttpNode:
        services = Services(now, no_secrets, str(self.keys))
        return HttpNode("mill", self.node.settings_for_buyer(**settings), services)

    def call(self, verb: Verb, key: str, reference: str = "") -> Call:
        line = SlotLine("mill/lamp", SOON, 1)
        request = SlotRequest(f"o{self.count}", "factory", "factory", "mill", (line,), 1000, "CNY")
        return Call(verb, key, request, now() + timedelta(hours=1), reference)

    def prepared(self, verb: Verb) -> Call:
        """A call that will do something, with what must come before it done undisturbed."""
        self.count += 1
        key = f"case-{self.count:06}"
        if verb in (Verb.QUOTE, Verb.HOLD):
            return self.call(verb, key)
        held = ask(self.firm, self.call(Verb.HOLD, f"{key}-h"))
        assert isinstance(held, Held)
        if verb is Verb.STATUS:
            return self.call(verb, f"{key}-h")
        if verb in (Verb.CANCEL, Verb.COMPLETE):
            assert isinstance(ask(self.firm, self.call(Verb.CONFIRM, f"{key}-c", held.reference)), Booked)
        return self.call(verb, key, held.reference)

    def again(self, call: Call) -> Answer:
        """The same call until it is answered: the line may drop the connection just as it is used again."""
        for _ in range(5):
            with suppress(NoAnswerError):
                return ask(self.firm, call)
        return ask(self.firm, call)

    def records(self, key: str) -> int:
        """How often the firm did what was asked with that key."""
        with open_ledger(self.node.folder / "book.db") as ledger:
            return sum(record.key == f"served:buyer:{key}" for record in ledger.records())


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    made = Wire(tmp_path_factory.mktemp("wire"))
    yield made
    made.between.close()
    made.node.stop()


@pytest.mark.parametrize("verb", EXPECTED)
@pytest.mark.parametrize("fault", FAULTS)
def test_answer_that_is_disturbed_is_a_doubt_and_the_same_call_again_is_answered(
    wire: Wire, fault: str, verb: Verb
) -> None:
    call = wire.prepared(verb)
    wire.between.faults = {wire.between.exchanges + 1: fault}
    began = time.monotonic()
    with pytest.raises(NoAnswerError):
        ask(wire.firm, call)
    assert time.monotonic() - began < LIMIT + 2
    assert isinstance(wire.again(call), EXPECTED[verb])
    if verb not in (Verb.QUOTE, Verb.STATUS):
        assert wire.records(call.key) == 1


@pytest.mark.parametrize("verb", EXPECTED)
def test_nobody_there_means_that_nothing_was_sent(wire: Wire, verb: Verb) -> None:
    call = wire.prepared(verb)
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]
    with pytest.raises(NotSentError):
        ask(wire.connect(url=f"http://127.0.0.1:{port}"), call)
    assert verb is Verb.STATUS or wire.records(call.key) == 0


@pytest.mark.parametrize("verb", EXPECTED)
def test_name_that_nobody_knows_means_that_nothing_was_sent(wire: Wire, verb: Verb) -> None:
    call = wire.prepared(verb)
    with pytest.raises(NotSentError):
        ask(wire.connect(url="http://no-such-host.invalid:8443"), call)
    assert verb is Verb.STATUS or wire.records(call.key) == 0


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningNode, Path, Path]]:
    folder = tmp_path_factory.mktemp("secure")
    certificate, key = self_signed(folder)
    node = RunningNode(folder / "works", certificate=str(certificate), certificate_key=str(key))
    keys = firm_keys(folder / "buyer")
    node.trust("buyer", keys)
    node.start()
    yield node, keys, certificate
    node.stop()


@pytest.mark.parametrize("verb", EXPECTED)
@pytest.mark.parametrize("wrong", ["another certificate", "no certificate", "another name", "no tls"])
def test_certificate_that_is_not_the_firms_means_that_nothing_was_sent(
    wire: Wire, secure: tuple[RunningNode, Path, Path], tmp_path: Path, wrong: str, verb: Verb
) -> None:
    node, keys, certificate = secure
    settings: dict[str, Any] = {"url": f"https://127.0.0.1:{node.port}", "verified_by": str(certificate)}
    match wrong:
        case "another certificate":
            settings["verified_by"] = str(self_signed(tmp_path)[0])
        case "no certificate":
            del settings["verified_by"]
        case "another name":
            settings["url"] = f"https://localhost:{node.port}"
        case "no tls":
            settings["url"] = f"https://127.0.0.1:{wire.node.port}"
    firm = HttpNode("mill", node.settings_for_buyer(**settings), Services(now, no_secrets, str(keys)))
    call = wire.call(verb, "tls-000001", "some-reference")
    with pytest.raises(NotSentError):
        ask(firm, call)
    with open_ledger(node.folder / "book.db") as ledger:
        assert [record.kind for record in ledger.records() if record.kind.startswith("sold.")] == []
