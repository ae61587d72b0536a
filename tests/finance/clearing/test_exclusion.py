"""Debts that stay out: unsigned ones are found among many, and a key that is none refuses nothing else."""

from dataclasses import replace
from datetime import date

import pytest

from domain.errors import UsageError
from finance.clearing.debt import (
    DebtStatus,
    Mark,
    Obligation,
    SignedDebt,
    known_debt,
    read_debt,
    read_signed_debt,
    signed_debt,
    unsigned,
)
from finance.clearing.exclusion import ClearingTerms, sorted_out
from tests.parts.clearing_firms import DAY, DUE, seed_key

NAMES = ["a", "b", "c"]
KEYS = {name: seed_key(name) for name in NAMES}
TERMS = ClearingTerms("CNY", DUE, frozenset(key.public.text for key in KEYS.values()))


def debt(debtor: str, creditor: str, reference: str = "") -> SignedDebt:
    ends = KEYS[debtor].public.text, KEYS[creditor].public.text
    return signed_debt(Obligation(*ends, 5_00, "CNY", DUE, reference, DAY), KEYS[debtor])


def test_an_unsigned_debt_is_found_among_many() -> None:
    good = [debt("a", "b", str(number)) for number in range(50)]
    forged = debt("a", "c")._replace(signature=debt("b", "c").signature)
    nobody = Obligation("no key", KEYS["a"].public.text, 5_00, "CNY", DUE, "", DAY)
    odd = signed_debt(nobody, KEYS["a"])
    assert unsigned([*good, forged, odd, debt("b", "a")]) == {forged.id, odd.id}
    taken, left = sorted_out([*good, forged], [], TERMS, {})
    assert len(taken) == 50
    assert [(one.signed.id, one.reason) for one in left] == [(forged.id, "its debtor did not sign it")]


def test_each_sides_newest_mark_counts() -> None:
    one = debt("a", "b")
    a, b, c = (KEYS[name].public.text for name in NAMES)
    disputed = [Mark(one.id, DebtStatus.DISPUTED, by, DAY) for by in (a, b)]
    lifted = replace(disputed[0], status=DebtStatus.OPEN)
    assert sorted_out([one], [*disputed, lifted], TERMS, {})[1][0].reason.startswith("it is disputed")
    assert sorted_out([one], [disputed[0], lifted], TERMS, {})[0] == [one]
    stranger = Mark(one.id, DebtStatus.DISPUTED, c, DAY)
    assert sorted_out([one], [stranger], TERMS, {})[0] == [one]


def test_what_a_clearing_left_stands_in_the_place_of_the_debt() -> None:
    one = debt("a", "b")
    rest = signed_debt(one.debt.less(2_00, DAY), KEYS["a"])
    taken, left = sorted_out([one, rest], [], TERMS, {})
    assert taken == [rest]
    assert left[0].reason == "a later statement stands in its place"


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", "5"), ("amount", "-5.00"), ("amount", "05.00"), ("amount", "5.0.0"), ("due_on", "2026-12-1"),
     ("currency", "XXX"), ("creditor", None), ("schema", "net.debt/2")],
)  # fmt: skip
def test_what_is_not_written_as_a_debt_is_refused(field: str, value: object) -> None:
    content = {**debt("a", "b").debt.content(), field: value}
    with pytest.raises(UsageError):
        read_debt(content)
    with pytest.raises(UsageError):
        read_debt({**debt("a", "b").debt.content(), "more": ""})


def test_a_debt_from_the_ledger_is_the_one_that_was_read() -> None:
    document = debt("a", "b", "发票 7").document()
    document["content"] = dict(sorted(document["content"].items()))  # as canonical bytes have them
    assert known_debt(document) == read_signed_debt(document)
    assert read_signed_debt(document).debt.due_on == date(2026, 12, 31)
