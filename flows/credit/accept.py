"""Finance an order: what the accepted plan and offers commit everybody to, recorded once."""

from dataclasses import dataclass, replace
from datetime import date

from domain.errors import RefusedError
from domain.network import Network
from domain.order import Order
from domain.plain import from_plain, to_plain
from domain.plan import Plan
from domain.posting import Entry
from domain.record_kinds import RecordKey
from domain.states import OrderState
from finance.agreed.contract import (
    Contract,
)
from finance.agreed.facts import Fact, FactKind
from flows.books.acceptance import acceptance_key
from flows.books.order_book import OrderBook, opened_book, read_book
from flows.credit.claims import claim_order
from flows.credit.contract import contract_of
from flows.firms.given_back import kept_fees
from ledger.book.transaction import Transaction
from ledger.record.records import Record


@dataclass(frozen=True, slots=True)
class Accepted:
    """What was recorded; ``repeated`` says that it had been before."""

    contract: Contract
    fact: Fact
    book: OrderBook
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """An acceptance worked out but not recorded yet: what it fixes, the book it opens, its entry."""

    plan: Plan
    contract: Contract
    fact: Fact
    book: OrderBook
    entry: Entry


def draft_acceptance(
    order: Order,
    plan: Plan,
    network: Network,
    on: date,
    *,
    state: OrderState = OrderState.RESERVED,
    key: str = "",
    by: str = "",
) -> Draft:
    """What accepting the offers of the plan would record, the order then being in ``state``."""
    contract = contract_of(order, plan, network, on)
    fact = _accepted_fact(contract, by)
    extra = {"contract": to_plain(contract)}
    book, entry = opened_book(contract, fact, state, key or RecordKey.finance_accepted(plan.order), extra)
    return Draft(plan, contract, fact, book, entry)


def accept(
    transaction: Transaction,
    order: Order,
    plan: Plan,
    network: Network,
    on: date,
    *,
    registry_key: bytes | None = None,
    by: str = "",
    draft: Draft | None = None,
) -> Accepted:
    """Accept the offers that the plan rests on: promises become memo accounts, terms are fixed, and the
    order is claimed in the registry (AlreadyFinancedError when somebody finances it already), under the
    network's key or, without one, this ledger's own.

    The same plan again returns what there is; another plan is refused once money was drawn, since what
    is owed cannot be replaced by a plan. ``draft`` is taken where it is of this plan and still fits.
    """
    key = acceptance_key(transaction, plan.order)
    known = transaction.record_by_key(key)
    if known is not None:
        return _accepted_before(transaction, known, contract_of(order, plan, network, on), by)
    state = OrderState(transaction.order_state(plan.order) or OrderState.PLANNED)
    if draft is None or draft.plan is not plan or (draft.entry.key, draft.book.state) != (key, state):
        draft = draft_acceptance(order, plan, network, on, state=state, key=key, by=by)
    secret = registry_key or transaction.record_by_key("ledger").record_id.encode()  # type: ignore[union-attr]
    claim_order(transaction, plan.order, order, _first_lender(draft.contract), secret, on)
    transaction.append(draft.entry)
    book = read_book(transaction, plan.order) if kept_fees(transaction, plan.order) else draft.book
    return Accepted(draft.contract, draft.fact, book)


def _accepted_before(transaction: Transaction, known: Record, contract: Contract, by: str) -> Accepted:
    recorded = from_plain(Contract, known.body["contract"])
    if replace(contract, accepted_on=recorded.accepted_on) != recorded:
        raise RefusedError(
            f"order {contract.order} is financed already on other terms",
            f"net finance show {contract.order} shows them; net order cancel {contract.order} ends it",
        )
    return Accepted(recorded, _accepted_fact(recorded, by), read_book(transaction, contract.order), True)


def _first_lender(contract: Contract) -> str:
    """Whose claim it is: the lender that pays first; an order that needs no lender claims for itself."""
    return next((one.shares[0].lender for one in contract.facilities if not one.standby), "none")


def _accepted_fact(contract: Contract, by: str) -> Fact:
    return Fact(FactKind.ACCEPTED, contract.accepted_on, FactKind.ACCEPTED.value, 0, by)
