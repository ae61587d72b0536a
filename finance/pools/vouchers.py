"""Vouchers: a buyer's confirmed debt that is split, passed on, financed without recourse and redeemed.

The state is a fold over what happened, so that nothing can be there twice: a voucher is the whole of what its
parent gave it, its children are the whole of it, and only what is held, by one firm, can go anywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction

from domain.errors import AlreadyFinancedError, NotFoundError, RefusedError, StateError, UsageError
from domain.money import round_minor

YEAR_DAYS = 360


class VoucherState(StrEnum):
    HELD = "held"
    SPLIT = "split"
    FINANCED = "financed"
    REDEEMED = "redeemed"


LIVE = (VoucherState.HELD, VoucherState.FINANCED)
"""What the issuer still owes: of a voucher that was split, its children are owed."""


@dataclass(frozen=True, slots=True)
class Voucher:
    """``root`` is the voucher that was issued, ``parent`` the one that this was split from, empty for a root.

    ``financed_by`` is the lender that holds it without recourse to whoever passed it on.
    """

    id: str
    root: str
    parent: str
    issuer: str
    holder: str
    amount_minor: int
    due_on: date
    state: VoucherState = VoucherState.HELD
    financed_by: str = ""
    paid_minor: int = 0


@dataclass
class VoucherBook:
    """Every voucher by id; ``confirmed`` is what the payer confirmed by the name of its debt, ``passed``
    the firms that held a voucher before."""

    currency: str
    vouchers: dict[str, Voucher] = field(default_factory=dict)
    confirmed: dict[str, int] = field(default_factory=dict)
    of_debt: dict[str, str] = field(default_factory=dict)
    passed: dict[str, list[str]] = field(default_factory=dict)

    def voucher(self, name: str) -> Voucher:
        if name not in self.vouchers:
            raise NotFoundError(f"there is no voucher {name}", "net voucher show lists them")
        return self.vouchers[name]

    def children(self, name: str) -> list[Voucher]:
        return [one for one in self.vouchers.values() if one.parent == name]

    def face(self, root: str) -> int:
        """What the issuer still owes, or has paid, under one root: always what was issued."""
        return sum(
            one.amount_minor
            for one in self.vouchers.values()
            if one.root == root and one.state is not VoucherState.SPLIT
        )

    # what can happen ----------------------------------------------------------------------------

    def confirm(self, debt: str, amount_minor: int) -> None:
        """The payer itself confirms what it owes; that can rise, and never fall below what is issued."""
        if amount_minor < self._issued(debt):
            raise RefusedError(f"{debt}: more is issued already", "vouchers cannot be taken back")
        self.confirmed[debt] = amount_minor

    def issue(
        self, name: str, debt: str, issuer: str, holder: str, amount_minor: int, due_on: date
    ) -> Voucher:
        """A voucher over what is confirmed and not issued yet."""
        self._require_new(name, amount_minor)
        free = self.confirmed.get(debt, 0) - self._issued(debt)
        if amount_minor > free:
            raise RefusedError(
                f"{debt}: {amount_minor} minor units are more than the {free} confirmed and not issued yet",
                "the payer confirms what it owes before a voucher is made of it",
            )
        self.of_debt[name] = debt
        return self._put(Voucher(name, name, "", issuer, holder, amount_minor, due_on))

    def split(self, name: str, holder: str, parts: Sequence[tuple[str, int]]) -> list[Voucher]:
        """Into parts that are the whole of it, each with a name of its own; still the same holder's."""
        whole = self._held_by(name, holder)
        if len(parts) < 2 or sum(amount for _, amount in parts) != whole.amount_minor:
            raise RefusedError(
                f"the parts of {name} are not its {whole.amount_minor} minor units", "give two parts or more"
            )
        if len({part for part, _ in parts}) != len(parts):
            raise UsageError("two parts have one name", "name each part differently")
        for part, amount in parts:
            self._require_new(part, amount)
        self._put(replace(whole, state=VoucherState.SPLIT))
        return [
            self._put(Voucher(part, whole.root, name, whole.issuer, holder, amount, whole.due_on))
            for part, amount in parts
        ]

    def pass_on(self, name: str, holder: str, to: str) -> Voucher:
        """To a supplier, in payment; whoever passes it on is not liable for it."""
        one = self._held_by(name, holder)
        if to in (holder, one.issuer):
            raise RefusedError(f"{name} cannot be passed to {to}", "redeem it when it is due")
        self.passed.setdefault(name, []).append(holder)
        return self._put(replace(one, holder=to))

    def finance(self, name: str, holder: str, lender: str, price_minor: int) -> Voucher:
        """Sold to a lender for a price, without recourse; a second pledge is an AlreadyFinancedError."""
        if self.voucher(name).state is VoucherState.FINANCED:
            raise AlreadyFinancedError(
                f"voucher {name} is financed by {self.vouchers[name].financed_by} already",
                "a voucher is financed once",
            )
        one = self._held_by(name, holder)
        if not 0 < price_minor <= one.amount_minor:
            raise UsageError("the price lies between nothing and the voucher's amount", "give another")
        return self._put(
            replace(
                one, state=VoucherState.FINANCED, holder=lender, financed_by=lender, paid_minor=price_minor
            )
        )

    def redeem(self, name: str, on: date) -> Voucher:
        """Paid by its issuer to whoever holds it, on its day or later."""
        one = self.voucher(name)
        if one.state not in LIVE:
            raise StateError(f"voucher {name} is {one.state.value}", "redeem what became of it")
        if on < one.due_on:
            raise StateError(f"voucher {name} is due on {one.due_on}", "it is redeemed then")
        return self._put(replace(one, state=VoucherState.REDEEMED))

    # what always holds --------------------------------------------------------------------------

    def faults(self) -> list[str]:
        """What does not add up; empty in every history."""
        found = []
        for one in self.vouchers.values():
            parts = self.children(one.id)
            if bool(parts) != (one.state is VoucherState.SPLIT):
                found.append(f"{one.id}: split without parts, or parts without a split")
            if parts and sum(part.amount_minor for part in parts) != one.amount_minor:
                found.append(f"{one.id}: its parts are not the whole")
            if not one.parent and self.face(one.id) != one.amount_minor:
                found.append(f"{one.id}: its face changed")
        found += [
            f"{debt}: more issued than confirmed"
            for debt, amount in self.confirmed.items()
            if self._issued(debt) > amount
        ]
        return found

    def _issued(self, debt: str) -> int:
        return sum(self.vouchers[name].amount_minor for name, of in self.of_debt.items() if of == debt)

    def _require_new(self, name: str, amount_minor: int) -> None:
        if name in self.vouchers:
            raise RefusedError(f"there is a voucher {name} already", "give it another name")
        if amount_minor <= 0:
            raise UsageError("a voucher is over more than nothing", "give its amount")

    def _held_by(self, name: str, holder: str) -> Voucher:
        one = self.voucher(name)
        if one.state is not VoucherState.HELD:
            raise StateError(f"voucher {name} is {one.state.value}", "it goes nowhere any more")
        if one.holder != holder:
            raise RefusedError(f"{holder} does not hold voucher {name}", "only its holder can do that")
        return one

    def _put(self, one: Voucher) -> Voucher:
        self.vouchers[one.id] = one
        return one


def discount_minor(amount_minor: int, rate_annual: Fraction, on: date, due_on: date) -> int:
    """What a lender keeps for the days to maturity, actual/360, rounded once."""
    return round_minor(amount_minor * rate_annual * max((due_on - on).days, 0) / YEAR_DAYS)


def months_beyond(issued_on: date, due_on: date, months: int) -> int:
    """How many months, begun or whole, the term is longer than so many; zero within them."""
    last = (due_on.year - issued_on.year) * 12 + due_on.month - issued_on.month
    whole = last + (1 if due_on.day > issued_on.day else 0)
    return max(whole - months, 0)
