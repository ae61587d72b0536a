"""The dated cash test: C_t = sum of operating flows, draws and repayments up to t; it passes when C_t >= 0
at every date.

Everything is whole minor units and date ordinals. On one date inflows settle before outflows, so the
balance at the end of each date decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.exchange import Dealing, converted, converted_up
from domain.network import DrawRule
from finance.pricing.credit import CreditTerms, DrawnPart, Payoff, drawn_for, drawn_in_full, payoff_of

NEARBY = 16
"""Minor units about a guess within which an exact answer is looked for first."""

Ops = list[tuple[int, int]]
"""Operating flows, one sum a date, dates rising: the buyer's payments, providers, network, tax."""


@dataclass(slots=True)
class Use:
    """How one product is used: open for draws from ``opens`` until before ``closes``, when it is repaid;
    ``due`` is when the plan repays it, earlier than ``closes`` only when the buyer is late."""

    terms: CreditTerms
    opens: int
    due: int
    closes: int
    needs: list[tuple[int, int]] = field(default_factory=list)
    draws: list[DrawnPart] = field(default_factory=list)
    payoff: Payoff = field(default_factory=lambda: Payoff(0, 0, 0, 0, 0))
    left: int = -1
    most: int = -1
    abroad: "Abroad | None" = None

    @property
    def cost(self) -> int:
        """All that the money costs: fees, discount, interest, lateness, tax."""
        paid = self.payoff
        taken = sum(part.fee + part.discount for part in self.draws)
        return taken + paid.interest + paid.late + paid.fees + paid.tax

    @property
    def limit(self) -> int:
        return sum(part.principal for part in self.draws)


@dataclass(slots=True)
class Abroad:
    """A use whose lender lends in another currency: its terms, its draws and what repays it, in that.

    ``own`` is what is paid in the lender's currency, by day: what that costs of the order's, and the amount.
    A need beyond it is sold for; what repays the lender is bought. All is rounded against the order.
    """

    terms: CreditTerms
    dealing: Dealing
    own: Mapping[int, tuple[int, int]]
    draws: list[DrawnPart] = field(default_factory=list)
    payoff: Payoff = field(default_factory=lambda: Payoff(0, 0, 0, 0, 0))

    def needed(self, on: int, cash: int) -> int:
        """What must be drawn of the lender's currency for a need of the order's."""
        cost, amount = self.own.get(on, (0, 0))
        if cash < cost:
            return min(converted_up(cash, 1 / self.dealing.buy), amount)
        return amount + converted_up(cash - cost, 1 / self.dealing.sell)

    def drawn(self, needs: list[tuple[int, int]], due: int) -> list[DrawnPart]:
        return drawn_for(self.terms, [(on, self.needed(on, cash)) for on, cash in needs], due)

    def at_home(self, needs: list[tuple[int, int]]) -> list[DrawnPart]:
        """The draws as they stand in the order's currency: the cash is the need's, what selling for it
        costs is a fee."""
        found = []
        for part, (on, cash) in zip(self.draws, needs, strict=True):
            principal = converted(part.principal, self.dealing.buy)
            discount = converted(part.discount, self.dealing.buy)
            found.append(DrawnPart(on, cash, principal, principal - cash - discount, discount))
        return found

    def paid_off(self, draws: list[DrawnPart]) -> Payoff:
        """What buying the payoff costs, parted as it is."""
        paid, buy = self.payoff, self.dealing.buy
        total = converted(paid.total, buy)
        principal = sum(part.principal for part in draws)
        late, fees, tax = (converted(one, buy) for one in (paid.late, paid.fees, paid.tax))
        return Payoff(principal, total - principal - late - fees - tax, late, fees, tax)


def _drawn(use: Use, needs: list[tuple[int, int]]) -> list[DrawnPart]:
    if use.abroad is None:
        return drawn_for(use.terms, needs, use.due)
    use.abroad.draws = use.abroad.drawn(needs, use.due)
    return use.abroad.at_home(needs)


def _paid_off(use: Use) -> Payoff:
    if use.abroad is None:
        return payoff_of(use.terms, use.draws, use.due, use.closes)
    use.abroad.payoff = payoff_of(use.abroad.terms, use.abroad.draws, use.due, use.closes)
    return use.abroad.paid_off(use.draws)


def _owed(use: Use, needs: list[tuple[int, int]]) -> int:
    """The principal that the needs would owe, in the lender's currency."""
    drawn = drawn_for(use.terms, needs, use.due) if use.abroad is None else use.abroad.drawn(needs, use.due)
    return sum(part.principal for part in drawn)


def _ceiling(use: Use) -> int:
    return use.terms.ceiling if use.abroad is None else use.abroad.terms.ceiling


@dataclass(slots=True)
class Settlement:
    """What the walk found: the balance at each date, the lowest, and the first below zero."""

    balances: list[tuple[int, int]]
    uses: tuple[Use, ...]
    lowest: int
    lowest_on: int
    gap_on: int
    limit_short: int

    @property
    def passed(self) -> bool:
        return self.lowest >= 0

    @property
    def cost(self) -> int:
        return sum(use.cost for use in self.uses)


def settle(ops: Ops, uses: tuple[Use, ...]) -> Settlement:
    """Walk the dates; each use draws by its product's rule, in the order given (pre-shipment first).

    ``need`` draws the day's uncovered payments, ``full`` the ceiling when it opens, ``least`` the one
    smallest draw when it opens: the sum of what need would draw, since each such draw ends at zero.
    A facility whose limit would pass its ceiling draws no more than the ceiling leaves after its fees.
    """
    for use in uses:
        use.needs, use.draws, use.left, use.most = [], [], -1, -1
    walked = _walk(ops, uses, frozenset())
    short = 0
    # what one cannot lend the next may be asked for, and reach its own ceiling by it
    while passed := [(use, over) for use in uses if (over := _over_ceiling(use)) > 0]:
        for use, over in passed:
            short = short or over
            use.most = _cash_within(use)
        for use in uses:
            use.needs, use.left = [], use.most
        walked = _walk(ops, uses, frozenset())
    single = frozenset(
        place for place, use in enumerate(uses) if use.needs and use.terms.product.draw is DrawRule.LEAST
    )
    if single:
        for place, use in enumerate(uses):
            use.needs = [(use.opens, _total(use.needs))] if place in single else []
            use.left = use.most
        walked = _walk(ops, uses, single)
    return _settlement(walked, uses, short)


def _over_ceiling(use: Use) -> int:
    """Principal beyond the ceiling that the needs would owe."""
    if use.terms.product.draw is DrawRule.FULL or not use.needs or use.most >= 0:
        return 0
    needs = use.needs
    if use.terms.product.draw is DrawRule.LEAST:
        needs = [(use.opens, sum(cash for _, cash in needs))]
    over = _owed(use, needs) - _ceiling(use)
    return over if use.abroad is None or over <= 0 else max(converted(over, use.abroad.dealing.buy), 1)


def _cash_within(use: Use) -> int:
    """The most cash that the draws can pay out with all principal inside the ceiling."""
    wanted = use.needs if use.terms.product.draw is DrawRule.NEED else [(use.opens, _total(use.needs))]
    ceiling = _ceiling(use)

    def fits(cash: int) -> bool:
        return _owed(use, _first(wanted, cash)) <= ceiling

    least, most = 0, _total(wanted)
    # principal is nearly in proportion to cash, so the answer lies a few units from here
    owed = _owed(use, wanted)
    guess = max(0, most - -(-(owed - ceiling) * most // owed) - NEARBY // 2)
    if fits(guess):
        least = guess
        if not fits(min(guess + NEARBY, most)):
            most = min(guess + NEARBY, most)
    else:
        most = guess
    while least < most:
        middle = (least + most + 1) // 2
        if fits(middle):
            least = middle
        else:
            most = middle - 1
    return least


def _total(needs: list[tuple[int, int]]) -> int:
    return sum(cash for _, cash in needs)


def _first(needs: list[tuple[int, int]], cash: int) -> list[tuple[int, int]]:
    """The needs in order until ``cash`` is used up."""
    taken = []
    for on, amount in needs:
        if cash <= 0:
            break
        taken.append((on, min(amount, cash)))
        cash -= amount
    return taken


def _walk(ops: Ops, uses: tuple[Use, ...], single: frozenset[int]) -> list[tuple[int, int]]:
    flows = dict(ops)
    closing: dict[int, list[int]] = {}
    drawing: list[Use] = []
    for place, use in enumerate(uses):
        flows.setdefault(use.closes, 0)
        closing.setdefault(use.closes, []).append(place)
        if place in single:
            use.draws = drawn_for(use.terms, use.needs, use.due)
            flows[use.opens] = flows.get(use.opens, 0) + _total(use.needs)
        elif use.terms.product.draw is DrawRule.FULL:
            use.draws = drawn_in_full(use.terms, use.opens, use.due) if use.terms.ceiling > 0 else []
            cash = use.draws[0].cash if use.draws else 0
            flows[use.opens] = flows.get(use.opens, 0) + cash
        else:
            drawing.append(use)
    balance = 0
    balances = []
    for on in sorted(flows):
        balance += flows[on]
        if on in closing:
            for place in closing[on]:
                balance -= _repay(uses[place], place in single)
        if balance < 0:
            balance = _draw(drawing, on, balance)
        balances.append((on, balance))
    return balances


def _repay(use: Use, single: bool) -> int:
    if not single and use.terms.product.draw is not DrawRule.FULL:
        use.draws = _drawn(use, use.needs)
    use.payoff = _paid_off(use)
    return use.payoff.total


def _draw(uses: list[Use], on: int, balance: int) -> int:
    """Cover a negative balance from what is open, first use first; what cannot be covered stays."""
    for use in uses:
        if use.opens <= on < use.closes:
            cash = -balance if use.left < 0 else min(-balance, use.left)
            if cash > 0:
                use.needs.append((on, cash))
                balance += cash
                use.left -= cash if use.left >= 0 else 0
            if not balance:
                break
    return balance


def _settlement(balances: list[tuple[int, int]], uses: tuple[Use, ...], short: int) -> Settlement:
    lowest, lowest_on, gap_on = balances[0][1], balances[0][0], 0
    for on, balance in balances:
        if balance < lowest:
            lowest, lowest_on = balance, on
        if balance < 0 and not gap_on:
            gap_on = on
    return Settlement(balances, uses, lowest, lowest_on, gap_on, short)


def peak_of(ops: Ops) -> tuple[int, int]:
    """The most that operating flows alone would have owed, and when: max over t of -(sum of u up to t)."""
    balance = peak = 0
    peak_on = ops[0][0] if ops else 0
    for on, amount in ops:
        balance += amount
        if -balance > peak:
            peak, peak_on = -balance, on
    return peak, peak_on


def by_date(flows: list[tuple[int, int]]) -> Ops:
    """One sum a date, dates rising."""
    sums: dict[int, int] = {}
    for on, amount in flows:
        sums[on] = sums.get(on, 0) + amount
    return sorted(sums.items())
