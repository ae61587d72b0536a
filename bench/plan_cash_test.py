"""One cash test of 40 dated flows, with a pre-shipment loan drawn as needed and a factor, in microseconds.

The ratio is to the bare sum: 40 additions with a comparison. Run: python bench/plan_cash_test.py
"""

import sys
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import median
from time import process_time_ns

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.network import DrawRule, FinanceProduct, Role, Technique
from domain.terms import Fee, FeeBasis, FeeTaking, Price
from finance.pricing.cash import Use, by_date, settle
from finance.pricing.credit import credit_terms

START = 739_680
ROUNDS, TESTS = 9, 2_000


def product(name: str, role: Role, draw: DrawRule, rate: str, fee: Fee) -> FinanceProduct:
    price = Price(Fraction(rate))
    return FinanceProduct(name, name, name, role, Technique.LOAN, "CNY", draw=draw, price=price, fees=(fee,))


def flows(random: Random) -> list[tuple[int, int]]:
    """39 payments before and after the take-out, and the buyer's."""
    paid = [(START + random.randint(0, 100), -random.randint(1_000, 3_000_000)) for _ in range(39)]
    return [*paid, (START + 105, 113_000_000)]


def bare(ops: list[tuple[int, int]]) -> int:
    balance = lowest = 0
    for _, amount in ops:
        balance += amount
        lowest = min(lowest, balance)
    return lowest


def main() -> None:
    random = Random(1)
    limit = Fee("fee", FeeBasis.LIMIT, Fraction(1, 100), taken=FeeTaking.CAPITALISED)
    commission = Fee("commission", FeeBasis.FACE, Fraction(6, 1000))
    order = credit_terms(product("order", Role.PRE_SHIPMENT, DrawRule.NEED, "0.144", limit), 10**10, 0)
    factor = credit_terms(
        product("factor", Role.TAKE_OUT, DrawRule.FULL, "0.108", commission), 96_050_000, 113_000_000
    )
    cases = [by_date(flows(random)) for _ in range(TESTS)]
    walked, summed = [], []
    for _ in range(ROUNDS):
        started = process_time_ns()
        for ops in cases:
            settle(
                ops,
                (
                    Use(order, START, START + 48, START + 48),
                    Use(factor, START + 48, START + 105, START + 105),
                ),
            )
        walked.append((process_time_ns() - started) / TESTS / 1000)
        started = process_time_ns()
        for ops in cases:
            bare(ops)
        summed.append((process_time_ns() - started) / TESTS / 1000)
    dates = sum(len(ops) for ops in cases) / TESTS
    print(
        f"40 flows on {dates:.0f} dates, two facilities: {median(walked):.1f} us a test (median of {ROUNDS})"
    )
    print(f"ratio to the bare sum ({median(summed):.1f} us): {median(walked) / median(summed):.1f}")


if __name__ == "__main__":
    main()
