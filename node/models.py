"""The shapes of the interface, as OpenAPI publishes them; the same limits as ``providers/answers.py``."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, WithJsonSchema

PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f]*$"
Text = Annotated[str, Field(min_length=1, max_length=200, pattern=PRINTABLE)]
Reason = Annotated[str, Field(max_length=2000, pattern=PRINTABLE)]
Whole = Annotated[str, Field(pattern=r"^-?[0-9]{1,18}$", examples=["126000"])]
Quantity = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,14}$", examples=["500"])]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]


def _day(text: str) -> str:
    date.fromisoformat(text)
    return text


def _instant(text: str) -> str:
    if datetime.fromisoformat(text.upper()).tzinfo is None:
        raise ValueError("a time needs its zone")
    return text.upper()


Day = Annotated[
    str,
    Field(min_length=10, max_length=10),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-02"]}),
]
Instant = Annotated[
    str,
    Field(max_length=40),
    AfterValidator(_instant),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-04T12:00:00Z"]}),
]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LineModel(_Closed):
    """So many of one resource on one day; of a credit line so many minor units of its limit."""

    resource: Text
    period: Day | Literal["limit"]
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


class QuotedModel(_Closed):
    """The price, and until when it stands."""

    answer: Literal["quoted"]
    price_minor: Whole
    currency: Currency
    valid_until: Instant


class HeldModel(_Closed):
    """Kept until a time."""

    answer: Literal["held"]
    reference: Text
    price_minor: Whole
    currency: Currency
    expires_at: Instant
    simulated: bool = False


class BookedModel(_Closed):
    """Booked for good."""

    answer: Literal["booked"]
    reference: Text
    price_minor: Whole
    currency: Currency


class ReleasedModel(_Closed):
    """Nothing is kept any more, at this fee."""

    answer: Literal["released"]
    fee_minor: Whole
    currency: Currency


class DeclinedModel(_Closed):
    """A no, with its reason: an answer, not an error."""

    answer: Literal["declined"]
    code: Text
    reason: Reason


class PendingModel(_Closed):
    """Received; the answer comes later."""

    answer: Literal["pending"]
    reference: Text
    reason: Reason


class UnseenModel(_Closed):
    """That key never arrived here."""

    answer: Literal["unseen"]


AnyAnswer = Annotated[
    QuotedModel | HeldModel | BookedModel | ReleasedModel | DeclinedModel | PendingModel | UnseenModel,
    Field(discriminator="answer"),
]


class AnswerModel(RootModel[AnyAnswer]):
    """What the node answers."""


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
    answer: AnyAnswer


class TakenModel(BaseModel):
    taken: Literal["answered", "undone", "duplicate", "late", "orphan", "withdrawn"]
