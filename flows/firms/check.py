"""Runs the rules of ``providers/contract.py`` on a firm of the network, or on any installed adapter."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from domain.errors import NetError, NotFoundError
from domain.network import Network
from domain.slots import slot_resource
from flows.firms.connected import Firms
from flows.firms.resources import resources
from ledger.store import Ledger
from providers.contract import RuleOutcome, check_adapter
from providers.protocol import SlotLine, SlotRequest
from providers.registry import installed_adapters, open_adapter

AHEAD = timedelta(days=364)
CONNECTS = "Connects with the settings given"


class _UndoneError(Exception):
    """Rolls back what a check of our own calendar wrote."""


def check_provider(
    open_ledger: Callable[[], Ledger],
    firms: Firms,
    name: str,
    now: datetime,
    settings: Mapping[str, Any] | None = None,
) -> list[RuleOutcome]:
    """The findings for the provider or lender ``name``, else for the adapter of that name.

    NotFoundError when neither is known. A firm in our own ledger is checked in a transaction that is
    then undone; any other firm is really asked for one unit, a year ahead, and given it back.
    """
    adapter_of = firms.network.provider(name) or firms.network.lender(name)
    if adapter_of is None and name not in installed_adapters():
        known = ", ".join(sorted(installed_adapters()))
        raise NotFoundError(
            f"there is no provider and no adapter {name!r}", f"net provider list; installed adapters: {known}"
        )
    services = firms.services()
    kind = adapter_of.adapter if adapter_of is not None else name
    given = adapter_of.settings if adapter_of is not None else settings or {}
    try:
        adapter = open_adapter(kind, name, given, services)
    except NetError:
        raise
    except Exception as error:  # whatever an outsider's adapter raises, the report names it
        return [RuleOutcome(CONNECTS, False, firms.redacted(f"raised {type(error).__name__}: {error}"))]
    request = _request(firms.network, name, now.date() + AHEAD)

    def run() -> list[RuleOutcome]:
        found = check_adapter(adapter, request, now, lambda: secrets.token_hex(16))
        return [replace(one, detail=firms.redacted(one.detail)) for one in found]

    if not getattr(getattr(adapter, "capabilities", None), "in_ledger", False):
        return run()
    findings: list[RuleOutcome] = []
    try:
        with open_ledger().write() as transaction:
            firms.calendar.current = transaction
            findings = run()
            raise _UndoneError
    except _UndoneError:
        return findings
    finally:
        firms.calendar.current = None


def _request(network: Network, name: str, day: date) -> SlotRequest:
    """One unit of the first thing that the firm offers."""
    provider = network.provider(name)
    offered = resources(network, name) if provider is not None else []
    resource = offered[0].name if offered else (provider.kind if provider else "slot")
    capacity = offered[0].capacity if offered else 10
    kind = provider.kind if provider else "factory"
    currency = (provider.currency if provider else "") or network.currency or "EUR"
    line = SlotLine(slot_resource(name, resource), _working_day(day).isoformat(), 1, capacity)
    return SlotRequest("net-check", "net-check", kind, name, (line,), 1000, currency)


def _working_day(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))
