"""Signing and verifying a request: our profile, the general library, and Ed25519 alone, a second each.

``python bench/http_signatures.py [TIMES]``. The library is left out where it is not installed.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from trust.http_signatures import HttpMessage, sign, verify

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key()
BODY, NONCE = b'{"a":1}' * 30, "0123456789abcdef"
NOW = int(time.time())


def rate(times: int, work: Callable[[], object]) -> float:
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(times):
            work()
        rates.append(times / (time.perf_counter() - began))
    return sorted(rates)[1]


def own(times: int) -> tuple[float, float]:
    bare = HttpMessage("POST", "127.0.0.1:9000", "/v1/holds", "", {"content-type": "application/json"}, BODY)

    def signing() -> dict[str, str]:
        return sign(bare, KEY, "trader", created=NOW, nonce=NONCE)

    message = replace(bare, headers={**bare.headers, **signing()})
    return rate(times, signing), rate(times, lambda: verify(message, lambda _: PUBLIC, now=NOW))


def library(times: int) -> tuple[float, float] | None:
    try:
        import http_message_signatures as general
    except ImportError:
        return None

    class Keys(general.HTTPSignatureKeyResolver):  # type: ignore[misc]
        def resolve_public_key(self, _key_id: str) -> Any:
            return PUBLIC

        def resolve_private_key(self, _key_id: str) -> Any:
            return KEY

    class Request:
        method, url = "POST", "http://127.0.0.1:9000/v1/holds"

        def __init__(self) -> None:
            self.headers = {"content-type": "application/json"}

    algorithm = general.algorithms.ED25519
    signer = general.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Keys())
    verifier = general.HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Keys())
    covered = ("@method", "@authority", "@path", "@query", "content-type")

    def signing() -> Request:
        request, created = Request(), datetime.now(UTC)
        signer.sign(
            request,
            key_id="trader",
            body=BODY,
            nonce=NONCE,
            created=created,
            expires=created + timedelta(seconds=60),
            covered_component_ids=covered,
        )
        return request

    message = signing()
    return rate(times, signing), rate(times, lambda: verifier.verify(message, body=BODY))


def main(times: int) -> None:
    plain = KEY.sign(BODY)
    alone = rate(times, lambda: KEY.sign(BODY)), rate(times, lambda: PUBLIC.verify(plain, BODY))
    rows = [
        ("Ed25519 alone", alone),
        ("our profile", own(times)),
        ("http-message-signatures", library(times)),
    ]
    for name, rates in rows:
        if rates is not None:
            print(f"{name:24} sign {rates[0]:7.0f}/s   verify {rates[1]:7.0f}/s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
