"""Vouchers in the ledger of their issuer, which is their register: who holds what, and what became of it.

A voucher is made of a debt that the issuer itself signed (``net clear owe``), and never of more. The register
knows one holder at a time; a lender's node claims what it buys, so that a second pledge is refused there too,
whichever ledger it comes from.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from domain.errors import AlreadyFinancedError, NotFoundError, RefusedError, StateError, UsageError
from domain.money import format_minor, parse_minor
from domain.posting import Entry, Leg
from finance.agreed.legal import Law
from finance.clearing.debt import DebtStatus, Mark, content_id, encoded, holds, parts, sign
from finance.pools import postings
from finance.pools.vouchers import (
    Voucher,
    VoucherBook,
    VoucherState,
    discount_minor,
    months_beyond,
)
from flows.clearing.books import MARKED, read_debts
from flows.clearing.firm import Firm
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

KIND = "voucher"
ISSUED, SPLIT, PASSED, FINANCED, REDEEMED = (
    "voucher.issued", "voucher.split", "voucher.passed", "voucher.financed", "voucher.redeemed",
)  # fmt: skip
ACCEPTED = "voucher.accepted"
SCHEMA, ACCEPTANCE_SCHEMA = "net.voucher/1", "net.voucher-acceptance/1"
MONTHS, LONGEST_MONTHS = 6, 12


def read_vouchers(reading: Reading) -> VoucherBook:
    """Every voucher of this register, as its records made it."""
    book = VoucherBook("")
    kinds = (ISSUED, SPLIT, PASSED, FINANCED, REDEEMED)
    records = sorted(
        (record for kind in kinds for record in reading.records(kind=kind)), key=lambda one: one.sequence
    )
    for record in records:
        _replay(book, record.kind, record.body, record.on)
    return book


def _replay(book: VoucherBook, kind: str, body: Mapping[str, Any], on: date) -> None:
    match kind:
        case "voucher.issued":
            book.confirm(body["debt"], int(body["confirmed"]))
            due = date.fromisoformat(body["due_on"])
            book.issue(
                body["voucher"], body["debt"], body["issuer"], body["holder"], int(body["amount"]), due
            )
        case "voucher.split":
            book.split(body["voucher"], body["holder"], [(name, int(much)) for name, much in body["parts"]])
        case "voucher.passed":
            book.pass_on(body["voucher"], body["holder"], body["to"])
        case "voucher.financed":
            book.finance(body["voucher"], body["holder"], body["lender"], int(body["price"]))
        case "voucher.redeemed":
            book.redeem(body["voucher"], on)


def currency_of(reading: Reading, book: VoucherBook, name: str) -> str:
    """That of the debt that its root was made of."""
    debt = book.of_debt[book.voucher(name).root]
    return read_debts(reading).items[debt].debt.currency


# in the register ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VoucherTerms:
    """The law that a voucher stands under; ``long_term`` says that the parties agreed on more than six
    months, where the rule lets them."""

    country: str
    law: Law
    long_term: bool = False


def issue(
    ledger: Ledger, firm: Firm, name: str, debt: str, amount_minor: int | None, terms: VoucherTerms, on: date
) -> Voucher:
    """A voucher over our own signed debt, for its creditor: the whole of it where no amount is given.

    RefusedError beyond what is confirmed, for a debt with a mark, or where a rule of the country is broken.
    The debt is marked as pledged, so that no clearing takes it.
    """

    def work(transaction: Transaction) -> Voucher:
        book, item = read_vouchers(transaction), read_debts(transaction).items.get(debt)
        if item is None or item.debt.debtor != firm.id:
            raise NotFoundError(f"we have signed no debt {debt!r}", "net clear owe acknowledges one")
        amount = item.debt.amount_minor if amount_minor is None else amount_minor
        if name in book.vouchers and book.of_debt.get(name) == debt:
            return book.voucher(name)
        if not item.open or (item.hindrance and debt not in book.of_debt.values()):
            raise RefusedError(f"debt {debt} is {item.hindrance or 'not open any more'}", "name another")
        _require_lawful(terms, on, item.debt.due_on)
        book.confirm(debt, item.debt.amount_minor)
        made = book.issue(name, debt, firm.id, item.debt.creditor, amount, item.debt.due_on)
        body = {
            "voucher": name, "debt": debt, "issuer": firm.id, "holder": item.debt.creditor,
            "amount": str(amount), "confirmed": str(item.debt.amount_minor),
            "due_on": item.debt.due_on.isoformat(), "country": terms.country,
        }  # fmt: skip
        legs = postings.voucher_issued(amount, item.debt.currency)
        transaction.append(Entry(ISSUED, f"voucher:{name}", on, None, body, legs))
        if not item.hindrance:
            transaction.append(_pledged(firm, debt, name, on))
        return made

    return ledger.commit(work)


def _require_lawful(terms: VoucherTerms, on: date, due_on: date) -> None:
    stated = {
        "takes_part": "enrolled",
        "platform_holds_money": False,
        "confirmed": True,
        "recourse": False,
        "long_term_agreed": terms.long_term,
        "months_beyond_six": months_beyond(on, due_on, MONTHS),
        "months_beyond_twelve": months_beyond(on, due_on, LONGEST_MONTHS),
    }
    terms.law.require(KIND, terms.country, stated)


def _pledged(firm: Firm, debt: str, voucher: str, on: date) -> Entry:
    content = Mark(debt, DebtStatus.PLEDGED, firm.id, on, f"the holder of voucher {voucher}").content()
    body = {"signed": {"content": content, "signature": encoded(sign(content, firm.key))}}
    return Entry(MARKED, f"debt-mark:{content_id(content)}:0", on, None, body)


def split(ledger: Ledger, name: str, parts_of: Sequence[tuple[str, int]], on: date) -> list[Voucher]:
    """Into parts that are the whole of it, for the same holder; the same split again changes nothing."""

    def work(_: Transaction, book: VoucherBook) -> tuple[dict[str, Any], tuple[Leg, ...]]:
        holder = book.voucher(name).holder
        book.split(name, holder, parts_of)
        return {"holder": holder, "parts": [[part, str(much)] for part, much in parts_of]}, ()

    made = _record(ledger, SPLIT, name, f"voucher:{name}:split", on, work).children(name)
    if {(one.id, one.amount_minor) for one in made} != set(parts_of):
        raise StateError(f"voucher {name} is split already", "split one of its parts")
    return made


def pass_on(ledger: Ledger, name: str, holder: str, to: str, evidence: str, on: date) -> Voucher:
    """To another firm in payment, on the holder's word; without recourse to the holder."""

    def work(_: Transaction, book: VoucherBook) -> tuple[dict[str, Any], tuple[Leg, ...]]:
        book.pass_on(name, holder, to)
        return {"holder": holder, "to": to, "evidence": evidence}, ()

    known = read_vouchers(ledger).passed.get(name, [])
    key = f"voucher:{name}:passed:{content_id({'from': holder, 'to': to, 'evidence': evidence})}:{len(known)}"
    return _record(ledger, PASSED, name, key, on, work).voucher(name)


