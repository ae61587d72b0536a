"""The shapes of the interface, as OpenAPI publishes them; the same limits as ``providers/answers.py``."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1, max_length=200)]
Whole = Annotated[str, Field(pattern=r"^-?[0-9]{1,18}$", examples=["126000"])]
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,14}$", examples=["500"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples=["2026-03-02"])]
Instant = Annotated[
    str,
    Field(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$", examples=["2026-03-04T12:00:00Z"]
    ),
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineModel(_Closed):
    """So many of one resource on one day."""

    resource: Text
    period: Day
    quantity: Quantity


class RequestModel(_Closed):
    """What is wanted for one leg of one order, and the price that the buyer counts on."""

    order: Text
    leg: Text
    kind: Text
    provider: Text
    lines: Annotated[list[LineModel], Field(min_length=1, max_length=1000)]
    price_minor: Whole
    currency: Currency


class QuoteModel(_Closed):
    request: RequestModel


class HoldModel(_Closed):
    request: RequestModel
    expires_at: Instant


class AnswerModel(BaseModel):
    """The node's answer; a no is an answer (``declined``), not an error."""

    answer: Literal["quoted", "held", "booked", "released", "declined", "pending", "unseen"]
    reference: str | None = None
    price_minor: Whole | None = None
    fee_minor: Whole | None = None
    currency: str | None = None
    valid_until: str | None = None
    expires_at: str | None = None
    simulated: bool | None = None
    code: str | None = None
    reason: str | None = None


class ProblemModel(BaseModel):
    """A problem document (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class OfferModel(BaseModel):
    resource: str
    provider: str
    name: str
    kind: str
    place: str
    currency: str
    capacity_per_day: str


class CatalogueModel(BaseModel):
    schema_: Annotated[str, Field(alias="schema")]
    name: str
    offers: list[OfferModel]


class HealthModel(BaseModel):
    status: Literal["ok"]
    node: str
    key: str


class EventModel(_Closed):
    """A firm's message about a call that we made: what it says now."""

    message_id: Text
    order: Text
    key: Text
    answer: dict[str, object]


class TakenModel(BaseModel):
    taken: Literal["answered", "undone", "duplicate", "late", "orphan"]
