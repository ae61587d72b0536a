"""Messages to other firms: signed, from the outbox, again and again until they are taken.

A message is queued in the commit that makes it true and marked delivered only when the other node said
that it has it; between the two a crash delivers it twice, and the receiver counts it once.
"""

import random
import time
from collections.abc import Callable
from datetime import datetime

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import NetError, UnreachableError
from ledger.record.records import OutboxMessage
from ledger.store import Ledger
from providers.http_client import NodeClient, parse_address
from providers.protocol import NoAnswerError
from providers.signing import SignedClient
from trust.node_keys import TrustedFirm

TRIES = 3
TIMEOUT = 5.0
FIRST_PAUSE = 0.2
"""Seconds at most before the second try; twice as many before each further one."""
_TAKEN = {200, 201, 202}


class PostOffice:
    """Delivers what is in the outbox; one round at a time."""

    def __init__(
        self,
        ledger: Ledger,
        key: Ed25519PrivateKey,
        firms: Callable[[], dict[str, TrustedFirm]],
        clock: Callable[[], datetime],
        *,
        pause_maximum: float = 5.0,
    ) -> None:
        self._ledger, self._key, self._firms, self._clock = ledger, key, firms, clock
        self._pause_maximum = pause_maximum
        self._clients: dict[tuple[str, ...], SignedClient] = {}

    def round(self, limit: int = 100) -> tuple[int, int]:
        """(delivered, left) after one try of everything; a firm that does not answer holds up no other."""
        waiting = self._ledger.undelivered(limit)
        dead: set[str] = set()
        delivered = []
        for message in waiting:
            if message.recipient in dead:
                continue
            try:
                self._deliver(message)
            except NetError:
                dead.add(message.recipient)
            else:
                delivered.append(message.message_id)
        if delivered:
            with self._ledger.write() as transaction:
                for message_id in delivered:
                    transaction.mark_delivered(message_id)
        return len(delivered), len(waiting) - len(delivered)

    def _deliver(self, message: OutboxMessage) -> None:
        client = self._client(message.recipient)
        body = orjson.dumps({"message_id": message.message_id, **message.content})
        for tries in range(TRIES - 1):
            try:
                self._hand_over(client, message.recipient, body)
            except UnreachableError:
                time.sleep(random.uniform(0, min(self._pause_maximum, FIRST_PAUSE * 2**tries)))
            else:
                return
        self._hand_over(client, message.recipient, body)

    def _hand_over(self, client: SignedClient, recipient: str, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        answer, _ = client.send("POST", "/v1/events", "", headers, body)
        if answer.status not in _TAKEN:
            raise NoAnswerError(f"{recipient} answered {answer.status} to a message")

    def _client(self, recipient: str) -> SignedClient:
        keys = [one for one in self._firms().values() if one.name == recipient]
        firm = keys[0] if keys else None
        if firm is None or not firm.callback:
            raise UnreachableError(f"nobody knows where {recipient} takes messages")
        place = (firm.callback, *(one.key_id for one in keys))
        known = self._clients.get(place)
        if known is None:
            client = NodeClient(parse_address(firm.callback), timeout=TIMEOUT)
            known = SignedClient(client, self._key, [one.public_key for one in keys], self._clock)
            self._clients[place] = known
        return known
