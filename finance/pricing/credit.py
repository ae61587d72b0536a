"""One lender's product worked out for one order: what a need costs to draw, and what pays it off.

Dates are proleptic ordinals (``date.toordinal``), amounts whole minor units. Every amount of interest is
rounded once, per draw; a fee inside the limit is what the rounded limit leaves over the need, so that a
draw pays its need to the cent: limit = N / (1 - f).
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.dates import DayCount
from domain.money import round_minor
from domain.network import FinanceProduct
from domain.terms import Fee, FeeBasis, FeeTaking, InterestTaking
from finance.pricing.fees import (
    draw_fees,
    exact_fee,
    fee_amount,
    fees_within,
    principal_for,
    repayment_fees,
)
from finance.pricing.interest import exact_interest, exact_late_charge

Ratio = tuple[int, int]
_PLAIN_YEARS = {DayCount.ACT_360: 360, DayCount.ACT_365F: 365}


def round_ratio(amount: int, numerator: int, denominator: int) -> int:
    """amount x numerator / denominator, halves away from zero; the denominator is positive."""
    scaled = amount * numerator
    rounded = (2 * abs(scaled) + denominator) // (2 * denominator)
    return rounded if scaled >= 0 else -rounded


@dataclass(slots=True)
class DrawnPart:
    """One draw: ``cash`` reaches the loop, ``principal`` is owed; the rest is fees and discount."""

    on: int
    cash: int
    principal: int
    fee: int
    discount: int


@dataclass(slots=True)
class CreditTerms:
    """A product with its ceiling and face for one order, ready for whole-number arithmetic.

    ``limit_rate`` sums the fees on the limit that are taken at the first draw, ``first_fixed`` what is
    taken there whatever is drawn, ``draw_rate`` the fees kept back from each draw, ``draw_added`` those
    added to each. ``floored`` are fees on the limit or on draws with a minimum, ``late`` those that are
    taken with the repayment.
    """

    product: FinanceProduct
    ceiling: int
    face: int
    limit_rate: Fraction = Fraction(0)
    first_fixed: int = 0
    draw_rate: Fraction = Fraction(0)
    draw_added: Fraction = Fraction(0)
    floored: tuple[Fee, ...] = ()
    late: tuple[Fee, ...] = ()
    grown: Ratio = (1, 1)
    in_advance: bool = False
    plain: bool = True
    _interest: dict[tuple[int, int], Ratio] = field(default_factory=dict, repr=False)
    _late: dict[tuple[int, int], Ratio] = field(default_factory=dict, repr=False)

    def interest(self, principal: int, start: int, end: int) -> int:
        """Interest on the principal over the dates, rounded once."""
        numerator, denominator = self.interest_ratio(start, end)
        return (2 * principal * numerator + denominator) // (2 * denominator)

    def interest_ratio(self, start: int, end: int) -> Ratio:
        found = self._interest.get((start, end))
        if found is None:
            found = self._interest[start, end] = self._interest_of_one(start, max(start, end))
        return found

    def _interest_of_one(self, start: int, end: int) -> Ratio:
        """What finance.pricing.interest says of one minor unit, without fractions where days are plain."""
        price = self.product.price
        year = _PLAIN_YEARS.get(price.day_count)
        if year is None or price.steps:
            days = date.fromordinal(start), date.fromordinal(end)
            return exact_interest(price, 1, *days).as_integer_ratio()
        rate = price.rate_annual
        return rate.numerator * (end - start), rate.denominator * year

    def late_charge(self, principal: int, due: int, on: int) -> int:
        """What being late costs beyond the interest to ``due``, rounded once."""
        if on <= due or not principal:
            return 0
        found = self._late.get((due, on))
        if found is None:
            product = self.product
            exact = exact_late_charge(
                product.price,
                1,
                date.fromordinal(due),
                date.fromordinal(on),
                product.grace_days,
                product.penalty_multiplier,
            )
            found = self._late[due, on] = exact.as_integer_ratio()
        return round_ratio(principal, *found)


def credit_terms(product: FinanceProduct, ceiling: int, face: int) -> CreditTerms:
    """The product for an order whose invoice (less what was prepaid) is ``face`` and that may owe up to
    ``ceiling``."""
    terms = CreditTerms(product, ceiling, face)
    terms.late = tuple(fee for fee in product.fees if fee.at_repayment)
    for fee in product.fees:
        if not fee.at_repayment:
            _add_fee(terms, fee, face)
    terms.in_advance = product.price.taken is InterestTaking.IN_ADVANCE
    terms.grown = ((1 + terms.draw_added) / (1 - terms.draw_rate)).as_integer_ratio()
    terms.plain = not (terms.in_advance or terms.draw_rate or terms.draw_added)
    return terms


def _add_fee(terms: CreditTerms, fee: Fee, face: int) -> None:
    if fee.basis in (FeeBasis.FACE, FeeBasis.FIXED):
        terms.first_fixed += fee_amount(fee, face if fee.basis is FeeBasis.FACE else 0)
        return
    terms.first_fixed += fee.amount_minor
    if fee.minimum_minor:
        terms.floored = (*terms.floored, fee)
    if fee.basis is FeeBasis.LIMIT:
        terms.limit_rate += fee.rate
    elif fee.taken is FeeTaking.CAPITALISED:
        terms.draw_added += fee.rate
    else:
        terms.draw_rate += fee.rate


def drawn_for(terms: CreditTerms, needs: list[tuple[int, int]], due: int) -> list[DrawnPart]:
    """The draws that pay these needs (date, cash) exactly, fees and discount on top.

    The first draw carries what is taken once: limit = (N + fixed) / (1 - limit rate).
    """
    if not needs:
        return []
    draws = _without_minimum(terms, needs, due)
    return _floored_draws(terms, needs, due) if terms.floored and _below_minimum(terms, draws) else draws


def _without_minimum(terms: CreditTerms, needs: list[tuple[int, int]], due: int) -> list[DrawnPart]:
    if terms.plain:
        return _plain_draws(terms, needs)
    if not terms.in_advance and not terms.limit_rate:
        return _even_draws(terms, needs)
    return _general_draws(terms, needs, due)


def _plain_draws(terms: CreditTerms, needs: list[tuple[int, int]]) -> list[DrawnPart]:
    once = terms.first_fixed
    if terms.limit_rate:
        total = sum(cash for _, cash in needs) + once
        numerator, denominator = terms.limit_rate.numerator, terms.limit_rate.denominator
        limit = round_ratio(total, denominator, denominator - numerator)
        once += limit - total
    on, cash = needs[0]
    draws = [DrawnPart(on, cash, cash + once, once, 0)]
    draws += [DrawnPart(on, cash, cash, 0, 0) for on, cash in needs[1:]]
    return draws


def _even_draws(terms: CreditTerms, needs: list[tuple[int, int]]) -> list[DrawnPart]:
    """Every draw at the same share of fees: principal = cash x (1 + added) / (1 - kept)."""
    numerator, denominator = terms.grown
    once = terms.first_fixed
    draws = []
    for on, cash in needs:
        principal = round_ratio(cash + once, numerator, denominator)
        draws.append(DrawnPart(on, cash, principal, principal - cash, 0))
        once = 0
    return draws


def _general_draws(terms: CreditTerms, needs: list[tuple[int, int]], due: int) -> list[DrawnPart]:
    factors = [_cash_share(terms, on, due) for on, _ in needs]
    grown = [cash / factor for (_, cash), factor in zip(needs, factors, strict=True)]
    once = Fraction(terms.first_fixed)
    limit = (sum(grown, Fraction(0)) + once / factors[0]) / (1 - terms.limit_rate / factors[0])
    once += limit * terms.limit_rate
    draws = []
    for place, (on, cash) in enumerate(needs):
        principal = round_minor(grown[place] + (once / factors[0] if place == 0 else 0))
        discount = terms.interest(principal, on, due) if terms.in_advance else 0
        draws.append(DrawnPart(on, cash, principal, principal - cash - discount, discount))
    return draws


def _below_minimum(terms: CreditTerms, draws: list[DrawnPart]) -> bool:
    """Whether a fee on the limit or on draws would come to less than its minimum."""
    whole, first = sum(part.principal for part in draws), draws[0].principal
    return any(
        fee.rate * (whole if fee.basis is FeeBasis.LIMIT else first) + fee.amount_minor < fee.minimum_minor
        for fee in terms.floored
    )


def _floored_draws(terms: CreditTerms, needs: list[tuple[int, int]], due: int) -> list[DrawnPart]:
    """The draws where a fee is at its minimum; fees on the limit are taken of what they make the limit."""
    fees = [fee for fee in terms.product.fees if not fee.at_repayment]
    on_limit = [fee for fee in fees if fee.basis is FeeBasis.LIMIT]
    fixed = sum(fee_amount(fee, terms.face if fee.basis is FeeBasis.FACE else 0)
                for fee in fees if fee.basis in (FeeBasis.FACE, FeeBasis.FIXED))  # fmt: skip
    taken = -1
    wanted = 0
    draws: list[DrawnPart] = []
    while wanted > taken:  # each limit is above the last, and their fees are less than the whole of it
        taken = wanted
        draws = _drawn_with(terms, draw_fees(fees), needs, due, fixed + taken)
        limit = sum(part.principal for part in draws)
        wanted = round_minor(sum((exact_fee(fee, limit) for fee in on_limit), Fraction(0)))
    return draws


def _drawn_with(
    terms: CreditTerms, fees: list[Fee], needs: list[tuple[int, int]], due: int, once: int
) -> list[DrawnPart]:
    draws: list[DrawnPart] = []
    before: int | None = None
    for on, cash in needs:
        advance = Fraction(*terms.interest_ratio(on, due)) if terms.in_advance else Fraction(0)
        principal = round_minor(principal_for(fees, cash + once, before, advance))
        discount = terms.interest(principal, on, due) if terms.in_advance else 0
        draws.append(DrawnPart(on, cash, principal, principal - cash - discount, discount))
        before, once = (before or 0) + principal, 0
    return draws


def _cash_share(terms: CreditTerms, on: int, due: int) -> Fraction:
    """What of one unit of principal drawn then reaches the loop."""
    kept = terms.draw_rate
    if terms.in_advance:
        kept += Fraction(*terms.interest_ratio(on, due))
    return (1 - kept) / (1 + terms.draw_added)


def drawn_in_full(terms: CreditTerms, on: int, due: int) -> list[DrawnPart]:
    """One draw of the whole ceiling, less what is kept back."""
    return [draw_of(terms, terms.ceiling, on, due)]


def draw_of(terms: CreditTerms, principal: int, on: int, due: int) -> DrawnPart:
    """One first draw that owes exactly ``principal``; each fee rounded once."""
    fee = _fees_with_minimum(terms, principal) if terms.floored else _fees_of_rates(terms, principal)
    discount = terms.interest(principal, on, due) if terms.in_advance else 0
    return DrawnPart(on, principal - fee - discount, principal, fee, discount)


def _fees_with_minimum(terms: CreditTerms, principal: int) -> int:
    bases = {FeeBasis.LIMIT: principal, FeeBasis.FACE: terms.face}
    once = [fee for fee in terms.product.fees if fee.basis is not FeeBasis.DRAW and not fee.at_repayment]
    taken = sum(fee_amount(fee, bases.get(fee.basis, 0)) for fee in once)
    return taken + fees_within(terms.product.fees, principal, None)


def _fees_of_rates(terms: CreditTerms, principal: int) -> int:
    fee = terms.first_fixed
    if terms.limit_rate:
        fee += round_ratio(principal, terms.limit_rate.numerator, terms.limit_rate.denominator)
    if terms.draw_rate:
        fee += round_ratio(principal, terms.draw_rate.numerator, terms.draw_rate.denominator)
    if terms.draw_added:
        fee += principal - round_minor(principal / (1 + terms.draw_added))
    return fee


@dataclass(slots=True)
class Payoff:
    """What repays the draws: principal, interest to the due date, being late, fees and tax."""

    principal: int
    interest: int
    late: int
    fees: int
    tax: int

    @property
    def total(self) -> int:
        return self.principal + self.interest + self.late + self.fees + self.tax


def payoff_of(terms: CreditTerms, draws: list[DrawnPart], due: int, on: int) -> Payoff:
    """The payment that ends the facility on ``on``, when it was due on ``due``.

    Tax falls on all interest and fees, also those taken earlier, and is paid here.
    """
    if not draws:
        return Payoff(0, 0, 0, 0, 0)
    principal = interest = taken = overdue = 0
    for part in draws:
        principal += part.principal
        taken += part.fee + part.discount
        # what was drawn because payment was late was never due earlier: plain interest, no penalty
        ends = due if part.on < due else on
        overdue += part.principal if part.on < due else 0
        if not terms.in_advance:
            interest += terms.interest(part.principal, part.on, ends)
    late = terms.late_charge(overdue, due, on)
    fees = repayment_fees(terms.late, principal, terms.face) if terms.late else 0
    tax_rate = terms.product.tax_rate
    tax = round_minor((taken + interest + late + fees) * tax_rate) if tax_rate else 0
    return Payoff(principal, interest, late, fees, tax)
