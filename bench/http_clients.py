"""HTTP clients over one kept connection: requests a second of our own and of the well-known libraries.

``python bench/http_clients.py [REQUESTS]``. The server is a bare asyncio protocol that parses no more than
it must, so that what is measured is the client. Libraries that are not installed are left out.
"""

import importlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from providers.http_client import NodeClient, parse_address

SERVER = """
import asyncio
class Bare(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""
    def data_received(self, data):
        self.data += data
        while (end := self.data.find(b"\\r\\n\\r\\n")) >= 0:
            head = self.data[:end].lower().split(b"\\r\\n")
            length = sum(int(line[15:]) for line in head if line.startswith(b"content-length:"))
            if len(self.data) < end + 4 + length:
                return
            self.data = self.data[end + 4 + length:]
            self.transport.write(b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\n"
                                 b"content-length: 15\\r\\n\\r\\n{\\"hello\\":\\"you\\"}")
async def main():
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
BODY, HEADERS = b'{"a":1}' * 30, {"content-type": "application/json"}


def clients(url: str, port: int) -> Iterator[tuple[str, Callable[[], object]]]:
    own = NodeClient(parse_address(url))
    yield "providers/http_client", lambda: own.exchange("POST", "/x", HEADERS, BODY)
    if urllib3 := _installed("urllib3"):
        pool = urllib3.HTTPConnectionPool("127.0.0.1", port)
        yield "urllib3", lambda: pool.urlopen("POST", "/x", body=BODY, headers=HEADERS, retries=False).data
    if httpx := _installed("httpx"):
        session = httpx.Client()
        yield "httpx", lambda: session.post(url + "/x", content=BODY, headers=HEADERS).content
    for name in ("requests", "niquests"):
        if library := _installed(name):
            kept = library.Session()
            yield name, lambda kept=kept: kept.post(url + "/x", data=BODY, headers=HEADERS).content


def _installed(name: str):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def main(requests: int) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    try:
        first = 0.0
        for name, send in clients(f"http://127.0.0.1:{port}", port):
            rates = []
            for _ in range(3):
                began = time.perf_counter()
                for _ in range(requests):
                    send()
                rates.append(requests / (time.perf_counter() - began))
            rate = sorted(rates)[1]
            first = first or rate
            print(f"{name:22} {rate:7.0f}/s   ours is {first / rate:4.1f} times as fast")
    finally:
        server.kill()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
