# ruff: noqa: ARG005 - every attack is given the same four things
"""Attacks on a signed request, each against every verb: refused before anything is kept, and named."""

import re
import secrets
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.store import open_ledger
from tests.node.test_node import SOON, hold_body, with_key
from tests.parts.node_inside import NAME, Inside
from trust.http_signatures import content_digest
from trust.node_keys import key_id_of, public_line, trust_firm

Headers = dict[str, str]
Attack = Callable[[Inside, str, Headers, bytes], tuple[str, Headers | list[tuple[str, str]], bytes]]

VERBS = {
    "quote": ("/v1/quotes", True),
    "hold": ("/v1/holds", True),
    "confirm": ("/v1/holds/key-00001/confirm", False),
    "release": ("/v1/holds/key-00001/release", False),
    "cancel": ("/v1/holds/key-00001/cancel", False),
    "complete": ("/v1/holds/key-00001/complete", False),
    "event": ("/v1/events", True),
}


def changed(headers: Headers, **parts: str) -> Headers:
    return {**headers, **{name.replace("_", "-"): value for name, value in parts.items()}}


def without(headers: Headers, name: str) -> Headers:
    return {key: value for key, value in headers.items() if key != name}


def twice(headers: Headers, name: str, value: str) -> list[tuple[str, str]]:
    return [*headers.items(), (name, value)]


def resigned(
    works: Inside, path: str, headers: Headers, body: bytes, key: Ed25519PrivateKey, key_id: str
) -> Headers:
    own = {name: headers[name] for name in ("content-type", "idempotency-key") if name in headers}
    return works.signed("POST", path, body, own, key=key, key_id=key_id)


def old(works: Inside, path: str, headers: Headers, body: bytes, **times: int) -> Headers:
    own = {name: headers[name] for name in ("content-type", "idempotency-key") if name in headers}
    return works.signed("POST", path, body, own, **times)


def _now(works: Inside) -> int:
    return int(works.clock().timestamp())


def _cut_component(headers: Headers, name: str) -> Headers:
    return changed(headers, signature_input=headers["signature-input"].replace(f' "{name}"', "", 1))


ATTACKS: dict[str, tuple[Attack, set[str]]] = {
    "forged signature": (
        lambda w, p, h, b: (p, changed(h, signature=_flipped(h["signature"])), b), {"forged", "malformed"},
    ),
    "forged by another key under our id": (
        lambda w, p, h, b: (
            p, resigned(w, p, h, b, Ed25519PrivateKey.generate(), key_id_of(w.buyer_key.public_key())), b,
        ), {"forged"},
    ),
    "key id swapped for another trusted firm's": (
        lambda w, p, h, b: (p, changed(h, signature_input=_other_id(w, h["signature-input"])), b), {"forged"},
    ),
    "unknown key": (
        lambda w, p, h, b: (
            p, resigned(w, p, h, b, (k := Ed25519PrivateKey.generate()), key_id_of(k.public_key())), b,
        ), {"unknown-key"},
    ),
    "expired": (lambda w, p, h, b: (p, old(w, p, h, b, created=_now(w) - 200, lifetime=60), b), {"expired"}),
    "from the future": (lambda w, p, h, b: (p, old(w, p, h, b, created=_now(w) + 200), b), {"clock"}),
    "good for a year": (
        lambda w, p, h, b: (p, old(w, p, h, b, created=_now(w), lifetime=31_536_000), b), {"expired"},
    ),
    "lifetime stretched": (
        lambda w, p, h, b: (p, changed(h, signature_input=_stretched(h["signature-input"])), b), {"forged"},
    ),
    "aimed at another host": (lambda w, p, h, b: (p, changed(h, host="other.example"), b), {"misdirected"}),
    "moved to another address": (
        lambda w, p, h, b: (p.replace("/v1", "/v1/.", 1), h, b), {"forged"},
    ),
    "query added": (lambda w, p, h, b: (f"{p}?x=1", h, b), {"forged"}),
    "body swapped": (lambda w, p, h, b: (p, h, b + b" "), {"digest"}),
    "body and digest swapped": (
        lambda w, p, h, b: (p, changed(h, content_digest=content_digest(b + b" ")), b + b" "), {"forged"},
    ),
    "digest missing": (lambda w, p, h, b: (p, without(h, "content-digest"), b), {"component", "uncovered"}),
    "digest not covered": (
        lambda w, p, h, b: (p, _cut_component(h, "content-digest"), b), {"uncovered"},
    ),
    "digest of another kind": (
        lambda w, p, h, b: (p, changed(h, content_digest="md5=:1B2M2Y8AsgTpgAmY7PhCfg==:"), b), {"forged"},
    ),
    "digest twice": (
        lambda w, p, h, b: (p, twice(h, "content-digest", content_digest(b + b" ")), b), {"forged", "digest"},
    ),
    "path not covered": (lambda w, p, h, b: (p, _cut_component(h, "@path"), b), {"uncovered"}),
    "authority not covered": (lambda w, p, h, b: (p, _cut_component(h, "@authority"), b), {"uncovered"}),
    "signature dropped": (lambda w, p, h, b: (p, without(h, "signature"), b), {"malformed"}),
    "signature input dropped": (lambda w, p, h, b: (p, without(h, "signature-input"), b), {"malformed"}),
    "signature twice": (
        lambda w, p, h, b: (p, twice(h, "signature", h["signature"]), b), {"malformed"},
    ),
    "signature input twice": (
        lambda w, p, h, b: (p, twice(h, "signature-input", h["signature-input"]), b), {"malformed"},
    ),
    "host twice": (lambda w, p, h, b: (p, twice(h, "host", "other.example"), b), {"misdirected"}),
    "algorithm swapped": (
        lambda w, p, h, b: (p, changed(h, signature_input=_alg(h, "hmac-sha256")), b), {"algorithm"},
    ),
    "algorithm none": (lambda w, p, h, b: (p, changed(h, signature_input=_alg(h, "none")), b), {"algorithm"}),
    "algorithm left out": (
        lambda w, p, h, b: (
            p, changed(h, signature_input=h["signature-input"].replace(';alg="ed25519"', "")), b,
        ), {"forged"},
    ),
    "nonce swapped": (
        lambda w, p, h, b: (
            p,
            changed(h, signature_input=re.sub(r'nonce="\w+"', f'nonce="{"0" * 32}"', h["signature-input"])),
            b,
        ), {"forged"},
    ),
    "nonce left out": (
        lambda w, p, h, b: (
            p, changed(h, signature_input=re.sub(r';nonce="\w+"', "", h["signature-input"])), b,
        ), {"malformed"},
    ),
    "type swapped": (lambda w, p, h, b: (p, changed(h, content_type="text/plain"), b), {"forged"}),
    "type dropped": (lambda w, p, h, b: (p, without(h, "content-type"), b), {"component"}),
    "idempotency key swapped": (
        lambda w, p, h, b: (p, changed(h, idempotency_key="key-99999"), b), {"forged"},
    ),
    "idempotency key twice": (
        lambda w, p, h, b: (p, twice(h, "idempotency-key", "key-99999"), b), {"forged"},
    ),
}  # fmt: skip


