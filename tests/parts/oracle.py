"""What the endings of an order come to, worked out from the specification alone, in plain Python.

Nothing of the program is imported: only amounts, rates, shares and dates go in. ``settled`` is the ending as
planned and the late one, ``disputed``, ``insolvent`` and ``factory_failed`` the three others. Each returns
what every party has in hand, is owed and has lost, in minor units.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction


def rounded(exact: Fraction) -> int:
    """Half away from zero."""
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return whole if exact >= 0 else -whole


def shared(total: int, weights: list[Fraction]) -> list[int]:
    """By largest remainder; the first of equals gets the odd unit."""
    whole = sum(weights)
    if not whole:
        weights, whole = [Fraction(1)] * len(weights), Fraction(len(weights))
    exact = [total * weight / whole for weight in weights]
    parts = [part.numerator // part.denominator for part in exact]
    order = sorted(range(len(parts)), key=lambda place: (parts[place] - exact[place], place))
    for place in order[: total - sum(parts)]:
        parts[place] += 1
    return parts


@dataclass(frozen=True)
class Bill:
    """What one provider is paid: on fixed dates, or ``with_buyer`` so many days after the buyer paid."""

    party: str
    net: int
    tax: int
    fixed: tuple[tuple[date, int], ...]
    with_buyer: int = 0

    @property
    def gross(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True)
class Money:
    """A lender's terms; ``lenders`` are (name, share, priority), the lowest priority is paid first."""

    rate: Fraction
    year: int
    fee: Fraction
    lenders: tuple[tuple[str, Fraction, int], ...]
    fee_on_limit: bool = True
    tax: Fraction = Fraction(0)
    first_loss: Fraction = Fraction(0)
    advance: Fraction = Fraction(0)
    grace: int = 5
    penalty: Fraction = Fraction(3, 2)
    recourse_days: int = 90


@dataclass(frozen=True)
class Deal:
    """One order: what the buyer owes and when, what is paid to whom, what the money costs."""

    net: int
    tax: int
    units: int
    deposits: tuple[tuple[date, int], ...]
    due: date
    bills: tuple[Bill, ...]
    factory: str
    deposit_guarantee: Fraction
    loan: Money
    factor: Money
    funding: date
    tax_due: date
    surcharge: Fraction
    referral: Fraction
    is_business_day: Callable[[date], bool]

    @property
    def gross(self) -> int:
        return self.net + self.tax

    @property
    def base(self) -> int:
        """What the buyer still owes when the goods are delivered."""
        return self.gross - sum(amount for _, amount in self.deposits)

    @property
    def vat(self) -> int:
        return max(0, self.tax - sum(bill.tax for bill in self.bills))

    @property
    def vat_carried(self) -> int:
        """Input beyond output, a credit for later."""
        return max(0, sum(bill.tax for bill in self.bills) - self.tax)

    def rolled(self, day: date) -> date:
        while not self.is_business_day(day):
            day += timedelta(days=1)
        return day


