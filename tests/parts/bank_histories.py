"""Random histories of pools and vouchers: whatever is asked, in any order, what is refused included."""

import random
from datetime import date, timedelta
from fractions import Fraction

from domain.errors import NetError
from finance.pools.units import LAYERS, PoolTerms, UnitPool
from finance.pools.vouchers import LIVE, VoucherBook, VoucherState

DAY = date(2026, 3, 5)


def pool_history(rng: random.Random, steps: int = 25) -> tuple[int, int]:
    """Play one; cash in and out, units and worth are counted beside it. How much was done and refused."""
    pool = UnitPool(PoolTerms("P", "CNY", Fraction(rng.randint(50, 100), 100)))
    money = done = refused = 0
    units: dict[tuple[str, str], int] = {}
    on = DAY
    for _ in range(steps):
        on += timedelta(rng.randint(0, 1))
        name, holder = rng.choice(LAYERS), rng.choice("abc")
        key = (name, holder)
        try:
            match rng.randint(0, 9):
                case 0 | 1 | 2 | 3:
                    amount = rng.randint(1, 10 ** rng.randint(1, 9))
                    units[key] = units.get(key, 0) + pool.subscribe(holder, name, amount, on)
                    money += amount
                case 4 | 5:
                    held = units.get(key, 0)
                    count = held if rng.random() < 0.3 else rng.randint(0, held + 1)
                    money -= pool.redeem(holder, name, count, on)
                    units[key] -= count
                case 6:
                    paid = pool.distribute(rng.randint(1, max(pool.free, 1)), on)
                    money -= sum(paid.values())
                case 7 | 8:
                    swing = max(pool.worth, 10)
                    pool.mark(on, pool.carried + rng.randint(-swing, swing // 2), rng.randint(0, swing))
                case 9 if rng.random() < 0.1:
                    pool.close()
            done += 1
        except NetError:
            refused += 1
        assert pool.faults() == []
        assert pool.cash == money
        held_now = {(name, one): count for name in LAYERS for one, count in pool.layers[name].holders.items()}
        assert held_now == {key: count for key, count in units.items() if count}
    return done, refused


def voucher_history(rng: random.Random, steps: int = 25) -> tuple[int, int]:
    """Play one; face, holders and what was paid for are counted beside it."""
    book = VoucherBook("CNY")
    done = refused = 0
    confirmed = rng.randint(1, 10**9)
    book.confirm("INV", confirmed)
    financed: set[str] = set()
    for step in range(steps):
        names = list(book.vouchers) or ["none"]
        name = rng.choice(names)
        holder = (
            book.vouchers[name].holder if name in book.vouchers and rng.random() < 0.8 else rng.choice("abc")
        )
        before = {one: book.face(one) for one in book.of_debt}
        try:
            match rng.randint(0, 5):
                case 0:
                    book.issue(f"v{step}", "INV", "buyer", "a", rng.randint(0, confirmed), DAY)
                case 1 | 2:
                    whole = book.vouchers[name].amount_minor if name in book.vouchers else 5
                    cut = rng.randint(0, whole)
                    rest = whole - cut + (rng.random() < 0.1)
                    book.split(name, holder, [(f"v{step}a", cut), (f"v{step}b", rest)])
                case 3:
                    book.pass_on(name, holder, rng.choice(["a", "b", "c", "buyer"]))
                case 4:
                    amount = book.vouchers[name].amount_minor if name in book.vouchers else 1
                    book.finance(name, holder, "bank", rng.randint(0, amount + 1))
                    assert name not in financed
                    financed.add(name)
                case 5:
                    book.redeem(name, DAY + timedelta(rng.randint(-1, 1)))
            done += 1
        except NetError:
            refused += 1
        assert book.faults() == []
        assert {one: book.face(one) for one in before} == before
        assert sum(book.face(one) for one in book.of_debt) <= confirmed
        owed = sum(one.amount_minor for one in book.vouchers.values() if one.state in LIVE)
        paid = sum(one.amount_minor for one in book.vouchers.values() if one.state is VoucherState.REDEEMED)
        assert owed + paid == sum(book.face(one) for one in book.of_debt)
    return done, refused
