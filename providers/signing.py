"""Requests to another firm's node: signed with our key, answers checked against the firm's.

What an answer's signature covers is kept as the proof of what the firm said.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from providers.http_client import HttpAnswer, NodeClient
from providers.protocol import NoAnswerError, Proof
from trust.http_signatures import HttpMessage, SignatureError, sign, verify
from trust.node_keys import key_id_of

NONCE_BYTES = 16


class SignedClient:
    """One node, addressed with our key; ``firm_keys`` are the only keys whose answers count: one, or two
    while the firm changes its key."""

    def __init__(
        self,
        client: NodeClient,
        key: Ed25519PrivateKey,
        firm_keys: Sequence[Ed25519PublicKey],
        clock: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._key = key
        self._key_id = key_id_of(key.public_key())
        self._firm_keys = {key_id_of(firm_key): firm_key for firm_key in firm_keys}
        self._clock = clock

    def send(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[HttpAnswer, Proof]:
        """The answer and its proof; NoAnswerError when the firm's signature on it does not hold."""
        target = self._client.target
        now = int(self._clock().timestamp())
        message = HttpMessage(method, target.authority, target.base + path, query, headers, body)
        added = sign(message, self._key, self._key_id, created=now, nonce=secrets.token_hex(NONCE_BYTES))
        sent = {**headers, **added}
        place = f"{message.path}?{query}" if query else message.path
        exchange = self._client.exchange(method, place, sent, body)
        request = HttpMessage(method, target.authority, message.path, query, sent, body)
        return exchange, self._proven(exchange, request)

    def _proven(self, exchange: HttpAnswer, request: HttpMessage) -> Proof:
        answer = HttpMessage(
            headers=exchange.headers, body=exchange.body, status=exchange.status, request=request
        )
        now = int(self._clock().timestamp())
        try:
            signed = verify(answer, self._firm_keys.get, now=now)
        except SignatureError as problem:
            raise NoAnswerError(
                f"the answer of {self._client.target.authority} is not signed by that firm ({problem})",
                "compare its key with `net node trust`; nobody but the firm can answer for it",
            ) from None
        return proof_of(answer, signed.key_id)


def proof_of(message: HttpMessage, key_id: str) -> Proof:
    """Everything needed to check the signature again later, without the network: all that it covers.

    A body that is no text the ledger can keep is left out; its digest, which is signed, stands for it.
    """
    request = message.request or message
    proof = {
        "key": key_id,
        "method": request.method,
        "authority": request.authority,
        "path": request.path,
        "query": request.query,
        "signature-input": message.headers["signature-input"],
        "signature": message.headers["signature"],
        "content-type": message.headers.get("content-type", ""),
        "content-digest": message.headers["content-digest"],
        "body": _clean(message.body),
    }
    if message.status is not None:
        return {
            **proof,
            "status": str(message.status),
            "request-digest": request.headers["content-digest"],
        }
    return {**proof, "idempotency-key": message.headers.get("idempotency-key", "")}


def _clean(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    return "" if "\0" in text else text
