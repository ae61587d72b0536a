"""A debt between two firms as its debtor signs it, and the marks that keep it out of a clearing."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple

import orjson
from cryptography.exceptions import InvalidSignature

from domain.errors import UsageError
from domain.money import MoneyError, format_minor, parse_minor
from trust.canonical import canonical_bytes
from trust.keys import PublicKey, SigningKey, verifier

SCHEMA = "net.debt/1"
MARK_SCHEMA = "net.debt-mark/1"
CONSENT_SCHEMA = "net.clearing-consent/1"
ID_DIGITS = 32


class Obligation(NamedTuple):
    """What one firm owes another; firms are named by their public keys.

    ``replaces`` is the debt of which this is what a clearing left.
    """

    debtor: str
    creditor: str
    amount_minor: int
    currency: str
    due_on: date
    reference: str
    stated_on: date
    replaces: str = ""

    def content(self) -> dict[str, str]:
        """What is signed and hashed."""
        return {
            "schema": SCHEMA,
            "debtor": self.debtor,
            "creditor": self.creditor,
            "amount": format_minor(self.amount_minor, self.currency),
            "currency": self.currency,
            "due_on": self.due_on.isoformat(),
            "reference": self.reference,
            "stated_on": self.stated_on.isoformat(),
            "replaces": self.replaces,
        }

    def less(self, amount_minor: int, on: date) -> "Obligation":
        """The debt that is left after so much of it was set off."""
        left = self.amount_minor - amount_minor
        return self._replace(amount_minor=left, stated_on=on, replaces=content_id(self.content()))


def content_id(content: Mapping[str, Any]) -> str:
    return _id_of(canonical_bytes(content))


def _id_of(raw: bytes) -> str:
    return sha256(raw).hexdigest()[:ID_DIGITS]


def read_debt(content: Mapping[str, Any]) -> Obligation:
    """UsageError for what is no debt: a field too many or too few, an amount that is none."""
    try:
        debt = _debt(content)
        if not all(type(text) is str for text in content.values()) or debt.content() != content:
            raise ValueError
        if debt.amount_minor <= 0 or debt.debtor == debt.creditor:
            raise ValueError
    except (KeyError, ValueError, TypeError, AttributeError, MoneyError):
        raise UsageError(
            "this is no debt as net clear owe writes it", "ask its debtor for the file"
        ) from None
    return debt


def _debt(content: Mapping[str, Any]) -> Obligation:
    """Without asking whether it is written as a debt is."""
    return Obligation(
        content["debtor"],
        content["creditor"],
        int(content["amount"].replace(".", "")),
        content["currency"],
        date.fromisoformat(content["due_on"]),
        content["reference"],
        date.fromisoformat(content["stated_on"]),
        content["replaces"],
    )


class SignedDebt(NamedTuple):
    """A debt with its debtor's signature over ``raw``, its canonical bytes, and the id that names it."""

    debt: Obligation
    id: str
    signature: bytes
    raw: bytes

    def holds(self) -> bool:
        """Whether its debtor signed it."""
        return _signed_by(self.debt.debtor, self.raw, self.signature)

    def document(self) -> dict[str, Any]:
        return {"content": self.debt.content(), "signature": encoded(self.signature)}


def signed_debt(debt: Obligation, key: SigningKey) -> SignedDebt:
    """The debt signed by its debtor's key."""
    raw = canonical_bytes(debt.content())
    return SignedDebt(debt, _id_of(raw), key.sign(raw), raw)


def read_signed_debt(document: Mapping[str, Any]) -> SignedDebt:
    """A signed debt from a file or a record; the signature is not looked at here."""
    content, signature = parts(document)
    raw = canonical_bytes(content)
    return SignedDebt(read_debt(content), _id_of(raw), signature, raw)


def known_debt(document: Mapping[str, Any]) -> SignedDebt:
    """As ``read_signed_debt``, for what was read before and has lain in the ledger, canonical, since then."""
    content = document["content"]
    raw = orjson.dumps(content)
    return SignedDebt(_debt(content), _id_of(raw), base64.b64decode(document["signature"]), raw)


