"""What one command works on: the ledger, the network, the day of trade, the clock; each opened once."""

from collections.abc import Callable
from copy import copy
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from config.locations import find_config, find_ledger, keys_directory, own_ledger, practice_ledger
from config.logins import with_login
from domain.errors import NetError, NotFoundError
from flows.orders.find import NO_ORDER
from ledger.store import Ledger
from trust.keys import Actor

if TYPE_CHECKING:  # the network and its firms take a third of the start of a command that needs neither
    from config.settings import Foresight
    from domain.network import Network, Policy
    from finance.forecast.cards import FirmCards
    from flows.firms.connected import Firms

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


class Session:
    """Opens what is asked for when it is first asked for; closes what it opened.

    ``on`` governs the rules of trade; ``clock`` (UTC, with seconds) the expiry of holds and signatures.
    """

    def __init__(
        self,
        *,
        ledger_url: str | None = None,
        config_path: Path | None = None,
        on: date | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self.clock = clock
        self.on_given = on
        self.config_path = find_config(config_path)
        found = find_ledger(ledger_url)
        self.ledger_url = with_login(self.keys_folder, found) if found else None

    @property
    def on(self) -> date:
        """The day of trade: the one given, else today's."""
        return self.on_given or self.clock().date()

    def day_of(self, issued_on: date) -> date:
        """The day for an order: the one given; on a practice ledger its own, ``issued_on``, else today."""
        if self.on_given is None and self.ledger.practice:
            return issued_on
        return self.on

    @cached_property
    def ledger(self) -> Ledger:
        """The open ledger; NotFoundError when there is none yet."""
        from ledger.store import open_ledger

        if self.ledger_url is None:
            raise NotFoundError(
                "there is no ledger yet",
                "net init makes one; net init --practice makes one to play with",
            )
        opened = open_ledger(self.ledger_url, actor=self.actor, clock=self.clock, on=self.on_given)
        opened.look_before_writing(self._require_held)
        return opened

    def _require_held(self, ledger: Ledger) -> None:
        from ledger.checkpoints import require_held

        require_held(ledger, self.keys_folder / "checkpoints")

    @cached_property
    def actor(self) -> Actor:
        """Who writes: the key beside the config, made at first use."""
        from trust.keys import load_or_create_actor

        return load_or_create_actor("trader", self.keys_folder / "ledger.pem")

    @cached_property
    def keys_folder(self) -> Path:
        return keys_directory(self.config_path)

    @cached_property
    def network(self) -> "Network":
        """The network file in force, validated; every defect of it at once when it is wrong. It knows the
        exchange rates of the ledger, where there is one."""
        from dataclasses import replace

        from config.network import load_network
        from flows.desk.forecasts import LEAD_TIME, with_scorecards
        from flows.desk.rates import recorded_rates

        network = load_network(self.config_path)
        try:
            rates = recorded_rates(self.ledger)
        except NetError:  # no ledger, or none that opens: whoever needs it is told by opening it
            return network
        network = replace(network, recorded=tuple(rates)) if rates else network
        level = self.foresight.lead_time_quantile
        cards = None if level is None else self.cards(LEAD_TIME)
        return network if level is None or cards is None else with_scorecards(network, cards, level)

    @cached_property
    def policy(self) -> "Policy":
        """What the trader asks of every plan."""
        from config.settings import load_policy

        return load_policy(self.config_path)

    @cached_property
    def foresight(self) -> "Foresight":
        """What the trader asks of forecasts."""
        from config.settings import load_foresight

        return load_foresight(self.config_path)

    def cards(self, subject: str) -> "FirmCards | None":
        """The cards of the newest model of a subject as of the day; None where none was learned."""
        from flows.desk.forecasts import newest_model

        kept: dict[str, FirmCards | None] = self.__dict__.setdefault("_cards", {})
        if subject not in kept:
            try:
                model = newest_model(self.ledger, subject, self.on)
            except NetError:  # no ledger, or none that opens: whoever needs it is told by opening it
                model = None
            kept[subject] = model.cards if model is not None else None
        return kept[subject]

    @cached_property
    def firms(self) -> "Firms":
        """The firms of the network, each through its adapter."""
        from config.secrets import Secrets
        from flows.firms.connected import Firms

        secrets = Secrets(self.config_path, self.keys_folder)
        return Firms(self.network, self.clock, secrets.find, str(self.keys_folder))

    @cached_property
    def registry_key(self) -> bytes:
        """The network's secret for fingerprints of orders."""
        from trust.registry_key import load_registry_key

        return load_registry_key(self.keys_folder)

    def on_ledger(self, ledger: Ledger) -> "Session":
        """The same session over another face of its ledger, such as a group of orders in one commit."""
        other = copy(self)
        other.__dict__["ledger"] = ledger
        return other

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, NotFoundError) and error.message.startswith(NO_ORDER):
            error.hint = self._in_the_other_ledger(error.message.removeprefix(NO_ORDER)) or error.hint
        self.close()

    def _in_the_other_ledger(self, order: str) -> str:
        """What is said where the ledger that does not answer has the order; else empty."""
        from ledger.store import open_ledger

        places = {"practice": practice_ledger(), str(own_ledger()): own_ledger()}
        for name, path in places.items():
            if str(path) == self.ledger_url or not path.exists():
                continue
            try:
                with open_ledger(path) as other:
                    if other.order_state(order) is not None:
                        return f"the ledger {path} has it: --ledger {name}"
            except NetError:
                continue
        return ""

    def close(self) -> None:
        if "ledger" in self.__dict__:
            self.ledger.close()
            del self.__dict__["ledger"]
