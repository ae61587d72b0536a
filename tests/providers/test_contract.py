"""The built-in adapters keep every rule, and each rule fails an adapter that breaks it."""

import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from domain.errors import NetError
from domain.network import Network
from flows.firms.connected import Firms
from providers.contract import check_adapter
from providers.manual import connect as connect_manual
from providers.protocol import (
    Booked,
    Capabilities,
    Declined,
    Held,
    HoldKind,
    Idempotency,
    Pending,
    Quoted,
    Released,
    Services,
    SlotLine,
    SlotRequest,
    Unseen,
)
from providers.registry import connect_adapter, installed_adapters
from providers.sandbox import Sandbox
from providers.template import write_project

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REQUEST = SlotRequest("o", "l", "factory", "f", (SlotLine("f/lamp", "2035-01-08", 1),), 1000, "EUR")


def services():
    return Services(lambda: NOW, lambda _name: "")


def check(adapter):
    return check_adapter(adapter, REQUEST, NOW, lambda: uuid.uuid4().hex)


def failed(adapter):
    return [one.rule for one in check(adapter) if one.passed is False]


@pytest.mark.parametrize("hold", HoldKind)
@pytest.mark.parametrize("idempotency", ["key", "look-up"])
def test_sandbox_keeps_every_rule(hold, idempotency):
    settings = {
        "hold": hold.value,
        "idempotency": idempotency,
        "cancel_fees": {"held": "1%", "booked": "10%"},
    }
    assert failed(Sandbox("f", settings, services())) == []


def test_phone_can_only_be_waited_for():
    findings = check(connect_manual("f", {}, services()))
    assert [one.passed for one in findings] == [True] + [None] * 14


class Sound(Sandbox):
    """An adapter that keeps the rules, to be broken in one place by each test."""

    def __init__(self):
        super().__init__("f", {"cancel_fees": {"booked": "10%"}}, services())


class Forgetful(Sound):
    def hold(self, call):
        return super().hold(replace(call, key=uuid.uuid4().hex))


class Deaf(Sound):
    def status(self, _call):
        return Unseen()


class Guessing(Sound):
    def status(self, _call):
        return Released(0, "EUR")


class Dear(Sound):
    def cancel(self, call):
        answer = super().cancel(call)
        return replace(answer, fee_minor=answer.fee_minor + 1)


class Greedy(Sound):
    def release(self, call):
        super().release(call)
        return Released(5, "EUR")


class Stubborn(Sound):
    def confirm(self, call):
        return Booked(call.reference, 1000, "EUR")


class Late(Sound):
    def hold(self, call):
        return replace(super().hold(call), expires_at=NOW - timedelta(days=1))


class Foreign(Sound):
    def quote(self, _call):
        return Quoted(1, "USD", NOW + timedelta(days=1))


class Bare(Sound):
    def quote(self, _call):
        return {"price": 1}


class Raising(Sound):
    def confirm(self, _call):
        raise ZeroDivisionError


class Shameless(Sound):
    def __init__(self):
        super().__init__()
        self.capabilities = Capabilities(HoldKind.FIRM, Idempotency.KEY, cancel_fees={"booked": Fraction(2)})


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Forgetful, "Answers the same key with the same hold"),
        (Deaf, "Tells by status what it answered"),
        (Guessing, "Says unseen of a key that it never got"),
        (Dear, "Cancels a booking at the fee that it declares"),
        (Dear, "Cancels the same booking again without a second fee"),
        (Greedy, "Releases a hold at the fee that it declares"),
        (Greedy, "Releases the same hold again without a second fee"),
        (Stubborn, "Declines to confirm what was released"),
        (Late, "Holds slots until a time to come, with a reference and a price, or declines"),
        (Foreign, "Quotes a price that is valid for a while, or declines"),
        (Bare, "Quotes a price that is valid for a while, or declines"),
        (Raising, "Confirms what it holds"),
        (Shameless, "Declares what it can do, and has every verb"),
    ],
)
def test_each_rule_fails_who_breaks_it(broken, rule):
    assert rule in failed(broken())


