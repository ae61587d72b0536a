"""Real sockets that misbehave: whatever a firm's system does, the client says whether it may have acted."""

import socket
import threading
import time

import pytest

from domain.errors import UsageError
from providers.http_client import MAXIMUM_ANSWER, NodeClient, parse_address
from providers.protocol import NoAnswerError, NotSentError

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"


class Firm:
    """Answers each connection with what ``answer(connection, nth)`` does; counts the requests it read."""

    def __init__(self, answer):
        self.requests = 0
        self._answer = answer
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection):
        with connection:
            while True:
                head = b""
                while b"\r\n\r\n" not in head:
                    got = connection.recv(65536)
                    if not got:
                        return
                    head += got
                self.requests += 1
                if not self._answer(connection, self.requests):
                    return

    def close(self):
        self._listening.close()


@pytest.fixture
def firm():
    made = []

    def make(answer):
        made.append(Firm(answer))
        return made[-1]

    yield make
    for one in made:
        one.close()


def client_of(firm, timeout=0.5):
    return NodeClient(parse_address(f"http://127.0.0.1:{firm.port}"), timeout=timeout)


def ask(client):
    return client.exchange("GET", "/v1/answers", {}, b"")


def test_connection_is_kept_for_the_next_request(firm):
    server = firm(lambda connection, _: connection.sendall(OK) or True)
    client = client_of(server)
    for _ in range(3):
        assert ask(client).body == b"{}"
    assert len(client._idle) == 1


def test_connection_that_the_firm_closed_is_not_used_again(firm):
    """Nothing was sent on the dead connection, so there is no doubt to report."""
    server = firm(lambda connection, _: connection.sendall(OK) and None)
    client = client_of(server)
    ask(client)
    time.sleep(0.05)
    assert ask(client).status == 200


def test_refused_connection_certainly_sent_nothing():
    with socket.create_server(("127.0.0.1", 0)) as spare:
        port = spare.getsockname()[1]
    with pytest.raises(NotSentError):
        ask(NodeClient(parse_address(f"http://127.0.0.1:{port}"), timeout=0.5))


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\ncontent-len",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffff\r\n{}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}",
    ],
)
def test_cut_or_garbled_answer_leaves_doubt(firm, answer):
    server = firm(lambda connection, _: connection.sendall(answer) and None)
    with pytest.raises(NoAnswerError):
        ask(client_of(server))


def test_reset_connection_leaves_doubt(firm):
    def reset(connection, _):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    with pytest.raises(NoAnswerError):
        ask(client_of(firm(reset)))


def test_answer_of_ten_megabytes_is_refused_unread(firm):
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n"
    server = firm(lambda connection, _: connection.sendall(head + b"x" * 10_000) and None)
    with pytest.raises(NoAnswerError, match="longer than"):
        ask(client_of(server))


def test_endless_answer_is_cut_at_the_limit(firm):
    def endless(connection, _):
        connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        piece = b"%x\r\n" % MAXIMUM_ANSWER + b"x" * MAXIMUM_ANSWER + b"\r\n"
        for _ in range(20):
            try:
                connection.sendall(piece)
            except OSError:
                return

    with pytest.raises(NoAnswerError, match="longer than"):
        ask(client_of(firm(endless), timeout=5))


@pytest.mark.parametrize("at_once", [0, len(OK) - 2])
def test_dripping_answer_ends_at_the_deadline(firm, at_once):
    """A good answer, byte by byte: each read is quick, the whole takes longer than the exchange may."""

    def drip(connection, _):
        connection.sendall(OK[:at_once])
        for place in range(at_once, len(OK)):
            time.sleep(max(0.02, 1.5 / (len(OK) - at_once)))
            try:
                connection.sendall(OK[place : place + 1])
            except OSError:
                return

    with pytest.raises(NoAnswerError):
        ask(client_of(firm(drip), timeout=0.4))
    assert ask(client_of(firm(drip), timeout=30)).body == b"{}"


def test_redirect_is_an_answer_and_never_followed(firm):
    elsewhere = firm(lambda connection, _: connection.sendall(OK) or True)
    head = f"HTTP/1.1 307 Go\r\nlocation: http://127.0.0.1:{elsewhere.port}/\r\ncontent-length: 0\r\n\r\n"
    server = firm(lambda connection, _: connection.sendall(head.encode()) or True)
    assert ask(client_of(server)).status == 307
    assert elsewhere.requests == 0


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://u:p@x/", "http://x/?a=1", "http://x:99999", "x", "http://[::1"]
)
def test_address_that_is_no_node_is_wrong_usage(url):
    with pytest.raises(UsageError):
        parse_address(url)


def test_header_that_would_split_the_request_is_refused(firm):
    server = firm(lambda connection, _: connection.sendall(OK) or True)
    with pytest.raises(UsageError):
        client_of(server).exchange("GET", "/", {"idempotency-key": "a\r\nx: y"}, b"")
    assert server.requests == 0
