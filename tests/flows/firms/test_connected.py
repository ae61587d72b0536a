"""Secrets that adapters are given: whatever an adapter does with one, it is told to nobody."""

from pathlib import Path
from typing import Any

import pytest

import flows.firms.check as check_provider
import flows.firms.connected as firms_module
from config.secrets import Secret
from domain.errors import NetError, UsageError
from flows.calls.caller import Patience
from flows.firms.connected import Firms
from flows.slots.outcomes import Job, Refused
from flows.slots.release import release
from flows.slots.reserve import reserve
from providers.protocol import Declined, NoAnswerError, NotSentError
from providers.sandbox import Sandbox
from tests.parts.reservation_parts import DAY, Clock, ledger_at, leg, network, plan, planned

TOKEN = "tok-7f3a99c1-very-secret"
ONCE = Patience(sends=1, pause=0.0)


class Leaky(Sandbox):
    """Quotes its token in whatever it says, as a careless adapter does."""

    does: Any = None

    def __init__(self, name: str, _settings: Any, services: Any) -> None:
        super().__init__(name, {}, services)
        self._token = services.secret("acme").reveal()

    def hold(self, call: Any) -> Any:
        return self._leak() if self.does else super().hold(call)

    def release(self, _call: Any) -> Any:
        return self._leak()

    def _leak(self) -> Any:
        answer = self.does(f"GET https://acme.example/slots?token={self._token} failed")
        if isinstance(answer, Exception):
            raise answer
        return answer


def leaks() -> dict[str, Any]:
    return {
        "any error": RuntimeError,
        "not sent": NotSentError,
        "no answer": lambda text: NoAnswerError(text, text),
        "declined": lambda text: Declined("refused", text),
        "an error of ours": NetError,
    }


@pytest.fixture
def clock() -> Clock:
    return Clock()


def firms_with(monkeypatch: pytest.MonkeyPatch, clock: Clock, connect: Any) -> Firms:
    def connected(_adapter: str, name: str, settings: Any, services: Any) -> Any:
        return connect(name, settings, services)

    monkeypatch.setattr(firms_module, "connect_adapter", connected)
    monkeypatch.setattr(check_provider, "open_adapter", connected)
    return Firms(network({"mill": ("leaky", {})}), clock, lambda _name: Secret(TOKEN))


@pytest.mark.parametrize("how", leaks())
def test_secret_in_what_an_adapter_says_reaches_neither_people_nor_the_ledger(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock, how: str
) -> None:
    monkeypatch.setattr(Leaky, "does", staticmethod(leaks()[how]))
    firms = firms_with(monkeypatch, clock, Leaky)
    path = tmp_path / "book.db"
    with ledger_at(path, clock) as ledger:
        planned(ledger, "o1")
        try:
            outcome: object = reserve(ledger, firms, Job("o1", plan("o1", leg("mill")), DAY), patience=ONCE)
        except NetError as error:
            outcome = f"{error.message} {error.hint}"
        assert TOKEN not in str(outcome)
        assert "acme.example" in str(outcome)
        assert isinstance(outcome, Refused if how == "declined" else str)
        texts = "".join(str(record.body) for record in ledger.records())
    assert TOKEN not in texts
    assert all(TOKEN.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_secret_in_what_could_not_be_given_back_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, clock: Clock
) -> None:
    firms = firms_with(monkeypatch, clock, Leaky)
    with ledger_at(tmp_path / "book.db", clock) as ledger:
        planned(ledger, "o1")
        firms.adapter("mill")
        chain = plan("o1", leg("mill"), leg("mill", "logistics"))
        reserve(ledger, firms, Job("o1", chain, DAY), patience=ONCE)
        monkeypatch.setattr(Leaky, "does", staticmethod(RuntimeError))
        monkeypatch.setattr(Leaky, "cancel", Leaky.release)
        given = release(ledger, firms, "o1", DAY, state="CONFIRMED", patience=ONCE)
        assert given.left
        assert TOKEN not in str(given)
        (record,) = ledger.records(order="o1", kind="slots.released")
        assert "acme.example" in str(record.body)
        assert TOKEN not in str(record.body)


def test_adapter_that_cannot_connect_is_wrong_usage_without_the_secret(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    def broken(_name: str, _settings: Any, services: Any) -> Any:
        raise ValueError(f"bad token {services.secret('acme').reveal()}")

    firms = firms_with(monkeypatch, clock, broken)
    with pytest.raises(UsageError, match="cannot connect: ValueError: bad token \\*\\*\\*") as caught:
        firms.adapter("mill")
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    (finding,) = check_provider.check_provider(lambda: None, firms, "mill", clock())  # type: ignore[arg-type, return-value]
    assert finding.detail == "raised ValueError: bad token ***"


def test_check_of_an_adapter_does_not_print_its_secret(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(Leaky, "does", staticmethod(RuntimeError))
    firms = firms_with(monkeypatch, clock, Leaky)
    findings = check_provider.check_provider(lambda: None, firms, "mill", clock())  # type: ignore[arg-type, return-value]
    assert any("acme.example" in one.detail for one in findings)
    assert all(TOKEN not in one.detail for one in findings)
    assert TOKEN not in repr(firms)
