"""The profile of RFC 9421: its published vector, every forgery, and any bytes at all in its fields."""

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from trust.http_signatures import (
    HttpMessage,
    SignatureError,
    Signed,
    content_digest,
    sign,
    signature_base,
    verify,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NOW = 1_800_000_000
REQUEST = HttpMessage(
    "POST",
    "firm.example:8443",
    "/v1/holds",
    "",
    {"content-type": "application/json", "idempotency-key": "order-1/hold/0"},
    b'{"quantity":"3"}',
)


def key_of(key_id):
    return KEY.public_key() if key_id == "trader" else None


def signed(message=REQUEST, **changes):
    options = {"created": NOW, "nonce": "0123456789abcdef", "lifetime": 60, **changes}
    headers = sign(message, KEY, options.pop("key_id", "trader"), **options)
    return replace(message, headers={**message.headers, **headers})


def code_of(message, now=NOW):
    with pytest.raises(SignatureError) as caught:
        verify(message, key_of, now=now)
    return caught.value.code


def test_signature_base_matches_rfc_9421_appendix_b26():
    """RFC 9421 B.2.6 signs this very base with the key of B.1.4, and Ed25519 is deterministic."""
    key = Ed25519PrivateKey.from_private_bytes(
        base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU=")
    )
    message = HttpMessage(
        "POST",
        "example.com",
        "/foo",
        "param=Value&Pet=dog",
        {
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "content-type": "application/json",
            "content-length": "18",
        },
    )
    components = ('"date"', '"@method"', '"@path"', '"@authority"', '"content-type"', '"content-length"')
    parameters = f'({" ".join(components)});created=1618884473;keyid="test-key-ed25519"'
    signature = key.sign(signature_base(message, components, parameters))
    assert (
        base64.b64encode(signature).decode()
        == "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


def test_content_digest_matches_rfc_9530_appendix():
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def test_signed_request_verifies_and_names_its_signer():
    answer = verify(signed(), key_of, now=NOW + 5)
    assert isinstance(answer, Signed)
    assert (answer.key_id, answer.nonce, answer.expires) == ("trader", "0123456789abcdef", NOW + 60)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "DELETE"}, "forged"),
        ({"authority": "other.example"}, "forged"),
        ({"path": "/v1/holds/7/release"}, "forged"),
        ({"query": "quantity=9"}, "forged"),
        ({"body": b'{"quantity":"9"}'}, "digest"),
    ],
)
def test_changed_request_is_refused(change, code):
    assert code_of(replace(signed(), **change)) == code


def test_swapped_body_with_its_own_digest_is_refused():
    message = signed()
    body = b'{"quantity":"9"}'
    headers = {**message.headers, "content-digest": content_digest(body)}
    assert code_of(replace(message, body=body, headers=headers)) == "forged"


def test_swapped_idempotency_key_is_refused():
    message = signed()
    assert code_of(replace(message, headers={**message.headers, "idempotency-key": "x"})) == "forged"


def test_header_added_after_signing_must_be_covered():
    bare = replace(REQUEST, headers={"content-type": "application/json"})
    message = signed(bare)
    added = replace(message, headers={**message.headers, "idempotency-key": "x"})
    assert code_of(added) == "uncovered"


@pytest.mark.parametrize(
    ("changes", "now", "code"),
    [
        ({}, NOW + 91, "expired"),
        ({"created": NOW + 31}, NOW, "clock"),
        ({"lifetime": 301}, NOW, "expired"),
        ({"lifetime": 0}, NOW, "expired"),
        ({"key_id": "stranger"}, NOW, "unknown-key"),
        ({"nonce": "short"}, NOW, "malformed"),
    ],
)
def test_signature_outside_its_window_or_by_a_stranger_is_refused(changes, now, code):
    assert code_of(signed(**changes), now) == code


def test_signature_by_another_key_is_refused():
    other = Ed25519PrivateKey.generate()
    headers = sign(REQUEST, other, "trader", created=NOW, nonce="0123456789abcdef")
    assert code_of(replace(REQUEST, headers={**REQUEST.headers, **headers})) == "forged"


def test_unsigned_request_is_refused():
    assert code_of(REQUEST) == "malformed"


def test_answer_is_bound_to_its_request():
    request = signed()
    answer = HttpMessage(
        status=201, headers={"content-type": "application/json"}, body=b'{"hold":"1"}', request=request
    )
    headers = sign(answer, KEY, "trader", created=NOW, nonce="fedcba9876543210")
    whole = replace(answer, headers={**answer.headers, **headers})
    assert verify(whole, key_of, now=NOW).key_id == "trader"
    assert code_of(replace(whole, status=200)) == "forged"
    other = signed(replace(REQUEST, body=b"{}"))
    assert code_of(replace(whole, request=other)) == "forged"


def test_other_implementation_agrees():
    """pyauth's library verifies what we sign: the profile is RFC 9421, not a dialect of ours."""
    library = pytest.importorskip("http_message_signatures")

    class Resolver(library.HTTPSignatureKeyResolver):
        def resolve_public_key(self, _key_id):
            return KEY.public_key()

    class Request:
        method = "POST"
        url = "https://firm.example:8443/v1/holds"

    import time

    now = int(time.time())
    request = Request()
    request.headers = dict(signed(created=now).headers)
    verifier = library.HTTPMessageVerifier(
        signature_algorithm=library.algorithms.ED25519, key_resolver=Resolver()
    )
    results = verifier.verify(request, body=REQUEST.body)
    assert results[0].parameters["keyid"] == "trader"


@given(st.text(max_size=300), st.text(max_size=200))
def test_any_text_in_the_signature_fields_is_refused_in_order(signature_input, signature):
    headers = {**signed().headers, "signature-input": signature_input, "signature": signature}
    with pytest.raises(SignatureError):
        verify(replace(REQUEST, headers=headers), key_of, now=NOW)


@given(st.data())
def test_any_one_changed_character_is_refused(data):
    """Flip one character of either field: never accepted, never another exception."""
    message = signed()
    name = data.draw(st.sampled_from(["signature-input", "signature", "content-digest"]))
    text = message.headers[name]
    place = data.draw(st.integers(0, len(text) - 1))
    changed = text[:place] + data.draw(st.characters(codec="latin-1")) + text[place + 1 :]
    damaged = replace(message, headers={**message.headers, name: changed})
    if changed == text or changed.strip() == text:
        return
    with pytest.raises(SignatureError):
        verify(damaged, key_of, now=NOW)


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_text_in_the_covered_parts_is_refused_in_order(path, query, authority):
    message = replace(signed(), path=path, query=query, authority=authority)
    with pytest.raises(SignatureError):
        verify(message, key_of, now=NOW)
