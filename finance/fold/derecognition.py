"""Factoring without recourse: while it is outstanding, the receivable is the factor's and not the trader's.

The trader then shows cash, the reserve that the factor owes him (1250) and the cost, and neither the
buyer's debt nor a debt of his own. Whenever something happens to the receivable, it is taken back into his
books first and given up again after, so that every rule about receivables is written once.
"""

from domain.accounts import Account
from domain.money import split_minor
from domain.terms import Recourse
from finance.agreed.contract import TRADER, Rank
from finance.agreed.facts import Fact, FactKind
from finance.books.debt import Debt
from finance.books.order_books import booked
from finance.books.position import Position
from finance.sides.lenders import lender_entity

TOUCHING = frozenset(
    {
        FactKind.RECEIPT,
        FactKind.COLLECTION,
        FactKind.DISPUTE,
        FactKind.CREDIT_NOTE,
        FactKind.LATE_INTEREST,
        FactKind.RECOVERY,
        FactKind.INSURANCE,
        FactKind.GUARANTEE,
        FactKind.REFUND,
        FactKind.PAYMENT,
        FactKind.DRAW,
        FactKind.TRANSFER,
        FactKind.DEFAULT,
        FactKind.WRITE_OFF,
        FactKind.MILESTONE,
        FactKind.CLOSED_SHORT,
    }
)
"""Kinds of facts that may change the receivable or what was advanced on it."""


def without_recourse(position: Position) -> Debt | None:
    debt = position.take_out()
    return debt if debt is not None and debt.facility.recourse is Recourse.NONE else None


def take_back(position: Position, fact: Fact) -> None:
    """The receivable and the advance on it stand in the trader's books again."""
    debt = without_recourse(position)
    if debt is not None and position.given_up:
        _post(position, debt, "recognised", -1, fact)
        position.given_up = {}


def give_up(position: Position, fact: Fact) -> None:
    """What is undisputed of the receivable leaves the trader's books with the advance on it."""
    debt = without_recourse(position)
    face = position.books.own(Account.RECEIVABLE)
    if debt is None or debt.struck or not debt.principal or face < debt.principal:
        return
    position.given_up = _parts(debt, face)
    _post(position, debt, "derecognised", 1, fact)


def _post(position: Position, debt: Debt, kind: str, sign: int, fact: Fact) -> None:
    """Per lender; ``sign`` is -1 when it is taken back."""
    for lender, (advance, reserve) in position.given_up.items():
        entity = lender_entity(lender)
        postings = (
            (TRADER, Account.RECOURSE_ADVANCE, sign * advance),
            (TRADER, Account.DUE_FROM_FACTOR, sign * reserve),
            (TRADER, Account.RECEIVABLE, -sign * (advance + reserve)),
            *booked(entity, Account.FACTORING_ADVANCE, Account.FACTOR_RESERVE, sign * reserve),
        )
        position.post(kind, fact, entity, postings, debt.id)


def _parts(debt: Debt, face: int) -> dict[str, tuple[int, int]]:
    """The advance of each lender and its reserve, in proportion to the advance."""
    advances = {lender: debt.owed_to(lender, Rank.PRINCIPAL) for lender in debt.lenders()}
    reserves = split_minor(face - sum(advances.values()), list(advances.values()))
    return {
        lender: (advance, reserve)
        for (lender, advance), reserve in zip(advances.items(), reserves, strict=True)
    }
