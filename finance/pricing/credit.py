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
    added to each. ``late_*`` are taken with the repayment.
    """

    product: FinanceProduct
    ceiling: int
    face: int
    limit_rate: Fraction = Fraction(0)
    limit_minimum: int = 0
    first_fixed: int = 0
    draw_rate: Fraction = Fraction(0)
    draw_added: Fraction = Fraction(0)
    late_limit_rate: Fraction = Fraction(0)
    late_fixed: int = 0
    late_draw_rate: Fraction = Fraction(0)
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
    for fee in product.fees:
        _add_fee(terms, fee, face)
    terms.in_advance = product.price.taken is InterestTaking.IN_ADVANCE
    terms.grown = ((1 + terms.draw_added) / (1 - terms.draw_rate)).as_integer_ratio()
    terms.plain = not (terms.in_advance or terms.draw_rate or terms.draw_added)
    return terms


def _add_fee(terms: CreditTerms, fee: Fee, face: int) -> None:
    amount = fee.amount_minor
    if fee.basis is FeeBasis.FACE:
        amount = max(amount + round_minor(face * fee.rate), fee.minimum_minor)
    elif fee.basis is FeeBasis.FIXED:
        amount = max(amount, fee.minimum_minor)
    if fee.at_repayment:
        terms.late_fixed += amount
    else:
        terms.first_fixed += amount
    if fee.basis is FeeBasis.LIMIT:
        _add_limit_fee(terms, fee)
    if fee.basis is FeeBasis.DRAW:
        _add_draw_fee(terms, fee)


def _add_limit_fee(terms: CreditTerms, fee: Fee) -> None:
    if fee.at_repayment:
        terms.late_limit_rate += fee.rate
    else:
        terms.limit_rate += fee.rate
        terms.limit_minimum += fee.minimum_minor


def _add_draw_fee(terms: CreditTerms, fee: Fee) -> None:
    if fee.at_repayment:
        terms.late_draw_rate += fee.rate
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
        once += max(limit - total, terms.limit_minimum)
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
    once += max(limit * terms.limit_rate, Fraction(terms.limit_minimum if terms.limit_rate else 0))
    draws = []
    for place, (on, cash) in enumerate(needs):
        principal = round_minor(grown[place] + (once / factors[0] if place == 0 else 0))
        discount = terms.interest(principal, on, due) if terms.in_advance else 0
        draws.append(DrawnPart(on, cash, principal, principal - cash - discount, discount))
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
    fee = terms.first_fixed
    if terms.limit_rate:
        rate = terms.limit_rate
        fee += max(round_ratio(principal, rate.numerator, rate.denominator), terms.limit_minimum)
    if terms.draw_rate:
        fee += round_ratio(principal, terms.draw_rate.numerator, terms.draw_rate.denominator)
    if terms.draw_added:
        fee += principal - round_minor(principal / (1 + terms.draw_added))
    discount = terms.interest(principal, on, due) if terms.in_advance else 0
    return DrawnPart(on, principal - fee - discount, principal, fee, discount)


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
    fees = terms.late_fixed
    if terms.late_limit_rate or terms.late_draw_rate:
        fees += round_minor(principal * (terms.late_limit_rate + terms.late_draw_rate))
    tax_rate = terms.product.tax_rate
    tax = round_minor((taken + interest + late + fees) * tax_rate) if tax_rate else 0
    return Payoff(principal, interest, late, fees, tax)
