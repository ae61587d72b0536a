"""``net node``, ``net provider check`` and ``new`` as a person types them; a served node answers."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_keygen_makes_a_key_once_and_shows_it_again(net, home):
    net("init")
    first = net("node", "keygen", "--json")
    again = net("node", "keygen", "--json")
    assert first.code == 0
    assert json.loads(first.out) == json.loads(again.out)
    (path,) = home.rglob("node.key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_trust_lists_whom_it_was_told(net):
    net("init")
    line = json.loads(net("node", "keygen", "--json").out)["key"]
    assert net("node", "trust", "mill", "--key", line, "--callback", "http://127.0.0.1:9").code == 0
    listed = json.loads(net("node", "trust", "--json").out)["firms"]
    assert [(one["firm"], one["callback"]) for one in listed] == [("mill", "http://127.0.0.1:9")]


@pytest.mark.parametrize(
    "arguments", [["mill"], ["mill", "--key", "rubbish"], ["../mill", "--key", "net-ed25519 AA=="]]
)
def test_trust_without_a_real_key_is_refused(net, arguments):
    net("init")
    ran = net("node", "trust", *arguments)
    assert ran.code == 2
    assert "hint:" in ran.err


def test_check_reports_each_rule(net):
    net("init")
    ran = net("provider", "check", "sandbox", "--json")
    rules = json.loads(ran.out)["rules"]
    assert ran.code == 0, ran.err
    assert len(rules) == 15
    assert {rule["result"] for rule in rules} == {"pass"}


def test_check_of_our_own_firm_leaves_nothing_behind(net):
    net("init")
    before = json.loads(net("ledger", "log", "--json").out)
    assert net("provider", "check", "zhongshan-lamps").code == 0
    assert json.loads(net("ledger", "log", "--json").out) == before


def test_check_of_nobody_says_who_there_is(net):
    net("init")
    ran = net("provider", "check", "carrier-pigeon")
    assert ran.code == 4
    assert "sandbox" in ran.err


def test_new_writes_a_project(net, tmp_path):
    ran = net("provider", "new", "acme-freight", "--kind", "logistics", "--into", tmp_path, "--json")
    assert ran.code == 0
    assert (tmp_path / "net-acme-freight" / "net_acme_freight.py").is_file()
    assert net("provider", "new", "acme-freight", "--into", tmp_path).code == 3


def test_resolve_of_an_order_without_open_calls_says_so(net):
    net("init")
    assert net("slot", "resolve", "nobody").code == 4
    assert net("slot", "sweep").out.strip() == "nothing was left over"


def test_served_node_answers_until_it_is_stopped(net, home):
    net("init")
    net("node", "keygen")
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "cli", "node", "serve", "--port", str(port)],
        cwd=home,
        env=environment,
        stderr=subprocess.PIPE,
    )
    try:
        assert _health(port)["status"] == "ok"
    finally:
        process.terminate()
        assert process.wait(timeout=20) in {0, -15}


def _health(port):
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2) as answer:
                return json.load(answer)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_node_without_a_key_says_how_to_make_one(net, home):
    net("init")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "cli", "node", "serve"],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 4
    assert "net node keygen" in done.stderr