@dataclass
class Claim:
    """Principal of some lenders from some days on, with interest to ``due`` and late charges after it."""

    money: Money
    due: date | None = None
    drawn: list[tuple[date, dict[str, int]]] = field(default_factory=list)
    paid_back: list[tuple[int, str, int, date]] = field(default_factory=list)
    paid_income: dict[tuple[str, str], int] = field(default_factory=dict)
    charges_taken: int = 0
    cash: dict[str, int] = field(default_factory=dict)
    owed_to: dict[tuple[str, str], int] = field(default_factory=dict)

    def draw(self, day: date, principal: int, kept: int) -> None:
        """``kept`` is the fee that does not reach the loop."""
        names = [name for name, _, _ in self.money.lenders]
        parts = shared(principal, [share for _, share, _ in self.money.lenders])
        fees = shared(kept, [Fraction(part) for part in parts])
        self.drawn.append((day, dict(zip(names, parts, strict=True))))
        self.charges_taken += kept
        for name, part, fee in zip(names, parts, fees, strict=True):
            self.cash[name] = self.cash.get(name, 0) - part + fee

    def principal(self, place: int, name: str) -> int:
        back = sum(amount for at, who, amount, _ in self.paid_back if (at, who) == (place, name))
        return self.drawn[place][1][name] - back

    def layers(self, place: int, name: str, until: date) -> list[tuple[int, date]]:
        found = [(amount, day) for at, who, amount, day in self.paid_back if (at, who) == (place, name)]
        return [*found, (self.principal(place, name), until)]

    def bring(self, day: date) -> None:
        """What is owed of interest, late charges and tax on ``day``, by lender."""
        names = [name for name, _, _ in self.money.lenders]
        kinds: dict[str, Callable[[date, date], Fraction]] = {"interest": self._plain, "penalty": self._late}
        earned = 0
        for kind, cost in kinds.items():
            total, weights = 0, dict.fromkeys(names, Fraction(0))
            for place, (start, _) in enumerate(self.drawn):
                exact = {
                    name: sum((amount * cost(start, min(until, day))
                               for amount, until in self.layers(place, name, day)), Fraction(0))
                    for name in names
                }  # fmt: skip
                total += rounded(sum(exact.values(), Fraction(0)))
                weights = {name: weights[name] + exact[name] for name in names}
            earned += total
            for name, part in zip(names, shared(total, list(weights.values())), strict=True):
                self.owed_to[name, kind] = part
        tax = rounded((self.charges_taken + earned) * self.money.tax)
        for name, part in zip(names, shared(tax, [share for _, share, _ in self.money.lenders]), strict=True):
            self.owed_to[name, "fee"] = part

    def _plain(self, start: date, day: date) -> Fraction:
        end = day if self.due is None else min(day, self.due)
        return self.money.rate * Fraction(max((end - start).days, 0), self.money.year)

    def _late(self, _start: date, day: date) -> Fraction:
        if self.due is None:
            return Fraction(0)
        late = max((day - self.due).days, 0)
        within, beyond = min(late, self.money.grace), max(late - self.money.grace, 0)
        return self.money.rate * (within + self.money.penalty * beyond) / self.money.year

    def open_income(self, name: str, kind: str) -> int:
        return self.owed_to.get((name, kind), 0) - self.paid_income.get((name, kind), 0)

    def pay(self, available: int, day: date, kinds: tuple[str, ...]) -> int:
        """Class by class, senior lenders first, pro rata among equals; what was used."""
        self.bring(day)
        left = available
        ranks = sorted({rank for _, _, rank in self.money.lenders})
        for kind in kinds:
            places = range(len(self.drawn)) if kind == "principal" else (0,)
            for rank in ranks:
                names = [name for name, _, own in self.money.lenders if own == rank]
                for place in places:
                    left -= self._pay_some(kind, place, names, left, day)
        return available - left

    def _pay_some(self, kind: str, place: int, names: list[str], left: int, day: date) -> int:
        if kind == "principal":
            owed = [self.principal(place, name) for name in names]
        else:
            owed = [self.open_income(name, kind) for name in names]
        used = max(min(left, sum(owed)), 0)
        if not used:
            return 0
        for name, part in zip(names, shared(used, [Fraction(each) for each in owed]), strict=True):
            self.cash[name] = self.cash.get(name, 0) + part
            if kind == "principal":
                self.paid_back.append((place, name, part, day))
            else:
                self.paid_income[name, kind] = self.paid_income.get((name, kind), 0) + part
        return used

    def open_principal(self, name: str | None = None) -> int:
        names = [name] if name else [one for one, _, _ in self.money.lenders]
        return sum(self.principal(place, one) for place in range(len(self.drawn)) for one in names)

    def open_all(self) -> int:
        names = [name for name, _, _ in self.money.lenders]
        income = sum(
            self.open_income(name, kind) for name in names for kind in ("penalty", "fee", "interest")
        )
        return self.open_principal() + income


USUAL = ("penalty", "fee", "interest", "principal")
PRINCIPAL_FIRST = ("principal",)
INCOME_AFTER = ("fee", "interest", "penalty")


@dataclass
class Ending:
    """``hand`` is every party's cash of this order, ``trader`` the loop's; ``lost`` principal by lender."""

    trader: int = 0
    hand: dict[str, int] = field(default_factory=dict)
    unpaid: dict[str, int] = field(default_factory=dict)
    lost: dict[str, int] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)
    tax_asset: int = 0
    guarantor_lost: int = 0
    first_loss: int = 0
    peak_gap: int = 0
    short: int = 0
    through: date = date.min

    def give(self, party: str, amount: int) -> None:
        self.trader -= amount
        self.hand[party] = self.hand.get(party, 0) + amount

    def take_lenders(self, *claims: Claim) -> None:
        for claim in claims:
            for name, amount in claim.cash.items():
                self.hand[name] = self.hand.get(name, 0) + amount


def _payments(deal: Deal, buyer_paid: date | None) -> list[tuple[date, str, int]]:
    """What providers and the tax office are to get, with its day."""
    found = [(day, bill.party, amount) for bill in deal.bills for day, amount in bill.fixed]
    if buyer_paid is not None:
        found += [
            (deal.rolled(buyer_paid), bill.party, bill.with_buyer) for bill in deal.bills if bill.with_buyer
        ]
    found += [(deal.tax_due, "tax", deal.vat), (deal.tax_due, "tax", rounded(deal.surcharge * deal.vat))]
    return [payment for payment in found if payment[2]]


