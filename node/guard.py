"""Stands before the application: sizes, times, rates, and who signed; signs every answer.

Only here are signatures checked, and here always: what reaches the application has a proven caller.
"""

import asyncio
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from node.limits import Buckets
from node.metrics import Metrics
from node.nonces import NonceStore
from node.problems import MEDIA, problem_body
from node.settings import NodeSettings
from providers.signing import proof_of
from trust.http_signatures import CLOCK_SKEW, HttpMessage, SignatureError, sign, verify
from trust.node_keys import TrustedFirm, key_id_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS = frozenset({"/health", "/openapi.json", "/metrics"})
"""What anybody may read: none of it is about a customer."""


@dataclass(frozen=True, slots=True)
class CallingFirm:
    """Who asks, proven, with the proof as it is kept."""

    firm: TrustedFirm
    proof: dict[str, str]


class _RefusedError(Exception):
    def __init__(self, status: int, code: str, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.retry_after = status, code, detail, retry_after


@dataclass
class _Answer:
    """The application's answer, held back until it is signed."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def take(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = list(message.get("headers", []))
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


class Guard:
    """An ASGI application around another."""

    def __init__(
        self,
        app: App,
        settings: NodeSettings,
        key: Ed25519PrivateKey,
        firms: Callable[[], dict[str, TrustedFirm]],
        nonces: NonceStore,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._app, self._settings, self._key, self._firms = app, settings, key, firms
        self._key_id = key_id_of(key.public_key())
        self._nonces, self._metrics, self._clock = nonces, metrics, clock
        self._known = Buckets(settings.rate, settings.burst)
        self._unknown = Buckets(settings.unknown_rate, settings.unknown_burst)
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        request = _message(scope)
        answer = await self._answer(scope, receive, request)
        status = answer.status
        self._metrics.saw(_route(scope), status, time.perf_counter() - began)
        await send(
            {"type": "http.response.start", "status": status, "headers": self._signed(answer, request)}
        )
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else answer.body})

    async def _answer(self, scope: Scope, receive: Receive, request: HttpMessage) -> _Answer:
        self._at_once += 1
        try:
            if self._at_once > self._settings.at_once:
                raise _RefusedError(503, "busy", "too many requests at once", 1)
            body = await self._body(scope, receive)
            self._admit(scope, request, body)
            return await self._apply(scope, _once(body, receive))
        except _RefusedError as refused:
            self._metrics.refused[refused.code] += 1
            return _refusal(refused)
        finally:
            self._at_once -= 1

    async def _apply(self, scope: Scope, receive: Receive) -> _Answer:
        """The application's answer; a fault of ours is told as such, and where it happened to stderr."""
        answer = _Answer()
        try:
            await self._app(scope, receive, answer.take)
        except Exception:
            traceback.print_exc(limit=-8)
            raise _RefusedError(500, "fault", "the node could not do it") from None
        return answer

    async def _body(self, scope: Scope, receive: Receive) -> bytes:
        length = _header(scope, b"content-length")
        if length is not None and (not length.isdigit() or int(length[:19]) > self._settings.body_maximum):
            raise _RefusedError(413, "too-large", f"a body has at most {self._settings.body_maximum} bytes")
        try:
            return await asyncio.wait_for(self._read(receive), self._settings.body_seconds)
        except TimeoutError:
            raise _RefusedError(408, "too-slow", "the body did not arrive in time") from None

    async def _read(self, receive: Receive) -> bytes:
        parts, size = [], 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _RefusedError(400, "gone", "the caller went away")
            part = message.get("body", b"")
            size += len(part)
            if size > self._settings.body_maximum:
                raise _RefusedError(
                    413, "too-large", f"a body has at most {self._settings.body_maximum} bytes"
                )
            parts.append(part)
            if not message.get("more_body"):
                return b"".join(parts)

    def _admit(self, scope: Scope, request: HttpMessage, body: bytes) -> None:
        """Prove who asks and let him in at his rate; OPEN_PATHS need no proof."""
        if request.path in OPEN_PATHS and request.method in {"GET", "HEAD"}:
            return
        address = str((scope.get("client") or ("?",))[0])
        now = time.monotonic()
        if self._unknown.is_empty(address, now):
            raise _RefusedError(429, "rate", "too many requests from here did not prove who sent them", 10)
        try:
            caller = self._prove(request, body)
        except _RefusedError:
            self._unknown.take(address, now)
            raise
        if not self._known.take(caller.firm.name, now):
            raise _RefusedError(429, "rate", f"{caller.firm.name} asks too fast", 1)
        scope.setdefault("state", {})["caller"] = caller

    def _prove(self, request: HttpMessage, body: bytes) -> CallingFirm:
        if request.authority not in self._settings.names:
            raise _RefusedError(421, "misdirected", "the request is addressed to another node")
        message = HttpMessage(
            request.method, request.authority, request.path, request.query, request.headers, body
        )
        firms = self._firms()
        now = int(self._clock().timestamp())

        def key_of(key_id: str) -> Ed25519PublicKey | None:
            firm = firms.get(key_id)
            return firm.public_key if firm else None

        try:
            signed = verify(message, key_of, now=now)
        except SignatureError as problem:
            raise _RefusedError(401, problem.code, str(problem)) from None
        if not self._nonces.take(signed.key_id, signed.nonce, signed.expires + CLOCK_SKEW, now):
            raise _RefusedError(401, "replayed", "this very request was received before: sign it again")
        return CallingFirm(firms[signed.key_id], dict(proof_of(message, signed.key_id)))

    def _signed(self, answer: _Answer, request: HttpMessage) -> list[tuple[bytes, bytes]]:
        """The answer's headers with our signature over it and the request that it answers."""
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
        covered = HttpMessage(
            headers={name: value for name, value in headers.items() if name == "content-type"},
            body=answer.body,
            status=answer.status,
            request=request,
        )
        plain = [pair for pair in answer.headers if pair[0].lower() != b"content-length"]
        plain.append((b"content-length", str(len(answer.body)).encode()))
        if "content-digest" not in request.headers:
            return plain  # it was not signed, so there is nothing to bind the answer to
        now = int(self._clock().timestamp())
        try:
            added = sign(covered, self._key, self._key_id, created=now, nonce=secrets.token_hex(16))
        except (SignatureError, UnicodeEncodeError):
            return plain
        return plain + [(name.encode(), value.encode()) for name, value in added.items()]


def _message(scope: Scope) -> HttpMessage:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return HttpMessage(
        scope["method"],
        headers.get("host", "").lower(),
        raw_path.partition(b"?")[0].decode("latin-1"),
        scope.get("query_string", b"").decode("latin-1"),
        headers,
    )


def _header(scope: Scope, name: bytes) -> str | None:
    values = [value for given, value in scope["headers"] if given.lower() == name]
    return values[0].decode("latin-1") if values else None


def _route(scope: Scope) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "other"))


def _once(body: bytes, receive: Receive) -> Receive:
    """What the application reads: the body that was read already, then whatever follows."""
    sent = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _refusal(refused: _RefusedError) -> _Answer:
    headers = [(b"content-type", MEDIA.encode())]
    if refused.retry_after is not None:
        headers.append((b"retry-after", str(refused.retry_after).encode()))
    return _Answer(refused.status, headers, problem_body(refused.status, refused.code, refused.detail))
