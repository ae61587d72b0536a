"""What a node works on: the ledger that it writes, the catalogue that it offers, where it remembers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.errors import NotFoundError
from flows.calls.caller import Patience
from flows.calls.sweep import sweep
from flows.desk.session import Session
from flows.shop.catalogue import Catalogue
from ledger.checkpoints import require_held
from ledger.store import Ledger, open_ledger
from trust.keys import Actor


@dataclass(frozen=True, slots=True)
class OpenedNode:
    """``open_ledger`` gives a handle for a thread of its own; ``offers`` counts the resources offered;
    ``sweep`` finishes what is owed to the firms that we reserved at ourselves."""

    open_ledger: Callable[[], Ledger]
    nonces: Path
    offers: int
    sweep: Callable[[Ledger], object]


def open_node(session: Session) -> OpenedNode:
    """NotFoundError without a ledger, or when the network file has nothing to offer."""
    url, actor = session.ledger_url, session.actor
    if url is None:
        raise NotFoundError("there is no ledger yet", "net init makes one")
    offers = len(Catalogue(session.network).offers())
    if not offers:
        raise NotFoundError(
            "the network file has no catalog firm to offer", "net provider add puts your own firm in"
        )
    session.ledger.size()  # fails here, not in a thread, when it cannot be read
    firms, clock = session.firms, session.clock
    return OpenedNode(
        lambda: _opened(url, actor, clock, session.keys_folder / "checkpoints"),
        session.keys_folder / "nonces.db",
        offers,
        lambda ledger: sweep(ledger, firms, clock().date(), patience=Patience(sends=1)),
    )


def _opened(url: str, actor: Actor, clock: Callable[[], datetime], checkpoints: Path) -> Ledger:
    ledger = open_ledger(url, actor=actor, clock=clock)
    ledger.look_before_writing(lambda one: require_held(one, checkpoints))
    return ledger
