"""Real nodes in processes of their own, for proofs and benchmarks; and firms that call them."""

import gzip
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
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
from tests.parts.node_parts import shop_network
from ledger.store import create_ledger, open_ledger
from node.server import Node, serve_node
from node.settings import NodeSettings
from trust.keys import load_or_create_actor
folder, port, capacity = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
settings = json.loads(sys.argv[4])
tls = {name: Path(settings.pop(name)) for name in ("certificate", "certificate_key") if name in settings}
actor = load_or_create_actor("firm", folder / "ledger.pem")
clock = lambda: datetime.now(UTC)
if not (folder / "book.db").exists():
    create_ledger(folder / "book.db", practice=False, actor=actor, clock=clock).close()
node = Node(
    shop_network(capacity),
    lambda: open_ledger(folder / "book.db", actor=actor, clock=clock),
    folder / "keys",
    NodeSettings(frozenset({f"127.0.0.1:{port}", *settings.pop("names", [])}), **settings),
    clock,
    folder / "nonces.db",
)
serve_node(node, "127.0.0.1", port, **tls)
"""


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used so far; NaN where /proc does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
    def cpu_seconds(self) -> float:
        return cpu_seconds(self.process.pid) if self.process else float("nan")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def trust(self, name: str, keys: Path, callback: str = "") -> None:
        trust_firm(self.folder / "keys", name, public_line(load_signing_key(keys).public_key()), callback)

    def start(self, wait: bool = True) -> None:
        root = Path(__file__).resolve().parents[2]
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
        """What the buyer's network file says of this node."""
        return {"url": self.url, "key": self.key_line, "remote": "works", **more}


FAULTS = (
    "cut", "reset", "nothing", "error", "untyped", "huge", "redirect", "garbage", "unsigned", "slow",
    "drip", "endless", "compressed", "forged", "another", "headers",
)  # fmt: skip
"""What can happen to an answer on its way; in each the firm has done the work."""


class Between:
    """A connection to a node on which answers meet faults: ``faults`` by the number of the exchange."""

    def __init__(self, faults: Mapping[int, str] | None = None) -> None:
        self.faults = dict(faults or {})
        self.exchanges = 0
        self.node_port = 0
        self.slow = 2.0
        self._before = b""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, caller: socket.socket) -> None:
        with caller:
            while True:
                request = _read_message(caller)
                if not request:
                    return
                self.exchanges += 1
                fault = self.faults.get(self.exchanges, "")
                with socket.create_connection(("127.0.0.1", self.node_port), timeout=10) as node:
                    node.sendall(request)
                    answer = _read_message(node)
                if fault == "reset":
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if fault == "slow":
                    time.sleep(self.slow)
                try:
                    self._send(caller, _spoilt(answer, fault, self._before), fault)
                except OSError:
                    return
                if fault:
                    return
                self._before = answer

    def _send(self, caller: socket.socket, answer: bytes, fault: str) -> None:
        if fault == "drip":
            for place in range(len(answer)):
                caller.sendall(answer[place : place + 1])
                time.sleep(0.02)
        elif fault == "endless":
            caller.sendall(answer)
            for _ in range(400):
                caller.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        else:
            caller.sendall(answer)

    def close(self) -> None:
        self._listening.close()


def _read_message(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        got = connection.recv(65536)
        if not got:
            return b""
        data += got
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


INSTEAD = {
    "reset": b"",
    "nothing": b"",
    "error": b"HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n",
    "huge": b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n" + b"x" * 100_000,
    "redirect": b"HTTP/1.1 302 Go\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    "garbage": b"\x00\xff" * 50,
    "endless": b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
}
"""What arrives in the place of the answer."""


def _spoilt(answer: bytes, fault: str, before: bytes = b"") -> bytes:
    if fault in INSTEAD:
        return INSTEAD[fault]
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    match fault:
        case "cut":
            return answer[: len(answer) - len(body) // 2]
        case "untyped":
            return answer.replace(b"application/json", b"text/plain")
        case "unsigned":
            lines = [line for line in lines if not line.lower().startswith(b"signature")]
            return b"\r\n".join(lines) + b"\r\n\r\n" + body
        case "compressed":  # ten megabytes in ten kilobytes, in the place of the body that was signed
            bomb = gzip.compress(b"0" * 10_000_000)
            lines = [line for line in lines if not line.lower().startswith(b"content-length")]
            lines += [b"content-encoding: gzip", f"content-length: {len(bomb)}".encode()]
            return b"\r\n".join(lines) + b"\r\n\r\n" + bomb
        case "forged":
            return answer.replace(b'"answer":"', b'"answer" :"', 1)
        case "another":  # a good answer of the firm's, to another question
            return before
        case "headers":
            return head + b"\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(500)) + b"\r\n" + body
    return answer


def firm_keys(folder: Path) -> Path:
    """A buyer's key folder."""
    create_signing_key(folder)
    return folder


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key, good for a day."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "works")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths
