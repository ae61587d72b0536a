"""Two installations of the program, as two people would use them: one offers, the other reserves there."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


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

    def serve(self, port):
        command = [sys.executable, "-m", "cli", "node", "serve", "--port", str(port), "--ledger", "practice"]
        return subprocess.Popen(command, cwd=ROOT, env=self.environment, stderr=subprocess.DEVNULL)


def wait_for(port):
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
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