def redeem(ledger: Ledger, name: str, on: date) -> Voucher:
    """Paid by us to whoever holds it, on its day or later."""

    def work(transaction: Transaction, book: VoucherBook) -> tuple[dict[str, Any], tuple[Leg, ...]]:
        one = book.redeem(name, on)
        currency = currency_of(transaction, book, name)
        return {"holder": one.holder}, postings.voucher_redeemed(one.amount_minor, currency)

    return _record(ledger, REDEEMED, name, f"voucher:{name}:redeemed", on, work).voucher(name)


def finance(ledger: Ledger, firm: Firm, acceptance: Mapping[str, Any], on: date) -> Voucher:
    """Record that a lender bought a voucher, as the lender signed it; AlreadyFinancedError for a second."""
    content, signature = parts(acceptance)
    lender = str(content.get("lender"))
    if content.get("schema") != ACCEPTANCE_SCHEMA or lender not in firm.names:
        raise UsageError(
            "this is no acceptance of an enrolled lender", "its node makes one: net voucher accept"
        )
    if not holds(lender, content, signature):
        raise RefusedError("the lender did not sign this acceptance", "ask for the file again")
    name = str(content["voucher"])

    def work(transaction: Transaction, book: VoucherBook) -> tuple[dict[str, Any], tuple[Leg, ...]]:
        if content["state"] != state_id(book.voucher(name)) and book.voucher(name).financed_by != lender:
            raise _second(book.voucher(name)) or StateError(
                f"voucher {name} changed since the lender looked at it", "export it again"
            )
        price = parse_minor(str(content["price"]), currency_of(transaction, book, name))
        holder = book.voucher(name).holder
        book.finance(name, holder, lender, price)
        return {"holder": holder, "lender": lender, "price": str(price), "acceptance": dict(acceptance)}, ()

    key = f"voucher:{name}:financed:{content_id(content)}"
    return _record(ledger, FINANCED, name, key, on, work).voucher(name)


