"""A clearing from signed debts to booked set-offs: all or nothing, positions unchanged, own lines only."""

import json
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from domain.errors import NetError, NotFoundError, RefusedError, StateError, UsageError, WaitingError
from finance.agreed.legal import shipped_law
from finance.clearing.debt import DebtStatus, WrittenConsent, read_debt
from finance.clearing.draft import ClearingFacility
from finance.clearing.proposal import DEBT, ClearingView, read_view, view_faults
from flows.clearing.books import read_debts
from flows.clearing.carry_out import carry_out, decide, drop, let_go, sign_proposal
from flows.clearing.debts import Owing, consent, debts_file, mark, owe, take
from ledger.verify.ledger import verify_ledger
from tests.flows.clearing.conftest import CIRCLE
from tests.parts.clearing_firms import (
    DAY,
    DUE,
    Member,
    all_sign,
    asked,
    exchange,
    make_members,
    net_position,
    proposed,
    state_debts,
)

Members = dict[str, Member]


def debt_between(members: Members, debtor: str, creditor: str) -> str:
    keys = members[debtor].firm.id, members[creditor].firm.id
    items = read_debts(members[debtor].ledger).open_items()
    return next(name for name, item in items if (item.debt.debtor, item.debt.creditor) == keys)


def view_of(members: Members, draft: Any, name: str) -> ClearingView:
    return next(view for view in draft.views() if view.firm == members[name].firm.id)


def test_a_circle_is_set_off_and_booked_by_each(members: Members) -> None:
    before = {name: net_position(one) for name, one in members.items()}
    draft = proposed(members, "d")
    assert (draft.header["total"], draft.header["cleared"], draft.header["residual"]) == (
        "255.00", "210.00", "45.00",
    )  # fmt: skip
    decision = decide(members["d"].ledger, members["d"].firm, draft.header, all_sign(members, draft), DAY)
    for name in "abc":
        done = carry_out(members[name].ledger, members[name].firm, decision, DAY)
        assert (done.set_off_debts, done.set_off_claims, done.repeated) == (70_00, 70_00, False)
        assert carry_out(members[name].ledger, members[name].firm, decision, DAY).repeated
    assert {name: net_position(one) for name, one in members.items()} == before
    payable = {b.entity + b.account: b.amount_minor for b in members["a"].ledger.balance(account="2110")}
    assert payable == {"trader2110": -30_00}
    for one in members.values():
        assert verify_ledger(one.ledger).findings == []


def test_what_is_left_of_a_debt_can_be_cleared_again(members: Members) -> None:
    draft = proposed(members, "d")
    decision = decide(members["d"].ledger, members["d"].firm, draft.header, all_sign(members, draft), DAY)
    for name in "abc":
        carry_out(members[name].ledger, members[name].firm, decision, DAY)
    owe(members["c"].ledger, members["c"].firm, [Owing("a", 20_00, "CNY", DUE, "INV-9")], DAY)
    exchange(members)
    again = proposed(members, "d")
    assert again.header["total"] == "65.00"
    assert again.header["cleared"] == "30.00"
    decision = decide(members["d"].ledger, members["d"].firm, again.header, all_sign(members, again), DAY)
    for name in "abc":
        carry_out(members[name].ledger, members[name].firm, decision, DAY)
    left = [item.debt.amount_minor for _, item in read_debts(members["a"].ledger).open_items()]
    assert sorted(left) == [10_00, 20_00]
    assert left.count(20_00) == 1


def test_set_off_debts_wait_for_the_debtors_newer_file(members: Members) -> None:
    draft = proposed(members, "d")
    decide(members["d"].ledger, members["d"].firm, draft.header, all_sign(members, draft), DAY)
    with pytest.raises(RefusedError, match="nothing can be set off"):
        proposed(members, "d")


def test_the_proposal_does_not_depend_on_who_sent_first(members: Members) -> None:
    one = proposed(members, "d")
    fresh = make_members(members_folder(members), ["d2"])["d2"]
    fresh.firm = members["d"].firm
    for name in reversed("abc"):
        take(fresh.ledger, fresh.firm, debts_file(members[name].ledger, members[name].firm, DAY), DAY)
    two = proposed({"d": fresh}, "d")
    assert one.digest == two.digest
    assert json.dumps(one.document()) == json.dumps(two.document())


def members_folder(members: Members) -> Any:
    from pathlib import Path

    return Path(members["a"].url).parent


