"""Any firm whose node speaks our OpenAPI: ``net node serve`` at the other end, or something like it.

Settings: ``url``, ``key`` (the firm's public key line, or a list of two while it changes), and if wanted
``remote`` (the id by which the firm's own network file calls it, the same as here if not given),
``timeout_seconds``, ``verified_by`` (a file of certificates for https), ``cancel_fees``, ``hold``.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote as percent

import orjson

from domain.errors import UsageError
from domain.slots import credit_resource, slot_resource
from providers.answers import AnswerError, instant_text, read_answer, request_data
from providers.http_client import HttpAnswer, NodeClient, parse_address
from providers.protocol import (
    Answer,
    Booked,
    Call,
    Callback,
    Capabilities,
    Declined,
    Held,
    HoldKind,
    Idempotency,
    NoAnswerError,
    NotSentError,
    Pending,
    Proof,
    Released,
    Services,
    SlotRequest,
)
from providers.signing import SignedClient
from providers.terms import fees_of
from trust.node_keys import load_signing_key, parse_public_line

DEFAULT_TIMEOUT = Fraction(10)
_JSON = {"content-type": "application/json", "accept": "application/json"}
_TRY_AGAIN = {401, 403, 429, 503}


class HttpNode:
    def __init__(self, name: str, settings: Mapping[str, Any], services: Services) -> None:
        missing = [field for field in ("url", "key") if not settings.get(field)]
        if missing:
            raise UsageError(f"provider {name} lacks {' and '.join(missing)} in its settings")
        timeout = Fraction(str(settings.get("timeout_seconds", DEFAULT_TIMEOUT)))
        target = parse_address(str(settings["url"]), str(settings.get("verified_by", "")))
        lines = settings["key"] if isinstance(settings["key"], list | tuple) else [settings["key"]]
        self.name = name
        self._remote = str(settings.get("remote", name))
        self._client = SignedClient(
            NodeClient(target, timeout=float(timeout)),
            load_signing_key(Path(services.keys_folder)),
            [parse_public_line(str(line)) for line in lines],
            services.clock,
        )
        self.capabilities = Capabilities(
            HoldKind(settings.get("hold", "firm")),
            Idempotency.KEY,
            Callback.PUSH,
            fees_of(settings),
            in_flight=timedelta(seconds=float(2 * timeout)),
            completes=True,
        )

    def quote(self, call: Call) -> Answer:
        return self._post(call, "/v1/quotes", {"request": self._theirs(call.request)})

    def hold(self, call: Call) -> Answer:
        body = {"request": self._theirs(call.request), "expires_at": instant_text(call.expires_at)}
        return self._post(call, "/v1/holds", body)

    def confirm(self, call: Call) -> Answer:
        return self._post(call, f"/v1/holds/{percent(call.reference, safe='')}/confirm", None)

    def release(self, call: Call) -> Answer:
        return self._post(call, f"/v1/holds/{percent(call.reference, safe='')}/release", None)

    def cancel(self, call: Call) -> Answer:
        return self._post(call, f"/v1/holds/{percent(call.reference, safe='')}/cancel", None)

    def complete(self, call: Call) -> Answer:
        return self._post(call, f"/v1/holds/{percent(call.reference, safe='')}/complete", None)

    def status(self, call: Call) -> Answer:
        exchange, proof = self._client.send("GET", "/v1/answers", f"key={percent(call.key)}", _JSON, b"")
        return self._read(exchange, proof)

    def _theirs(self, request: SlotRequest) -> dict[str, Any]:
        """The request in the firm's own names: ``remote`` is its id in its own network file."""
        lines = tuple(replace(line, resource=self._their_name(line.resource)) for line in request.lines)
        return request_data(replace(request, provider=self._remote, lines=lines))

    def _their_name(self, resource: str) -> str:
        if resource == credit_resource(self.name):
            return credit_resource(self._remote)
        ours = slot_resource(self.name, "")
        if not resource.startswith(ours):
            return resource
        return slot_resource(self._remote, resource.removeprefix(ours))

    def _post(self, call: Call, path: str, body: Mapping[str, Any] | None) -> Answer:
        headers = {**_JSON, "idempotency-key": call.key}
        content = b"" if body is None else orjson.dumps(body)
        exchange, proof = self._client.send("POST", path, "", headers, content)
        return self._read(exchange, proof)

    def _read(self, exchange: HttpAnswer, proof: Proof) -> Answer:
        if exchange.status in _TRY_AGAIN:
            raise NotSentError(
                f"{self.name} does not take the request now: {_problem(exchange)}",
                "nothing was done there; run the same command again",
            )
        if 400 <= exchange.status < 500:
            return Declined("refused", _problem(exchange), proof)
        media = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        if exchange.status not in {200, 201, 202} or media != "application/json":
            raise NoAnswerError(
                f"{self.name} answered {exchange.status} {media or 'without a type'}, which says nothing",
                "the firm may have done the work: run the same command again, it does not repeat it",
            )
        try:
            return _with_proof(read_answer(orjson.loads(exchange.body)), proof)
        except (AnswerError, orjson.JSONDecodeError) as problem:
            raise NoAnswerError(
                f"{self.name} answered what cannot be read ({problem})",
                "the firm may have done the work: run the same command again, it does not repeat it",
            ) from None


def _problem(exchange: HttpAnswer) -> str:
    """The title and detail of a problem document (RFC 9457), or the bare status."""
    try:
        data = orjson.loads(exchange.body)
        parts = [str(data[name])[:300] for name in ("title", "detail") if data.get(name)]
    except (orjson.JSONDecodeError, AttributeError, TypeError, KeyError):
        parts = []
    return ": ".join(parts) or f"HTTP {exchange.status}"


def _with_proof(answer: Answer, proof: Proof) -> Answer:
    match answer:
        case Held(reference, until, price, currency, simulated, _):
            return Held(reference, until, price, currency, simulated, proof)
        case Booked(reference, price, currency, _):
            return Booked(reference, price, currency, proof)
        case Released(fee, currency, _):
            return Released(fee, currency, proof)
        case Declined(code, reason, _):
            return Declined(code, reason, proof)
        case Pending(reference, reason, _):
            return Pending(reference, reason, proof)
    return answer


def connect(name: str, settings: Mapping[str, Any], services: Services) -> HttpNode:
    return HttpNode(name, settings, services)