def _second(one: Voucher) -> AlreadyFinancedError | None:
    if one.state is not VoucherState.FINANCED:
        return None
    return AlreadyFinancedError(f"voucher {one.id} is financed already", "a voucher is financed once")


Work = Callable[[Transaction, VoucherBook], tuple[dict[str, Any], tuple[Leg, ...]]]


def _record(ledger: Ledger, kind: str, name: str, key: str, on: date, work: Work) -> VoucherBook:
    """Try the step on the book as it is and record it in the same commit; a known key changes nothing."""

    def commit(transaction: Transaction) -> VoucherBook:
        book = read_vouchers(transaction)
        if not transaction.has_key(key):
            body, legs = work(transaction, book)
            transaction.append(Entry(kind, key, on, None, {"voucher": name, **body}, legs))
        return book

    return ledger.commit(commit)


# from the register to a lender -------------------------------------------------------------------


def state_id(one: Voucher) -> str:
    """What changes when the voucher does."""
    return content_id({"voucher": one.id, "holder": one.holder, "state": one.state.value})


def statement(reading: Reading, firm: Firm, name: str, on: date) -> dict[str, Any]:
    """The register's signed word on a voucher of today: its holder, its way from the issued one, the debt."""
    book = read_vouchers(reading)
    one = book.voucher(name)
    currency = currency_of(reading, book, name)
    debt = book.of_debt[one.root]
    content = {
        "schema": SCHEMA, "voucher": name, "issuer": firm.id, "holder": one.holder,
        "amount": format_minor(one.amount_minor, currency), "currency": currency,
        "due_on": one.due_on.isoformat(), "on": on.isoformat(), "state": state_id(one),
        "standing": one.state.value, "chain": _chain(book, one), "debt": debt,
        "confirmed": format_minor(book.confirmed[debt], currency), "recourse": False,
    }  # fmt: skip
    return {"content": content, "signature": encoded(sign(content, firm.key))}


def _chain(book: VoucherBook, one: Voucher) -> list[str]:
    """The vouchers that it was split from, the issued one last."""
    found = []
    while one.parent:
        one = book.voucher(one.parent)
        found.append(one.id)
    return found


@dataclass(frozen=True, slots=True)
class Bought:
    """What a lender pays for a voucher and what it keeps, with the signed acceptance for the register."""

    voucher: str
    currency: str
    amount_minor: int
    price_minor: int
    acceptance: Mapping[str, Any]