def test_each_firm_sees_its_own_lines_alone(members: Members) -> None:
    draft = proposed(members, "d")
    view = view_of(members, draft, "a")
    assert {(line.giver, line.taker) for line in view.lines} == {
        (members["a"].firm.id, members["b"].firm.id),
        (members["c"].firm.id, members["a"].firm.id),
    }
    text = json.dumps(view.document())
    assert view.header["total"] == "255.00"
    assert "80.00" not in text
    assert "8000" not in text
    assert view_faults(view) == []
    assert read_view(json.loads(text)) == view


# what keeps a debt out ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "status", "about", "reason"),
    [
        ("b", DebtStatus.DISPUTED, "", "it is disputed, b says"),
        ("a", DebtStatus.DISPUTED, "", "it is disputed, a says"),
        ("b", DebtStatus.PLEDGED, "harbour", "it is pledged to harbour, b says"),
        ("b", DebtStatus.ASSIGNED, "pearl-factoring", "it is assigned to pearl-factoring, b says"),
        ("b", DebtStatus.INSOLVENT, "a", "a is insolvent, b says"),
    ],
)
def test_a_marked_debt_stays_out_and_the_reason_is_told(
    members: Members, who: str, status: DebtStatus, about: str, reason: str
) -> None:
    owe(members["b"].ledger, members["b"].firm, [Owing("d", 5_00, "CNY", DUE, "x")], DAY)
    owe(members["d"].ledger, members["d"].firm, [Owing("c", 5_00, "CNY", DUE, "y")], DAY)
    owe(members["c"].ledger, members["c"].firm, [Owing("b", 5_00, "CNY", DUE, "z")], DAY)
    mark(members[who].ledger, members[who].firm, debt_between(members, "a", "b"), status, about, DAY)
    exchange(members)
    draft = proposed(members, "d")
    told = {one.reason for one in draft.excluded}
    assert reason in told
    assert debt_between(members, "a", "b") not in {line.name for line in draft.lines}
    for name in "ab":
        assert reason in {row["reason"] for row in view_of(members, draft, name).excluded}


def test_a_mark_by_a_stranger_to_the_debt_counts_for_nothing(members: Members) -> None:
    take(members["d"].ledger, members["d"].firm, debts_file(members["a"].ledger, members["a"].firm, DAY), DAY)
    name = debt_between(members, "a", "b")
    with pytest.raises(NotFoundError):
        mark(members["d"].ledger, members["d"].firm, name, DebtStatus.DISPUTED, "", DAY)


def test_a_mark_is_lifted_by_a_newer_one(members: Members) -> None:
    name = debt_between(members, "a", "b")
    for status in (DebtStatus.DISPUTED, DebtStatus.OPEN, DebtStatus.DISPUTED, DebtStatus.OPEN):
        mark(members["b"].ledger, members["b"].firm, name, status, "", DAY)
    exchange(members)
    assert proposed(members, "d").header["cleared"] == "210.00"


def test_other_currencies_later_days_and_strangers_stay_out(members: Members) -> None:
    owe(members["a"].ledger, members["a"].firm, [Owing("b", 5_00, "EUR", DUE, "e")], DAY)
    owe(members["a"].ledger, members["a"].firm, [Owing("b", 5_00, "CNY", DUE + timedelta(1), "l")], DAY)
    exchange(members)
    reasons = {one.reason for one in proposed(members, "d").excluded}
    assert reasons == {"it is in EUR", "it is due on 2027-01-01, after 2026-12-31"}
    with pytest.raises(RefusedError, match="nothing can be set off"):
        proposed(members, "d", include=["a", "b"])


def test_a_file_from_nobody_we_know_is_refused(members: Members) -> None:
    file = debts_file(members["a"].ledger, members["a"].firm, DAY)
    forged = json.loads(json.dumps(file).replace('"100.00"', '"900.00"'))
    with pytest.raises(RefusedError, match="did not sign"):
        take(members["b"].ledger, members["b"].firm, forged, DAY)
    stranger = make_members(members_folder(members), ["stranger"])["stranger"]
    with pytest.raises(RefusedError, match="not enrolled"):
        take(stranger.ledger, stranger.firm, file, DAY)


def test_a_debt_is_booked_once_however_often_the_file_comes(members: Members) -> None:
    exchange(members)
    claims = [one.amount_minor for one in members["b"].ledger.balance(account="1210")]
    assert claims == [100_00]


# all or nothing ----------------------------------------------------------------------------------


