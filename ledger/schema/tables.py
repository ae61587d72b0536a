"""The ledger's tables, as SQLModel describes them.

The manual page of the tables is made from these models (``views.py``). A fresh ledger is made from the
schema text of its database, because guards are triggers and SQLModel has no words for those; a test holds
the two against each other, column by column. Writing does not go through it: decision 0032 has the figures.
"""

from sqlmodel import Field, SQLModel


class RecordRow(SQLModel, table=True):
    """One step as written; ``body`` is its canonical bytes and every other column a copy of what it says."""

    __tablename__ = "record"
    sequence: int | None = Field(default=None, primary_key=True)
    command: int
    kind: str
    key: str = Field(unique=True)
    trade_date: str
    order_reference: str | None
    state: str | None
    legs: int
    body: str
    leaf: bytes
    node: bytes


class CommandRow(SQLModel, table=True):
    """What one command wrote, signed by whoever wrote it."""

    __tablename__ = "command"
    command: int | None = Field(default=None, primary_key=True)
    first_sequence: int
    last_sequence: int
    actor_key: str
    digest: bytes
    signature: bytes


class LedgerRow(SQLModel, table=True):
    """The ledger's own identity; one row."""

    __tablename__ = "ledger"
    ledger_id: str = Field(primary_key=True)
    practice: int
    schema_version: int
    created_at: str


class ActorRow(SQLModel, table=True):
    """A key that may write."""

    __tablename__ = "actor"
    actor_key: str = Field(primary_key=True)
    name: str
    sequence: int


class LegRow(SQLModel, table=True):
    """One posting; debits positive, minor units."""

    __tablename__ = "leg"
    sequence: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    entity: str
    account: str
    currency: str
    amount_minor: int
    order_reference: str
    trade_date: str


class BalanceRow(SQLModel, table=True):
    """What one account of one entity holds within one order; the order is empty where there is none."""

    __tablename__ = "balance"
    entity: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    order_reference: str = Field(primary_key=True)
    currency: str = Field(primary_key=True)
    amount_minor: int
    last_sequence: int
    last_leg: int


class AccountFloorRow(SQLModel, table=True):
    """What an account never goes below within one order."""

    __tablename__ = "account_floor"
    entity: str = Field(primary_key=True)
    account: str = Field(primary_key=True)
    minimum_minor: int
    last_sequence: int


class OrderHeadRow(SQLModel, table=True):
    """The state of an order and where it begins."""

    __tablename__ = "order_head"
    order_reference: str = Field(primary_key=True)
    state: str
    first_sequence: int
    last_sequence: int


class SlotRow(SQLModel, table=True):
    """Capacity of a resource in a period, and how much of it is held or booked."""

    __tablename__ = "slot"
    resource: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    capacity: int
    used: int
    last_sequence: int
    last_line: int


class CapacityLineRow(SQLModel, table=True):
    """One capacity as a record set it."""

    __tablename__ = "capacity_line"
    sequence: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    resource: str
    period: str
    capacity: int


class SlotMoveRow(SQLModel, table=True):
    """What a record takes from a slot (positive) or gives back (negative)."""

    __tablename__ = "slot_move"
    sequence: int = Field(primary_key=True)
    n: int = Field(primary_key=True)
    resource: str
    period: str
    quantity: int


class HoldRow(SQLModel, table=True):
    """A hold on slots or credit."""

    __tablename__ = "hold"
    hold_id: str = Field(primary_key=True)
    order_reference: str
    expires_at: str | None
    lines: int
    sequence: int


class HoldEndRow(SQLModel, table=True):
    """How a hold ended: confirmed, released or expired; once."""

    __tablename__ = "hold_end"
    hold_id: str = Field(primary_key=True)
    ending: str
    sequence: int


class ExpiringHoldRow(SQLModel, table=True):
    """A hold that has not ended and will expire."""

    __tablename__ = "expiring_hold"
    expires_at: str = Field(primary_key=True)
    hold_id: str = Field(primary_key=True)


class BookingEndRow(SQLModel, table=True):
    """How a booking ended: used, cancelled or returned; once."""

    __tablename__ = "booking_end"
    hold_id: str = Field(primary_key=True)
    ending: str
    sequence: int


class FinanceClaimRow(SQLModel, table=True):
    """Who finances what a fingerprint stands for; ``turn`` counts claims after releases."""

    __tablename__ = "finance_claim"
    fingerprint: str = Field(primary_key=True)
    turn: int = Field(primary_key=True)
    order_reference: str
    financier: str
    sequence: int


class FinanceReleaseRow(SQLModel, table=True):
    """A claim given up."""

    __tablename__ = "finance_release"
    fingerprint: str = Field(primary_key=True)
    turn: int = Field(primary_key=True)
    sequence: int


class IntentRow(SQLModel, table=True):
    """A call to the outside that was about to be made."""

    __tablename__ = "intent"
    operation: str = Field(primary_key=True)
    order_reference: str | None
    sequence: int


class AttemptRow(SQLModel, table=True):
    """One try of a call."""

    __tablename__ = "attempt"
    operation: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    sequence: int


class OutcomeRow(SQLModel, table=True):
    """What came of a call: ok, failed or, until someone finds out, unknown."""

    __tablename__ = "outcome"
    operation: str = Field(primary_key=True)
    n: int = Field(primary_key=True)
    status: str
    sequence: int


class OutboxRow(SQLModel, table=True):
    """A message to deliver."""

    __tablename__ = "outbox"
    message_id: str = Field(primary_key=True)
    recipient: str
    sequence: int


class DeliveryRow(SQLModel, table=True):
    """A message delivered."""

    __tablename__ = "delivery"
    message_id: str = Field(primary_key=True)
    sequence: int


class InboxRow(SQLModel, table=True):
    """A message taken in."""

    __tablename__ = "inbox"
    provider: str = Field(primary_key=True)
    message_id: str = Field(primary_key=True)
    sequence: int


TABLES: tuple[type[SQLModel], ...] = (
    RecordRow,
    CommandRow,
    LedgerRow,
    ActorRow,
    LegRow,
    BalanceRow,
    AccountFloorRow,
    OrderHeadRow,
    SlotRow,
    CapacityLineRow,
    SlotMoveRow,
    HoldRow,
    HoldEndRow,
    ExpiringHoldRow,
    BookingEndRow,
    FinanceClaimRow,
    FinanceReleaseRow,
    IntentRow,
    AttemptRow,
    OutcomeRow,
    OutboxRow,
    DeliveryRow,
    InboxRow,
)
"""Every table, in the order of the schema."""
