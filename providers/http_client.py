"""A small HTTP/1.1 client for talking to firms: kept connections, no redirects, limits on size and time.

Built on ``http.client``: measured against urllib3, requests, httpx and niquests it was about three times
faster (decision 0061). The time limit is for the whole exchange, not for each read, so that a firm that
drips one byte a second cannot hold us.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from domain.errors import UsageError
from providers.protocol import NoAnswerError, NotSentError

MAXIMUM_ANSWER = 1_000_000
"""Longest body that is read, in bytes; anything longer is refused unread."""


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """Where a node listens; ``base`` is the path before ``/v1``, ``verified_by`` a file of certificates."""

    scheme: str
    host: str
    port: int
    base: str = ""
    verified_by: str = ""

    @property
    def authority(self) -> str:
        """Host and port as the Host header says them: without the scheme's default port."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        default = 443 if self.scheme == "https" else 80
        return name.lower() if self.port == default else f"{name.lower()}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer as it arrived; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def parse_address(url: str, verified_by: str = "") -> NodeAddress:
    """UsageError for anything but ``http://host[:port][/path]`` or https; no user, query or fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise UsageError(f"{url!r} is no address of a node: {problem}") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(f"{url!r} is no address of a node", "write it as https://host:port")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError("the address of a node holds no user, query or fragment", "keep secrets out of it")
    chosen = port or (443 if parts.scheme == "https" else 80)
    return NodeAddress(parts.scheme, parts.hostname, chosen, parts.path.rstrip("/"), verified_by)


class _TimedReader(io.RawIOBase):
    """Reads a socket, giving each read only what is left of the whole exchange's time."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        super().__init__()
        self._connected = connected
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        self._connected.settimeout(left)
        return self._connected.recv_into(buffer)


class _TimedSocket:
    """What ``http.client.HTTPResponse`` needs of a socket: a file to read."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._reader = _TimedReader(connected, deadline)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._reader)


class NodeClient:
    """Talks to one node from any number of threads; idle connections are kept and checked before use."""

    def __init__(self, target: NodeAddress, *, timeout: float = 10.0, kept: int = 32) -> None:
        self.target = target
        self._timeout = timeout
        self._kept = kept
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        if target.scheme == "https":
            self._context = ssl.create_default_context(cafile=target.verified_by or None)

    def _connect(self) -> socket.socket:
        target = self.target
        try:
            plain = socket.create_connection((target.host, target.port), timeout=self._timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is None:
                return plain
            return self._context.wrap_socket(plain, server_hostname=target.host)
        except OSError as problem:
            raise NotSentError(
                f"{target.authority} could not be reached ({_short(problem)})",
                "run the same command again once the firm's node answers",
            ) from None

    def _take(self) -> socket.socket:
        while True:
            with self._lock:
                if not self._idle:
                    break
                connected = self._idle.pop()
            if _still_open(connected):
                return connected
            connected.close()
        return self._connect()

    def _give_back(self, connected: socket.socket) -> None:
        with self._lock:
            if len(self._idle) < self._kept:
                self._idle.append(connected)
                return
        connected.close()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for connected in idle:
            connected.close()

    def exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Send one request and read its answer whole.

        NotSentError when no connection could be made; NoAnswerError for everything that went wrong after
        that, because the firm may have done the work. Never follows a redirect.
        """
        head = _request_head(method, path, {"host": self.target.authority, **headers}, body)
        connected = self._take()
        deadline = time.monotonic() + self._timeout
        try:
            connected.settimeout(self._timeout)
            connected.sendall(head + body)
            answer, keep = _read(connected, method, deadline)
        except (OSError, http.client.HTTPException, ValueError) as problem:
            connected.close()
            raise NoAnswerError(
                f"{self.target.authority} did not answer usably ({_short(problem)})",
                "the firm may have done the work: run the same command again, it does not repeat it",
            ) from None
        if keep:
            self._give_back(connected)
        else:
            connected.close()
        return answer


def _short(problem: BaseException) -> str:
    return str(problem)[:200] or type(problem).__name__


def _request_head(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body or method != "GET":
        lines.append(f"content-length: {len(body)}")
    if any(not line.isascii() or not line.isprintable() for line in lines):
        raise UsageError("a request's path and headers are printable ASCII", "check the provider's settings")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


def _still_open(connected: socket.socket) -> bool:
    """Whether an idle connection can be used: nothing to read on it means that nobody closed it."""
    try:
        connected.setblocking(False)
        connected.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


def _read(connected: socket.socket, method: str, deadline: float) -> tuple[HttpAnswer, bool]:
    response = http.client.HTTPResponse(_TimedSocket(connected, deadline), method=method)  # type: ignore[arg-type]
    response.begin()
    declared = response.length
    if declared is None and not response.chunked:
        raise ValueError("the answer does not say its length, so it may be cut off")
    if declared is not None and declared > MAXIMUM_ANSWER:
        raise ValueError(f"the answer is longer than {MAXIMUM_ANSWER} bytes")
    body = response.read(MAXIMUM_ANSWER + 1)
    if len(body) > MAXIMUM_ANSWER:
        raise ValueError(f"the answer is longer than {MAXIMUM_ANSWER} bytes")
    if declared is not None and len(body) < declared:
        raise ValueError("the answer was cut off")
    headers = {name.lower(): value for name, value in response.getheaders()}
    # Used again only where the answer's end was known and reached; otherwise the next answer is garbage.
    keep = declared is not None and not response.will_close
    return HttpAnswer(response.status, headers, body), keep
