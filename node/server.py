"""Puts a node together and serves it: application, guard, desk, and the housekeeping beside them."""

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import uvicorn

from domain.network import Network
from flows.shop.catalogue import Catalogue
from flows.shop.serve import expire_sold
from ledger.store import Ledger
from node.app import Shop, create_app
from node.desk import Desk
from node.guard import App, Guard
from node.metrics import Metrics
from node.nonces import NonceStore
from node.post import PostOffice
from node.settings import NodeSettings
from trust.node_keys import TrustedFirm, key_id_of, load_signing_key, parse_public_line, trusted_firms

FIRMS_SECONDS = 2.0


class Node:
    """One firm's node over its ledger; ``open_ledger`` gives a handle of its own to each thread."""

    def __init__(
        self,
        network: Network,
        open_ledger: Callable[[], Ledger],
        keys_folder: Path,
        settings: NodeSettings,
        clock: Callable[[], datetime],
        nonces: Path | str = ":memory:",
        sweep: Callable[[Ledger], object] | None = None,
    ) -> None:
        self._sweep = sweep
        self._key = load_signing_key(keys_folder)
        self._keys_folder = keys_folder
        self._firms: dict[str, TrustedFirm] = {}
        self._firms_read = 0.0
        self._open_ledger = open_ledger
        self._settings, self._clock, self._network = settings, clock, network
        self._reading, self._writing = open_ledger(), open_ledger()
        self._nonces = NonceStore(nonces)
        self._stop = threading.Event()
        self.metrics = Metrics()
        self.desk = Desk(self._writing, settings.waiting_maximum)
        shop = Shop(
            Catalogue(network),
            self._reading,
            self.desk,
            self.metrics,
            clock,
            self._reading.id,
            key_id_of(self._key.public_key()),
            self._firm_of,
        )
        self.api = create_app(shop)
        self.app: App = Guard(
            self.api,
            settings,
            self._key,
            self.firms,
            self._nonces,
            self.metrics,
            clock,
        )
        self._housekeeping = threading.Thread(target=self._keep_house, name="housekeeping", daemon=True)

    def firms(self) -> dict[str, TrustedFirm]:
        """The trusted firms; read again when some time has passed, so that trust takes effect at once."""
        now = time.monotonic()
        if now - self._firms_read > FIRMS_SECONDS:
            self._firms, self._firms_read = trusted_firms(self._keys_folder), now
        return self._firms

    def _firm_of(self, key_id: str) -> str:
        """The provider or lender of our own network whose node signs with that key, or empty."""
        settings = {firm.id: firm.settings for firm in self._network.providers}
        settings.update({lender.id: lender.settings for lender in self._network.lenders})
        for firm_id, given in settings.items():
            lines = given.get("key") or []
            for line in lines if isinstance(lines, list | tuple) else [lines]:
                if key_id_of(parse_public_line(str(line))) == key_id:
                    return firm_id
        return ""

    def start_housekeeping(self) -> None:
        self._housekeeping.start()

    def _keep_house(self) -> None:
        """Expire holds, deliver messages, finish what is owed to firms; on a ledger handle of its own."""
        ledger = self._open_ledger()
        post = PostOffice(ledger, self._key, self.firms, self._clock)
        swept = time.monotonic()
        while not self._stop.wait(self._settings.post_seconds):
            try:
                if self._sweep is not None and time.monotonic() - swept >= self._settings.sweep_seconds:
                    swept = time.monotonic()
                    self._sweep(ledger)
                if ledger.expired_holds(self._clock()):
                    with ledger.write() as transaction:
                        expire_sold(transaction, self._clock())
                post.round()
            except Exception:  # the next round tries again; what could not be done is still in the ledger
                self.metrics.refused["housekeeping"] += 1
        ledger.close()

    def close(self) -> None:
        self._stop.set()
        if self._housekeeping.is_alive():
            self._housekeeping.join(timeout=30)
        self.desk.close()
        self._nonces.close()
        self._writing.close()
        self._reading.close()


def serve_node(
    node: Node,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    certificate_key: Path | None = None,
    sockets: list[Any] | None = None,
) -> None:
    """Serve until interrupted; with a certificate over TLS."""
    config = uvicorn.Config(
        node.app,
        host=host,
        port=port,
        http="httptools",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=3,
        backlog=512,
        ssl_certfile=str(certificate) if certificate else None,
        ssl_keyfile=str(certificate_key) if certificate_key else None,
    )
    node.start_housekeeping()
    try:
        uvicorn.Server(config).run(sockets)
    finally:
        node.close()
