"""Signed HTTP messages: one strict profile of RFC 9421 with Ed25519, and the Content-Digest of RFC 9530.

A request covers its method, authority, path, query, body digest, content type and (when it has one) its
idempotency key; an answer covers its status and body digest and, with ``;req``, the request that it
answers. The digest is checked here against the bytes that arrived: a signature over an unchecked
``content-digest`` proves nothing about the body. Only components that the signature covers are returned.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LABEL = "net"
MAXIMUM_FIELD = 4096
"""Longest ``Signature-Input`` or ``Signature`` value that is read at all, in characters."""
MAXIMUM_AGE = 300
"""Longest time between ``created`` and ``expires`` that is accepted, in seconds."""
CLOCK_SKEW = 30
"""How far the two clocks may differ, in seconds."""

REQUEST_COMPONENTS = ('"@method"', '"@authority"', '"@path"', '"@query"', '"content-digest"')
ANSWER_COMPONENTS = (
    '"@status"',
    '"content-digest"',
    '"@method";req',
    '"@authority";req',
    '"@path";req',
    '"content-digest";req',
)
_COVERED_WHEN_PRESENT = ("content-type", "idempotency-key")

_COMPONENT = re.compile(r'"(@?[a-z0-9-]+)"(;req)?\Z')
_LIST = re.compile(r'\(((?:"@?[a-z0-9-]+"(?:;req)?(?: "@?[a-z0-9-]+"(?:;req)?)*)?)\)')
_PARAMETER = re.compile(r';([a-z]+)=(?:(-?\d{1,15})|"([\x20\x21\x23-\x5b\x5d-\x7e]*)")')
_MEMBER = re.compile(r"([a-z][a-z0-9_.-]*)=:([A-Za-z0-9+/=]*):\Z")


class SignatureError(ValueError):
    """A message whose signature does not hold; ``code`` is stable, the text never quotes secrets."""

    def __init__(self, code: str, problem: str) -> None:
        super().__init__(problem)
        self.code = code


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """A request, or with ``status`` an answer to ``request``; header names in lower case.

    ``authority`` is host and port in lower case without the scheme's default port.
    """

    method: str = ""
    authority: str = ""
    path: str = "/"
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    status: int | None = None
    request: "HttpMessage | None" = None


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signature that holds says: by whom, when (seconds since 1970), once (``nonce``)."""

    key_id: str
    created: int
    expires: int
    nonce: str
    covered: tuple[str, ...]