class Twisted(Sound):
    """Breaks one rule and keeps all the others; ``seen`` are the keys that it was asked before."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def hold(self, call):
        answer = super().hold(call)
        again = call.key in self.seen
        self.seen.setdefault(call.key, call.request)
        return self.again(answer) if again and self.seen[call.key] == call.request else answer

    confirm = release = cancel = complete = hold

    def again(self, answer):
        return answer


class InThePast(Twisted):
    def __init__(self):
        super().__init__()
        self.capabilities = replace(self.capabilities, in_flight=timedelta(seconds=-1))


class Mute(Twisted):
    release = None


class Wordless(Twisted):
    def __init__(self):
        super().__init__()
        self.capabilities = {"hold": "firm"}


class InOtherMoney(Twisted):
    def quote(self, call):
        return replace(super().quote(call), currency="USD")


class AllKnowing(Twisted):
    def status(self, call):
        found = super().status(call)
        return Declined("unknown", "no such call") if isinstance(found, Unseen) else found


class Pretending(Twisted):
    def hold(self, call):
        answer = super().hold(call)
        return replace(answer, simulated=True) if isinstance(answer, Held) else answer

    def status(self, call):
        found = super().status(call)
        return replace(found, simulated=True) if isinstance(found, Held) else found


class Dearer(Twisted):
    def again(self, answer):
        return replace(answer, price_minor=answer.price_minor + 1) if isinstance(answer, Held) else answer


class ForgetsHolds(Twisted):
    def status(self, call):
        found = super().status(call)
        return Unseen() if isinstance(found, Held) else found


class TakesAnything(Twisted):
    def hold(self, call):
        if self.seen.get(call.key, call.request) != call.request:
            return super().hold(replace(call, key=uuid.uuid4().hex))
        return super().hold(call)


class Shy(Twisted):
    def confirm(self, _call):
        return Declined("refused", "not today")


class Wavering(Twisted):
    def again(self, answer):
        return replace(answer, reference="another") if isinstance(answer, Booked) else answer


class Charging(Twisted):
    """``which`` call of the verb costs five more."""

    verb, which = "cancel", 1

    def __init__(self):
        super().__init__()
        self.times = 0

    def _charged(self, call, answer):
        if call.verb.value == self.verb:
            self.times += 1
            if self.times == self.which:
                return replace(answer, fee_minor=answer.fee_minor + 5)
        return answer

    def cancel(self, call):
        return self._charged(call, super().cancel(call))

    def release(self, call):
        return self._charged(call, super().release(call))

    def complete(self, call):
        return self._charged(call, super().complete(call))


class ChargingTwice(Charging):
    which = 2


class ChargingForRelease(Charging):
    verb = "release"


class ChargingForReleaseTwice(ChargingForRelease):
    which = 2


class ChargingForUse(Charging):
    verb = "complete"


class Resurrecting(Twisted):
    def __init__(self):
        super().__init__()
        self.released = set()

    def release(self, call):
        self.released.add(call.reference)
        return super().release(call)

    def confirm(self, call):
        if call.reference in self.released:
            return Booked(call.reference, 1000, "EUR")
        return super().confirm(call)


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (Twisted, None),
        (InThePast, "Declares what it can do, and has every verb"),
        (Mute, "Declares what it can do, and has every verb"),
        (Wordless, "Declares what it can do, and has every verb"),
        (InOtherMoney, "Quotes a price that is valid for a while, or declines"),
        (AllKnowing, "Says unseen of a key that it never got"),
        (Pretending, "Holds slots until a time to come, with a reference and a price, or declines"),
        (Dearer, "Answers the same key with the same hold"),
        (ForgetsHolds, "Tells by status what it answered"),
        (TakesAnything, "Does not hold other slots for a key that was used"),
        (Shy, "Confirms what it holds"),
        (Wavering, "Answers the same key with the same booking"),
        (Charging, "Cancels a booking at the fee that it declares"),
        (ChargingTwice, "Cancels the same booking again without a second fee"),
        (ChargingForRelease, "Releases a hold at the fee that it declares"),
        (Resurrecting, "Declines to confirm what was released"),
        (ChargingForReleaseTwice, "Releases the same hold again without a second fee"),
        (ChargingForUse, "Ends a booking that was used, at no fee, and only once"),
    ],
)
def test_who_breaks_one_rule_is_told_that_rule_and_no_other(broken, rule):
    assert failed(broken()) == ([] if rule is None else [rule])


def test_adapter_that_cannot_even_connect_is_reported_and_not_raised(monkeypatch):
    """An outsider's mistake is a line of the report."""
    import flows.firms.check as check_provider

    def broken(*_):
        raise KeyError("url")

    monkeypatch.setattr(check_provider, "open_adapter", broken)
    firms = Firms(Network("n", currency="EUR"), lambda: NOW)
    (finding,) = check_provider.check_provider(lambda: None, firms, "sandbox", NOW)
    assert (finding.passed, finding.detail) == (False, "raised KeyError: 'url'")


def test_built_in_adapters_come_through_the_same_hook_as_others():
    assert set(installed_adapters()) >= {"catalog", "http", "manual", "sandbox"}
    assert isinstance(connect_adapter("sandbox", "f", {}, services()), Sandbox)
    with pytest.raises(NetError, match="no adapter 'carrier-pigeon'"):
        connect_adapter("carrier-pigeon", "f", {}, services())


def test_outsider_cannot_take_a_built_in_adapters_name(monkeypatch):
    """Another distribution that calls its adapter ``catalog`` is not asked, wherever it is found first."""
    import providers.registry as registry

    class Distribution:
        def __init__(self, name):
            self.name = name

    def point(value, distribution):
        made = EntryPoint("catalog", value, registry.GROUP)
        vars(made)["dist"] = Distribution(distribution)
        return made

    ours, theirs = point("providers.catalog:connect", registry.DISTRIBUTION), point("evil:connect", "evil")
    monkeypatch.setattr(registry, "_of_checkout", dict)
    for found in ([ours, theirs], [theirs, ours]):
        monkeypatch.setattr(registry, "entry_points", lambda found=found, **_: found)
        registry.installed_adapters.cache_clear()
        assert installed_adapters()["catalog"].value == "providers.catalog:connect"
    registry.installed_adapters.cache_clear()


def test_written_project_passes_its_own_test(tmp_path):
    """What ``net provider new`` writes works as it stands, and its test is the contract."""
    written = write_project(tmp_path, "acme-freight", "logistics")
    home = tmp_path / "net-acme-freight"
    module = next(path for path in written if path.name == "net_acme_freight.py")
    assert len([line for line in module.read_text().splitlines() if line.strip()]) < 40
    path = f"{home}:{ROOT}"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(home)],
        cwd=home,
        env={"PYTHONPATH": path, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["Acme", "acme freight", "../acme", "", "a--b"])
def test_name_that_is_no_adapter_is_refused(tmp_path, name):
    with pytest.raises(NetError):
        write_project(tmp_path, name, "logistics")
    assert list(tmp_path.iterdir()) == []


def test_scripted_failures_happen_as_written():
    firm = Sandbox("f", {"script": ["hold:1:decline", "hold:2:pending", "confirm:*:dearer"]}, services())
    findings = check(firm)
    assert firm.effects()
    assert any(one.passed is None for one in findings)
    assert not any(isinstance(one, (Held, Declined, Pending)) for one in findings)
