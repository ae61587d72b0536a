"""A node under load: quotes and durable holds a second under 32 clients, and how long each waited.

``python bench/node_load.py [SECONDS]``. The node is real, its holds are on the disk before it answers,
every request and answer is signed. The clients are processes on the same machine. The floor is the same
server library with an application that answers nothing but ``{}``, under the same clients, unsigned.
"""

import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flows.firms.connected import no_secrets
from ledger.store import open_ledger
from providers.http import HttpNode
from providers.http_client import NodeClient, parse_address
from providers.protocol import Call, Held, Quoted, Services, SlotLine, SlotRequest, Verb
from tests.parts.node_parts import RunningNode, firm_keys, free_port

DAY = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
CLIENTS, PROCESSES = 32, 2
BARE = """
import sys, uvicorn
async def app(scope, receive, send):
    await receive()
    head = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="httptools", lifespan="off",
            access_log=False, log_level="warning")
"""


def ask_node(
    settings: dict[str, Any], keys: Path, verb: str, seconds: float, number: int, results: Any
) -> None:
    """Several clients in one process, each waiting for its answer before it asks again."""
    services = Services(lambda: datetime.now(UTC), no_secrets, str(keys))
    firm = HttpNode("mill", settings, services)
    waits: list[float] = []

    def client(client_number: int) -> None:
        stop, count = time.perf_counter() + seconds, 0
        while time.perf_counter() < stop:
            line = SlotLine("mill/lamp", DAY, 1)
            request = SlotRequest(
                f"o{client_number}-{count}", "factory", "factory", "mill", (line,), 1000, "CNY"
            )
            key = f"load-{number}-{client_number}-{count:06}"
            call = Call(Verb(verb), key, request, datetime.now(UTC) + timedelta(hours=1))
            began = time.perf_counter()
            answer = getattr(firm, verb)(call)
            waits.append(time.perf_counter() - began)
            assert isinstance(answer, Held | Quoted), answer
            count += 1

    _together(client)
    results.put(waits)


def ask_bare(url: str, seconds: float, results: Any) -> None:
    client = NodeClient(parse_address(url), timeout=10)
    waits: list[float] = []

    def one(_: int) -> None:
        stop = time.perf_counter() + seconds
        while time.perf_counter() < stop:
            began = time.perf_counter()
            client.exchange("POST", "/", {"content-type": "application/json"}, b"{}" * 100)
            waits.append(time.perf_counter() - began)

    _together(one)
    results.put(waits)


def _together(client: Any) -> None:
    threads = [threading.Thread(target=client, args=(n,)) for n in range(CLIENTS // PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def measure(target: Any, *given: Any, seconds: float, numbered: bool = False) -> tuple[float, float, float]:
    """(answers a second, median and 99th percentile of the waits in milliseconds)."""
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    extra = [(number, results) if numbered else (results,) for number in range(PROCESSES)]
    processes = [context.Process(target=target, args=(*given, seconds, *rest)) for rest in extra]
    for process in processes:
        process.start()
    waits = sorted(wait for _ in processes for wait in results.get())
    for process in processes:
        process.join()
    return len(waits) / seconds, waits[len(waits) // 2] * 1000, waits[int(len(waits) * 0.99)] * 1000


def main(seconds: float) -> None:
    port = free_port()
    bare = subprocess.Popen([sys.executable, "-c", BARE, str(port)])
    time.sleep(2)
    floor, _, _ = measure(ask_bare, f"http://127.0.0.1:{port}", seconds=seconds)
    bare.kill()
    print(f"bare server       {floor:7.0f}/s")
    with tempfile.TemporaryDirectory() as name:
        node = RunningNode(Path(name) / "node", rate=1e9, burst=1e9)
        keys = firm_keys(Path(name) / "buyer")
        node.trust("buyer", keys)
        node.start()
        try:
            for verb in ("quote", "hold"):
                settings = node.settings_for_buyer(timeout_seconds=30)
                used = node.cpu_seconds
                rate, median, late = measure(ask_node, settings, keys, verb, seconds=seconds, numbered=True)
                print(
                    f"signed {verb + 's':10} {rate:7.0f}/s   median {median:5.1f} ms   p99 {late:6.1f} ms"
                    f"   {floor / rate:4.1f} times the bare server's time;"
                    f" {(node.cpu_seconds - used) / (rate * seconds) * 1000:.2f} ms of processor time each"
                )
        finally:
            node.stop()
        with open_ledger(Path(name) / "node" / "book.db") as ledger:
            capacity, used = ledger.capacity("works/lamp", DAY) or (0, 0)
            held = len(ledger.holds())
    verdict = "none overbooked" if used == held <= capacity else "OVERBOOKED"
    print(f"{held} holds on the disk, {used} slots used of {capacity}: {verdict}")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