def test_without_every_signature_nothing_is_decided(members: Members) -> None:
    draft = proposed(members, "d")
    signatures = all_sign(members, draft)
    without = [one for one in signatures if one["content"]["firm"] != members["c"].firm.id]
    with pytest.raises(WaitingError, match="not signed by: c"):
        decide(members["d"].ledger, members["d"].firm, draft.header, without, DAY)
    other = {**signatures[0], "content": {**signatures[0]["content"], "digest": "00"}}
    with pytest.raises(UsageError, match="another proposal"):
        decide(members["d"].ledger, members["d"].firm, draft.header, [other], DAY)


def test_a_decision_with_a_signature_missing_is_not_carried_out(members: Members) -> None:
    draft = proposed(members, "d")
    decision = decide(members["d"].ledger, members["d"].firm, draft.header, all_sign(members, draft), DAY)
    signatures = dict(decision["signatures"])
    signatures.pop(members["c"].firm.id)
    with pytest.raises(RefusedError, match="1 of 3 firms"):
        carry_out(members["a"].ledger, members["a"].firm, {**decision, "signatures": signatures}, DAY)
    header = {**decision["header"], "cleared": "999.00"}
    with pytest.raises(RefusedError, match="3 of 3 firms"):
        carry_out(members["a"].ledger, members["a"].firm, {**decision, "header": header}, DAY)
    with pytest.raises(NotFoundError):
        carry_out(members["d"].ledger, members["d"].firm, decision, DAY)


def test_a_promised_debt_is_promised_once(members: Members) -> None:
    draft = proposed(members, "d")
    sign_proposal(members["a"].ledger, members["a"].firm, view_of(members, draft, "a"), shipped_law(), DAY)
    with pytest.raises(RefusedError, match="promised to the clearing"):
        mark(
            members["a"].ledger, members["a"].firm, debt_between(members, "a", "b"), DebtStatus.PAID, "", DAY
        )
    owe(members["c"].ledger, members["c"].firm, [Owing("a", 1_00, "CNY", DUE, "more")], DAY)
    exchange(members)
    view = view_of(members, proposed(members, "d"), "a")
    with pytest.raises(RefusedError, match="promised to the clearing"):
        sign_proposal(members["a"].ledger, members["a"].firm, view, shipped_law(), DAY)


def test_a_dropped_proposal_frees_what_was_promised(members: Members) -> None:
    draft = proposed(members, "d")
    signatures = all_sign(members, draft)
    dropped = drop(members["d"].ledger, members["d"].firm, draft.header, DAY)
    with pytest.raises(StateError, match="dropped"):
        decide(members["d"].ledger, members["d"].firm, draft.header, signatures, DAY)
    for name in "abc":
        let_go(members[name].ledger, dropped, DAY)
    again = proposed(members, "d", valid_days=8)
    decision = decide(members["d"].ledger, members["d"].firm, again.header, all_sign(members, again), DAY)
    with pytest.raises(StateError, match="decided"):
        drop(members["d"].ledger, members["d"].firm, again.header, DAY)
    assert carry_out(members["a"].ledger, members["a"].firm, decision, DAY).set_off_debts == 70_00
    with pytest.raises(RefusedError, match="only its coordinator"):
        drop(members["a"].ledger, members["a"].firm, draft.header, DAY)


def test_nobody_but_the_coordinator_lets_a_firm_go(members: Members) -> None:
    draft = proposed(members, "d")
    all_sign(members, draft)
    dropped = drop(members["d"].ledger, members["d"].firm, draft.header, DAY)
    with pytest.raises(RefusedError, match="did not sign that it is dropped"):
        let_go(members["a"].ledger, {**dropped, "content": {**dropped["content"], "firm": "x"}}, DAY)


def test_signing_late_is_refused_and_signing_twice_is_the_same(members: Members) -> None:
    draft = proposed(members, "d")
    view, one = view_of(members, draft, "a"), members["a"]
    with pytest.raises(StateError, match="until 2026-12-08"):
        sign_proposal(one.ledger, one.firm, view, shipped_law(), DAY + timedelta(8))
    first = sign_proposal(one.ledger, one.firm, view, shipped_law(), DAY)
    assert sign_proposal(one.ledger, one.firm, view, shipped_law(), DAY + timedelta(8)) == first


def spoiled(view: ClearingView, change: str) -> dict[str, Any]:
    """What a dishonest coordinator might show."""
    document = json.loads(json.dumps(view.document()))
    row = document["lines"][0]["line"]
    match change:
        case "amount":
            row[5] = str(int(row[5]) - 1)
        case "price":
            row[7] += 1
        case "worth":
            row[6] = 0
        case "twice":
            document["lines"].append(document["lines"][0])
        case "missing":
            del document["lines"][0]
        case "path":
            document["lines"][0]["path"] = ["00" * 32]
        case "header":
            document["content"]["cleared"] = "250.00"
        case "country":
            document["content"]["country"] = "XX"
    return document


