"""The registry against double financing, and the buyer's own confirmation of an order."""

import os
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from domain.errors import NotFoundError, RefusedError
from domain.order import Order
from domain.posting import Entry
from finance.agreed.contract import Condition
from finance.agreed.facts import FactKind
from finance.underwriting.fingerprint import Tokens, folded, order_hash, statement_bytes, tokens_of
from trust.keys import PublicKey

if TYPE_CHECKING:
    from flows.books.record import Recorded
    from ledger.book.reading import Reading
    from ledger.book.transaction import Transaction
    from ledger.store import Ledger

KEY_FILE = "registry.key"
LIKENESS = "registry"
MOST_ALIKE = 50
"""So many orders that look alike are shown."""
BUYER_KEY = "buyer-key"


@dataclass(frozen=True, slots=True)
class NearMatch:
    """Another order of the same firms over the same amount in the same month."""

    order: str
    state: str


def load_registry_key(folder: Path) -> bytes:
    """The network's secret for fingerprints; firms that share a registry share it. Made when missing."""
    path = folder / KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return load_registry_key(folder)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(32))
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise RefusedError(f"others may read the key file {path}", f"chmod 600 {path}")
    return bytes.fromhex(path.read_text().strip())


def claim_order(
    transaction: "Transaction", order_id: str, order: Order, financier: str, key: bytes, on: date
) -> Tokens:
    """Claim the order for its lender; AlreadyFinancedError when it, however written, is financed."""
    tokens = tokens_of(order, key)
    for fingerprint in dict.fromkeys((tokens.exact, tokens.named)):
        transaction.claim_finance(fingerprint, order_id, financier)
    number = _alike(transaction, tokens.soft)
    if not number or not _noted(transaction, order_id, tokens.soft):
        body = {"exact": tokens.exact}
        transaction.append(Entry(LIKENESS, _likeness_key(tokens.soft, number), on, order_id, body))
    return tokens


def _likeness_key(soft: str, number: int) -> str:
    return f"{LIKENESS}:{soft}:{number}"


def _noted(reading: "Reading", order_id: str, soft: str) -> bool:
    """Whether the order is among those of the soft token already."""
    return any(
        record.key.startswith(_likeness_key(soft, 0)[:-1])
        for record in reading.records(order=order_id, kind=LIKENESS)
    )


def _alike(reading: "Reading", soft: str) -> int:
    """How many orders are recorded under a soft token. They are numbered from 0 without a gap, so the first
    number that is free is found by halves: a thousand orders alike take ten looks more than one."""

    def taken(number: int) -> bool:
        return reading.has_key(_likeness_key(soft, number))

    above = 1
    while taken(above - 1):
        above *= 2
    least, most = above // 2, above - 1  # ``least`` are taken, number ``most`` is free
    while least < most:
        middle = (least + most) // 2
        if taken(middle):
            least = middle + 1
        else:
            most = middle
    return least


def near_matches(reading: "Reading", tokens: Tokens, *, but: str) -> list[NearMatch]:
    """The newest orders that look like this one, other than ``but``; a person decides what they mean."""
    count = _alike(reading, tokens.soft)
    numbers = range(max(0, count - MOST_ALIKE), count)
    records = [reading.record_by_key(_likeness_key(tokens.soft, number)) for number in numbers]
    names = dict.fromkeys(record.order or "" for record in records if record is not None)
    return [NearMatch(name, reading.order_state(name) or "") for name in names if name != but]


def enrol_buyer(ledger: "Ledger", buyer: str, key: PublicKey, on: date, *, by: str, evidence: str) -> int:
    """Note a buyer's public key, learned from the buyer itself; which key of that buyer it is, from 1.

    RefusedError when it is a key that writes to this ledger: whoever sells cannot confirm for the buyer.
    """
    if not key.raw or not evidence:
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
        body = {"buyer": buyer, "public_key": key.text, "by": by, "evidence": evidence}
        transaction.append(Entry(BUYER_KEY, f"{BUYER_KEY}:{folded(buyer)}:{number}", on, None, body))
    return number


def buyer_keys(reading: "Reading", buyer: str) -> list[str]:
    """The public keys enrolled for a buyer, oldest first."""
    found: list[str] = []
    while (record := reading.record_by_key(f"{BUYER_KEY}:{folded(buyer)}:{len(found) + 1}")) is not None:
        found.append(str(record.body["public_key"]))
    return found


def confirm_by_buyer(
    ledger: "Ledger", order_id: str, signature: bytes, on: date, *, dry_run: bool = False
) -> "Recorded":
    """Record the buyer's signature over the order; RefusedError unless an enrolled key made it."""
    from flows.books.record import record_fact
    from flows.orders.place import find_order

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
        on,
        data,
        by=order.buyer.name,
        evidence="signature",
        dry_run=dry_run,
    )


def confirm_condition(
    ledger: "Ledger", order_id: str, condition: Condition, on: date, *, by: str, evidence: str, dry_run: bool
) -> "Recorded":
    """Record that another condition of a draw is met, with who says so and on what evidence."""
    from flows.books.record import record_fact

    if condition is Condition.BUYER_CONFIRMED:
        raise RefusedError("only the buyer's signature confirms an order", "net finance confirm --signature")
    if not evidence:
        raise RefusedError(f"on what evidence is {condition.value} met?", "name the document")
    return record_fact(
        ledger,
        order_id,
        FactKind.CONFIRMATION,
        on,
        {"condition": condition.value},
        by=by,
        evidence=evidence,
        dry_run=dry_run,
    )
