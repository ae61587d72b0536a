"""What a fee comes to: its rate of the basis plus its amount, at least its minimum; once for each basis.

The one place for plan and books. A basis may grow (the face that is factored in parts, what is drawn in
several draws): then the fee on all of it is taken, less what was taken of it before. So a minimum or a fixed
part counts once, and nothing is charged twice on the same face.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction

from domain.money import round_minor
from domain.terms import Fee, FeeBasis, FeeTaking


def exact_fee(fee: Fee, basis: int | Fraction) -> Fraction:
    """The fee on a basis, not rounded; of a fixed fee the basis is nothing."""
    return max(Fraction(fee.rate * basis + fee.amount_minor), Fraction(fee.minimum_minor))


def fee_amount(fee: Fee, basis: int | Fraction) -> int:
    """The fee on a basis, in minor units; its rate's part is rounded once."""
    return max(round_minor(fee.rate * basis) + fee.amount_minor, fee.minimum_minor)


def fee_on_growth(fee: Fee, before: int | None, basis: int | Fraction) -> int:
    """What a basis that has grown owes beyond what was taken on it; ``before`` is None at the first time."""
    taken = 0 if before is None else fee_amount(fee, before)
    return max(fee_amount(fee, basis) - taken, 0)


def repayment_fees(fees: Iterable[Fee], drawn: int, face: int) -> int:
    """All fees that are paid with the repayment; by then the limit that counts is what was drawn."""
    bases = {FeeBasis.LIMIT: drawn, FeeBasis.DRAW: drawn, FeeBasis.FACE: face}
    return sum(fee_amount(fee, bases.get(fee.basis, 0)) for fee in fees if fee.at_repayment)


def draw_fees(fees: Iterable[Fee]) -> list[Fee]:
    """Those that each draw is charged."""
    return [fee for fee in fees if fee.basis is FeeBasis.DRAW and not fee.at_repayment]


def principal_for(
    fees: Sequence[Fee], cash: int | Fraction, before: int | None, advance: Fraction
) -> Fraction:
    """What is owed when a draw pays out ``cash`` (with what is taken once), not rounded.

    ``fees`` are those on draws: deducted ones are a share of the principal, capitalised ones of the cash.
    ``before`` is the principal drawn earlier (None: this is the first), ``advance`` the share of the
    principal that interest in advance keeps. A fee at its minimum is no share, so which are is found by
    solving again until it no longer changes; each solution is above the last.
    """
    if not fees:
        return Fraction(cash) / (1 - advance) if advance else Fraction(cash)
    flat: list[bool] | None = None
    found = [False] * len(fees)
    principal = Fraction(0)
    while found != flat:
        flat = found
        principal, bases = _solved(fees, Fraction(cash), before, advance, flat)
        found = [
            fee.rate * basis + fee.amount_minor < fee.minimum_minor
            for fee, basis in zip(fees, bases, strict=True)
        ]
    return principal


def _solved(
    fees: Sequence[Fee], cash: Fraction, before: int | None, advance: Fraction, flat: Sequence[bool]
) -> tuple[Fraction, list[Fraction]]:
    """The principal where the ``flat`` fees are at their minimum, and each fee's basis then, all draws
    together."""
    kept = added = Fraction(0)
    once = cash
    for fee, at_minimum in zip(fees, flat, strict=True):
        earlier = _basis_before(fee, before)
        taken = exact_fee(fee, earlier) if before is not None else Fraction(0)
        if at_minimum:
            once += max(fee.minimum_minor - taken, Fraction(0))
            continue
        once += fee.rate * earlier + fee.amount_minor - taken
        if fee.taken is FeeTaking.CAPITALISED:
            added += fee.rate
        else:
            kept += fee.rate
    principal = once * (1 + added) / (1 - kept - advance)
    return principal, [
        _basis_before(fee, before) + (once if fee.taken is FeeTaking.CAPITALISED else principal)
        for fee in fees
    ]


def _basis_before(fee: Fee, before: int | None) -> Fraction:
    """What was drawn earlier as the fee counts it: the principal, or the cash where it is added to that."""
    drawn = Fraction(before or 0)
    return drawn / (1 + fee.rate) if fee.taken is FeeTaking.CAPITALISED else drawn


def fees_within(fees: Iterable[Fee], principal: int, before: int | None) -> int:
    """What the fees on draws come to in a draw of exactly ``principal``; each rounded once."""
    total = 0
    for fee in draw_fees(fees):
        grown = (before or 0) + principal
        if fee.taken is not FeeTaking.CAPITALISED:
            total += fee_on_growth(fee, before, grown)
            continue
        taken = 0 if before is None else _capitalised(fee, before)
        total += max(_capitalised(fee, grown) - taken, 0)
    return total


def _capitalised(fee: Fee, principal: int) -> int:
    return max(principal - round_minor(principal / (1 + fee.rate)) + fee.amount_minor, fee.minimum_minor)
