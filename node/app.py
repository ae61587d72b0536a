"""The interface that other firms call: routes, nothing else. Rules are in ``flows/shop/serve.py``."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Annotated, Any

import orjson
from fastapi import FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException

from domain.errors import KeyReusedError, NetError, NotFoundError, StateError
from flows.calls.messages import Taken, take_message_in
from flows.shop import serve
from flows.shop.catalogue import Catalogue, catalogue_data
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from node.desk import Desk, FullError
from node.guard import CallingFirm
from node.metrics import Metrics
from node.models import (
    AnswerModel,
    CatalogueModel,
    EventModel,
    HealthModel,
    HoldModel,
    ProblemModel,
    QuoteModel,
    RequestModel,
    TakenModel,
)
from node.problems import MEDIA, TITLES, problem_body
from providers.answers import AnswerError, answer_data, read_answer, read_instant, read_request
from providers.protocol import Answer, SlotRequest, Verb

Key = Annotated[
    str, Header(alias="Idempotency-Key", min_length=8, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")
]
Reference = Annotated[str, Path(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
AskedKey = Annotated[str, Query(min_length=8, max_length=128, pattern=r"^[A-Za-z0-9_-]+$")]
_PROBLEM: dict[str, Any] = {
    "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}},
    "model": ProblemModel,
}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": TITLES[status], **_PROBLEM}
    for status in (400, 401, 404, 408, 409, 413, 421, 422, 429, 500, 503)
}
STATUS_OF: tuple[tuple[type[Exception], int, str], ...] = (
    (FullError, 503, "busy"),
    (KeyReusedError, 409, "key-reused"),
    (NotFoundError, 404, "not-found"),
    (StateError, 409, "state"),
)


@dataclass(frozen=True)
class Shop:
    """What the routes work with."""

    catalogue: Catalogue
    reading: Reading
    desk: Desk
    metrics: Metrics
    clock: Callable[[], datetime]
    ledger_id: str
    key_id: str
    firm_of: Callable[[str], str]


def create_app(shop: Shop) -> FastAPI:
    """The application without its guard; ``node/server.py`` puts the two together."""
    app = FastAPI(
        title="net node",
        version="1",
        description="Reserve a firm's slots: quote, hold, confirm, release, cancel, look up.",
        docs_url=None,
        redoc_url=None,
    )
    _add_errors(app)
    _add_open(app, shop)
    _add_holds(app, shop)
    _add_events(app, shop)
    return app


def _caller(request: Request) -> CallingFirm:
    caller: CallingFirm = request.state.caller
    return caller


def _json(data: object, status: int = 200) -> Response:
    return Response(orjson.dumps(data), status, media_type="application/json")


def _slot_request(model: RequestModel) -> SlotRequest:
    return read_request(model.model_dump())


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(NetError)
    async def told(_: Request, error: NetError) -> Response:
        for kind, status, code in STATUS_OF:
            if isinstance(error, kind):
                headers = {"retry-after": "1"} if status == 503 else None
                return Response(problem_body(status, code, error.message), status, headers, MEDIA)
        return Response(problem_body(500, "fault", "the node could not do it"), 500, media_type=MEDIA)

    @app.exception_handler(AnswerError)
    async def unfit(_: Request, error: AnswerError) -> Response:
        return Response(problem_body(422, "unfit", str(error)), 422, media_type=MEDIA)

    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        faults = [
            {"where": ".".join(str(part) for part in one["loc"]), "problem": str(one["msg"])}
            for one in error.errors()[:20]
        ]
        detail = "; ".join(f"{fault['where']}: {fault['problem']}" for fault in faults)[:2000]
        return Response(problem_body(422, "unfit", detail, faults=faults), 422, media_type=MEDIA)

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> Response:
        status = error.status_code
        code = {400: "unreadable", 404: "not-found", 405: "method"}.get(status, "error")
        headers = dict(error.headers or {})
        return Response(problem_body(status, code, str(error.detail)), status, headers, MEDIA)

    @app.exception_handler(Exception)
    async def fault(_: Request, _error: Exception) -> Response:
        return Response(problem_body(500, "fault", "the node could not do it"), 500, media_type=MEDIA)


def _add_open(app: FastAPI, shop: Shop) -> None:
    @app.get("/health", response_model=HealthModel, operation_id="health")
    async def health() -> Response:
        """Whether the node can answer: it reads its ledger."""
        shop.reading.size()
        return _json({"status": "ok", "node": shop.ledger_id, "key": shop.key_id})

    @app.get("/metrics", response_class=PlainTextResponse, operation_id="metrics")
    async def metrics() -> PlainTextResponse:
        """Counters in the text format of Prometheus; nothing in them is about a customer."""
        return PlainTextResponse(shop.metrics.text())

    @app.get("/v1/catalogue", response_model=CatalogueModel, responses=PROBLEMS, operation_id="catalogue")
    async def catalogue() -> Response:
        """What this firm offers."""
        return _json(catalogue_data(shop.catalogue))


class Counter:
    """Where calls about slots are answered: each answer is counted, and what writes goes over the desk."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def answered(self, verb: Verb, answer: Answer) -> Response:
        data = answer_data(answer)
        self.shop.metrics.answers[verb.value, data["answer"]] += 1
        return _json(data)

    async def written(self, inquiry: serve.Inquiry) -> Response:
        def job(transaction: Transaction) -> Answer:
            return serve.answer(transaction, self.shop.catalogue, inquiry)

        return self.answered(inquiry.verb, await self.shop.desk.submit(job))

    def inquiry(self, request: Request, verb: Verb, key: str) -> serve.Inquiry:
        caller = _caller(request)
        return serve.Inquiry(caller.firm.name, verb, key, self.shop.clock(), proof=caller.proof)


