"""The providers' side: bills, payments, damages, refunds, failures and cancellations, in both books."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor
from domain.states import OrderState
from domain.terms import CancellationTerm, Event
from finance.agreed.contract import TRADER, Booking
from finance.agreed.facts import Fact
from finance.books.booking_account import BookingAccount
from finance.books.order_books import Posting, booked
from finance.books.position import Position
from finance.books.sales import share_of
from finance.sides.taxes import true_up

PROGRESS = tuple(state.value for state in OrderState)
"""States in the order in which an order passes through them."""


def hold_slots(position: Position, fact: Fact) -> None:
    """Memo: what the providers' slots will cost once they are used."""
    for account in position.accounts.values():
        hold_slot(position, account, fact)


def hold_slot(position: Position, account: BookingAccount, fact: Fact) -> None:
    """Bring the memo of one slot to what it now will cost."""
    more = account.booking.gross_minor - account.memo
    account.memo = account.booking.gross_minor
    position.post(
        "slot_held", fact, account.entity, booked(TRADER, Account.SLOT_HELD, Account.SLOT_OWED, more)
    )


def release_slot(position: Position, account: BookingAccount, fact: Fact) -> None:
    amount, account.memo = account.memo, 0
    position.post(
        "slot_released",
        fact,
        account.entity,
        booked(TRADER, Account.SLOT_OWED, Account.SLOT_HELD, amount),
    )


def bill(position: Position, account: BookingAccount, share: Fraction, fact: Fact) -> None:
    """The service is rendered up to ``share`` of it: cost and input tax, against prepayment and payable."""
    if account.ended or share <= account.billed_share:
        return
    booking, prepaid = account.booking, account.prepaid
    net = share_of(booking.net_minor, share) - account.billed_net
    tax = share_of(booking.tax_minor, share) - account.billed_tax
    account.billed_share = share
    account.billed_net += net
    account.billed_tax += tax
    from_prepaid = min(prepaid, net + tax)
    owed = net + tax - from_prepaid
    recoverable = tax if booking.tax_recoverable else 0
    postings: list[Posting] = [
        (TRADER, booking.cost_account, net + tax - recoverable),
        (TRADER, Account.INPUT_TAX, recoverable),
        (TRADER, Account.PREPAYMENT, -from_prepaid),
        (TRADER, account.booking.payable_account, -owed),
        (booking.entity, Account.DEPOSIT, from_prepaid),
        (booking.entity, booking.receivable_account, owed),
        (booking.entity, booking.income_account, -net),
        (booking.entity, Account.OUTPUT_TAX, -tax),
    ]
    position.post("bill", fact, booking.entity, postings)
    if share == 1:
        release_slot(position, account, fact)
    true_up(position, fact)


def pay(position: Position, account: BookingAccount, amount: int, fact: Fact) -> None:
    """Money to a provider: first what it has billed, the rest is prepaid; after its end a claim on it."""
    entity = account.entity
    billed = min(amount, account.payable)
    ahead = amount - billed
    account.paid += amount
    claim = ahead if account.ended else 0
    account.claimed += claim
    postings = [
        (TRADER, account.booking.payable_account, billed),
        (TRADER, Account.PROVIDER_CLAIM, claim),
        (TRADER, Account.PREPAYMENT, ahead - claim),
        (TRADER, Account.CASH, -amount),
        (entity, Account.CASH, amount),
        (entity, account.booking.receivable_account, -billed),
        (entity, Account.TRADER_REFUND, -claim),
        (entity, Account.DEPOSIT, claim - ahead),
    ]
    position.post("payment", fact, entity, postings)


def claim_damages(position: Position, account: BookingAccount, amount: int, fact: Fact) -> None:
    """A provider owes part of its gross price back: cost and input tax are reduced. What it owes beyond its
    price is compensation, for goods that were lost: no price is reduced by it, and it carries no tax."""
    booking = account.booking
    reduced = max(min(amount, booking.gross_minor - account.reduced), 0)
    account.reduced += reduced
    beyond = amount - reduced
    net = (
        round_minor(Fraction(reduced * booking.net_minor, booking.gross_minor)) if booking.gross_minor else 0
    )
    tax = reduced - net
    recoverable = tax if booking.tax_recoverable else 0
    cost = Account.COST_OF_SALES if booking.goods and position.sales.delivered else booking.cost_account
    account.claimed += amount
    postings = [
        (TRADER, Account.PROVIDER_CLAIM, amount),
        (TRADER, cost, -(reduced - recoverable)),
        (TRADER, Account.INPUT_TAX, -recoverable),
        (TRADER, Account.INDEMNITY, -beyond),
        (booking.entity, Account.DAMAGES_GIVEN, net + beyond),
        (booking.entity, Account.OUTPUT_TAX, tax),
        (booking.entity, Account.TRADER_REFUND, -amount),
    ]
    position.post("damages", fact, booking.entity, postings)
    true_up(position, fact)