def content_digest(body: bytes) -> str:
    """The value of a Content-Digest header (RFC 9530) with SHA-256."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def _derived(message: HttpMessage, name: str) -> str:
    match name:
        case "@method":
            return message.method.upper()
        case "@authority":
            return message.authority.lower()
        case "@path":
            return message.path or "/"
        case "@query":
            return f"?{message.query}"
        case "@status" if message.status is not None:
            return str(message.status)
    raise SignatureError("component", f"component {name} is not one that this profile derives")


def _value(message: HttpMessage, component: str) -> str:
    matched = _COMPONENT.match(component)
    if matched is None:
        raise SignatureError("component", "a component identifier is malformed")
    name, of_request = matched.group(1), bool(matched.group(2))
    source = message.request if of_request else message
    if source is None:
        raise SignatureError("component", f"{name};req without a request")
    if name.startswith("@"):
        return _derived(source, name)
    if name not in source.headers:
        raise SignatureError("component", f"covered header {name} is missing")
    value = " ".join(source.headers[name].split())
    if not (value.isascii() and value.isprintable()):
        raise SignatureError("component", f"header {name} has characters that cannot be signed")
    return value


def signature_base(message: HttpMessage, components: Iterable[str], parameters: str) -> bytes:
    """The bytes that are signed (RFC 9421 section 2.5); ``parameters`` is the inner list as sent."""
    lines = [f"{component}: {_value(message, component)}" for component in components]
    lines.append(f'"@signature-params": {parameters}')
    try:
        return "\n".join(lines).encode("ascii")
    except UnicodeEncodeError:
        raise SignatureError("component", "a component has characters that cannot be signed") from None


def _with_headers(message: HttpMessage, components: tuple[str, ...]) -> tuple[str, ...]:
    present = tuple(f'"{name}"' for name in _COVERED_WHEN_PRESENT if name in message.headers)
    return components + present


def sign(
    message: HttpMessage,
    key: Ed25519PrivateKey,
    key_id: str,
    *,
    created: int,
    nonce: str,
    lifetime: int = 60,
) -> dict[str, str]:
    """The three headers to add (lower-case names); ``created`` in seconds since 1970, ``lifetime`` too."""
    digest = content_digest(message.body)
    headers = {**message.headers, "content-digest": digest}
    complete = HttpMessage(
        message.method,
        message.authority,
        message.path,
        message.query,
        headers,
        message.body,
        message.status,
        message.request,
    )
    wanted = REQUEST_COMPONENTS if message.status is None else ANSWER_COMPONENTS
    components = _with_headers(complete, wanted)
    parameters = (
        f"({' '.join(components)});created={created};expires={created + lifetime}"
        f';nonce="{nonce}";keyid="{key_id}";alg="ed25519"'
    )
    signature = key.sign(signature_base(complete, components, parameters))
    return {
        "content-digest": digest,
        "signature-input": f"{LABEL}={parameters}",
        "signature": f"{LABEL}=:{base64.b64encode(signature).decode()}:",
    }


def _parsed_input(value: str) -> tuple[str, str, tuple[str, ...], dict[str, str | int]]:
    """Label, parameters as sent, components and parameter values of the only signature in the field."""
    if len(value) > MAXIMUM_FIELD:
        raise SignatureError("malformed", "Signature-Input is too long")
    label, equals, parameters = value.strip().partition("=")
    listed = _LIST.match(parameters)
    if not equals or listed is None or not re.fullmatch(r"[a-z][a-z0-9_.-]*", label):
        raise SignatureError("malformed", "Signature-Input is not one signature in this profile")
    values: dict[str, str | int] = {}
    place = listed.end()
    while place < len(parameters):
        found = _PARAMETER.match(parameters, place)
        if found is None or found.group(1) in values:
            raise SignatureError("malformed", "a parameter of Signature-Input is malformed or repeated")
        values[found.group(1)] = int(found.group(2)) if found.group(2) is not None else found.group(3)
        place = found.end()
    components = tuple(listed.group(1).split(" ")) if listed.group(1) else ()
    if len(set(components)) != len(components):
        raise SignatureError("malformed", "a component is covered twice")
    return label, parameters, components, values


def _signature_bytes(value: str, label: str) -> bytes:
    member = _MEMBER.match(value.strip()) if len(value) <= MAXIMUM_FIELD else None
    if member is None or member.group(1) != label:
        raise SignatureError("malformed", "Signature is not the one named by Signature-Input")
    try:
        signature = base64.b64decode(member.group(2), validate=True)
    except binascii.Error:
        raise SignatureError("malformed", "Signature is not base64") from None
    if base64.b64encode(signature).decode() != member.group(2):  # one signature, one spelling
        raise SignatureError("malformed", "Signature is not canonical base64")
    return signature


def _check_times(values: Mapping[str, str | int], now: int) -> tuple[int, int]:
    created, expires = values.get("created"), values.get("expires")
    if not isinstance(created, int) or not isinstance(expires, int):
        raise SignatureError("malformed", "created and expires are required")
    if created > now + CLOCK_SKEW:
        raise SignatureError("clock", "created lies in the future: compare the two clocks")
    if expires <= now - CLOCK_SKEW or expires <= created:
        raise SignatureError("expired", "the signature has expired: sign the request again")
    if expires - created > MAXIMUM_AGE or created < now - MAXIMUM_AGE - CLOCK_SKEW:
        raise SignatureError("expired", f"a signature may live {MAXIMUM_AGE} seconds at most")
    return created, expires


def _check_covered(message: HttpMessage, components: tuple[str, ...]) -> None:
    wanted = REQUEST_COMPONENTS if message.status is None else ANSWER_COMPONENTS
    missing = [name for name in _with_headers(message, wanted) if name not in components]
    if missing:
        raise SignatureError("uncovered", f"the signature does not cover {', '.join(missing)}")


def _check_digest(message: HttpMessage) -> None:
    if not hmac.compare_digest(
        message.headers.get("content-digest", "").strip().encode("latin-1", "replace"),
        content_digest(message.body).encode(),
    ):
        raise SignatureError("digest", "Content-Digest is not the sha-256 of the body that arrived")


def verify(
    message: HttpMessage,
    key_of: Callable[[str], Ed25519PublicKey | None],
    *,
    now: int,
) -> Signed:
    """Who signed the message; SignatureError unless every part of the profile holds.

    ``now`` in seconds since 1970. The caller stores the nonce afterwards, and only then: a nonce kept
    before verification would let a forger burn other people's nonces.
    """
    label, parameters, components, values = _parsed_input(message.headers.get("signature-input", ""))
    signature = _signature_bytes(message.headers.get("signature", ""), label)
    created, expires = _check_times(values, now)
    key_id, nonce = values.get("keyid"), values.get("nonce")
    if not isinstance(key_id, str) or not isinstance(nonce, str) or not 16 <= len(nonce) <= 128:
        raise SignatureError("malformed", "keyid and a nonce of 16 to 128 characters are required")
    if values.get("alg", "ed25519") != "ed25519":
        raise SignatureError("algorithm", "only ed25519 is accepted")
    _check_covered(message, components)
    key = key_of(key_id)
    if key is None:
        raise SignatureError("unknown-key", "the key that signed is not trusted here")
    try:
        key.verify(signature, signature_base(message, components, parameters))
    except InvalidSignature:
        raise SignatureError("forged", "the signature does not match the message") from None
    _check_digest(message)
    return Signed(key_id, created, expires, nonce, components)
