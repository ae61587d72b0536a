"""The kinds of the records that the ledger's own verbs write; they have an effect inside the database.

The guards of both schemas name them too: a kind is never renamed.
"""

LEDGER_CREATED = "ledger.created"
LEDGER_MIGRATED = "ledger.migrated"
LEDGER_HANDED_OVER = "ledger.handed-over"
LEDGER_TAKEN_OVER = "ledger.taken-over"
LOSS_ACCEPTED = "ledger.loss-accepted"
ACTOR_ENROLLED = "actor.enrolled"
ACTOR_WITHDRAWN = "actor.withdrawn"
FLOOR_SET = "floor.set"
CAPACITY_OPENED = "capacity.opened"
CAPACITY_HELD = "capacity.held"
CAPACITY_CONFIRMED = "capacity.confirmed"
CAPACITY_RELEASED = "capacity.released"
CAPACITY_EXPIRED = "capacity.expired"
CAPACITY_USED = "capacity.used"
CAPACITY_CANCELLED = "capacity.cancelled"
CAPACITY_RETURNED = "capacity.returned"
CLAIM_MADE = "claim.made"
CLAIM_RELEASED = "claim.released"
CALL_INTENDED = "call.intended"
CALL_ATTEMPTED = "call.attempted"
CALL_ANSWERED = "call.answered"
MESSAGE_QUEUED = "message.queued"
MESSAGE_DELIVERED = "message.delivered"
MESSAGE_RECEIVED = "message.received"

HOLD_ENDED = (CAPACITY_CONFIRMED, CAPACITY_RELEASED, CAPACITY_EXPIRED)
BOOKING_ENDED = (CAPACITY_USED, CAPACITY_CANCELLED, CAPACITY_RETURNED)
GIVEN_BACK = (CAPACITY_RELEASED, CAPACITY_EXPIRED, CAPACITY_CANCELLED, CAPACITY_RETURNED)
"""After these the slots that a hold took are free again."""

RESERVED = ("ledger.", "actor.", "floor.", "capacity.", "claim.", "call.", "message.")
"""How every kind above begins, and no other may: only the verbs of ``Transaction`` write them."""


def withdrawal(actor_key: str) -> str:
    """The key of the record that withdraws a signing key, by which it is found."""
    return f"actor-withdrawn:{actor_key}"


def ended(how: str) -> str:
    """The kind of a record that ends a hold or a booking so."""
    return f"capacity.{how}"
