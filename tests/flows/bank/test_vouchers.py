"""Vouchers of a signed debt: never more than is confirmed, one holder at a time, financed once anywhere."""

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from domain.errors import AlreadyFinancedError, NotFoundError, RefusedError, StateError, UsageError
from finance.agreed.legal import shipped_law
from finance.clearing.debt import DebtStatus
from finance.pools.vouchers import VoucherState
from flows.bank.vouchers import (
    VoucherTerms,
    accept,
    finance,
    issue,
    pass_on,
    read_vouchers,
    redeem,
    split,
    statement,
)
from flows.clearing.books import read_debts
from flows.clearing.debts import Owing, mark, owe
from ledger.verify.ledger import verify_ledger
from tests.parts.clearing_firms import DAY, DUE, Member, exchange, make_members, proposed

CN = VoucherTerms("CN", shipped_law())
Members = dict[str, Member]


@pytest.fixture
def members(tmp_path: Path) -> Iterator[Members]:
    """A buyer that owes its first supplier; the first supplier owes a second; two banks."""
    found = make_members(tmp_path, ["buyer", "one", "two", "bank", "other"])
    owe(found["buyer"].ledger, found["buyer"].firm, [Owing("one", 1_130_000_00, "CNY", DUE, "PO-7")], DAY)
    exchange(found)
    yield found
    for one in found.values():
        one.ledger.close()


def debt_of(members: Members) -> str:
    return next(name for name, _ in read_debts(members["buyer"].ledger).open_items())


def issued(members: Members, name: str = "V", amount: int | None = None) -> None:
    buyer = members["buyer"]
    issue(buyer.ledger, buyer.firm, name, debt_of(members), amount, CN, DAY)


def told(members: Members, name: str, on: date = DAY) -> dict[str, object]:
    return statement(members["buyer"].ledger, members["buyer"].firm, name, on)


def test_a_voucher_is_split_passed_financed_and_redeemed(members: Members) -> None:
    buyer, bank = members["buyer"], members["bank"]
    one, two = members["one"].firm.id, members["two"].firm.id
    issued(members)
    split(buyer.ledger, "V", [("V1", 730_000_00), ("V2", 400_000_00)], DAY)
    assert len(split(buyer.ledger, "V", [("V1", 730_000_00), ("V2", 400_000_00)], DAY)) == 2
    pass_on(buyer.ledger, "V2", one, two, "letter", DAY)
    bought = accept(bank.ledger, bank.firm, told(members, "V2"), Fraction(5, 100), DAY)
    assert bought.amount_minor - bought.price_minor == 1_666_67  # 400,000 at 5% for 30 days of 360
    assert accept(bank.ledger, bank.firm, told(members, "V2"), Fraction(5, 100), DAY) == bought
    for _ in range(2):
        financed = finance(buyer.ledger, buyer.firm, bought.acceptance, DAY)
        assert (financed.state, financed.holder) == (VoucherState.FINANCED, bank.firm.id)
    with pytest.raises(StateError, match="is due on"):
        redeem(buyer.ledger, "V2", DAY)
    for name in ("V1", "V2", "V2"):
        assert redeem(buyer.ledger, name, DUE).state is VoucherState.REDEEMED
    book = read_vouchers(buyer.ledger)
    assert book.faults() == []
    assert book.face("V") == 1_130_000_00
    balances = {b.account: b.amount_minor for b in buyer.ledger.balance(entity="trader")}
    assert "2130" not in balances
    assert "2110" not in balances
    lent = {b.account: b.amount_minor for b in bank.ledger.balance(entity="lender:us")}
    assert lent == {"1330": 400_000_00, "1010": -398_333_33, "2390": -1_666_67}
    for member in members.values():
        assert verify_ledger(member.ledger).findings == []


def test_never_more_is_issued_than_is_confirmed(members: Members) -> None:
    issued(members, "V", 1_000_000_00)
    with pytest.raises(RefusedError, match="more than the 13000000 confirmed"):
        issued(members, "W", 130_000_01)
    issued(members, "W", 130_000_00)
    with pytest.raises(NotFoundError, match="signed no debt"):
        issue(members["one"].ledger, members["one"].firm, "X", debt_of(members), 1, CN, DAY)


def test_a_disputed_debt_makes_no_voucher(members: Members) -> None:
    buyer = members["buyer"]
    mark(buyer.ledger, buyer.firm, debt_of(members), DebtStatus.DISPUTED, "", DAY)
    with pytest.raises(RefusedError, match="is disputed"):
        issued(members)


def test_a_debt_with_a_voucher_stays_out_of_clearings(members: Members) -> None:
    owe(members["one"].ledger, members["one"].firm, [Owing("buyer", 5_00, "CNY", DUE, "back")], DAY)
    issued(members)
    exchange(members)
    with pytest.raises(RefusedError, match="nothing can be set off"):
        proposed(members, "bank")


@pytest.mark.parametrize(
    ("days", "long_term", "rule"), [(184, False, "77-six-months"), (366, True, "77-one-year")]
)
def test_a_voucher_beyond_its_months_is_refused_with_the_rule(
    members: Members, days: int, long_term: bool, rule: str
) -> None:
    buyer = members["buyer"]
    owe(buyer.ledger, buyer.firm, [Owing("one", 1_00, "CNY", DAY + timedelta(days), "long")], DAY)
    debt = next(n for n, i in read_debts(buyer.ledger).open_items() if i.debt.reference == "long")
    with pytest.raises(RefusedError, match=rule):
        issue(buyer.ledger, buyer.firm, "L", debt, None, VoucherTerms("CN", shipped_law(), long_term), DAY)


