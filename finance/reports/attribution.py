"""Who earned what of an order: every party's part sums to the order's net value to the minor unit.

Earnings are read from the books: income less expense of each entity, and for the trader what his income
and expense accounts leave. What the buyer withheld or never paid lowers the net value that is shared out.
Who is paid in another currency has the part that it cost the order, in the order's currency; what money cost
to change, or brought, is a part of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from domain.accounts import Account, account_and_currency, is_memo, is_result
from domain.money import round_minor
from finance.agreed.contract import BUYER, NETWORK, TAX, TRADER, Booking
from finance.books.booking_account import BookingAccount
from finance.books.position import Position

PERCENT = 100
EXCHANGE = "exchange"
NOT_EARNED = frozenset({Account.EXCHANGE_REALISED, Account.EXCHANGE_UNREALISED, Account.TAX_ON_FINANCE})
"""Accounts of the trader that are nobody's earnings: exchange differences, and tax on finance."""


@dataclass(frozen=True, slots=True)
class Part:
    """One party's part. ``money_days`` is what it had out times days, in minor units; ``slot_days`` how
    long its slots were used. Per-day figures are None where the party gave neither."""

    party: str
    kind: str
    amount_minor: int
    money_days: int = 0
    slot_days: int = 0

    @property
    def per_money_day(self) -> Fraction | None:
        """Earned per minor unit and day it was out."""
        return Fraction(self.amount_minor, self.money_days) if self.money_days else None

    @property
    def per_slot_day(self) -> Fraction | None:
        """Minor units earned per day of its slots."""
        return Fraction(self.amount_minor, self.slot_days) if self.slot_days else None


@dataclass(frozen=True, slots=True)
class Attribution:
    """The parts of one order; they sum to ``net_minor``."""

    order: str
    currency: str
    net_minor: int
    parts: tuple[Part, ...]
    settled: bool

    def share(self, part: Part) -> Fraction:
        return Fraction(part.amount_minor, self.net_minor) if self.net_minor else Fraction(0)


def attribute(position: Position, until: date) -> Attribution:
    """Everybody's part of what was sold, from the books as they stand."""
    contract = position.contract
    net = -position.books.own(Account.SALES)
    earned = _earnings(position)
    referral = position.books.balance(NETWORK, Account.REFERRAL)
    lent = money_days(position, until)
    slots = {account.entity: account.booking for account in position.accounts.values()}
    parts = [
        Part(entity, _kind(entity, slots), amount, lent.get(entity, 0), _slot_days(slots.get(entity)))
        for entity, amount in sorted(earned.items())
        if entity != TRADER and (amount or lent.get(entity))
    ]
    if referral:
        parts.append(Part("referrer", "referral", referral))
    parts += _taxes(position)
    parts += _exchange(position)
    parts += _not_shared(position)
    rest = net - sum(part.amount_minor for part in parts)
    parts.append(Part(TRADER, "profit", rest, lent.get(TRADER, 0)))
    settled = position.state.value == "SETTLED"
    return Attribution(contract.order, contract.currency, net, tuple(parts), settled)


def _not_shared(position: Position) -> list[Part]:
    """What of the net value never reached those who shared it out: kept by a buyer who did not pay or by a
    provider that failed, spent on collecting; what the buyer paid for being late is taken off."""
    books = position.books
    owed = sum(
        -amount
        for journal in books.journals
        if journal.kind in ("written_off", "recovered_after")
        for entity, code, amount in journal.postings
        if entity == TRADER and code in (Account.RECEIVABLE, Account.DISPUTED)
    )
    parts = [
        Part(BUYER, "not paid", owed),
        Part(BUYER, "paid for being late", books.own(Account.BUYER_LATE_INTEREST)),
        Part("collection", "cost of collecting", books.own(Account.COLLECTION_COST)),
    ]
    claims = books.own(Account.PROVIDER_CLAIM)
    for entity in dict.fromkeys(account.entity for account in position.accounts.values()):
        own = [account for account in position.accounts.values() if account.entity == entity]
        still = sum(account.claimed - account.refunded for account in own) if claims else 0
        held = -books.balance(entity, Account.TRADER_REFUND) - books.balance(
            entity, Account.OWED_TO_GUARANTOR
        )
        parts.append(Part(entity, "kept of what it was prepaid", held - still))
    return [part for part in parts if part.amount_minor]


def _kind(entity: str, slots: dict[str, Booking]) -> str:
    if entity in slots:
        return slots[entity].kind
    return entity.split(":")[0]


def _slot_days(booking: Booking | None) -> int:
    return booking.slot_days if booking is not None else 0


