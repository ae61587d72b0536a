"""Which debts may take part in a clearing, and why the others stay out."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from finance.clearing.debt import DebtStatus, Mark, SignedDebt, unsigned

NO_MARKS: Mapping[str, Mark] = {}
SAID = {
    DebtStatus.DISPUTED: "it is disputed",
    DebtStatus.PLEDGED: "it is pledged",
    DebtStatus.ASSIGNED: "it is assigned",
    DebtStatus.PAID: "it is paid",
}
"""A pledged or assigned claim stays out since its lender would lose the security for the loan."""


@dataclass(frozen=True, slots=True)
class ClearingTerms:
    """What a clearing takes in: one currency, debts due up to a day, between enrolled firms."""

    currency: str
    due_until: date
    enrolled: Set[str]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A debt that stays out, and why, as its parties are told."""

    signed: SignedDebt
    reason: str


def sorted_out(
    debts: Iterable[SignedDebt], marks: Sequence[Mark], terms: ClearingTerms, names: Mapping[str, str]
) -> tuple[list[SignedDebt], list[Excluded]]:
    """The debts that take part, by id, and those that do not; ``names`` are those of firms for people.

    A mark counts when a party of the debt made it; each party's newest (the last in ``marks``) is in force.
    """
    known = {one.id: one for one in sorted(debts, key=lambda one: (one.debt.debtor, one.id))}
    standing = _standing(known, marks)
    broken = _insolvent(known, standing)
    replaced = {one.debt.replaces for one in known.values()}
    taken, left = [], []
    for one in known.values():
        said = standing.get(one.id, NO_MARKS)
        reason = _reason(one, said, terms, broken, replaced, names)
        if reason:
            left.append(Excluded(one, reason))
        else:
            taken.append(one)
    forged = unsigned(taken)  # looked at last: it takes longest
    if forged:
        left += [Excluded(one, "its debtor did not sign it") for one in taken if one.id in forged]
        taken = [one for one in taken if one.id not in forged]
    return sorted(taken, key=lambda one: one.id), sorted(left, key=lambda one: one.signed.id)


def _standing(known: Mapping[str, SignedDebt], marks: Iterable[Mark]) -> dict[str, dict[str, Mark]]:
    """By debt and party, its newest mark."""
    found: dict[str, dict[str, Mark]] = {}
    for mark in marks:
        signed = known.get(mark.debt)
        if signed is not None and mark.by in (signed.debt.debtor, signed.debt.creditor):
            found.setdefault(mark.debt, {})[mark.by] = mark
    return found


def _insolvent(known: Mapping[str, SignedDebt], standing: Mapping[str, Mapping[str, Mark]]) -> dict[str, str]:
    """Firms said to be insolvent, by themselves or by one that trades with them, and who says so."""
    found = {}
    for debt, said in standing.items():
        sides = (known[debt].debt.debtor, known[debt].debt.creditor)
        for mark in said.values():
            if mark.status is DebtStatus.INSOLVENT and mark.about in sides:
                found[mark.about] = mark.by
    return found


def _reason(
    one: SignedDebt,
    said: Mapping[str, Mark],
    terms: ClearingTerms,
    broken: Mapping[str, str],
    replaced: Set[str],
    names: Mapping[str, str],
) -> str:
    """Why a debt stays out, its signature aside; empty when it takes part."""
    debt = one.debt
    if debt.currency != terms.currency:
        return f"it is in {debt.currency}"
    if debt.due_on > terms.due_until:
        return f"it is due on {debt.due_on}, after {terms.due_until}"
    if one.id in replaced:
        return "a later statement stands in its place"
    for firm in (debt.debtor, debt.creditor):
        if firm not in terms.enrolled:
            return f"{names.get(firm, firm)} is not enrolled"
        if firm in broken:
            return f"{names.get(firm, firm)} is insolvent, {names.get(broken[firm], broken[firm])} says"
    for mark in said.values():
        if mark.status in SAID:
            to = f" to {mark.about}" if mark.about else ""
            return f"{SAID[mark.status]}{to}, {names.get(mark.by, mark.by)} says"
    return ""