def test_nine_months_are_allowed_where_they_are_agreed(members: Members) -> None:
    buyer = members["buyer"]
    owe(buyer.ledger, buyer.firm, [Owing("one", 1_00, "CNY", date(2027, 9, 1), "long")], DAY)
    debt = next(n for n, i in read_debts(buyer.ledger).open_items() if i.debt.reference == "long")
    assert issue(buyer.ledger, buyer.firm, "L", debt, None, VoucherTerms("CN", shipped_law(), True), DAY)


# a second pledge ---------------------------------------------------------------------------------


def test_a_second_lender_is_refused_by_the_register(members: Members) -> None:
    buyer = members["buyer"]
    issued(members)
    papers = {
        name: accept(members[name].ledger, members[name].firm, told(members, "V"), Fraction(5, 100), DAY)
        for name in ("bank", "other")
    }
    finance(buyer.ledger, buyer.firm, papers["bank"].acceptance, DAY)
    with pytest.raises(AlreadyFinancedError):
        finance(buyer.ledger, buyer.firm, papers["other"].acceptance, DAY)
    with pytest.raises(AlreadyFinancedError, match="is financed"):
        accept(members["other"].ledger, members["other"].firm, told(members, "V"), Fraction(5, 100), DAY)


def test_a_lenders_node_refuses_what_is_pledged_to_it_under_another_name(members: Members) -> None:
    """A register put back to an old copy states the whole again after a part was bought, and the reverse."""
    buyer, bank = members["buyer"], members["bank"]
    issued(members)
    whole = told(members, "V")
    split(buyer.ledger, "V", [("V1", 130_000_00), ("V2", 1_000_000_00)], DAY)
    accept(bank.ledger, bank.firm, told(members, "V1"), Fraction(5, 100), DAY)
    with pytest.raises(AlreadyFinancedError, match="pledged here already, as V1"):
        accept(bank.ledger, bank.firm, whole, Fraction(5, 100), DAY)
    accept(bank.ledger, bank.firm, told(members, "V2"), Fraction(5, 100), DAY)
    other = members["other"]
    accept(other.ledger, other.firm, whole, Fraction(5, 100), DAY)
    with pytest.raises(AlreadyFinancedError, match="pledged here already, as V"):
        accept(other.ledger, other.firm, told(members, "V2"), Fraction(5, 100), DAY)


def test_a_second_ledger_of_the_issuer_cannot_pledge_the_same_debt_twice(
    members: Members, tmp_path: Path
) -> None:
    """The same debt, in another register under another voucher name."""
    buyer, bank = members["buyer"], members["bank"]
    issued(members)
    accept(bank.ledger, bank.firm, told(members, "V"), Fraction(5, 100), DAY)
    (tmp_path / "second").mkdir()
    second = make_members(tmp_path / "second", ["buyer"])["buyer"]
    owe(second.ledger, buyer.firm, [Owing("one", 1_130_000_00, "CNY", DUE, "PO-7")], DAY)
    issue(second.ledger, buyer.firm, "OTHER", debt_of(members), None, CN, DAY)
    again = statement(second.ledger, buyer.firm, "OTHER", DAY)
    with pytest.raises(AlreadyFinancedError, match="more would be bought of debt"):
        accept(bank.ledger, bank.firm, again, Fraction(5, 100), DAY)


def test_an_old_or_forged_statement_is_refused(members: Members) -> None:
    bank = members["bank"]
    issued(members)
    with pytest.raises(StateError, match="register's word is of 2026-12-01"):
        accept(bank.ledger, bank.firm, told(members, "V"), Fraction(5, 100), DAY + timedelta(1))
    forged = told(members, "V")
    content = {**forged["content"], "amount": "9.00"}  # type: ignore[dict-item]
    with pytest.raises(RefusedError, match="did not sign"):
        accept(bank.ledger, bank.firm, {**forged, "content": content}, Fraction(5, 100), DAY)


def test_only_the_holder_passes_a_voucher_and_not_after_a_lender_looked(members: Members) -> None:
    buyer, bank = members["buyer"], members["bank"]
    one, two = members["one"].firm.id, members["two"].firm.id
    issued(members)
    with pytest.raises(RefusedError, match="does not hold"):
        pass_on(buyer.ledger, "V", two, one, "letter", DAY)
    bought = accept(bank.ledger, bank.firm, told(members, "V"), Fraction(5, 100), DAY)
    pass_on(buyer.ledger, "V", one, two, "letter", DAY)
    with pytest.raises(StateError, match="changed since"):
        finance(buyer.ledger, buyer.firm, bought.acceptance, DAY)
    split(buyer.ledger, "V", [("A", 1_00), ("B", 1_129_999_00)], DAY)
    with pytest.raises(StateError, match="split already"):
        split(buyer.ledger, "V", [("A", 2_00), ("B", 1_129_998_00)], DAY)


def test_an_acceptance_that_the_lender_did_not_sign_is_refused(members: Members) -> None:
    buyer, bank = members["buyer"], members["bank"]
    issued(members)
    bought = accept(bank.ledger, bank.firm, told(members, "V"), Fraction(5, 100), DAY)
    content = {**bought.acceptance["content"], "price": "1.00"}
    with pytest.raises(RefusedError, match="did not sign"):
        finance(buyer.ledger, buyer.firm, {**bought.acceptance, "content": content}, DAY)
    with pytest.raises(UsageError):
        finance(buyer.ledger, buyer.firm, told(members, "V"), DAY)
