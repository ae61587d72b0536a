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

    ours, theirs = point("providers.catalog:connect", "net"), point("evil:connect", "evil")
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
