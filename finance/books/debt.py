"""What one order owes one facility, lender by lender: drawings, interest, late charges, repayments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from domain.money import round_minor, split_minor
from domain.terms import InterestTaking
from finance.agreed.contract import Facility, Rank, Share
from finance.books.accruals import INCOME, Accruals, Amounts
from finance.books.deferred_fee import DeferredFee
from finance.books.drawing import Drawing, LenderPart
from finance.pricing.fees import repayment_fees
from finance.pricing.interest import exact_interest, exact_late_charge


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

    ``due_on`` is the day from which grace and penalty count, None while nothing is due on a day. ``taken``
    is what was kept back from the draws, ``face`` what fees on the face were charged on, ``sold`` what had
    been sold by then. ``allowance`` is each lender's, ``measured`` what it was last made
    for: IFRS 9 stage, principal, interest.
    """

    facility: Facility
    drawings: list[Drawing] = field(default_factory=list)
    due_on: date | None = None
    taken: int = 0
    face: int = 0
    sold: int = 0
    fee: DeferredFee = field(default_factory=DeferredFee)
    accruals: Accruals = field(default_factory=Accruals)
    allowance: Amounts = field(default_factory=dict)
    measured: tuple[int, int, int] = (0, 0, 0)
    struck_on: date | None = None
    closed: bool = False
    released: bool = False
    stopped: bool = False
    promised: int = 0
    lost: list[Lost] = field(default_factory=list)

    @property
    def stage(self) -> int:
        return self.measured[0]

    @property
    def struck(self) -> bool:
        """The claim is fixed: nothing accrues any more."""
        return self.struck_on is not None

    @property
    def principal(self) -> int:
        return sum(drawing.principal for drawing in self.drawings)

    @property
    def drawn(self) -> int:
        """Principal, whether still owed or not."""
        return sum(part.drawn for part in self.parts())

    @property
    def id(self) -> str:
        return self.facility.id

    @property
    def currency(self) -> str:
        """The facility's currency; nothing where it is the order's."""
        return self.facility.currency

    def lenders(self) -> tuple[str, ...]:
        return tuple(share.lender for share in self.facility.shares)

    def parts(self) -> Iterator[LenderPart]:
        for drawing in self.drawings:
            yield from drawing.parts.values()

    def owed(self, rank: Rank) -> int:
        return self.principal if rank is Rank.PRINCIPAL else self.accruals.owed(rank)

    def owed_to(self, lender: str, rank: Rank) -> int:
        if rank is Rank.PRINCIPAL:
            return sum(one.parts[lender].principal for one in self.drawings if lender in one.parts)
        return self.accruals.owed_to(lender, rank)

    @property
    def claim(self) -> int:
        """All that is owed now: principal, interest, late charges, fees with their tax."""
        return self.principal + sum(map(self.accruals.owed, INCOME))

    def income_owed_to(self, lender: str) -> int:
        return sum(self.accruals.owed_to(lender, rank) for rank in INCOME)

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
            part = drawing.parts.setdefault(
                lender, LenderPart(shares.get(lender, Share(lender, Fraction(0))))
            )
            part.principal += amount
            part.drawn += amount

    def accrue(self, on: date) -> dict[str, Amounts]:
        """Bring interest, late charges, fees and tax up to ``on``; what was added of each, per lender."""
        added: dict[str, Amounts] = {}
        if self.facility.price.taken is not InterestTaking.IN_ADVANCE:
            added["interest"] = self.accruals.bring(Rank.INTEREST, self._interest(on))
        if self.due_on is not None and (on > self.due_on or self.accruals.accrued[Rank.PENALTY]):
            added["late_charge"] = self.accruals.bring(Rank.PENALTY, self._late(on, self.due_on))
        if self.facility.tax_rate or self.facility.fees:
            added["fee"], added["tax_on_finance"] = self._accrue_fees()
        return added

    def _interest(self, on: date) -> list[dict[str, Fraction]]:
        due = self.due_on

        def cost(start: date, amount: int, until: date) -> Fraction:
            end = min(until, due) if due is not None and start < due else until
            return exact_interest(self.facility.price, amount, start, end)

        return [drawing.exact(on, cost) for drawing in self.drawings]

    def _late(self, on: date, due: date) -> list[dict[str, Fraction]]:
        price, terms = self.facility.price, (self.facility.grace_days, self.facility.penalty_multiplier)

        def cost(start: date, amount: int, until: date) -> Fraction:
            if start >= due:
                return Fraction(0)  # lent because payment was late: never due earlier, plain interest
            return exact_late_charge(price, amount, due, max(min(until, on), due), *terms)

        return [drawing.exact(on, cost) for drawing in self.drawings]

    def _accrue_fees(self) -> tuple[Amounts, Amounts]:
        """Fees that are paid with the repayment, and tax on all that the money cost so far."""
        own = self.facility
        fees = repayment_fees(own.fees, self.drawn, self.face) if self.drawings else 0
        earned = self.accruals.total(Rank.INTEREST) + self.accruals.total(Rank.PENALTY)
        taxes = round_minor((self.taken + fees + earned) * self.facility.tax_rate)
        return self.accruals.bring_fees(fees, taxes, self.split)

    def pay(self, rank: Rank, amount: int, on: date) -> Amounts:
        """Allocate up to ``amount`` to one class of claim: by priority, oldest drawing first, pro rata.

        What each lender gets, by largest remainder; the sum is what could be used.
        """
        if rank is Rank.PRINCIPAL:
            return self._pay_principal(amount, on)
        return self.accruals.pay(rank, amount, self.facility.tiers)

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

    def _tiers(self) -> list[list[LenderPart]]:
        """Parts that are paid together: those of one priority and one drawing, first paid first."""
        tiers: dict[tuple[int, date], list[LenderPart]] = {}
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
        for amounts in [self.fee.taken, self.fee.earned, self.allowance, *self.accruals.amounts()]:
            if seller in amounts:
                amounts[buyer] = amounts.pop(seller)

    def forgive(self, on: date) -> None:
        """Nothing is owed any more; what was paid stays paid."""
        for part in self.parts():
            part.repay(part.principal, on)
        self.accruals.forgive()