def before_take_out(deal: Deal, ending: Ending, payments: list[tuple[date, str, int]]) -> Claim:
    """Draw exactly what each day leaves uncovered; repaid when the take-out pays."""
    loan = Claim(deal.loan)
    needs: list[tuple[date, int]] = []
    days = sorted({day for day, _, _ in payments} | {day for day, _ in deal.deposits})
    for day in days:
        if day >= deal.funding:
            break
        ending.trader += sum(amount for on, amount in deal.deposits if on == day)
        for on, party, amount in payments:
            if on == day:
                ending.give(party, amount)
        if ending.trader < 0:
            needs.append((day, -ending.trader))
            ending.trader = 0
    whole = sum(amount for _, amount in needs)
    once = rounded(whole / (1 - deal.loan.fee)) - whole if deal.loan.fee_on_limit else 0
    for day, cash in needs:
        principal = cash + once if deal.loan.fee_on_limit else rounded(cash / (1 - deal.loan.fee))
        loan.draw(day, principal, principal - cash)
        once = 0
    return loan


def take_out(deal: Deal, ending: Ending, loan: Claim) -> Claim:
    """The factor advances its share of the invoice less commission; the loan is paid off from it."""
    factor = Claim(deal.factor, deal.due)
    advance, commission = rounded(deal.factor.advance * deal.base), rounded(deal.factor.fee * deal.base)
    factor.draw(deal.funding, advance, commission)
    ending.trader += advance - commission
    if loan.drawn:
        ending.trader -= loan.pay(10**15, deal.funding, USUAL)
    return factor


def _from_the_loop(
    deal: Deal, ending: Ending, payments: list[tuple[date, str, int]], until: date, standby: Claim
) -> list[tuple[date, str, int]]:
    """Pay from the loop what falls due from the take-out until before ``until``; a hole is drawn."""
    rest = []
    days = sorted({day for day, _, _ in payments if day >= deal.funding})
    for day in days:
        some = [payment for payment in payments if payment[0] == day]
        if day >= until:
            rest += some
            continue
        for _, party, amount in some:
            ending.give(party, amount)
        if ending.trader < 0:
            ending.peak_gap += -ending.trader
            standby.draw(day, -ending.trader, 0)
            ending.trader = 0
    return rest


def _standby(deal: Deal) -> Claim:
    return Claim(
        Money(deal.loan.rate, deal.loan.year, Fraction(0), ((deal.loan.lenders[0][0], Fraction(1), 0),))
    )


def settled(deal: Deal, days_late: int = 0) -> Ending:
    """As planned, or the buyer so many days late: late charges, a hole filled by the standby tranche."""
    ending = Ending()
    paid_on = deal.due + timedelta(days=days_late)
    payments = _payments(deal, paid_on)
    loan = before_take_out(deal, ending, payments)
    factor, standby = take_out(deal, ending, loan), _standby(deal)
    rest = _from_the_loop(deal, ending, payments, paid_on, standby)
    ending.trader += deal.base
    ending.trader -= factor.pay(10**15, paid_on, USUAL)
    if standby.drawn:
        ending.trader -= standby.pay(10**15, paid_on, USUAL)
    for _, party, amount in rest:
        ending.give(party, amount)
    ending.short = max(0, -ending.trader)
    ending.take_lenders(loan, factor, standby)
    ending.tax_asset = deal.vat_carried
    _refer(deal, ending)
    return ending


def _refer(deal: Deal, ending: Ending) -> None:
    fee = next((bill.net for bill in deal.bills if bill.party == "network"), 0)
    ending.owed["referrer"] = rounded(deal.referral * fee)


def priced(deal: Deal, units: int) -> int:
    return rounded(Fraction(deal.gross * units, deal.units))


