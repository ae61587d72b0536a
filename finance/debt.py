"""What one order owes one facility, lender by lender: drawings, interest, late charges, repayments.

Everything accrues cumulatively: what has accrued at a date is computed afresh from the layers of
principal and rounded once, and only the difference to what was posted is posted. So the dates on which
somebody asked never change a total.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from domain.money import round_minor, split_minor
from domain.terms import InterestTaking
from finance.contract import Facility, Rank, Share
from finance.interest import exact_interest, exact_late_charge

Amounts = dict[str, int]
"""Lender to amount in minor units."""


CLAIMS = (Rank.PENALTY, Rank.FEE, Rank.INTEREST, Rank.PRINCIPAL)


@dataclass(slots=True)
class Accrued:
    """What one accrual added, per lender."""

    interest: Amounts = field(default_factory=dict)
    late: Amounts = field(default_factory=dict)
    fees: Amounts = field(default_factory=dict)
    taxes: Amounts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layer:
    """Principal that was outstanding until ``until``."""

    amount_minor: int
    until: date


@dataclass(slots=True)
class Part:
    """One lender's part of one drawing."""

    share: Share
    principal: int = 0
    drawn: int = 0
    layers: list[Layer] = field(default_factory=list)
    interest: int = 0
    late: int = 0
    interest_paid: int = 0
    late_paid: int = 0

    def owed(self, rank: Rank) -> int:
        if rank is Rank.PRINCIPAL:
            return self.principal
        if rank is Rank.INTEREST:
            return self.interest - self.interest_paid
        return self.late - self.late_paid if rank is Rank.PENALTY else 0

    def pay(self, rank: Rank, amount: int, on: date) -> None:
        if rank is Rank.PRINCIPAL:
            self.layers.append(Layer(amount, on))
            self.principal -= amount
        elif rank is Rank.INTEREST:
            self.interest_paid += amount
        else:
            self.late_paid += amount


@dataclass(slots=True)
class Drawing:
    """What was drawn on one day, owed from then on; ``parts`` by lender."""

    on: date
    parts: dict[str, Part]

    @property
    def principal(self) -> int:
        return sum(part.principal for part in self.parts.values())


