"""When money is lost: claims struck, guarantees called, insurance, recoveries, write-offs, allowances."""

from datetime import date, timedelta
from fractions import Fraction

from domain.accounts import Account
from domain.money import round_minor, split_minor
from domain.terms import Recourse
from finance.agreed.contract import BUYER, NETWORK, TRADER, Rank
from finance.agreed.facts import Fact
from finance.books.debt import Debt, Lost
from finance.books.order_books import booked
from finance.books.position import Position
from finance.sides.allowance import set_allowance
from finance.sides.buyer import kept_for_taxes, lender_ranks
from finance.sides.lenders import (
    LENDER_RANKS,
    accrue,
    close,
    is_foreign,
    lender_entity,
    planned_repayment,
    repay,
    stop,
    sweepable,
)

LATE_DAYS_STAGE_2 = 30
LATE_DAYS_STAGE_3 = 90
TWELVE_MONTHS = 365


def recourse_on(debt: Debt) -> date | None:
    """The day on which the lender may turn to the recourse it has."""
    days = debt.facility.recourse_days
    return None if debt.due_on is None or days is None else debt.due_on + timedelta(days=days)


def strike(position: Position, debt: Debt, fact: Fact) -> None:
    """The claim is struck: interest stops, the loop's cash is swept, the first-loss guarantee is called."""
    if debt.struck or not debt.drawings:
        return
    accrue(position, debt, fact)
    debt.struck_on = fact.on
    advanced = debt.drawn
    if debt.facility.recourse is not Recourse.NONE:
        free = position.cash - kept_for_taxes(position, fact.on)
        repay(position, debt, sweepable(position, debt, free), fact, lender_ranks(position))
    first_loss = min(round_minor(debt.facility.first_loss_rate * advanced), debt.principal)
    call_guarantee(position, debt, NETWORK, first_loss, fact)
    set_allowance(position, debt, round_minor(debt.facility.loss.lgd * debt.principal), fact)


def call_guarantee(
    position: Position, debt: Debt, guarantor: str, amount: int, fact: Fact, provider: str = ""
) -> None:
    """A guarantor pays the lenders' principal; the trader then owes the guarantor in their place.

    Where the deposit of a failed ``provider`` was guaranteed, the trader's claim on it is settled instead,
    and the provider owes the guarantor.
    """
    paid = debt.pay(Rank.PRINCIPAL, min(amount, debt.principal), fact.on)
    lent, owed, *_ = debt.facility.accounts
    for lender, part in paid.items():
        entity = lender_entity(lender)
        postings = [
            (TRADER, owed, part),
            (TRADER, Account.PROVIDER_CLAIM if provider else Account.OWED_TO_GUARANTOR, -part),
            *booked(entity, Account.CASH, lent, part),
            (guarantor, Account.GUARANTEE_LOSS if provider else Account.SUBROGATION, part),
            (guarantor, Account.CASH, -part),
            *(booked(provider, Account.TRADER_REFUND, Account.OWED_TO_GUARANTOR, part) if provider else ()),
        ]
        position.post("guarantee", fact, entity, postings, debt.id)
    if not provider:
        place = debt.id, guarantor
        position.cover.guaranteed[place] = position.cover.guaranteed.get(place, 0) + sum(paid.values())


def repay_guarantors(position: Position, debt: Debt, available: int, fact: Fact) -> int:
    """Give back to who stood in for the debt, from what is recovered; what was given back."""
    given = 0
    for (facility, guarantor), owed in list(position.cover.guaranteed.items()):
        part = min(available - given, owed)
        if facility != debt.id or part <= 0:
            continue
        position.cover.guaranteed[facility, guarantor] = owed - part
        given += part
        postings = [
            *booked(TRADER, Account.OWED_TO_GUARANTOR, Account.CASH, part),
            *booked(guarantor, Account.CASH, Account.SUBROGATION, part),
        ]
        position.post("guarantor_repaid", fact, guarantor, postings, debt.id)
    return given


def distribute(position: Position, debt: Debt, available: int, fact: Fact) -> int:
    """Money recovered on a struck debt, by the waterfall of a default; what was used.

    A debt in another currency takes none of it by itself: somebody states what the change brought.
    """
    left = 0 if is_foreign(position, debt) else available
    available = left
    for rank in position.contract.waterfall_default:
        if rank is Rank.GUARANTOR:
            left -= repay_guarantors(position, debt, left, fact)
        elif rank in LENDER_RANKS:
            left -= repay(position, debt, left, fact, (rank,))
    return available - left


