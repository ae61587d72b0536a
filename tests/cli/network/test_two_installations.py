"""Two installations of the program, as two people would use them: one offers, the other reserves there."""

import json
import os
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.parts.node_parts import self_signed

ROOT = Path(__file__).resolve().parents[3]


class Home:
    """One installation: its own directories, its own ledger and key."""

    def __init__(self, path):
        self.path = path
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("NET_")},
            "XDG_DATA_HOME": str(path),
            "XDG_CONFIG_HOME": str(path),
            "PYTHONPATH": str(ROOT),
        }
        self.net("init", "--practice")
        self.key = json.loads(self.net("node", "keygen", "--json"))["key"]

    def net(self, *arguments, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "cli", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == code, done.stderr
        return done.stdout

    def serve(self, port, *more):
        command = [
            sys.executable,
            "-m",
            "cli",
            "node",
            "serve",
            "--port",
            str(port),
            "--ledger",
            "practice",
            *more,
        ]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL)


def wait_for(port, certificate=None):
    deadline = time.monotonic() + 60
    scheme, context = "http", None
    if certificate is not None:
        scheme, context = "https", ssl.create_default_context(cafile=str(certificate))
    while True:
        try:
            urllib.request.urlopen(f"{scheme}://127.0.0.1:{port}/health", timeout=2, context=context).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as spare:
        return spare.getsockname()[1]


def test_buyer_reserves_the_shipped_order_at_the_sellers_node(tmp_path, port):
    """The lamp order's factory is another firm's: reserved there, released while it is down, swept later."""
    seller, buyer = Home(tmp_path / "seller"), Home(tmp_path / "buyer")
    seller.net("node", "trust", "north", "--key", buyer.key)
    network = buyer.path / "net" / "network.toml"
    firm = 'id = "zhongshan-lamps"\n'
    settings = f'settings = {{ url = "http://127.0.0.1:{port}", key = "{seller.key}" }}\n'
    text = network.read_text()
    network.write_text(text.replace(firm, f'{firm}adapter = "http"\n{settings}', 1))
    practice = ("--ledger", "practice")
    order = str(ROOT / "examples" / "lamp-order.toml")

    buyer.net("order", "run", order, *practice, code=6)
    node = seller.serve(port)
    try:
        wait_for(port)
        buyer.net("order", "run", order, *practice)
        sold = json.loads(seller.net("slot", "list", "--json", *practice))["slots"]
        assert {(slot["order"], slot["status"]) for slot in sold} == {("north:PO-2026-0017", "booked")}
    finally:
        node.terminate()
        node.wait(timeout=30)
    assert "not given back yet" in buyer.net("slot", "release", "PO-2026-0017", *practice)
    node = seller.serve(port)
    try:
        wait_for(port)
        assert "cancel" in buyer.net("slot", "sweep", *practice)
        assert json.loads(seller.net("slot", "list", "--json", *practice))["slots"] == []
    finally:
        node.terminate()
        node.wait(timeout=30)
    for home in (seller, buyer):
        home.net("ledger", "verify", *practice)


def elsewhere(home, firm, port, other, certificate):
    """The firm of the shipped network is the other installation's from now on."""
    network = home.path / "net" / "network.toml"
    settings = f'url = "https://127.0.0.1:{port}", key = "{other.key}", verified_by = "{certificate}"'
    text = network.read_text()
    line = f'id = "{firm}"\n'
    network.write_text(text.replace(line, f'{line}adapter = "http"\nsettings = {{ {settings} }}\n', 1))


def test_each_installation_buys_from_the_other_over_tls(tmp_path):
    """As the guide says: keys, trust, certificates; then who is trusted no more is turned away."""
    text = (ROOT / "examples" / "lamp-order.toml").read_text()
    orders = {name: tmp_path / f"{name}.toml" for name in ("north", "south")}
    orders["north"].write_text(text)  # the works are full then, so the other order is due later
    orders["south"].write_text(text.replace("due_on = 2026-04-20", "due_on = 2026-06-30"))
    practice = ("--ledger", "practice")
    homes = {name: Home(tmp_path / name) for name in ("north", "south")}
    ports = {name: free_port() for name in homes}
    sells = {"north": "nansha-store", "south": "zhongshan-lamps"}
    pairs = (("north", "south"), ("south", "north"))
    certificates = {}
    for name in homes:
        (tmp_path / f"{name}-tls").mkdir()
        certificates[name] = self_signed(tmp_path / f"{name}-tls")
    for buyer, seller in pairs:
        homes[seller].net("node", "trust", buyer, "--key", homes[buyer].key)
        elsewhere(homes[buyer], sells[seller], ports[seller], homes[seller], certificates[seller][0])
    nodes = {
        name: home.serve(
            ports[name],
            "--certificate", str(certificates[name][0]), "--certificate-key", str(certificates[name][1]),
        )
        for name, home in homes.items()
    }  # fmt: skip
    try:
        for name in homes:
            wait_for(ports[name], certificates[name][0])
        for buyer, seller in pairs:
            ran = json.loads(homes[buyer].net("order", "run", orders[buyer], "--json", *practice))
            assert ran["state"] == "RESERVED"
            (sold,) = json.loads(homes[seller].net("node", "sold", "--json", *practice))["sold"]
            assert (sold["buyer"], sold["order"], sold["state"]) == (buyer, "PO-2026-0017", "booked")
        homes["south"].net("node", "complete", "north:PO-2026-0017", "--by", "Li", *practice)
        assert json.loads(homes["south"].net("node", "sold", "--json", *practice))["sold"] == []
        homes["north"].net("node", "trust", "south", "--remove")
        time.sleep(2.5)  # a node takes a change in within two seconds
        told = homes["south"].net("slot", "release", "PO-2026-0017", *practice)
        assert "not given back yet: nansha-store" in told
        homes["north"].net("node", "trust", "south", "--key", homes["south"].key)
        time.sleep(2.5)
        assert "cancel" in homes["south"].net("slot", "sweep", *practice)
        (sold,) = json.loads(homes["north"].net("node", "sold", "--all", "--json", *practice))["sold"]
        assert sold["state"] == "cancelled"
    finally:
        for node in nodes.values():
            node.terminate()
            node.wait(timeout=30)
    for home in homes.values():
        home.net("ledger", "verify", *practice)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as spare:
        return spare.getsockname()[1]
