"""Real nodes in processes of their own, for proofs and benchmarks; and firms that call them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from domain.network import FactoryProduct, Network, Provider
from trust.node_keys import (
    create_signing_key,
    load_signing_key,
    public_line,
    trust_firm,
)

NODE_SCRIPT = """
import json, sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from bench.node_parts import shop_network
from ledger.store import create_ledger, open_ledger
from node.server import Node, serve_node
from node.settings import NodeSettings
from trust.keys import load_or_create_actor
folder, port, capacity = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
settings = json.loads(sys.argv[4])
actor = load_or_create_actor("firm", folder / "ledger.pem")
clock = lambda: datetime.now(UTC)
if not (folder / "book.db").exists():
    create_ledger(folder / "book.db", practice=False, actor=actor, clock=clock).close()
node = Node(
    shop_network(capacity),
    lambda: open_ledger(folder / "book.db", actor=actor, clock=clock),
    folder / "keys",
    NodeSettings(frozenset({f"127.0.0.1:{port}"}), **settings),
    clock,
    folder / "nonces.db",
)
serve_node(node, "127.0.0.1", port)
"""


def shop_network(capacity: int = 0) -> Network:
    """One factory that works every day: lamps at ten yuan, so many a day (0: unlimited)."""
    from decimal import Decimal

    product = FactoryProduct("lamp", Decimal(10), capacity_per_day=capacity)
    works = Provider(
        "works", "The Works", "factory", currency="CNY", works_every_day=True, products=(product,)
    )
    return Network("the works", currency="CNY", providers=(works,))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as spare:
        return int(spare.getsockname()[1])


class RunningNode:
    """A node in a process of its own; ``kill`` is a real SIGKILL."""

    def __init__(self, folder: Path, capacity: int = 0, **settings: Any) -> None:
        self.folder, self.capacity, self.settings = folder, capacity, settings
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.key_line = public_line(create_signing_key(folder / "keys").public_key())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def trust(self, name: str, keys: Path, callback: str = "") -> None:
        trust_firm(self.folder / "keys", name, public_line(load_signing_key(keys).public_key()), callback)

    def start(self, wait: bool = True) -> None:
        root = Path(__file__).resolve().parent.parent
        command = [sys.executable, "-c", NODE_SCRIPT, str(self.folder), str(self.port), str(self.capacity)]
        environment = {**os.environ, "PYTHONPATH": str(root)}
        self.process = subprocess.Popen([*command, json.dumps(self.settings)], cwd=root, env=environment)
        if wait:
            self.wait()

    def wait(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise TimeoutError("the node did not start")

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def settings_for_buyer(self, **more: Any) -> dict[str, Any]:
        return {"url": self.url, "key": self.key_line, "remote": "works", **more}


def firm_keys(folder: Path) -> Path:
    """A buyer's key folder."""
    create_signing_key(folder)
    return folder