def recover(position: Position, amount: int, cost: int, fact: Fact) -> None:
    """The buyer's estate pays ``amount``, of which ``cost`` is the cost of collecting it.

    An insurer that paid takes its share of the rest first.
    """
    _revive(position, min(amount - position.receivable, position.sales.written_off), fact)
    owed = min(amount, position.receivable)
    disputed = min(owed, position.books.own(Account.DISPUTED))
    position.sales.received += amount
    postings = [
        (TRADER, Account.CASH, amount - cost),
        (TRADER, Account.COLLECTION_COST, cost),
        (TRADER, Account.DISPUTED, -disputed),
        (TRADER, Account.RECEIVABLE, disputed - owed),
        (TRADER, Account.BUYER_REFUND, owed - amount),
    ]
    position.post("recovery", fact, BUYER, postings)
    position.sales.payments.append((fact.on, owed))
    available = amount - cost - _insurer_share(position, amount - cost, fact)
    available = min(available, max(position.cash - kept_for_taxes(position, fact.on), 0))
    for debt in _struck_first(position):
        available -= distribute(position, debt, available, fact)
        available -= _pay_released(position, debt, available, fact)


def _revive(position: Position, amount: int, fact: Fact) -> None:
    """What was written off of the buyer's debt is worth something after all."""
    if amount <= 0:
        return
    position.sales.written_off -= amount
    position.post(
        "recovered_after", fact, BUYER, booked(TRADER, Account.RECEIVABLE, Account.IMPAIRMENT, amount)
    )


def _pay_released(position: Position, debt: Debt, available: int, fact: Fact) -> int:
    """After the write-off money goes by the waterfall of a default to those who lost; what was used."""
    left = available
    order = position.contract.waterfall_default
    for place in sorted({(order.index(one.rank), one.priority) for one in debt.lost}):
        some = [one for one in debt.lost if (order.index(one.rank), one.priority) == place]
        used = min(left, sum(one.amount for one in some))
        if used <= 0:
            continue
        for one, part in zip(some, split_minor(used, [one.amount for one in some]), strict=True):
            one.amount -= part
            _post_recovered(position, debt, one.party, part, fact)
        left -= used
    return available - left


def _post_recovered(position: Position, debt: Debt, party: str, amount: int, fact: Fact) -> None:
    postings = [
        *booked(TRADER, Account.DEBT_RELEASED, Account.CASH, amount),
        *booked(party, Account.CASH, Account.RECOVERY, amount),
    ]
    position.post("recovered_after", fact, party, postings, debt.id)


def _struck_first(position: Position) -> list[Debt]:
    return sorted(
        (debt for debt in position.debts.values() if debt.drawings),
        key=lambda debt: (not debt.facility.factoring, not debt.struck),
    )


def _insurer_share(position: Position, proceeds: int, fact: Fact) -> int:
    take_out = position.take_out()
    if not position.cover.indemnified or take_out is None:
        return 0
    share = min(round_minor(take_out.facility.insured_rate * proceeds), position.cover.indemnified)
    postings = [
        *booked(TRADER, Account.INDEMNITY, Account.CASH, share),
        ("insurer", Account.CASH, share),
        ("insurer", Account.RECOVERY, -share),
    ]
    position.post("insurer_share", fact, "insurer", postings)
    return share


def insured_amount(position: Position, debt: Debt) -> int:
    """What an insurance of the receivable pays: its rate of the buyer's debt without tax."""
    sale = position.contract.sale
    gross = sale.gross_minor
    net = round_minor(Fraction(position.receivable * sale.net_minor, gross)) if gross else 0
    return round_minor(debt.facility.insured_rate * net)


def indemnify(position: Position, debt: Debt, amount: int, fact: Fact) -> None:
    """The insurer pays into the order's account; it goes on by the waterfall of a default."""
    position.cover.indemnified += amount
    postings = [
        *booked(TRADER, Account.CASH, Account.INDEMNITY, amount),
        ("insurer", Account.GUARANTEE_LOSS, amount),
        ("insurer", Account.CASH, -amount),
    ]
    position.post("insurance", fact, "insurer", postings, debt.id)
    distribute(position, debt, amount, fact)


def stage_of(debt: Debt, on: date) -> int:
    """IFRS 9 stage: 3 once struck or 90 days late, 2 beyond 30 days late, else 1."""
    late = (on - debt.due_on).days if debt.due_on is not None else 0
    if debt.struck or late >= LATE_DAYS_STAGE_3:
        return 3
    return 2 if late > LATE_DAYS_STAGE_2 else 1