@dataclass(slots=True)
class Debt:
    """The state of one facility for one order.

    ``due_on`` is the day from which grace and penalty count, None while nothing is due on a day.
    """

    facility: Facility
    drawings: list[Drawing] = field(default_factory=list)
    due_on: date | None = None
    drawn: int = 0
    fee_deferred: dict[str, int] = field(default_factory=dict)
    fee_earned: dict[str, int] = field(default_factory=dict)
    allowance: dict[str, int] = field(default_factory=dict)
    fee_life: tuple[date, date] | None = None
    taken: int = 0
    fees: Amounts = field(default_factory=dict)
    taxes: Amounts = field(default_factory=dict)
    fee_owed: Amounts = field(default_factory=dict)
    struck_on: date | None = None
    closed: bool = False
    released: bool = False
    promised: int = 0

    @property
    def struck(self) -> bool:
        """The claim is fixed: nothing accrues any more."""
        return self.struck_on is not None

    @property
    def principal(self) -> int:
        return sum(drawing.principal for drawing in self.drawings)

    def lenders(self) -> tuple[str, ...]:
        return tuple(share.lender for share in self.facility.shares)

    def parts(self) -> Iterator[Part]:
        for drawing in self.drawings:
            yield from drawing.parts.values()

    def owed(self, rank: Rank) -> int:
        if rank is Rank.FEE:
            return sum(self.fee_owed.values())
        return sum(part.owed(rank) for part in self.parts())

    def owed_to(self, lender: str, rank: Rank) -> int:
        if rank is Rank.FEE:
            return self.fee_owed.get(lender, 0)
        return sum(drawing.parts[lender].owed(rank) for drawing in self.drawings if lender in drawing.parts)

    @property
    def claim(self) -> int:
        """All that is owed now: principal, interest, late charges, fees with their tax."""
        return sum(self.owed(rank) for rank in CLAIMS)

    def income_owed_to(self, lender: str) -> int:
        return sum(self.owed_to(lender, rank) for rank in CLAIMS if rank is not Rank.PRINCIPAL)

    def split(self, amount: int, absent: Iterable[str] = ()) -> Amounts:
        """The lenders' parts of a draw by largest remainder; an absent lender's part goes to the others.

        When every lender is absent the shares stand as agreed.
        """
        shares = [share for share in self.facility.shares if share.lender not in set(absent)]
        shares = shares or list(self.facility.shares)
        parts = split_minor(amount, [share.share for share in shares])
        return {share.lender: part for share, part in zip(shares, parts, strict=True)}

    def draw(self, amounts: Amounts, on: date) -> None:
        """Principal owed from ``on``; draws of one day are one drawing."""
        drawing = next((one for one in self.drawings if one.on == on), None)
        if drawing is None:
            drawing = Drawing(on, {})
            self.drawings.append(drawing)
        shares = {share.lender: share for share in self.facility.shares}
        for lender, amount in amounts.items():
            part = drawing.parts.setdefault(lender, Part(shares.get(lender, Share(lender, Fraction(0)))))
            part.principal += amount
            part.drawn += amount
        self.drawn += sum(amounts.values())

    def accrue(self, on: date) -> Accrued:
        """Bring interest, late charges, fees and tax up to ``on``; what was added, per lender."""
        added = Accrued()
        for drawing in self.drawings:
            if on < drawing.on:
                continue
            self._accrue_interest(drawing, on, added.interest)
            if self.due_on is not None:
                self._accrue_late(drawing, on, added.late)
        self._accrue_fees(added)
        return added

    def _accrue_fees(self, added: Accrued) -> None:
        """Fees that are paid with the repayment, and tax on all that the money cost so far."""
        fees = self._fees_at_repayment()
        cost = self.taken + fees + sum(part.interest + part.late for part in self.parts())
        taxes = round_minor(cost * self.facility.tax_rate)
        for total, posted, new in ((fees, self.fees, added.fees), (taxes, self.taxes, added.taxes)):
            if total == sum(posted.values()):
                continue
            for lender, amount in self.split(total).items():
                difference = amount - posted.get(lender, 0)
                posted[lender] = amount
                if difference:
                    new[lender] = difference
                    self.fee_owed[lender] = self.fee_owed.get(lender, 0) + difference

    def _fees_at_repayment(self) -> int:
        total = 0
        for fee in self.facility.fees:
            if fee.at_repayment and self.drawings:
                total += max(round_minor(fee.rate * self.drawn) + fee.amount_minor, fee.minimum_minor)
        return total

    def _interest_end(self, on: date) -> date:
        return on if self.due_on is None else min(on, self.due_on)

    def _accrue_interest(self, drawing: Drawing, on: date, added: Amounts) -> None:
        price, end = self.facility.price, self._interest_end(on)
        if price.taken is InterestTaking.IN_ADVANCE:
            return
        exact = {
            lender: sum(
                (
                    exact_interest(price, amount, drawing.on, min(until, end))
                    for amount, until in _layers(part, end)
                ),
                Fraction(0),
            )
            for lender, part in drawing.parts.items()
        }
        for lender, total in _rounded(exact).items():
            part = drawing.parts[lender]
            if total != part.interest:
                added[lender] = added.get(lender, 0) + total - part.interest
                part.interest = total

    def _accrue_late(self, drawing: Drawing, on: date, added: Amounts) -> None:
        facility, due = self.facility, self.due_on
        assert due is not None
        if on <= due and not any(part.late for part in drawing.parts.values()):
            return
        terms = (facility.grace_days, facility.penalty_multiplier)
        exact = {
            lender: sum(
                (
                    exact_late_charge(facility.price, amount, due, max(min(until, on), due), *terms)
                    for amount, until in _layers(part, on)
                ),
                Fraction(0),
            )
            for lender, part in drawing.parts.items()
        }
        for lender, total in _rounded(exact).items():
            part = drawing.parts[lender]
            if total != part.late:
                added[lender] = added.get(lender, 0) + total - part.late
                part.late = total

    def pay(self, rank: Rank, amount: int, on: date) -> Amounts:
        """Allocate up to ``amount`` to one class of claim: by priority, oldest drawing first, pro rata.

        What each lender gets, by largest remainder; the sum is what could be used.
        """
        if rank is Rank.FEE:
            return self._pay_fees(amount)
        paid: Amounts = {}
        for tier in self._tiers():
            owed = [part.owed(rank) for part in tier]
            used = min(amount, sum(owed))
            if used <= 0:
                continue
            for part, share in zip(tier, split_minor(used, owed), strict=True):
                part.pay(rank, share, on)
                paid[part.share.lender] = paid.get(part.share.lender, 0) + share
            amount -= used
        return paid

    def _pay_fees(self, amount: int) -> Amounts:
        owed = {lender: minor for lender, minor in self.fee_owed.items() if minor > 0}
        used = min(amount, sum(owed.values()))
        if used <= 0:
            return {}
        paid = dict(zip(owed, split_minor(used, list(owed.values())), strict=True))
        for lender, part in paid.items():
            self.fee_owed[lender] -= part
        return paid

    def _tiers(self) -> list[list[Part]]:
        """Parts that are paid together: those of one priority and one drawing, first paid first."""
        tiers: dict[tuple[int, date], list[Part]] = {}
        for drawing in self.drawings:
            for part in drawing.parts.values():
                tiers.setdefault((part.share.priority, drawing.on), []).append(part)
        return [tiers[place] for place in sorted(tiers)]

    def transfer(self, seller: str, buyer: str) -> None:
        """Another lender takes a lender's whole place: what is owed and what is still to be drawn."""
        old = next(share for share in self.facility.shares if share.lender == seller)
        new = Share(buyer, old.share, old.priority)
        shares = tuple(new if share is old else share for share in self.facility.shares)
        self.facility = replace(self.facility, shares=shares)
        for drawing in self.drawings:
            if seller in drawing.parts:
                part = drawing.parts.pop(seller)
                part.share = new
                drawing.parts[buyer] = part
        places = (self.fee_deferred, self.fee_earned, self.allowance, self.fees, self.taxes, self.fee_owed)
        for amounts in places:
            if seller in amounts:
                amounts[buyer] = amounts.pop(seller)

    def forgive(self, on: date) -> None:
        """Nothing is owed any more; what was paid stays paid."""
        for part in self.parts():
            for rank in (Rank.PRINCIPAL, Rank.INTEREST, Rank.PENALTY):
                part.pay(rank, part.owed(rank), on)
        self.fee_owed.clear()

    def earn_fee(self, on: date, *, entirely: bool = False) -> Amounts:
        """The deferred fee earned up to ``on``, evenly over its life; what was added, per lender."""
        added: Amounts = {}
        for lender, deferred in self.fee_deferred.items():
            earned = deferred if entirely else round_minor(deferred * self._life_share(on))
            difference = earned - self.fee_earned.get(lender, 0)
            if difference:
                self.fee_earned[lender] = earned
                added[lender] = difference
        return added

    def _life_share(self, on: date) -> Fraction:
        if self.fee_life is None:
            return Fraction(1)
        start, end = self.fee_life
        if on >= end:
            return Fraction(1)
        return Fraction(max((on - start).days, 0), max((end - start).days, 1))


def _layers(part: Part, on: date) -> Iterator[tuple[int, date]]:
    """Each amount of principal with the date until which it has been owed, open ones until ``on``."""
    for layer in part.layers:
        yield layer.amount_minor, layer.until
    if part.principal:
        yield part.principal, on


def _rounded(exact: dict[str, Fraction]) -> Amounts:
    """The drawing's total rounded once, then split by largest remainder."""
    whole = sum(exact.values(), Fraction(0))
    if whole <= 0:
        return dict.fromkeys(exact, 0)
    if len(exact) == 1:
        return {lender: round_minor(whole) for lender in exact}
    return dict(zip(exact, split_minor(round_minor(whole), list(exact.values())), strict=True))
