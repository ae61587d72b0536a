"""The dated cash test, against sums done by hand and against the plainest walk."""

from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.network import DrawRule, FinanceProduct, Role, Technique
from domain.terms import Fee, FeeBasis, FeeTaking, InterestTaking, Price
from finance.pricing.cash import Use, by_date, peak_of, settle
from finance.pricing.credit import CreditTerms, credit_terms, draw_of, drawn_for, payoff_of

DAY = 739_000


def product(draw: DrawRule = DrawRule.NEED, *fees: Fee, price: Price | None = None) -> FinanceProduct:
    return FinanceProduct(
        "p", "l", "p", Role.PRE_SHIPMENT, Technique.LOAN, "CNY",
        draw=draw, price=price or Price(Fraction(36, 1000)), fees=fees,
    )  # fmt: skip


def use(terms: CreditTerms, opens: int = 0, closes: int = 50) -> Use:
    return Use(terms, DAY + opens, DAY + closes, DAY + closes)


def test_settle_without_lenders_is_the_running_sum() -> None:
    found = settle([(DAY, -5), (DAY + 3, 7), (DAY + 4, -1)], ())
    assert found.balances == [(DAY, -5), (DAY + 3, 2), (DAY + 4, 1)]
    assert (found.lowest, found.lowest_on, found.gap_on, found.passed) == (-5, DAY, DAY, False)


def test_same_day_inflows_settle_first() -> None:
    assert settle(by_date([(DAY, -10), (DAY, 10)]), ()).passed


def test_need_draws_each_uncovered_payment_on_its_date() -> None:
    terms = credit_terms(product(), 10_000, 0)
    found = settle([(DAY, -1000), (DAY + 10, 300), (DAY + 20, -800), (DAY + 50, 5000)], (use(terms),))
    assert [(part.on - DAY, part.cash) for part in found.uses[0].draws] == [(0, 1000), (20, 500)]
    assert found.balances[:3] == [(DAY, 0), (DAY + 10, 300), (DAY + 20, 0)]
    assert found.uses[0].payoff.interest == 5 + 2  # 1000 for 50 days and 500 for 30 at 3.6%, each rounded
    assert found.balances[-1] == (DAY + 50, 5000 - 1500 - 7)


def test_full_draws_the_ceiling_at_once_and_least_the_smallest_single_draw() -> None:
    ops = [(DAY, -1000), (DAY + 20, -800), (DAY + 50, 5000)]
    full = settle(ops, (use(credit_terms(product(DrawRule.FULL), 2500, 0)),))
    assert [part.cash for part in full.uses[0].draws] == [2500]
    least = settle(ops, (use(credit_terms(product(DrawRule.LEAST), 2500, 0)),))
    assert [(part.on, part.cash) for part in least.uses[0].draws] == [(DAY, 1800)]
    assert least.passed
    short = settle(ops, (use(credit_terms(product(DrawRule.LEAST), 1799, 0)),))
    assert (short.lowest, short.limit_short) == (-1, 1)


def test_limit_fee_inside_the_limit_as_the_design_sizes_it() -> None:
    fee = Fee("fee", FeeBasis.LIMIT, Fraction(1, 100), taken=FeeTaking.CAPITALISED)
    terms = credit_terms(product(DrawRule.NEED, fee), 10**9, 0)
    draws = drawn_for(terms, [(DAY, 257_640_00), (DAY + 35, 606_460_00)], DAY + 48)
    assert sum(part.principal for part in draws) == 872_828_28
    assert [(part.fee, part.cash) for part in draws] == [(8_728_28, 257_640_00), (0, 606_460_00)]


def test_ceiling_leaves_what_its_fees_leave() -> None:
    fee = Fee("fee", FeeBasis.LIMIT, Fraction(1, 100), taken=FeeTaking.CAPITALISED)
    terms = credit_terms(product(DrawRule.NEED, fee), 791_000_00, 0)
    ops = [(DAY, -257_640_00), (DAY + 35, -606_460_00), (DAY + 50, 10**9)]
    found = settle(ops, (use(terms),))
    assert found.limit_short == 81_828_28
    assert sum(part.principal for part in found.uses[0].draws) <= 791_000_00
    assert found.lowest == -(864_100_00 - 783_090_00)


def test_what_one_cannot_lend_the_next_does_within_its_own_ceiling() -> None:
    first, second = credit_terms(product(), 600, 0), credit_terms(product(), 300, 0)
    found = settle([(DAY, -1000), (DAY + 50, 5000)], (use(first), use(second)))
    assert [one.limit for one in found.uses] == [600, 300]
    assert found.lowest == -100


def test_interest_in_advance_is_kept_back_from_the_draw() -> None:
    price = Price(Fraction(36, 1000), taken=InterestTaking.IN_ADVANCE)
    terms = credit_terms(product(DrawRule.FULL, price=price), 100_000, 0)
    drawn = draw_of(terms, 100_000, DAY, DAY + 100)
    assert (drawn.cash, drawn.discount) == (99_000, 1_000)
    assert payoff_of(terms, [drawn], DAY + 100, DAY + 100).total == 100_000


def test_late_charge_has_grace_then_penalty() -> None:
    terms = credit_terms(product(DrawRule.FULL, price=Price(Fraction(108, 1000))), 960_500_00, 0)
    drawn = draw_of(terms, 960_500_00, DAY, DAY + 61)
    due, paid = DAY + 61, DAY + 61 + 45
    assert payoff_of(terms, [drawn], due, paid).late == 18_729_75
    assert payoff_of(terms, [drawn], due, paid).interest == 17_577_15


def test_peak_is_the_most_that_operating_flows_would_owe() -> None:
    assert peak_of([(DAY, -5), (DAY + 1, 3), (DAY + 2, -9), (DAY + 3, 50)]) == (11, DAY + 2)


amounts = st.lists(st.tuples(st.integers(0, 49), st.integers(-(10**9), 10**9)), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(amounts, st.integers(0, 10**10), st.sampled_from(list(DrawRule)), st.integers(0, 30))
def test_walk_adds_up_and_never_passes_a_ceiling(
    flows: list[tuple[int, int]], ceiling: int, rule: DrawRule, per_mille: int
) -> None:
    fee = Fee("fee", FeeBasis.DRAW, Fraction(per_mille, 1000))
    terms = credit_terms(product(rule, fee), ceiling, 0)
    ops = by_date([(DAY + on, amount) for on, amount in flows])
    found = settle(ops, (use(terms),))
    one = found.uses[0]
    assert sum(part.principal for part in one.draws) <= ceiling
    end = sum(amount for _, amount in flows) - one.cost
    assert found.balances[-1][1] == end
    assert one.cost == one.payoff.total - sum(part.cash for part in one.draws)
    unlimited = settle(ops, (use(credit_terms(product(rule, fee), 10**15, 0)),))
    if rule is not DrawRule.FULL:
        before = [balance for on, balance in unlimited.balances if on < DAY + 50]
        assert min(before, default=0) >= 0
