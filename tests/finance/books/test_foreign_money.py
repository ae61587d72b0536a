"""An order in euros whose factory and lender are paid in yuan: every figure worked out by hand.

The lamp order's chain, but sold in EUR: net 130,000.00, tax 16,900.00. The factory asks CNY 760,000.00 with
98,800.00 of tax; the purchase-order lender lends CNY. The rate when the finance is accepted is 8 CNY for one
EUR, so that one CNY is 0.125 EUR; the plan buys at 2% more (0.1275) and sells at 2% less (0.1225).
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from domain.exchange import Dealing, Rate
from domain.states import OrderState
from domain.terms import Event
from finance.agreed.contract import Contract, Sale
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import Folded, fold
from finance.reports.attribution import attribute
from tests.parts import worked_example as example

MakeFact = Callable[..., Fact]
ACCEPTED = Fact(FactKind.ACCEPTED, date(2026, 3, 5), "accepted")
END = date(2026, 12, 31)


def rate(text: str, on: str) -> Rate:
    return Rate("CNY", "EUR", Decimal(text), date.fromisoformat(on), "test")


def in_euros(*rates: Rate) -> Contract:
    """The factory and the order's loan in CNY, everybody else and the sale in EUR."""
    lamp = example.lamp_contract()
    bookings = []
    for one in lamp.bookings:
        if one.id == "factory":
            bookings.append(replace(one, currency="CNY"))
            continue
        net, tax = one.net_minor // 8, one.tax_minor // 8
        dues = tuple(replace(due, amount_minor=net + tax) for due in one.dues)
        bookings.append(replace(one, net_minor=net, tax_minor=tax, dues=dues))
    facilities = []
    for one in lamp.facilities:
        if one.id == "order-loan":
            facilities.append(replace(one, currency="CNY", draws=(), fees=()))
        else:
            facilities.append(replace(one, limit_minor=one.limit_minor // 8, draws=()))
    payment = (replace(lamp.sale.payment[0], amount_minor=14_690_000),)
    return replace(
        lamp,
        currency="EUR",
        sale=Sale(13_000_000, 1_690_000, lamp.sale.quantity, payment),
        bookings=tuple(bookings),
        facilities=tuple(facilities),
        rates=rates or (rate("0.125", "2026-03-02"),),
        dealings=(Dealing("CNY", Fraction("0.1275"), Fraction("0.1225")),),
        rate_days=31,
    )


def play(contract: Contract, *facts: Fact, to: date = END) -> Folded:
    known = [ACCEPTED, *facts]
    return fold(contract, known, to, Expectations(contract, known))


def balance(folded: Folded, account: str, entity: str = "trader") -> int:
    return folded.position.books.balance(entity, account)


def assert_balanced(folded: Folded) -> None:
    """Every entity balances in every currency, and 1990 says what is open and what it is carried at."""
    sums: dict[tuple[str, str], int] = {}
    for (entity, account), minor in folded.position.books.balances.items():
        place = entity, account.partition("/")[2]
        sums[place] = sums.get(place, 0) + minor
    assert not any(sums.values())
    exchange = folded.position.foreign
    for currency in folded.position.contract.currencies:
        amount, _ = exchange.position_in(currency)
        assert balance(folded, f"1990/{currency}") == -amount
    carried = sum(exchange.position_in(one)[1] for one in folded.position.contract.currencies)
    assert balance(folded, "1990") == carried


def test_order_in_two_currencies_settles_as_planned() -> None:
    """The loop's euros buy the yuan that repay the loan; the inspector's euros are bought with drawn yuan.

    T1 CNY 257,640.00 on 03-05. T2 on 04-09: factory CNY 601,160.00, and EUR 662.50 for the inspector, which
    at 0.1225 takes CNY 5,408.17. Interest 14.4% ACT/360: 257,640.00 over 48 days is 4,946.69, 606,568.17 over
    13 days 3,154.15, together CNY 8,100.84, worth EUR 1,012.61 at 0.125. Payoff CNY 872,309.01 costs EUR
    111,219.40 at 0.1275 and is carried at 109,038.63.
    """
    folded = play(in_euros())
    assert folded.position.state is OrderState.SETTLED
    assert_balanced(folded)
    assert folded.position.foreign.open() == {}
    assert balance(folded, "1990") == balance(folded, "1990/CNY") == 0
    assert -balance(folded, "4110/CNY", "lender:harbour") == 494_669 + 315_415
    assert balance(folded, "5210") == 101_261
    assert balance(folded, "5010") == 9_500_000
    sold, bought = 67_602 - 66_250, 11_121_940 - 10_903_863
    assert balance(folded, "4710") == sold + bought == 219_429
    assert balance(folded, "4720") == 0
    costs = 9_500_000 + 562_500 + 125_000 + 307_854 + 101_261 + 48_525 + 219_429
    assert balance(folded, "3010") == 13_000_000 - costs == 2_135_431


def test_prepayment_keeps_the_rate_of_its_day_and_a_payable_does_not() -> None:
    """The deposit was paid at 0.125, the rest is billed at 0.13: IFRIC 22 and IAS 21.

    Deposit CNY 257,640.00 = EUR 32,205.00; rest CNY 601,160.00 = EUR 78,150.80; tax CNY 98,800.00 at 0.13 =
    EUR 12,844.00; so the goods cost EUR 97,511.80.
    """
    contract = in_euros(rate("0.125", "2026-03-02"), rate("0.13", "2026-04-01"))
    folded = play(contract, to=date(2026, 4, 9))
    assert balance(folded, "1410") == 3_220_500 + 7_815_080 - 1_284_400
    assert balance(folded, "1230") == 0
    assert_balanced(folded)


def test_interest_is_worth_what_the_rate_of_its_time_says() -> None:
    """CNY 257,640.00 at 14.4%: 27 days to 04-01 at 0.125, then 8 days at 0.13, whoever asks in between.

    2,782.51 and 824.45 more: EUR 347.81 and 107.18.
    """
    contract = in_euros(rate("0.125", "2026-03-02"), rate("0.13", "2026-04-01"))
    draw = Fact(FactKind.DRAW, date(2026, 3, 5), "d", 1, data={"facility": "order-loan", "payees": []})
    draw = replace(draw, data={**draw.data, "payees": [["factory", "25764000"]]})
    for days in ([], ["2026-03-20"], ["2026-04-01"], ["2026-03-31", "2026-04-02", "2026-04-05"]):
        marks = [
            Fact(FactKind.ADVANCED, date.fromisoformat(day), f"m{day}", 10 + number)
            for number, day in enumerate([*days, "2026-04-09"])
        ]
        folded = fold(contract, [ACCEPTED, draw, *marks], date(2026, 4, 9))
        assert balance(folded, "2320/CNY") == -(278_251 + 82_445)
        assert balance(folded, "5210") == 34_781 + 10_718
        assert_balanced(folded)


def revalued(contract: Contract, on: str, *facts: Fact) -> Folded:
    day = date.fromisoformat(on)
    known = [fact for fact in play(contract, *facts, to=day).assumed if fact.on <= day]
    last = Fact(FactKind.REVALUATION, day, f"revalued-{on}", 900)
    return fold(contract, [ACCEPTED, *facts, *known, last], day)


def test_revaluation_brings_what_is_open_to_the_rate_of_the_day() -> None:
    """On 03-31 the loan of CNY 257,640.00 with interest of 2,679.46 stands at 0.128.

    Carried at 32,205.00 and 334.93; worth 32,977.92 and 342.97: a loss of 772.92 and 8.04, not realised.
    """
    contract = in_euros(rate("0.125", "2026-03-02"), rate("0.128", "2026-03-31"))
    folded = revalued(contract, "2026-03-31")
    assert balance(folded, "4720") == 77_292 + 804
    assert balance(folded, "4710") == 0
    assert balance(folded, "1230") == 3_220_500  # a prepayment is no money: its value stays
    assert_balanced(folded)
    again = Fact(FactKind.REVALUATION, date(2026, 3, 31), "again", 901)
    facts = [ACCEPTED, *play(contract, to=date(2026, 3, 31)).assumed]
    twice = fold(contract, [*facts, replace(again, id="once", sequence=900), again], date(2026, 3, 31))
    assert balance(twice, "4720") == 77_292 + 804


def test_what_was_unrealised_is_realised_when_it_is_settled() -> None:
    """However often it was revalued, the sum of the differences is what the money really cost."""
    contract = in_euros(rate("0.125", "2026-03-02"), rate("0.128", "2026-03-31"))
    plain = play(contract)
    marks = [
        Fact(FactKind.REVALUATION, date(2026, 3, 31), "march", 900),
        Fact(FactKind.REVALUATION, date(2026, 4, 15), "april", 901),
    ]
    valued = play(contract, *marks)
    for folded in (plain, valued):
        assert folded.position.state is OrderState.SETTLED
        assert balance(folded, "4720") == 0
        assert_balanced(folded)
    assert balance(plain, "4710") == balance(valued, "4710")
    assert balance(plain, "3010") == balance(valued, "3010")


def test_lender_in_another_currency_is_repaid_only_by_money_somebody_changed() -> None:
    """The take-out leaves euros in the account; the loan stays owed until they are changed."""
    contract = in_euros()
    known = [one for one in play(contract, to=date(2026, 4, 22)).assumed if one.kind is not FactKind.PAYMENT]
    folded = fold(contract, [ACCEPTED, *known], date(2026, 4, 22))
    assert folded.position.debts["order-loan"].principal == 86_420_817
    assert folded.position.cash == 11_918_110
    paid = Fact(
        FactKind.PAYMENT,
        date(2026, 4, 22),
        "repaid",
        99,
        data={"payee": "order-loan", "amount": "87230901", "cost": "11000000"},
    )
    folded = fold(contract, [ACCEPTED, *known, paid], date(2026, 4, 22))
    assert not folded.position.debts["order-loan"].claim
    assert balance(folded, "4710") == 1_352 + 11_000_000 - 10_903_863
    assert_balanced(folded)


def test_provider_that_fails_owes_its_own_currency() -> None:
    """The deposit of EUR 32,205.00 becomes a claim of CNY 257,640.00, worth 33,493.20 at 0.13."""
    contract = in_euros(rate("0.125", "2026-03-02"), rate("0.13", "2026-04-01"))
    known = list(play(contract, to=date(2026, 3, 6)).assumed)
    failed = Fact(FactKind.PROVIDER_FAILED, date(2026, 4, 2), "failed", 50, data={"booking": "factory"})
    folded = fold(contract, [ACCEPTED, *known, failed], date(2026, 4, 2))
    assert balance(folded, "1240/CNY") == 25_764_000
    assert balance(folded, "4710") == -128_820
    assert balance(folded, "2230/CNY", "provider:factory") == -25_764_000
    assert_balanced(folded)


@pytest.mark.parametrize(
    ("home", "price", "worth"), [("JPY", "20", 17_176_000), ("KWD", "0.042", 36_069_600)]
)
def test_minor_units_of_other_currencies(home: str, price: str, worth: int) -> None:
    """CNY 858,800.00 in yen (no decimals) and in dinars (three)."""
    known = Rate("CNY", home, Decimal(price), date(2026, 3, 2))
    factor = Fraction(price) / 100 * (1 if home == "JPY" else 1000)
    contract = replace(in_euros(known), currency=home, dealings=(Dealing("CNY", factor, factor),))
    folded = play(contract, to=date(2026, 4, 9))
    inspected = 3_750  # the tax of the inspector, who is paid in the order's own currency
    assert balance(folded, "1410") + balance(folded, "1510") - inspected == worth
    assert_balanced(folded)


def test_parts_sum_to_the_net_value_and_show_what_changing_money_cost() -> None:
    """Net EUR 130,000.00: factory 95,000.00 (CNY 760,000.00 at 0.125), loan 1,012.61, changing 2,194.29."""
    folded = play(in_euros())
    found = attribute(folded.position, END)
    parts = {(part.party, part.kind): part.amount_minor for part in found.parts}
    assert sum(parts.values()) == found.net_minor == 13_000_000
    assert parts["provider:factory", "factory"] == 9_500_000
    assert parts["lender:harbour", "lender"] == 101_261
    assert parts["exchange", "exchange differences"] == 219_429
    assert parts["trader", "profit"] == 2_135_431


def test_trader_s_part_is_his_result_whatever_the_rates_did() -> None:
    rates = (rate("0.125", "2026-03-02"), rate("0.1313", "2026-03-20"), rate("0.1199", "2026-04-15"))
    for recoverable in (True, False):
        contract = in_euros(*rates)
        bookings = tuple(
            replace(one, tax_recoverable=recoverable) if one.id == "factory" else one
            for one in contract.bookings
        )
        folded = play(replace(contract, bookings=bookings))
        found = attribute(folded.position, END)
        assert sum(part.amount_minor for part in found.parts) == 13_000_000
        result = -sum(
            minor
            for (entity, code), minor in folded.position.books.balances.items()
            if entity == "trader" and code[0] in "45"
        )
        exchange = next(part.amount_minor for part in found.parts if part.party == "exchange")
        kept = next(part.amount_minor for part in found.parts if part.party == "trader")
        assert kept == result
        assert exchange == balance(folded, "4710")


def test_buyer_insolvent_while_the_loan_is_in_another_currency() -> None:
    """No take-out: the yuan loan waits for the buyer, who never pays; the estate pays EUR 29,380.00 (20%), of
    which 2,938.00 is the cost. Somebody changes the rest, 26,442.00, into CNY 200,000.00; what it does not
    cover is released, and what was owed was carried at EUR 0.125 a yuan.
    """
    contract = in_euros()
    loan = replace(contract.facilities[0], repaid_on=Event.BUYER_PAYMENT, recourse_days=90)
    contract = replace(contract, facilities=(loan,))

    def said(kind: FactKind, on: str, number: int, **data: object) -> Fact:
        return Fact(kind, date.fromisoformat(on), f"s{number}", number, "test", data=data)

    known = play(contract, to=date(2026, 6, 21)).assumed
    facts = [
        *known,
        said(FactKind.INSOLVENT, "2026-06-22", 1001),
        said(FactKind.DEFAULT, "2026-09-20", 1002, facility="order-loan"),
        said(FactKind.RECOVERY, "2026-12-21", 1003, amount="2938000", cost="293800"),
        said(FactKind.PAYMENT, "2026-12-21", 1004, payee="order-loan", amount="20000000", cost="2644200"),
    ]
    before = fold(contract, [ACCEPTED, *facts], date(2026, 12, 21))
    assert_balanced(before)
    debt = before.position.debts["order-loan"]
    # the network's first loss: 5% of what was advanced, in yuan; it comes back after the principal
    assert balance(before, "1260/CNY", "network") == 4_321_041
    assert debt.principal == 86_420_817 - 4_321_041 - 20_000_000
    assert before.position.cash == 2_644_200 - 2_644_200
    paid_worth = 2_500_000  # CNY 200,000.00 was carried at 0.125
    assert balance(before, "4710") == 1_352 + 2_644_200 - paid_worth
    ended = fold(
        contract, [ACCEPTED, *facts, said(FactKind.WRITE_OFF, "2026-12-31", 1005)], date(2026, 12, 31)
    )
    assert_balanced(ended)
    assert ended.position.foreign.owed() == 0
    assert balance(ended, "1990") == balance(ended, "1990/CNY") == 0
    # what the lender lost in yuan is what the trader was released from, and both sides are closed
    assert balance(ended, "1310/CNY", "lender:harbour") == balance(ended, "1320/CNY", "lender:harbour") == 0
    assert balance(ended, "2310/CNY") == balance(ended, "2320/CNY") == balance(ended, "2350/CNY") == 0