def _earnings(position: Position) -> dict[str, int]:
    """Income less expense per entity, in the order's currency; a positive number is earned."""
    earned: dict[str, int] = {}
    for (entity, code), amount in position.books.balances.items():
        if is_result(code) and entity not in (TAX,) and "/" not in code:
            earned[entity] = earned.get(entity, 0) - amount
    for party, amount in _foreign_earnings(position).items():
        earned[party] = earned.get(party, 0) + amount
    return earned


def _foreign_earnings(position: Position) -> dict[str, int]:
    """What those who are paid in another currency earned: what it cost the trader in his own.

    Where only their own books are concerned (an allowance), at the rate of the day.
    """
    earned: dict[str, int] = {}
    for journal in position.books.journals:
        currency = position.currency_of(journal.facility or journal.party)
        if not currency:
            continue
        cost, shared = 0, False
        for entity, account, amount in journal.postings:
            if entity == TRADER and not is_memo(account):
                shared = True
                if account == Account.INVENTORY or (is_result(account) and account not in NOT_EARNED):
                    cost += amount
        if shared:
            earned[journal.party] = earned.get(journal.party, 0) + cost
            continue
        for entity, account, amount in journal.postings:
            if is_result(account):
                worth = position.worth(amount, currency, journal.on)
                earned[entity] = earned.get(entity, 0) - worth
    for one in position.accounts.values():
        entity = one.booking.entity
        if one.currency and not one.booking.tax_recoverable:
            earned[entity] = earned.get(entity, 0) - _lost_tax(position, one)
    return earned


def _lost_tax(position: Position, account: BookingAccount) -> int:
    """Tax on a booking that nobody gives back, in the order's currency: its share of what the bills cost."""
    if not account.currency or not account.billed:
        return account.billed_tax
    cost = sum(
        amount
        for journal in position.books.journals
        for entity, code, amount in journal.postings
        if journal.kind == "bill"
        and journal.party == account.entity
        and entity == TRADER
        and (code == Account.INVENTORY or code[0] == "5")
    )
    return round_minor(Fraction(cost * account.billed_tax, account.billed))


def _exchange(position: Position) -> list[Part]:
    """What changing money took of the order's value (positive) or gave; what is not realised yet apart."""
    books = position.books
    parts = [
        Part(EXCHANGE, "exchange differences", books.own(Account.EXCHANGE_REALISED)),
        Part(EXCHANGE, "exchange differences, unrealised", books.own(Account.EXCHANGE_UNREALISED)),
    ]
    return [part for part in parts if part.amount_minor]


def _taxes(position: Position) -> list[Part]:
    """Surcharges, tax on finance, and input tax that nobody gives back, are the tax office's part."""
    books = position.books
    surcharge = books.own(Account.TAX_SURCHARGE)
    lost = books.own(Account.TAX_ON_FINANCE) + sum(
        _lost_tax(position, account)
        for account in position.accounts.values()
        if not account.booking.tax_recoverable
    )
    parts = [Part(TAX, "surcharge", surcharge), Part(TAX, "tax not recoverable", lost)]
    return [part for part in parts if part.amount_minor]


def money_days(position: Position, until: date) -> dict[str, int]:
    """What each entity had out of its own cash, times days, up to ``until``; in minor units of the order's
    currency x days, at the rate of ``until`` for who has another."""
    flows: dict[tuple[str, str], list[tuple[date, int]]] = {}
    for journal in position.books.journals:
        for entity, account, amount in journal.postings:
            code, currency = account_and_currency(account)
            if code == Account.CASH:
                flows.setdefault((entity, currency), []).append((journal.on, amount))
    found: dict[str, int] = {}
    for (entity, currency), movements in flows.items():
        total = _money_days(movements, until)
        found[entity] = found.get(entity, 0) + position.worth(total, currency, until)
    return found


def _money_days(movements: list[tuple[date, int]], until: date) -> int:
    total, balance, last = 0, 0, None
    for on, amount in sorted(movements):
        if last is not None:
            total += max(-balance, 0) * (on - last).days
        balance += amount
        last = on
    if last is not None and balance < 0:
        total += -balance * max((until - last).days, 0)
    return total


def combined(attributions: Iterable[Attribution]) -> list[Part]:
    """Many orders of one currency together: one part per party and kind."""
    sums: dict[tuple[str, str], list[int]] = {}
    for one in attributions:
        for part in one.parts:
            place = sums.setdefault((part.party, part.kind), [0, 0, 0])
            place[0] += part.amount_minor
            place[1] += part.money_days
            place[2] += part.slot_days
    return [Part(party, kind, *figures) for (party, kind), figures in sorted(sums.items())]


def percent_text(share: Fraction) -> str:
    """``"14.04"``: percent with two decimals."""
    hundredths = round_minor(share * PERCENT * 100)
    sign = "-" if hundredths < 0 else ""
    return f"{sign}{abs(hundredths) // 100}.{abs(hundredths) % 100:02d}"
