"""The firms of a network, each through its adapter, connected once and lent what they need."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from domain.errors import NetError, NotFoundError, UsageError
from domain.network import Network
from domain.ports import SlotCalendar
from providers.protocol import Adapter, Services
from providers.registry import connect_adapter


class BoundCalendar:
    """The slot calendar of whichever transaction is open now; None between transactions."""

    def __init__(self) -> None:
        self.current: SlotCalendar | None = None

    def __getattr__(self, name: str) -> Any:
        if self.current is None:
            raise RuntimeError("the slot calendar was used outside a transaction")
        return getattr(self.current, name)


SHORTEST = 4
"""Characters of a secret that is looked for in texts: less would blot out words."""


def no_secrets(name: str) -> str:
    raise NotFoundError(f"there is no secret {name!r}", "see docs/reference/adapters.md, secrets")


@dataclass
class Firms:
    """Adapters by provider or lender id; connecting happens at first use and never asks the firm."""

    network: Network
    clock: Callable[[], datetime]
    secret: Callable[[str], Any] = no_secrets
    keys_folder: str = ""
    calendar: BoundCalendar = field(default_factory=BoundCalendar)
    _connected: dict[str, Adapter] = field(default_factory=dict)
    _lent: list[Any] = field(default_factory=list, repr=False)

    def adapter(self, firm_id: str) -> Adapter:
        """NotFoundError when the network knows no such firm or its adapter is not installed."""
        known = self._connected.get(firm_id)
        if known is None:
            known = self._connected[firm_id] = self._connect(firm_id)
        return known

    def _connect(self, firm_id: str) -> Adapter:
        firm = self.network.provider(firm_id) or self.network.lender(firm_id)
        if firm is None:
            raise NotFoundError(
                f"the network has no provider or lender {firm_id!r}", "net provider list shows them"
            )
        try:
            return connect_adapter(firm.adapter, firm_id, firm.settings, self.services())
        except NetError:
            raise
        except Exception as error:  # an outsider's; its own text may quote what it was given
            raise UsageError(
                f"the adapter {firm.adapter!r} of {firm_id} cannot connect:"
                f" {self.redacted(f'{type(error).__name__}: {error}')}",
                f"net provider check {firm_id}",
            ) from None

    def services(self) -> Services:
        """What is lent to adapters; which secrets they were given is remembered."""
        return Services(self.clock, self._lend, self.keys_folder, self.calendar)

    def _lend(self, name: str) -> Any:
        found = self.secret(name)
        self._lent.append(found)
        return found

    def redacted(self, text: str) -> str:
        """The text without any secret that an adapter was given: errors and reasons may quote one."""
        for found in self._lent:
            secret = found.reveal() if hasattr(found, "reveal") else str(found)
            if len(secret) >= SHORTEST:
                text = text.replace(secret, "***")
        return text

    def put(self, firm_id: str, adapter: Adapter) -> None:
        """Use this adapter for the firm: for training, and for tests that count what happened."""
        self._connected[firm_id] = adapter