def accept(
    ledger: Ledger, firm: Firm, document: Mapping[str, Any], rate_annual: Fraction, on: date
) -> Bought:
    """Buy a voucher without recourse, as its register states it today: claimed in the lender's own ledger.

    AlreadyFinancedError when it, what it was split from or a part of it is bought here already, or when all
    that is bought of its debt would be more than is confirmed. Pay when the register has recorded it.
    """
    content = _checked(firm, document, on)
    currency, due = str(content["currency"]), date.fromisoformat(str(content["due_on"]))
    amount = parse_minor(str(content["amount"]), currency)
    price = amount - discount_minor(amount, rate_annual, on, due)

    def work(transaction: Transaction) -> Bought:
        mine = _accepted(firm, content, price, currency, on)
        key = f"voucher-accepted:{content['issuer']}:{content['voucher']}"
        known = transaction.record_by_key(key)
        if known is not None:
            if known.body["statement"]["content"]["state"] != content["state"]:
                raise _bought_before(str(content["voucher"]), str(content["voucher"]))
            mine = known.body["acceptance"]
            paid = parse_minor(str(mine["content"]["price"]), currency)
            return Bought(str(content["voucher"]), currency, amount, paid, mine)
        _require_unpledged(transaction, content, amount)
        transaction.claim_finance(key, str(content["voucher"]), "us")
        body = {"statement": dict(document), "acceptance": mine}
        legs = postings.voucher_bought(amount, price, currency)
        transaction.append(Entry(ACCEPTED, key, on, None, body, legs))
        return Bought(str(content["voucher"]), currency, amount, price, mine)

    return ledger.commit(work)


def _checked(firm: Firm, document: Mapping[str, Any], on: date) -> Mapping[str, Any]:
    content, signature = parts(document)
    issuer = str(content.get("issuer"))
    if content.get("schema") != SCHEMA:
        raise UsageError("this is no statement of a voucher", "its register makes one: net voucher export")
    if issuer not in firm.names:
        raise RefusedError("the firm that issued this voucher is not enrolled here", "net node trust NAME")
    if not holds(issuer, content, signature):
        raise RefusedError("its register did not sign this statement", "ask for the file again")
    if content["standing"] != VoucherState.HELD.value:
        raise AlreadyFinancedError(
            f"voucher {content['voucher']} is {content['standing']}", "ask for another"
        )
    if content["on"] != on.isoformat():
        raise StateError(
            f"the register's word is of {content['on']}", "ask for one of today: net voucher export"
        )
    return content


def _require_unpledged(reading: Reading, content: Mapping[str, Any], amount_minor: int) -> None:
    name, chain = str(content["voucher"]), list(content["chain"])
    total = amount_minor
    for record in reading.records(kind=ACCEPTED):
        other = record.body["statement"]["content"]
        if other["issuer"] != content["issuer"]:
            continue
        if other["voucher"] in chain or name in other["chain"]:
            raise _bought_before(name, str(other["voucher"]))
        if other["debt"] == content["debt"]:
            total += parse_minor(str(other["amount"]), str(content["currency"]))
    if total > parse_minor(str(content["confirmed"]), str(content["currency"])):
        raise AlreadyFinancedError(
            f"with voucher {name} more would be bought of debt {content['debt']} than is confirmed",
            "ask the register what became of its other vouchers",
        )


def _bought_before(name: str, other: str) -> AlreadyFinancedError:
    return AlreadyFinancedError(
        f"voucher {name} is pledged here already, as {other}", "a voucher is financed once in the network"
    )


def _accepted(firm: Firm, content: Mapping[str, Any], price: int, currency: str, on: date) -> dict[str, Any]:
    said = {
        "schema": ACCEPTANCE_SCHEMA,
        "voucher": content["voucher"],
        "state": content["state"],
        "lender": firm.id,
        "price": format_minor(price, currency),
        "on": on.isoformat(),
        "recourse": False,
    }
    return {"content": said, "signature": encoded(sign(said, firm.key))}
