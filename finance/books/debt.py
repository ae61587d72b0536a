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
from finance.agreed.contract import Facility, Rank, Share
from finance.pricing.interest import exact_interest, exact_late_charge

Amounts = dict[str, int]
"""Lender to amount in minor units."""


INCOME = (Rank.PENALTY, Rank.FEE, Rank.INTEREST)
CLAIMS = (*INCOME, Rank.PRINCIPAL)


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
    """One lender's part of one drawing: what is still owed of it, and what was owed until when."""

    share: Share
    principal: int = 0
    drawn: int = 0
    layers: list[Layer] = field(default_factory=list)

    def repay(self, amount: int, on: date) -> None:
        self.layers.append(Layer(amount, on))
        self.principal -= amount


@dataclass(slots=True)
class Drawing:
    """What was drawn on one day, owed from then on; ``parts`` by lender."""

    on: date
    parts: dict[str, Part]

    @property
    def principal(self) -> int:
        return sum(part.principal for part in self.parts.values())


@dataclass(slots=True)
class Lost:
    """What was written off of a claim, by class, and whose loss it is."""

    rank: Rank
    priority: int
    party: str
    amount: int


@dataclass(slots=True)
class Debt:
    """The state of one facility for one order.

    ``due_on`` is the day from which grace and penalty count, None while nothing is due on a day.
    ``stage`` and ``measured`` (principal, interest) are what the allowance was last made for.
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
    accrued: dict[Rank, Amounts] = field(default_factory=lambda: {rank: {} for rank in INCOME})
    paid: dict[Rank, Amounts] = field(default_factory=lambda: {rank: {} for rank in INCOME})
    taxes: Amounts = field(default_factory=dict)
    struck_on: date | None = None
    closed: bool = False
    released: bool = False
    stopped: bool = False
    promised: int = 0
    lost: list[Lost] = field(default_factory=list)
    stage: int = 0
    measured: tuple[int, int] = (0, 0)
    accrued_to: date | None = None

    @property
    def struck(self) -> bool:
        """The claim is fixed: nothing accrues any more."""
        return self.struck_on is not None

    @property
    def principal(self) -> int:
        return sum(drawing.principal for drawing in self.drawings)

    @property
    def currency(self) -> str:
        """The facility's currency; nothing where it is the order's."""
        return self.facility.currency

    def lenders(self) -> tuple[str, ...]:
        return tuple(share.lender for share in self.facility.shares)

    def parts(self) -> Iterator[Part]:
        for drawing in self.drawings:
            yield from drawing.parts.values()

    def owed(self, rank: Rank) -> int:
        if rank is Rank.PRINCIPAL:
            return self.principal
        return sum(self.accrued[rank].values()) - sum(self.paid[rank].values())

    def owed_to(self, lender: str, rank: Rank) -> int:
        if rank is Rank.PRINCIPAL:
            return sum(one.parts[lender].principal for one in self.drawings if lender in one.parts)
        return self.accrued[rank].get(lender, 0) - self.paid[rank].get(lender, 0)

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
        away = set(absent)
        shares = [share for share in self.facility.shares if share.lender not in away]
        shares = shares or list(self.facility.shares)
        if len(shares) == 1:
            return {shares[0].lender: amount}
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
        if self.facility.price.taken is not InterestTaking.IN_ADVANCE:
            self._bring(Rank.INTEREST, self._interest(on), added.interest)
        if self.due_on is not None and (on > self.due_on or self.accrued[Rank.PENALTY]):
            self._bring(Rank.PENALTY, self._late(on, self.due_on), added.late)
        self._accrue_fees(added)
        return added

    def _bring(self, rank: Rank, exact: list[dict[str, Fraction]], added: Amounts) -> None:
        """Each drawing's total is rounded once; the sum is split among lenders by largest remainder."""
        total = sum(round_minor(sum(some.values(), Fraction(0))) for some in exact)
        weights: dict[str, Fraction] = {}
        for some in exact:
            for lender, part in some.items():
                weights[lender] = weights.get(lender, Fraction(0)) + part
        if len(weights) == 1 or not total:
            target = dict.fromkeys(weights, total)
        else:
            target = dict(zip(weights, split_minor(total, list(weights.values())), strict=True))
        known = self.accrued[rank]
        for lender, amount in target.items():
            if amount != known.get(lender, 0):
                added[lender] = amount - known.get(lender, 0)
                known[lender] = amount

    def _interest(self, on: date) -> list[dict[str, Fraction]]:
        price = self.facility.price
        end = on if self.due_on is None else min(on, self.due_on)
        return [
            {
                lender: sum(
                    (
                        exact_interest(price, amount, drawing.on, min(until, end))
                        for amount, until in _layers(part, end)
                    ),
                    Fraction(0),
                )
                for lender, part in drawing.parts.items()
            }
            for drawing in self.drawings
        ]

    def _late(self, on: date, due: date) -> list[dict[str, Fraction]]:
        facility = self.facility
        terms = (facility.grace_days, facility.penalty_multiplier)
        return [
            {
                lender: sum(
                    (
                        exact_late_charge(facility.price, amount, due, max(min(until, on), due), *terms)
                        for amount, until in _layers(part, on)
                    ),
                    Fraction(0),
                )
                for lender, part in drawing.parts.items()
            }
            for drawing in self.drawings
        ]

    def _accrue_fees(self, added: Accrued) -> None:
        """Fees that are paid with the repayment, and tax on all that the money cost so far."""
        if not self.facility.tax_rate and not self.facility.fees:
            return
        fees = self._fees_at_repayment()
        earned = sum(sum(self.accrued[rank].values()) for rank in (Rank.INTEREST, Rank.PENALTY))
        taxes = round_minor((self.taken + fees + earned) * self.facility.tax_rate)
        whole = self.accrued[Rank.FEE]
        before = {lender: amount - self.taxes.get(lender, 0) for lender, amount in whole.items()}
        for total, posted, new in ((fees, before, added.fees), (taxes, self.taxes, added.taxes)):
            if total == sum(posted.values()):
                continue
            for lender, amount in self.split(total).items():
                difference = amount - posted.get(lender, 0)
                posted[lender] = amount
                if difference:
                    new[lender] = difference
                    whole[lender] = whole.get(lender, 0) + difference

    def _fees_at_repayment(self) -> int:
        total = 0
        for fee in self.facility.fees:
            if fee.at_repayment and self.drawings:
                total += max(round_minor(fee.rate * self.drawn) + fee.amount_minor, fee.minimum_minor)
        return total

    def pay(self, rank: Rank, amount: int, on: date) -> Amounts:
        """Allocate up to ``amount`` to one class of claim: by priority, oldest drawing first, pro rata.

        What each lender gets, by largest remainder; the sum is what could be used.
        """
        return self._pay_principal(amount, on) if rank is Rank.PRINCIPAL else self._pay_income(rank, amount)

    def _pay_principal(self, amount: int, on: date) -> Amounts:
        paid: Amounts = {}
        for tier in self._tiers():
            owed = [part.principal for part in tier]
            used = min(amount, sum(owed))
            if used <= 0:
                continue
            shares = [used] if len(tier) == 1 else split_minor(used, owed)
            for part, share in zip(tier, shares, strict=True):
                part.repay(share, on)
                paid[part.share.lender] = paid.get(part.share.lender, 0) + share
            amount -= used
        return paid

    def _tiers(self) -> list[list[Part]]:
        """Parts that are paid together: those of one priority and one drawing, first paid first."""
        tiers: dict[tuple[int, date], list[Part]] = {}
        for drawing in self.drawings:
            for part in drawing.parts.values():
                tiers.setdefault((part.share.priority, drawing.on), []).append(part)
        return [tiers[place] for place in sorted(tiers)]

    def _pay_income(self, rank: Rank, amount: int) -> Amounts:
        paid: Amounts = {}
        settled = self.paid[rank]
        for priority in sorted({share.priority for share in self.facility.shares}):
            lenders = [share.lender for share in self.facility.shares if share.priority == priority]
            owed = {lender: self.owed_to(lender, rank) for lender in lenders}
            owed = {lender: minor for lender, minor in owed.items() if minor > 0}
            used = min(amount, sum(owed.values()))
            if used <= 0:
                continue
            for lender, share in zip(owed, split_minor(used, list(owed.values())), strict=True):
                settled[lender] = settled.get(lender, 0) + share
                paid[lender] = share
            amount -= used
        return paid

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
        places = [self.fee_deferred, self.fee_earned, self.allowance, self.taxes]
        for amounts in [*places, *self.accrued.values(), *self.paid.values()]:
            if seller in amounts:
                amounts[buyer] = amounts.pop(seller)

    def forgive(self, on: date) -> None:
        """Nothing is owed any more; what was paid stays paid."""
        for part in self.parts():
            part.repay(part.principal, on)
        for rank in INCOME:
            self.paid[rank] = dict(self.accrued[rank])

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