@pytest.mark.parametrize(
    "change", ["amount", "price", "worth", "twice", "missing", "path", "header", "country"]
)
def test_a_dishonest_proposal_is_not_signed(members: Members, change: str) -> None:
    draft = proposed(members, "d")
    view, one = view_of(members, draft, "a"), members["a"]
    with pytest.raises(NetError):
        sign_proposal(one.ledger, one.firm, read_view(spoiled(view, change)), shipped_law(), DAY)
    assert not any(item.promised for _, item in read_debts(one.ledger).open_items())


def test_a_firm_does_not_sign_what_its_books_do_not_say(members: Members) -> None:
    draft = proposed(members, "d")
    one = members["a"]
    mark(one.ledger, one.firm, debt_between(members, "a", "b"), DebtStatus.PAID, "", DAY)
    with pytest.raises(RefusedError, match="is paid"):
        sign_proposal(one.ledger, one.firm, view_of(members, draft, "a"), shipped_law(), DAY)
    with pytest.raises(UsageError, match="what b is shown"):
        sign_proposal(one.ledger, one.firm, view_of(members, draft, "b"), shipped_law(), DAY)


# beyond circles ----------------------------------------------------------------------------------


@pytest.fixture
def chain(tmp_path: Any) -> Members:
    found = make_members(tmp_path, ["a", "b", "c", "bank"])
    state_debts(found, [("a", "b", 100_00), ("b", "c", 100_00)])
    exchange(found)
    return found


def test_paths_need_a_written_consent(chain: Members) -> None:
    with pytest.raises(RefusedError, match="nothing can be set off"):
        proposed(chain, "bank", paths=True)
    given = WrittenConsent(chain["a"].firm.id, chain["c"].firm.id, 60_00, "CNY", DUE)
    consent(chain["c"].ledger, chain["c"].firm, given, DAY)
    exchange(chain)
    before = {name: net_position(one) for name, one in chain.items()}
    draft = proposed(chain, "bank", paths=True)
    assert (draft.header["mode"], draft.header["cleared"]) == ("paths", "60.00")
    decision = decide(chain["bank"].ledger, chain["bank"].firm, draft.header, all_sign(chain, draft), DAY)
    for name in "abc":
        carry_out(chain[name].ledger, chain[name].firm, decision, DAY)
    assert {name: net_position(one) for name, one in chain.items()} == before
    owed = {
        (chain["a"].firm.name(item.debt.creditor), item.debt.amount_minor)
        for _, item in read_debts(chain["a"].ledger).open_items()
    }
    assert owed == {("b", 40_00), ("c", 60_00)}
    new = {name for name, _ in read_debts(chain["a"].ledger).open_items()}
    assert len(new & {name for name, _ in read_debts(chain["c"].ledger).open_items()}) == 1


def test_a_facility_lends_the_least_that_clears_the_rest(chain: Members) -> None:
    lender = chain["bank"].firm.id
    facility = ClearingFacility(lender, 500_00, {chain["a"].firm.id: 70_00})
    draft = proposed(chain, "bank", facility=facility)
    assert (draft.header["credit"], draft.header["cleared"]) == ("70.00", "140.00")
    assert lender in draft.header["firms"]
    before = {name: net_position(one) for name, one in chain.items()}
    decision = decide(chain["bank"].ledger, chain["bank"].firm, draft.header, all_sign(chain, draft), DAY)
    for one in chain.values():
        carry_out(one.ledger, one.firm, decision, DAY)
    assert {name: net_position(one) for name, one in chain.items()} == before
    balances = {(b.account, b.amount_minor) for b in chain["bank"].ledger.balance(entity="lender:us")}
    assert balances == {("1310", 70_00), ("1010", -70_00)}


def test_every_line_of_a_proposal_is_a_debt_that_somebody_signed(members: Members) -> None:
    draft = proposed(members, "d")
    for line in draft.lines:
        assert line.kind == DEBT
        debt = read_debt(draft.debts[line.name].debt.content())
        assert (debt.debtor, debt.creditor, debt.amount_minor) == (line.giver, line.taker, line.most)
    assert len(draft.lines) == len(CIRCLE)
    assert Fraction(draft.header["total"]) == 255
    assert asked().currency == "CNY"