def refund(position: Position, account: BookingAccount, amount: int, fact: Fact) -> None:
    """Money back from a provider, against what was claimed; what was not yet claimed is claimed with it."""
    missing = amount - (account.claimed - account.refunded)
    if missing > 0:
        claim_damages(position, account, missing, fact)
    account.refunded += amount
    entity = account.entity
    postings = [
        *booked(TRADER, Account.CASH, Account.PROVIDER_CLAIM, amount),
        *booked(entity, Account.TRADER_REFUND, Account.CASH, amount),
    ]
    position.post("refund", fact, entity, postings)


def fail(position: Position, account: BookingAccount, fact: Fact) -> None:
    """A provider cannot deliver: what it was prepaid becomes a claim, its slot is released."""
    if account.ended:
        return
    account.failed = True
    _claim_prepayment(position, account, account.prepaid, fact)
    release_slot(position, account, fact)
    true_up(position, fact)


def _claim_prepayment(position: Position, account: BookingAccount, amount: int, fact: Fact) -> None:
    account.claimed += amount
    entity = account.entity
    postings = [
        *booked(TRADER, Account.PROVIDER_CLAIM, Account.PREPAYMENT, amount),
        *booked(entity, Account.DEPOSIT, Account.TRADER_REFUND, amount),
    ]
    position.post("prepayment_claimed", fact, entity, postings)


def cancellation_fee(booking: Booking, state: str) -> int:
    """What a provider keeps when the order is cancelled in ``state``: its term for that state, else for the
    latest state before it, else nothing; never more than its price."""
    return fee_of_terms(booking.cancellation, state, booking.net_minor)


def fee_of_terms(terms: Sequence[CancellationTerm], state: str, net_minor: int) -> int:
    """The same of any terms and net price."""
    reached = PROGRESS.index(state) if state in PROGRESS else -1
    found = 0
    best = -1
    for term in terms:
        place = PROGRESS.index(term.state.upper()) if term.state.upper() in PROGRESS else -1
        if best < place <= reached:
            best = place
            found = min(round_minor(net_minor * term.share) + term.amount_minor, net_minor)
    return found


def keep_fee(position: Position, fact: Fact) -> None:
    """What a firm keeps for slots that were given back: the order owes it, whatever is planned next.

    It waits for the buyer's payment, as the plan counts on; when all is over it is due at once.
    """
    entity, amount = fact.text("entity"), fact.minor("amount") or 0
    account = _account_for_fee(position, fact.text("booking"), entity)
    account.fees += amount
    account.fees_on = fact.on
    account.answered = account.answered or Event.ORDER.value in position.happened
    position.post("cancellation_fee", fact, entity, fee_postings(entity, amount))


def fee_postings(entity: str, amount: int) -> list[Posting]:
    """The trader owes it, and a provider has it to come."""
    return [
        *booked(TRADER, Account.CANCELLATION, Account.PAYABLE, amount),
        *booked(entity, Account.RECEIVABLE, Account.CANCELLATION_INCOME, amount),
    ]


def _account_for_fee(position: Position, name: str, entity: str) -> BookingAccount:
    """The firm's booking of that name, else its first; else an account that has nothing but the fee."""
    known = position.accounts.get(name)
    if known is not None and known.entity == entity:
        return known
    own = next((one for one in position.accounts.values() if one.entity == entity), None)
    if own is not None:
        return own
    on = position.contract.accepted_on
    booking = Booking(name, entity, "cancellation", 0, 0, False, Event.BOOKING, on, on, (), name=name)
    account = position.accounts[name] = BookingAccount(booking, billed_share=Fraction(1))
    return account


def cancel(position: Position, fees: Mapping[str, int], fact: Fact) -> None:
    """Every booking not yet rendered ends: its fee is kept or owed, the rest of a prepayment claimed."""
    for name, account in position.accounts.items():
        if account.ended or account.billed_share == 1:
            continue
        fee = fees.get(name, cancellation_fee(account.booking, position.state.value))
        end_booking(position, account, fee, fact)
    true_up(position, fact)


def end_booking(position: Position, account: BookingAccount, fee: int, fact: Fact) -> None:
    """A booking is called off: its fee is kept or owed, the rest of a prepayment claimed, its slot free."""
    _end_with_fee(position, account, fee, fact)
    release_slot(position, account, fact)
    account.cancelled = True


def _end_with_fee(position: Position, account: BookingAccount, fee: int, fact: Fact) -> None:
    entity = account.entity
    from_prepaid = min(account.prepaid, fee)
    owed = fee - from_prepaid
    rest = account.prepaid - from_prepaid
    postings = [
        (TRADER, Account.CANCELLATION, fee),
        (TRADER, Account.PREPAYMENT, -from_prepaid),
        (TRADER, account.booking.payable_account, -owed),
        (entity, Account.DEPOSIT, from_prepaid),
        (entity, account.booking.receivable_account, owed),
        (entity, Account.CANCELLATION_INCOME, -fee),
    ]
    position.post("cancellation_fee", fact, entity, postings)
    account.billed_net += fee
    if rest:
        _claim_prepayment(position, account, rest, fact)
