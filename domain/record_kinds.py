"""What the records of a ledger are called: their kinds, and the keys under which each stands once.

Kinds of what is stated about an order's money are those of its facts (finance/agreed/facts.py), kinds that
the ledger's own verbs write stand in ledger/record/kinds.py; the keys of a reservation's own records are read
with its name (flows/firms/operation.py). All stand in every ledger for ever: a new meaning takes a new name.
"""

from typing import Final


class RecordKind:
    """Plain strings and no enumeration: a database writes an enumeration's name where the kind belongs."""

    # an order, and what it is planned and financed on
    ORDER: Final = "order"
    ORDER_AMENDED: Final = "order-amended"
    ORDER_CONFIRMED: Final = "order-confirmed"
    ORDER_CANCELLED: Final = "order-cancelled"
    ORDER_REFUSED: Final = "order-refused"
    PLAN: Final = "plan"
    FINANCE_ACCEPTED: Final = "finance-accepted"
    FINANCE_WITHDRAWN: Final = "finance-withdrawn"

    # its book, beside the facts
    FOLLOWED: Final = "followed"
    """What follows from the contract alone, such as a claim struck on its day."""
    CORRECTION: Final = "correction"
    SET_OFF: Final = "set-off"
    INVOICE_WRITTEN: Final = "invoice-written"

    # its reservation
    SLOTS_ASKED: Final = "slots.asked"
    SLOTS_REPLANNED: Final = "slots.replanned"
    SLOTS_HELD: Final = "slots.held"
    SLOTS_RESERVED: Final = "slots.reserved"
    SLOTS_REFUSED: Final = "slots.refused"
    SLOTS_RELEASED: Final = "slots.released"
    SLOTS_REPLACED: Final = "slots.replaced"
    SLOT_FEE: Final = "slot.fee"

    # what firms and people say of a call
    FIRM_PENDING: Final = "firm.pending"
    FIRM_UNREACHED: Final = "firm.unreached"
    FIRM_GIVEN_UP: Final = "firm.given_up"
    FIRM_STATED: Final = "firm.stated"
    FIRM_WITHDREW: Final = "firm.withdrew"
    FIRM_LATE: Final = "firm.late"
    FIRM_ORPHAN: Final = "firm.orphan"

    # our own slots, as other firms keep them
    SOLD_WITHDRAWN: Final = "sold.withdrawn"
    SOLD_COMPLETED: Final = "sold.completed"

    # the trade as a whole
    RATE: Final = "rate"
    STATEMENT_ENTRY: Final = "statement-entry"
    STATEMENT_READ: Final = "statement-read"
    BUYER_KEY: Final = "buyer-key"
    REGISTRY: Final = "registry"
    MODEL_LEARNED: Final = "model-learned"

    @staticmethod
    def sold(verb: str) -> str:
        """What another firm asked of our own slots, and what we answered."""
        return f"sold.{verb}"