TURNS = (
    (Verb.CONFIRM, "Turn a hold into a booking."),
    (Verb.RELEASE, "Give a hold back."),
    (Verb.CANCEL, "Cancel a booking, at its fee."),
    (Verb.COMPLETE, "Say that a booking was used up, or that its credit is back."),
)
"""What can be done with a hold, each under its own path."""


def _add_holds(app: FastAPI, shop: Shop) -> None:
    counter = Counter(shop)
    _add_asking(app, counter)
    for verb, told in TURNS:
        app.add_api_route(
            f"/v1/holds/{{reference}}/{verb.value}",
            _turn(counter, verb),
            methods=["POST"],
            name=verb.value,
            operation_id=verb.value,
            description=told,
            response_model=AnswerModel,
            responses=PROBLEMS,
        )

    @app.get("/v1/answers", response_model=AnswerModel, responses=PROBLEMS, operation_id="status")
    async def status(request: Request, key: AskedKey) -> Response:
        """What was answered to the call with that key; ``unseen`` when it never arrived."""
        return counter.answered(Verb.STATUS, serve.status(shop.reading, _caller(request).firm.name, key))


def _add_asking(app: FastAPI, counter: Counter) -> None:
    shop = counter.shop

    @app.post("/v1/quotes", response_model=AnswerModel, responses=PROBLEMS, operation_id="quote")
    async def quote(request: Request, body: QuoteModel) -> Response:
        """The price of slots and whether they are free now; nothing is kept."""
        asked = replace(counter.inquiry(request, Verb.QUOTE, ""), request=_slot_request(body.request))
        return counter.answered(Verb.QUOTE, serve.quote(shop.catalogue, shop.reading, asked))

    @app.post("/v1/holds", response_model=AnswerModel, responses=PROBLEMS, operation_id="hold")
    async def hold(request: Request, body: HoldModel, key: Key) -> Response:
        """Keep slots until a time, all of them or none; the same key again gets the same answer."""
        inquiry = counter.inquiry(request, Verb.HOLD, key)
        until = read_instant(body.expires_at)
        return await counter.written(replace(inquiry, request=_slot_request(body.request), expires_at=until))


def _turn(counter: Counter, verb: Verb) -> Callable[[Request, str, str], Awaitable[Response]]:
    async def turn(request: Request, reference: Reference, key: Key) -> Response:
        return await counter.written(replace(counter.inquiry(request, verb, key), reference=reference))

    return turn


def _add_events(app: FastAPI, shop: Shop) -> None:
    @app.post("/v1/events", response_model=TakenModel, responses=PROBLEMS, operation_id="event")
    async def event(request: Request, body: EventModel) -> Response:
        """A firm tells us what became of a call that we made; the same message twice counts once."""
        firm = shop.firm_of(_caller(request).firm.key_id) or _caller(request).firm.name
        said = read_answer(body.answer.model_dump())
        now = shop.clock()

        def job(transaction: Transaction) -> Taken:
            return take_message_in(
                transaction,
                shop.ledger_id,
                _on(now),
                firm,
                body.message_id,
                body.order,
                body.key,
                said,
                now,
            )

        return _json({"taken": (await shop.desk.submit(job)).value})


def _on(now: datetime) -> date:
    return now.date()