class DebtStatus(StrEnum):
    """What a debtor or creditor says of a debt; each but ``OPEN`` keeps it out of a clearing."""

    OPEN = "open"
    DISPUTED = "disputed"
    PLEDGED = "pledged"
    ASSIGNED = "assigned"
    INSOLVENT = "insolvent"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement about a debt by one of its parties; ``about`` is to whom it is pledged or assigned, or
    the key of the firm that is insolvent."""

    debt: str
    status: DebtStatus
    by: str
    on: date
    about: str = ""

    def content(self) -> dict[str, str]:
        return {
            "schema": MARK_SCHEMA,
            "debt": self.debt,
            "status": self.status.value,
            "by": self.by,
            "on": self.on.isoformat(),
            "about": self.about,
        }


def read_mark(content: Mapping[str, Any]) -> Mark:
    """UsageError for what is no mark."""
    try:
        mark = Mark(
            content["debt"],
            DebtStatus(content["status"]),
            content["by"],
            date.fromisoformat(content["on"]),
            content["about"],
        )
        if mark.content() != content:
            raise ValueError
    except (KeyError, ValueError, TypeError):
        raise UsageError("this is no mark as net clear mark writes it", "ask for the file again") from None
    return mark


@dataclass(frozen=True, slots=True)
class WrittenConsent:
    """The creditor takes the debtor as a new one for up to so much, due on that day; signed by it."""

    debtor: str
    creditor: str
    most_minor: int
    currency: str
    due_on: date

    def content(self) -> dict[str, str]:
        return {
            "schema": CONSENT_SCHEMA,
            "debtor": self.debtor,
            "creditor": self.creditor,
            "most": format_minor(self.most_minor, self.currency),
            "currency": self.currency,
            "due_on": self.due_on.isoformat(),
        }


def read_consent(content: Mapping[str, Any]) -> WrittenConsent:
    """UsageError for what is no consent."""
    try:
        currency = str(content["currency"])
        consent = WrittenConsent(
            content["debtor"],
            content["creditor"],
            parse_minor(content["most"], currency),
            currency,
            date.fromisoformat(content["due_on"]),
        )
        if consent.content() != content or consent.debtor == consent.creditor or consent.most_minor <= 0:
            raise ValueError
    except (KeyError, ValueError, TypeError, MoneyError):
        raise UsageError(
            "this is no consent as net clear consent writes it", "ask for the file again"
        ) from None
    return consent


# signatures --------------------------------------------------------------------------------------


def sign(content: Mapping[str, Any], key: SigningKey) -> bytes:
    """Over the canonical bytes, whose schema says what they are: no signature serves for another thing."""
    return key.sign(canonical_bytes(content))


def holds(key: str, content: Mapping[str, Any], signature: bytes) -> bool:
    """Whether the holder of the key signed the content; False also for what is no key."""
    return _signed_by(key, canonical_bytes(content), signature)


def unsigned(debts: Iterable[SignedDebt]) -> set[str]:
    """The ids of those that their debtors did not sign; the debts of one debtor stand together."""
    found = set()
    key, check = "", None
    for one in debts:
        if one.debt.debtor != key:
            key = one.debt.debtor
            try:
                check = verifier(key)
            except UsageError:
                check = None
        try:
            if check is None:
                raise InvalidSignature
            check(one.signature, one.raw)
        except InvalidSignature:
            found.add(one.id)
    return found


def _signed_by(key: str, raw: bytes, signature: bytes) -> bool:
    try:
        return PublicKey(key).verify(raw, signature)
    except UsageError:
        return False


def encoded(signature: bytes) -> str:
    return base64.b64encode(signature).decode()


def parts(document: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    """Content and signature of a signed document; UsageError where it is none."""
    try:
        content, text = document["content"], document["signature"]
        signature = base64.b64decode(text, validate=True)
        if not isinstance(content, dict) or encoded(signature) != text:
            raise ValueError
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise UsageError("this is not a signed document", "give the file as it was written") from None
    return content, signature