def expected_loss(position: Position, debt: Debt, stage: int, on: date) -> int:
    """Probability of default over the horizon, times loss given default, times what is exposed.

    Stage 1: PD over the days to repayment, at most twelve months (IFRS 9, 5.5.5 and appendix A),
    PD_T = 1 - (1 - PD)^(T/365), on principal. Stage 2: the
    lifetime probability on principal and interest. Stage 3: loss given default on principal.
    """
    loss = debt.facility.loss
    if stage == 1:
        end = planned_repayment(position, debt.facility) or on
        days = min(max((end - on).days, 0), TWELVE_MONTHS)
        return expected_loss_minor(debt.principal, loss.pd_annual, loss.lgd, days)
    if stage == 2:
        return round_minor(loss.pd_late * loss.lgd * (debt.principal + debt.owed(Rank.INTEREST)))
    return round_minor(loss.lgd * debt.principal)


def expected_loss_minor(exposed: int, pd_annual: Fraction, lgd: Fraction, days: int) -> int:
    """EL = PD_T x LGD x EAD, in minor units; the power is computed to 15 digits, then rounded once."""
    probability = 1 - float(1 - pd_annual) ** (days / 365)
    return round_minor(Fraction(probability).limit_denominator(10**15) * lgd * exposed)


def write_off(position: Position, fact: Fact) -> None:
    """What nobody will pay leaves the books: the buyer's debt, claims on providers, and the loans.

    A recourse that ends with the order's proceeds is released; one against the trader himself stays.
    """
    _write_off_assets(position, fact)
    for debt in position.debts.values():
        if not debt.drawings:
            continue
        accrue(position, debt, fact) if not debt.struck else None
        _write_off_debt(position, debt, fact)
        if debt.facility.recourse is Recourse.FULL:
            stop(position, debt, fact)  # the trader still owes it
            continue
        debt.released = True
        close(position, debt, fact)


def _write_off_assets(position: Position, fact: Fact) -> None:
    books = position.books
    lost = {
        account: books.own(account)
        for account in (
            Account.RECEIVABLE,
            Account.DISPUTED,
            Account.PROVIDER_CLAIM,
            Account.PREPAYMENT,
            Account.INVENTORY,
        )
    }
    position.sales.written_off += lost[Account.RECEIVABLE] + lost[Account.DISPUTED]
    total = sum(lost.values())
    postings = [
        (TRADER, Account.IMPAIRMENT, total),
        *((TRADER, account, -amount) for account, amount in lost.items()),
    ]
    position.post("written_off", fact, "", postings)
    for currency, claimed in position.foreign.written_off():
        position.post(
            "written_off",
            fact,
            "",
            booked(TRADER, Account.IMPAIRMENT, Account.PROVIDER_CLAIM, claimed),
            currency=currency,
        )


def _write_off_debt(position: Position, debt: Debt, fact: Fact) -> None:
    full = debt.facility.recourse is Recourse.FULL
    lent, owed, receivable, payable, *_ = debt.facility.accounts
    for lender in debt.lenders():
        entity = lender_entity(lender)
        principal = debt.owed_to(lender, Rank.PRINCIPAL)
        income = debt.income_owed_to(lender)
        allowed = min(debt.allowance.pop(lender, 0), principal + income) if not full else 0
        if full:
            continue
        _note_lost(position, debt, lender)
        postings = [
            (TRADER, owed, principal),
            (TRADER, payable, income),
            (TRADER, Account.DEBT_RELEASED, -principal - income),
            (entity, Account.ALLOWANCE, allowed),
            (entity, Account.IMPAIRMENT, principal + income - allowed),
            (entity, lent, -principal),
            (entity, receivable, -income),
        ]
        position.post("written_off", fact, entity, postings, debt.id)
    if not full:
        debt.forgive(fact.on)
    _release_guarantors(position, debt, fact)


def _note_lost(position: Position, debt: Debt, lender: str) -> None:
    """Who is to have what may still come in, and in which order."""
    if debt.currency not in ("", position.contract.currency):
        return
    priority = next((share.priority for share in debt.facility.shares if share.lender == lender), 0)
    for rank in LENDER_RANKS:
        amount = debt.owed_to(lender, rank)
        if amount > 0:
            debt.lost.append(Lost(rank, priority, lender_entity(lender), amount))


def _release_guarantors(position: Position, debt: Debt, fact: Fact) -> None:
    """What a guarantor will not get back is its loss; a limited recourse is released towards it too."""
    for (facility, guarantor), owed in list(position.cover.guaranteed.items()):
        if facility != debt.id or debt.facility.recourse is Recourse.FULL:
            continue
        position.cover.guaranteed[facility, guarantor] = 0
        if owed:
            debt.lost.append(Lost(Rank.GUARANTOR, 0, guarantor, owed))
        postings = [
            *booked(TRADER, Account.OWED_TO_GUARANTOR, Account.DEBT_RELEASED, owed),
            *booked(guarantor, Account.GUARANTEE_LOSS, Account.SUBROGATION, owed),
        ]
        position.post("guarantee_lost", fact, guarantor, postings, debt.id)