def _flipped(signature: str) -> str:
    place = signature.index(":") + 5
    other = "A" if signature[place] != "A" else "B"
    return signature[:place] + other + signature[place + 1 :]


def _other_id(works: Inside, signature_input: str) -> str:
    ours = key_id_of(works.buyer_key.public_key())
    return signature_input.replace(ours, works.other_id)  # type: ignore[attr-defined]


def _stretched(signature_input: str) -> str:
    return re.sub(r"expires=(\d+)", lambda found: f"expires={int(found[1]) + 100}", signature_input)


def _alg(headers: Headers, name: str) -> str:
    return headers["signature-input"].replace('alg="ed25519"', f'alg="{name}"')


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Any:
    inside = Inside(tmp_path_factory.mktemp("works"), capacity=10, unknown_burst=1e9)
    other = Ed25519PrivateKey.generate()
    trust_firm(inside.folder / "keys", "other", public_line(other.public_key()))
    inside.other_id = key_id_of(other.public_key())  # type: ignore[attr-defined]
    inside.node._firms_read = 0.0
    assert inside.ask("POST", "/v1/holds", hold_body(3), with_key("key-00001"))[0] == 200
    yield inside
    inside.node.close()


def body_of(verb: str) -> bytes:
    if verb in {"quote", "hold"}:
        whole = orjson.loads(hold_body(2))
        return orjson.dumps(whole if verb == "hold" else {"request": whole["request"]})
    if verb == "event":
        said = {"answer": "declined", "code": "expired", "reason": ""}
        return orjson.dumps({"message_id": "m1", "order": "o1", "key": "key-00001", "answer": said})
    return b""


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ATTACKS)
def test_attack_is_refused_and_changes_nothing(works: Inside, name: str, verb: str) -> None:
    attack, codes = ATTACKS[name]
    path, _ = VERBS[verb]
    body = body_of(verb)
    good = works.signed("POST", path, body, with_key(f"key-{secrets.token_hex(6)}"))
    with open_ledger(works.folder / "book.db") as ledger:
        size = ledger.size()
    moved, headers, sent = attack(works, path, good, body)
    place, _, query = moved.partition("?")
    status, _, problem = works.call("POST", place, headers, sent, query)
    assert (status, problem["code"] in codes) == (421 if codes == {"misdirected"} else 401, True), problem
    with open_ledger(works.folder / "book.db") as ledger:
        assert ledger.size() == size
        assert ledger.capacity("works/lamp", SOON) == (10, 3)


@pytest.mark.parametrize("verb", VERBS)
def test_replay_is_refused_for_every_verb(works: Inside, verb: str) -> None:
    """The first is answered, whatever the answer; the very same again is not even looked at."""
    path, _ = VERBS[verb]
    body = body_of(verb) if verb != "hold" else hold_body(99)
    if verb in {"confirm", "release", "cancel", "complete"}:
        path = path.replace("key-00001", "key-unknown")
    headers = works.signed("POST", path, body, with_key(f"key-{secrets.token_hex(6)}"))
    assert works.call("POST", path, headers, body)[0] in {200, 404}
    status, _, problem = works.call("POST", path, headers, body)
    assert (status, problem["code"]) == (401, "replayed")


def test_good_request_is_answered_among_all_these(works: Inside) -> None:
    """The attacks fail for what they change, not because everything is refused."""
    for verb in ("quote", "hold"):
        path, _ = VERBS[verb]
        headers = works.signed("POST", path, body_of(verb), with_key(f"key-{secrets.token_hex(6)}"))
        assert headers["host"] == NAME
        assert works.call("POST", path, headers, body_of(verb))[0] == 200