class RecordKey:
    """The key of each record; ``operation`` is the name of a call, ``number`` counts from 1 unless it says
    otherwise."""

    # an order, and what it is planned and financed on

    @staticmethod
    def order(order: str) -> str:
        return f"{RecordKind.ORDER}:{order}"

    @staticmethod
    def order_amended(order: str, number: int) -> str:
        return f"{RecordKind.ORDER_AMENDED}:{order}:{number}"

    @staticmethod
    def order_confirmed(order: str) -> str:
        return f"{RecordKind.ORDER_CONFIRMED}:{order}"

    @staticmethod
    def order_cancelled(order: str) -> str:
        return f"{RecordKind.ORDER_CANCELLED}:{order}"

    @staticmethod
    def order_refused(order: str, number: int) -> str:
        return f"{RecordKind.ORDER_REFUSED}:{order}:{number}"

    @staticmethod
    def plan(order: str, number: int) -> str:
        return f"{RecordKind.PLAN}:{order}:{number}"

    @staticmethod
    def finance_accepted(order: str, number: int = 0) -> str:
        """``number`` is how many acceptances were withdrawn before."""
        first = f"{RecordKind.FINANCE_ACCEPTED}:{order}"
        return f"{first}:{number}" if number else first

    @staticmethod
    def finance_withdrawn(order: str, number: int) -> str:
        """``number`` is that of the acceptance, from 0."""
        return f"{RecordKind.FINANCE_WITHDRAWN}:{order}:{number}"

    # its book

    @staticmethod
    def fact(order: str, fact: str) -> str:
        return f"{order}/{fact}"

    @staticmethod
    def correction(order: str, number: int) -> str:
        return f"{order}/{RecordKind.CORRECTION}/{number}"

    @staticmethod
    def set_off(order: str, number: int) -> str:
        return f"{order}/{RecordKind.SET_OFF}/{number}"

    @staticmethod
    def invoice_written(order: str, invoice: str, mark: str) -> str:
        return f"{RecordKind.INVOICE_WRITTEN}:{order}:{invoice}:{mark}"

    # a call

    @staticmethod
    def attempt(operation: str, number: int) -> str:
        return f"attempt:{operation}#{number}"

    @staticmethod
    def outcome(operation: str, number: int) -> str:
        return f"outcome:{operation}#{number}"

    @staticmethod
    def fee(operation: str) -> str:
        return f"fee:{operation}"

    @staticmethod
    def pending(operation: str) -> str:
        return f"pending:{operation}"

    @staticmethod
    def unsent(operation: str, attempt: int) -> str:
        return f"unsent:{operation}#{attempt}"

    @staticmethod
    def given_up(operation: str) -> str:
        return f"given-up:{operation}"

    @staticmethod
    def stated(operation: str, attempt: int) -> str:
        return f"stated:{operation}#{attempt}"

    @staticmethod
    def withdrew(hold: str) -> str:
        return f"withdrew:{hold}"

    @staticmethod
    def message(kind: str, firm: str, message: str) -> str:
        """A firm's own message that is no answer to wait for; ``kind`` is that of its record."""
        return f"{kind}:{firm}/{message}"

    # our own slots, as other firms keep them; the messages that tell them of it have the same keys

    @staticmethod
    def served(caller: str, key: str) -> str:
        return f"served:{caller}:{key}"

    @staticmethod
    def sold_withdrawn(hold: str) -> str:
        return f"withdrawn:{hold}"

    @staticmethod
    def sold_completed(hold: str) -> str:
        return f"completed:{hold}"

    @staticmethod
    def sold_expired(hold: str) -> str:
        return f"expired:{hold}"

    # the trade as a whole

    @staticmethod
    def rate(pair: str, day: str, number: int = 0) -> str:
        """``number`` is how many rates of the pair and day were recorded before."""
        first = f"{RecordKind.RATE}:{pair}:{day}"
        return f"{first}:{number}" if number else first

    @staticmethod
    def statement_read(account: str, currency: str, statement: str, closes_on: str) -> str:
        return f"{RecordKind.STATEMENT_READ}:{account}:{currency}:{statement}:{closes_on}"

    @staticmethod
    def statement_entry(account: str, reference: str, booked: str) -> str:
        return f"{RecordKind.STATEMENT_ENTRY}:{account}:{reference}:{booked}"

    @staticmethod
    def buyer_key(buyer: str, number: int) -> str:
        return f"{RecordKind.BUYER_KEY}:{buyer}:{number}"

    @staticmethod
    def model_learned(subject: str, until: str, version: int, digest: str) -> str:
        return f"{RecordKind.MODEL_LEARNED}:{subject}:{until}:{version}:{digest}"

    @staticmethod
    def registry(token: str, number: int) -> str:
        """``number`` counts orders alike, from 0."""
        return f"{RecordKind.REGISTRY}:{token}:{number}"
