"""The buyer's own key, and his signature under an order."""

from datetime import date

from domain.errors import NotFoundError, RefusedError
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from finance.agreed.contract import Condition
from finance.agreed.facts import FactKind
from finance.underwriting.fingerprint import folded, order_hash, statement_bytes
from flows.books.record import Recorded, record_fact
from flows.orders.find import find_order
from flows.orders.statement import Statement
from ledger.book.reading import Reading
from ledger.store import Ledger
from trust.keys import PublicKey


def enrol_buyer(ledger: Ledger, buyer: str, key: PublicKey, stated: Statement) -> int:
    """Note a buyer's public key, learned from the buyer itself; which key of that buyer it is, from 1.

    RefusedError when it is a key that writes to this ledger: whoever sells cannot confirm for the buyer.
    """
    if not key.raw or not stated.evidence:
        raise RefusedError(
            "how was the buyer's key checked?",
            "say whom you called at which number, found where; never a contact that the trader gave",
        )
    with ledger.write() as transaction:
        if transaction.may_write(key.text):
            raise RefusedError(
                "this key writes to the ledger, so it is not the buyer's own",
                "enrol the key that the buyer gave you",
            )
        known = buyer_keys(transaction, buyer)
        if key.text in known:
            return known.index(key.text) + 1
        number = len(known) + 1
        body = {"buyer": buyer, "public_key": key.text, "by": stated.by, "evidence": stated.evidence}
        record_key = RecordKey.buyer_key(folded(buyer), number)
        transaction.append(Entry(RecordKind.BUYER_KEY, record_key, stated.on, None, body))
    return number


def buyer_keys(reading: Reading, buyer: str) -> list[str]:
    """The public keys enrolled for a buyer, oldest first."""
    found: list[str] = []
    while (record := reading.record_by_key(RecordKey.buyer_key(folded(buyer), len(found) + 1))) is not None:
        found.append(str(record.body["public_key"]))
    return found


def confirm_by_buyer(
    ledger: Ledger, order_id: str, signature: bytes, on: date, *, dry_run: bool = False
) -> Recorded:
    """Record the buyer's signature over the order; RefusedError unless an enrolled key made it."""
    order = find_order(ledger, order_id).order
    keys = [key for key in buyer_keys(ledger, order.buyer.name) if not ledger.may_write(key)]
    if not keys:
        raise NotFoundError(
            f"no key of {order.buyer.name} is enrolled",
            "net finance enrol-buyer notes one, with its evidence",
        )
    signer = next((key for key in keys if PublicKey(key).verify(statement_bytes(order), signature)), None)
    if signer is None:
        raise RefusedError(
            f"no enrolled key of {order.buyer.name} signed this order as it stands",
            f"the buyer signs the hash {order_hash(order)}; an amended order needs a new signature",
        )
    data = {
        "condition": Condition.BUYER_CONFIRMED.value,
        "order_hash": order_hash(order),
        "public_key": signer,
        "signature": signature.hex(),
    }
    return record_fact(
        ledger,
        order_id,
        FactKind.CONFIRMATION,
        Statement(on, order.buyer.name, "signature"),
        data,
        dry_run=dry_run,
    )


def confirm_condition(
    ledger: Ledger, order_id: str, condition: Condition, stated: Statement, *, dry_run: bool
) -> Recorded:
    """Record that another condition of a draw is met, with who says so and on what evidence."""
    if condition is Condition.BUYER_CONFIRMED:
        raise RefusedError("only the buyer's signature confirms an order", "net finance confirm --signature")
    if not stated.evidence:
        raise RefusedError(f"on what evidence is {condition.value} met?", "name the document")
    return record_fact(
        ledger, order_id, FactKind.CONFIRMATION, stated, {"condition": condition.value}, dry_run=dry_run
    )
