"""Whatever happens, cash, units, worth and face are conserved to the minor unit; the long form is a bench."""

import random
from collections.abc import Callable

import pytest

from finance.pools.units import UnitPool
from finance.pools.vouchers import VoucherBook
from tests.parts.bank_histories import pool_history, voucher_history


@pytest.mark.parametrize("history", [pool_history, voucher_history])
def test_random_histories_conserve_everything(
    history: Callable[[random.Random], tuple[int, int]],
) -> None:
    rng = random.Random(20261201)
    played = [history(rng) for _ in range(400)]
    done, refused = (sum(column) for column in zip(*played, strict=True))
    assert done > 2_000
    assert refused > 1_000


def several(history: Callable[[random.Random], tuple[int, int]]) -> None:
    for seed in range(20):
        history(random.Random(seed))


def test_a_history_finds_a_unit_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = UnitPool.subscribe
    monkeypatch.setattr(UnitPool, "subscribe", lambda *given: plain(*given) + 1)
    with pytest.raises(AssertionError):
        several(pool_history)


def test_a_history_finds_a_part_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = VoucherBook._put

    def put(self: VoucherBook, one: object) -> object:
        made = plain(self, one)  # type: ignore[arg-type]
        if made.parent:
            self.vouchers["extra"] = made
        return made

    monkeypatch.setattr(VoucherBook, "_put", put)
    with pytest.raises(AssertionError):
        several(voucher_history)
