"""A node inside this process, and a caller that signs: for proofs that look at every answer."""

import asyncio
import secrets
from collections.abc import MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.store import create_ledger, open_ledger
from node.guard import App
from node.server import Node
from node.settings import NodeSettings
from tests.parts.node_parts import shop_network
from trust.http_signatures import HttpMessage, sign
from trust.keys import Actor
from trust.node_keys import create_signing_key, key_id_of, public_line, trust_firm

NAME = "works.example"


class Clock:
    """The real time plus what was added to it."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> datetime:
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.ahead, UTC)


class Inside:
    """A node over a fresh ledger in the folder, with one trusted buyer."""

    def __init__(self, folder: Path, capacity: int = 0, **settings: Any) -> None:
        self.folder, self.clock = folder, Clock()
        self.node_key = create_signing_key(folder / "keys")
        self.buyer_key = create_signing_key(folder / "buyer")
        trust_firm(folder / "keys", "buyer", public_line(self.buyer_key.public_key()))
        self.actor = Actor.generate("firm")
        create_ledger(folder / "book.db", practice=False, actor=self.actor, clock=self.clock).close()
        self.capacity, self.settings = capacity, settings
        self.node = self._node()

    def _node(self) -> Node:
        return Node(
            shop_network(self.capacity),
            lambda: open_ledger(self.folder / "book.db", actor=self.actor, clock=self.clock),
            self.folder / "keys",
            NodeSettings(frozenset({NAME}), **self.settings),
            self.clock,
            self.folder / "nonces.db",
        )

    def restart(self) -> None:
        self.node.close()
        self.node = self._node()

    def signed(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        key: Ed25519PrivateKey | None = None,
        query: str = "",
        **options: Any,
    ) -> dict[str, str]:
        """Headers of a request as the buyer would sign it; ``options`` override time, nonce, lifetime."""
        given = {"host": NAME, **(headers or {})}
        signer = key or self.buyer_key
        message = HttpMessage(method, given["host"], path, query, given, body)
        settings: dict[str, Any] = {
            "created": int(self.clock().timestamp()),
            "nonce": secrets.token_hex(16),
            **options,
        }
        key_id = settings.pop("key_id", key_id_of(signer.public_key()))
        return {**given, **sign(message, signer, key_id, **settings)}

    def call(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | list[tuple[str, str]],
        body: bytes = b"",
        query: str = "",
    ) -> tuple[int, dict[str, str], Any]:
        """(status, headers, JSON) of one request as it stands, signed or not."""
        return asyncio.run(self._call(method, path, headers, body, query))

    async def _call(
        self, method: str, path: str, headers: dict[str, str] | list[tuple[str, str]], body: bytes, query: str
    ) -> tuple[int, dict[str, str], Any]:
        pairs = headers.items() if isinstance(headers, dict) else headers
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in pairs],
            "client": ("192.0.2.7", 1),
            "server": ("works.example", 80),
        }
        sent: list[MutableMapping[str, Any]] = []
        parts = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> MutableMapping[str, Any]:
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.node.app(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        content = b"".join(message["body"] for message in sent[1:])
        is_json = "json" in told.get("content-type", "")
        return sent[0]["status"], told, orjson.loads(content) if is_json else content

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        query: str = "",
    ) -> tuple[int, dict[str, str], Any]:
        """The same, signed as the buyer."""
        return self.call(method, path, self.signed(method, path, body, headers, query=query), body, query)


def signing_app(inside: Inside) -> App:
    """The node's application behind a caller that signs whatever it is given."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await inside.node.app(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        plain = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        kept = {
            name: plain[name]
            for name in ("content-type", "idempotency-key")
            if name in plain and plain[name].isascii() and plain[name].isprintable()
        }
        raw = scope.get("raw_path") or scope["path"].encode()
        path, query = raw.partition(b"?")[0].decode("latin-1"), scope["query_string"].decode("latin-1")
        headers = inside.signed(scope["method"], path, body, kept, query=query)
        rest = [pair for pair in scope["headers"] if pair[0].decode("latin-1").lower() not in headers]
        signed = rest + [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        sent = False

        async def again() -> MutableMapping[str, Any]:
            nonlocal sent
            if sent:
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await inside.node.app({**scope, "headers": signed}, again, send)

    return app