def disputed(deal: Deal, withheld: int, credited: int, later: date, refunded_on: date) -> Ending:
    """``withheld`` units are not paid on the due date; ``credited`` of them are given up and the rest is
    paid on ``later``; the factory pays back its price of what was credited on ``refunded_on``."""
    ending = Ending()
    payments = _payments(deal, deal.due)
    loan = before_take_out(deal, ending, payments)
    factor, standby = take_out(deal, ending, loan), _standby(deal)
    rest = _from_the_loop(deal, ending, payments, deal.due, standby)
    first = deal.base - priced(deal, withheld)
    ending.trader += first - factor.pay(first, deal.due, USUAL)
    note = priced(deal, credited)
    second = priced(deal, withheld) - note
    factory = next(bill for bill in deal.bills if bill.party == deal.factory)
    back = rounded(Fraction(factory.gross * credited, deal.units))
    moves = [*rest, (later, "buyer", second), (refunded_on, "refund", back)]
    for day, party, amount in sorted(moves, key=lambda move: (move[0], move[1] not in ("buyer", "refund"))):
        if party in ("buyer", "refund"):
            ending.trader += amount
            ending.trader -= factor.pay(max(ending.trader, 0), day, USUAL)  # the buyer owes nothing more
            if party == "refund":
                ending.hand[deal.factory] = ending.hand.get(deal.factory, 0) - amount
        else:
            ending.give(party, amount)
        ending.peak_gap = max(ending.peak_gap, -ending.trader)
    ending.through = max(day for day, _, _ in moves)
    factor.bring(ending.through)
    ending.take_lenders(loan, factor)
    ending.owed["factor"] = factor.open_all()
    less_out = note - rounded(Fraction(note * deal.net, deal.gross))
    less_in = back - rounded(Fraction(back * factory.net, factory.gross))
    before = deal.tax - sum(bill.tax for bill in deal.bills)
    after = before - less_out + less_in
    # what was paid less what would have been paid; input beyond output is a credit without surcharge
    paid = max(before, 0) + rounded(deal.surcharge * max(before, 0))
    ending.tax_asset = paid - after - rounded(deal.surcharge * max(after, 0))
    return ending


def insolvent(deal: Deal, recovered: int, cost: int) -> Ending:
    """The buyer never pays: frozen from the due date, struck on the recourse day, a dividend, the end."""
    ending = Ending()
    payments = _payments(deal, None)
    loan = before_take_out(deal, ending, payments)
    factor, standby = take_out(deal, ending, loan), _standby(deal)
    for _, party, amount in _from_the_loop(deal, ending, payments, deal.due, standby):
        ending.unpaid[party] = ending.unpaid.get(party, 0) + amount
    for bill in deal.bills:
        if bill.with_buyer:
            ending.unpaid[bill.party] = ending.unpaid.get(bill.party, 0) + bill.with_buyer
    struck = deal.due + timedelta(days=deal.factor.recourse_days)
    _strike(deal.factor, factor, ending, struck)
    _recover(factor, ending, recovered - cost, struck)
    _write_off(factor, ending)
    ending.take_lenders(loan, factor, standby)
    ending.tax_asset = deal.vat_carried
    return ending


def _strike(money: Money, claim: Claim, ending: Ending, day: date) -> None:
    """Interest ends; the loop is swept, principal first; then the first-loss guarantee is called."""
    drawn = sum(sum(parts.values()) for _, parts in claim.drawn)
    ending.trader -= claim.pay(ending.trader, day, (*PRINCIPAL_FIRST, *INCOME_AFTER))
    ending.first_loss = claim.pay(min(rounded(money.first_loss * drawn), claim.open_principal()), day,
                                  PRINCIPAL_FIRST)  # fmt: skip


def _recover(claim: Claim, ending: Ending, proceeds: int, struck: date) -> None:
    """Principal, then who stood in for it, then what the money earned; the rest stays in the loop."""
    left = proceeds - claim.pay(proceeds, struck, PRINCIPAL_FIRST)
    back = min(left, ending.first_loss)
    ending.hand["network"] = ending.hand.get("network", 0) + back
    ending.guarantor_lost = ending.first_loss - back
    left -= back
    left -= claim.pay(left, struck, INCOME_AFTER)
    ending.trader += left


def _write_off(claim: Claim, ending: Ending) -> None:
    for name, _, _ in claim.money.lenders:
        ending.lost[name] = ending.lost.get(name, 0) + claim.open_principal(name)
    ending.hand["network"] = ending.hand.get("network", 0) - ending.first_loss


def factory_failed(deal: Deal, struck: date) -> Ending:
    """Only the first draw is out: a part of its deposit is guaranteed, then first loss, then the lenders."""
    ending = Ending()
    payments = _payments(deal, None)
    whole = before_take_out(deal, Ending(), payments)
    first, parts = whole.drawn[0]
    claim = Claim(deal.loan)
    deposit = sum(amount for day, party, amount in payments if day == first)
    principal = sum(parts.values())
    claim.draw(first, principal, principal - deposit)
    for day, party, amount in payments:
        if day == first:
            ending.give(party, amount)
    ending.trader += deposit
    guaranteed = sum(amount for day, party, amount in payments if day == first and party == deal.factory)
    ending.hand["guarantor"] = -claim.pay(
        rounded(deal.deposit_guarantee * guaranteed), struck, PRINCIPAL_FIRST
    )
    _strike(deal.loan, claim, ending, struck)
    ending.guarantor_lost = ending.first_loss
    _write_off(claim, ending)
    ending.take_lenders(claim)
    return ending
