"""What a firm of the outside world can be asked, what it may answer, and what it declares about itself.

Six verbs: quote, hold, confirm, release, cancel, status; and one that a firm may leave out: complete. Each
takes one ``Call`` and returns one answer; a firm's *no* is the answer ``Declined``, never an exception. Two
exceptions say that no answer came: ``NotSentError`` (the request certainly never arrived: send again at will)
and ``NoAnswerError`` (it may have arrived and taken effect). An adapter is any object with
``capabilities`` and those verbs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

from domain.errors import UnreachableError


class Verb(StrEnum):
    QUOTE = "quote"
    HOLD = "hold"
    CONFIRM = "confirm"
    RELEASE = "release"
    CANCEL = "cancel"
    STATUS = "status"
    COMPLETE = "complete"


REQUIRED_VERBS = tuple(verb for verb in Verb if verb is not Verb.COMPLETE)
"""What every adapter has."""

WITHDRAWN = "withdrawn"
"""The code with which a firm says, later and by itself, that what it held or booked is no more."""


class HoldKind(StrEnum):
    """What a hold at this firm is worth; anything but firm is simulated by us, and called so."""

    FIRM = "firm"
    PRICE_ONLY = "price_only"
    NONE = "none"


class Idempotency(StrEnum):
    """How a call that may already have arrived is made safe to repeat."""

    KEY = "key"
    LOOKUP = "look-up"
    NONE = "none"


class Callback(StrEnum):
    """How an answer that comes later reaches us."""

    PUSH = "push"
    POLL = "poll"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter declares; the flow adapts to it and tells the user.

    ``cancel_fees`` is the share of the price that cancelling costs, by the state that the booking is in
    ("held", "booked"); a state not named costs nothing. ``in_flight`` is the longest that a request sent
    may still take effect. ``key_window`` is how long the firm remembers a key, None for ever.
    ``completes`` says that the adapter has the verb ``complete``: the firm wants to be told that a booking
    was used up (or its credit is back), and answers ``Released`` at no fee.
    ``simulated`` marks firms that are not real (the sandbox). ``in_ledger`` marks the one adapter whose
    effects are records of our own ledger: it is called inside the transaction that records them.
    """

    hold: HoldKind
    idempotency: Idempotency
    callback: Callback = Callback.POLL
    cancel_fees: Mapping[str, Fraction] = field(default_factory=dict)
    in_flight: timedelta = timedelta(seconds=30)
    key_window: timedelta | None = None
    simulated: bool = False
    in_ledger: bool = False
    completes: bool = False


@dataclass(frozen=True, slots=True)
class SlotLine:
    """``quantity`` of ``resource`` on ``period``, a date; for credit it is minor units of the ``limit``.

    ``capacity`` is what our own network file says there is in all (0: unlimited); it does not travel.
    """

    resource: str
    period: str
    quantity: int
    capacity: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SlotRequest:
    """What is wanted for one leg of one order, and the price that the plan counts on, in minor units."""

    order: str
    leg: str
    kind: str
    provider: str
    lines: tuple[SlotLine, ...]
    price_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Call:
    """One verb asked once: ``key`` is ours and unique, ``reference`` the firm's own from its last answer."""

    verb: Verb
    key: str
    request: SlotRequest
    expires_at: datetime
    reference: str = ""


Proof = Mapping[str, str]
"""What a firm signed, kept beside its answer so that the ledger can prove what it said; may be empty."""


@dataclass(frozen=True, slots=True)
class Quoted:
    price_minor: int
    currency: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """Slots kept for us until ``expires_at``; ``simulated`` when nobody but us knows of it."""

    reference: str
    expires_at: datetime
    price_minor: int
    currency: str
    simulated: bool = False
    proof: Proof = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Booked:
    reference: str
    price_minor: int
    currency: str
    proof: Proof = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Released:
    """Nothing is kept for us any more; ``fee_minor`` is what that costs us."""

    fee_minor: int
    currency: str
    proof: Proof = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """The firm says no; ``code`` is one of no_capacity, no_credit, price, expired, unknown, refused, or, said
    later of what was held or booked, withdrawn."""

    code: str
    reason: str
    proof: Proof = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """Received, no answer yet; ``reason`` says who is being waited for."""

    reference: str
    reason: str
    proof: Proof = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Unseen:
    """The firm has never seen that key (only to ``status``)."""


Answer = Quoted | Held | Booked | Released | Declined | Pending | Unseen


class NotSentError(UnreachableError):
    """The request never reached the firm."""


class NoAnswerError(UnreachableError):
    """The request may have reached the firm and taken effect there; no usable answer came back."""


@runtime_checkable
class Adapter(Protocol):
    """One firm as this program talks to it; ``status`` looks up what became of the call with that key."""

    @property
    def capabilities(self) -> Capabilities: ...

    def quote(self, call: Call) -> Answer: ...

    def hold(self, call: Call) -> Answer: ...

    def confirm(self, call: Call) -> Answer: ...

    def release(self, call: Call) -> Answer: ...

    def cancel(self, call: Call) -> Answer: ...

    def status(self, call: Call) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the program lends to an adapter: the clock, secrets by name (``secret("acme").reveal()``).

    ``calendar`` is the slot calendar bound to the open transaction (only ``catalog`` has any use for it).
    ``keys_folder`` holds the signing keys and the keys that are trusted.
    """

    clock: Callable[[], datetime]
    secret: Callable[[str], Any]
    keys_folder: str = ""
    calendar: Any = None


def ask(adapter: Adapter, call: Call) -> Answer:
    """The answer of the verb that the call names."""
    verb: Callable[[Call], Answer] = getattr(adapter, call.verb.value)
    return verb(call)
