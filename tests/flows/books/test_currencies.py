"""An order in three currencies on a real ledger: rates that come late, revaluation, what a person types."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from documents.orders.reading import read
from domain.errors import KeyReusedError, RefusedError, UsageError
from domain.exchange import Rate
from domain.network import Network, Policy, Role
from domain.order import Order
from domain.plan import Plan
from domain.posting import imbalances
from domain.terms import Event
from finance.agreed.facts import Fact, FactKind
from finance.fold.expectations import Expectations
from finance.fold.fold import fold
from flows.books.advance import advance
from flows.books.order_book import read_book
from flows.books.record import horizon, record_fact
from flows.credit.contract import contract_of
from flows.deals.replace_firm import replace_provider
from flows.deals.run import run_order
from flows.desk.rates import read_rate, recorded_rates
from flows.desk.session import Session
from flows.orders.statement import Statement
from flows.settlement.earnings import profit_of
from flows.settlement.lender_book import books
from flows.settlement.owed import standing_at
from flows.settlement.revaluation import record_rate, revalue
from ledger.store import Ledger, create_ledger
from routing.offers.situation import Situation
from routing.plans.choose import choose
from tests.routing.offers.test_exchange import mixed, situation
from trust.keys import load_or_create_actor

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FOLDER = Path(__file__).parents[3] / "examples" / "two-currencies"
ORDER = "PO-2026-0900"
PROFIT = 2_089_315


def opened(place: Path, *, practice: bool = True) -> Session:
    """The example order run to reserved, on a ledger of its own."""
    actor = load_or_create_actor("trader", place / "keys" / "ledger.pem")
    path = place / "ledger.db"
    create_ledger(path, practice=practice, actor=actor, clock=lambda: NOON).close()
    session = Session(
        ledger_url=str(path), config_path=FOLDER / "network.toml", on=date(2026, 3, 2), clock=lambda: NOON
    )
    session.__dict__["actor"] = actor
    session.__dict__["registry_key"] = b"\1" * 32
    return session


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with opened(tmp_path) as found:
        run_order(found, read(FOLDER / "order.toml"))
        yield found


@pytest.fixture
def ledger(session: Session) -> Ledger:
    return session.ledger


def test_the_book_in_hand_says_what_the_ledger_says_of_foreign_money(tmp_path: Path) -> None:
    with opened(tmp_path) as session:
        way = run_order(session, read(FOLDER / "order.toml"))
        assert way.book is not None
        found = standing_at(session.ledger, ORDER, date(2026, 3, 2), way.plan, book=way.book)
        assert found == standing_at(session.ledger, ORDER, date(2026, 3, 2), way.plan)


def rate(text: str, on: str) -> Rate:
    return Rate("CNY", "EUR", Decimal(text), date.fromisoformat(on), "ECB")


def balance(ledger: Ledger, account: str, currency: str = "EUR", entity: str = "trader") -> int:
    found = [
        one.amount_minor
        for one in ledger.balance(order=ORDER, entity=entity)
        if (one.account, one.currency) == (account, currency)
    ]
    return sum(found)


def assert_sound(ledger: Ledger) -> None:
    """Every record balances per entity and currency, and the ledger is what the fold says."""
    for record in ledger.records(order=ORDER):
        assert imbalances(record.legs) == {}
    book = read_book(ledger, ORDER)
    folded = fold(book.contract, book.facts, horizon(book, book.contract.accepted_on))
    wanted = {place: amount for place, amount in folded.position.books.balances.items() if amount}
    found: dict[tuple[str, str], int] = {}
    for record in ledger.records(order=ORDER):
        for leg in record.legs:
            code = {"1245": "1010", "2250": "1010"}.get(leg.account, leg.account)
            account = code if leg.currency == "EUR" else f"{code}/{leg.currency}"
            found[leg.entity, account] = found.get((leg.entity, account), 0) + leg.amount_minor
    assert {place: amount for place, amount in found.items() if amount} == wanted


def test_order_in_three_currencies_settles_with_the_profit_of_its_plan(ledger: Ledger) -> None:
    done = advance(ledger, ORDER, date(2026, 7, 14), as_planned=True)
    assert done.state.value == "SETTLED"
    assert balance(ledger, "3010") == PROFIT
    for currency in ("CNY", "USD"):
        assert balance(ledger, "1990", currency) == balance(ledger, "1010", currency) == 0
    assert balance(ledger, "1990") == 0
    assert_sound(ledger)
    report = profit_of(ledger, ORDER, date(2026, 7, 14))
    assert sum(part.amount_minor for part in report.parts) == report.net_minor == 13_000_000
    parts = {part.party: part.amount_minor for part in report.parts}
    # CNY 787,772.91 bought at 0.1275 and valued at 0.125; USD 6,500.00 at 0.808 and 0.80
    assert parts["exchange"] == (10_044_105 - 9_847_161) + (525_200 - 520_000) - 1
    assert parts["trader"] == PROFIT


def test_lender_s_book_is_in_its_own_currency(session: Session) -> None:
    advance(session.ledger, ORDER, date(2026, 5, 1), as_planned=True)
    found = {book.name: book for book in books(session.ledger, session.network, date(2026, 5, 1)).lenders}
    assert (found["harbour"].currency, found["rhine"].currency) == ("CNY", "EUR")
    assert found["harbour"].outstanding == 77_272_727


def test_late_rate_corrects_what_was_valued_at_an_older_one(ledger: Ledger) -> None:
    """The rest of the factory's price was billed on 04-10 at 0.125; the rate of 04-08 was 0.13.

    CNY 532,000.00 cost EUR 69,160.00 instead of 66,500.00; the inspector's 5,000.00 EUR 650.00.
    """
    advance(ledger, ORDER, date(2026, 4, 20), as_planned=True)
    assert balance(ledger, "1410") == 9_500_000
    preview = record_rate(ledger, rate("0.13", "2026-04-08"), dry_run=True)
    assert [one.order for one in preview.orders] == [ORDER]
    assert balance(ledger, "1410") == 9_500_000
    assert recorded_rates(ledger) == []
    done = record_rate(ledger, rate("0.13", "2026-04-08"))
    assert balance(ledger, "1410") == 2_850_000 + 6_916_000
    assert balance(ledger, "5020") == 65_000
    # the bills, and the interest that was accrued up to the 20th
    assert {one.on.isoformat() for one in done.orders[0].corrections} == {"2026-04-10", "2026-04-20"}
    moved = [posting for one in done.orders[0].corrections for posting in one.postings]
    assert all(not account.startswith("1010") for _, account, _ in moved)
    assert_sound(ledger)
    assert record_rate(ledger, rate("0.13", "2026-04-08")).repeated
    advance(ledger, ORDER, date(2026, 7, 14), as_planned=True)
    assert balance(ledger, "3010") == PROFIT  # rates move no cash
    assert_sound(ledger)


def test_another_rate_for_the_same_day_is_refused_unless_it_corrects(ledger: Ledger) -> None:
    advance(ledger, ORDER, date(2026, 4, 20), as_planned=True)
    record_rate(ledger, rate("0.13", "2026-04-08"))
    with pytest.raises(KeyReusedError, match="has a rate already") as refused:
        record_rate(ledger, rate("0.131", "2026-04-08"))
    assert "--correct" in refused.value.hint
    record_rate(ledger, rate("0.131", "2026-04-08"), correct=True)
    assert balance(ledger, "1410") == 2_850_000 + 6_969_200
    assert_sound(ledger)


def test_revaluation_posts_once_and_is_realised_with_the_money(ledger: Ledger) -> None:
    """On 03-31 the loan of CNY 235,727.27 with interest of 2,357.27 stands at 0.13 instead of 0.125."""
    advance(ledger, ORDER, date(2026, 3, 31), as_planned=True)
    record_rate(ledger, rate("0.13", "2026-03-31"))
    preview = revalue(ledger, Statement(date(2026, 3, 31)), dry_run=True)
    assert preview.orders[0].dry_run
    assert balance(ledger, "4720") == 0
    revalue(ledger, Statement(date(2026, 3, 31)))
    assert balance(ledger, "4720") == (3_064_455 - 2_946_591) + (30_645 - 29_466)
    assert balance(ledger, "4710") == 0
    assert all(one.repeated for one in revalue(ledger, Statement(date(2026, 3, 31))).orders)
    assert_sound(ledger)
    advance(ledger, ORDER, date(2026, 7, 14), as_planned=True)
    assert balance(ledger, "4720") == 0
    assert balance(ledger, "3010") == PROFIT
    assert revalue(ledger, Statement(date(2026, 7, 31))).orders == ()
    assert_sound(ledger)


def test_rate_that_is_too_old_is_refused_with_the_way_out(ledger: Ledger) -> None:
    advance(ledger, ORDER, date(2026, 4, 20), as_planned=True)
    with pytest.raises(
        RefusedError, match="of 2026-03-02, 59 days before 2026-04-30; the policy allows 31"
    ) as told:
        revalue(ledger, Statement(date(2026, 4, 30)))
    assert "net rate record CNY EUR RATE --on 2026-04-30" in told.value.hint
    with pytest.raises(RefusedError, match="the policy allows 31"):
        record_fact(ledger, ORDER, FactKind.MILESTONE, Statement(date(2026, 5, 15)), {"name": "delivery"})


def test_payment_in_another_currency_takes_the_bank_s_figure_or_the_rate_of_the_day(ledger: Ledger) -> None:
    advance(ledger, ORDER, date(2026, 5, 17), as_planned=True)
    for code, text in (("CNY", "0.124"), ("USD", "0.81")):
        record_rate(ledger, Rate(code, "EUR", Decimal(text), date(2026, 5, 18), "ECB"))
    draw = {"facility": "rhine-factoring"}
    record_fact(ledger, ORDER, FactKind.DRAW, Statement(date(2026, 5, 18)), draw)
    with pytest.raises(RefusedError, match="is due to those who come first"):
        # the loan is due and comes first: 116,220.00 do not hold both
        record_fact(
            ledger,
            ORDER,
            FactKind.PAYMENT,
            Statement(date(2026, 5, 18)),
            {"payee": "blue-line", "cost": "2500000"},
        )
    repaid = {"payee": "harbour-order", "cost": "9900000"}
    preview = record_fact(ledger, ORDER, FactKind.PAYMENT, Statement(date(2026, 5, 18)), repaid, dry_run=True)
    assert preview.facts[0].data["amount"] == "78777291"
    record_fact(ledger, ORDER, FactKind.PAYMENT, Statement(date(2026, 5, 18)), repaid)
    paid = record_fact(ledger, ORDER, FactKind.PAYMENT, Statement(date(2026, 5, 18)), {"payee": "blue-line"})
    assert paid.facts[0].data == {"payee": "blue-line", "amount": "650000", "cost": "526500"}
    assert paid.cash == 11_622_000 - 9_900_000 - 526_500
    assert_sound(ledger)
    advance(ledger, ORDER, date(2026, 7, 14), as_planned=True)
    assert balance(ledger, "3010") == PROFIT + (10_044_105 - 9_900_000) + (525_200 - 526_500)


def test_another_firm_is_not_put_in_place_where_currencies_meet(session: Session) -> None:
    advance(session.ledger, ORDER, date(2026, 3, 10), as_planned=True)
    with pytest.raises(RefusedError, match="only in orders of one currency") as refused:
        replace_provider(session, ORDER, "zhongshan-lamps", Statement(date(2026, 3, 20)))
    assert f"net milestone fail {ORDER} zhongshan-lamps" in refused.value.hint


def test_money_left_over_in_another_currency_is_changed_before_the_order_settles(ledger: Ledger) -> None:
    advance(ledger, ORDER, date(2026, 7, 13), as_planned=True)
    record_rate(ledger, rate("0.12", "2026-07-13"))
    bought = {"from": "EUR", "sold": "12000", "to": "CNY", "bought": "100000"}
    record_fact(ledger, ORDER, FactKind.CONVERSION, Statement(date(2026, 7, 13)), bought)
    record_fact(ledger, ORDER, FactKind.RECEIPT, Statement(date(2026, 7, 14)), {"amount": "13000000"})
    record_fact(ledger, ORDER, FactKind.PAYMENT, Statement(date(2026, 7, 14)), {"payee": "network"})
    with pytest.raises(RefusedError, match=r"still holds 1,000\.00 CNY") as refused:
        record_fact(ledger, ORDER, FactKind.SETTLED, Statement(date(2026, 7, 14)))
    assert "net payment change ORDER AMOUNT CNY" in refused.value.hint
    with pytest.raises(RefusedError, match=r"holds 1,000\.00 CNY, not 2,000\.00 CNY"):
        record_fact(
            ledger,
            ORDER,
            FactKind.CONVERSION,
            Statement(date(2026, 7, 14)),
            {"from": "CNY", "sold": "200000", "to": "EUR", "bought": "20000"},
        )
    back = {"from": "CNY", "sold": "100000", "to": "EUR", "bought": "11500"}
    record_fact(ledger, ORDER, FactKind.CONVERSION, Statement(date(2026, 7, 14)), back)
    record_fact(ledger, ORDER, FactKind.SETTLED, Statement(date(2026, 7, 14)))
    assert balance(ledger, "3010") == PROFIT - 500
    assert_sound(ledger)


@pytest.mark.parametrize(
    ("source", "target", "text", "by", "told"),
    [
        ("EUR", "XYZ", "8", "ECB", "'XYZ' is not an ISO 4217"),
        ("EUR", "EUR", "1", "ECB", "no rate in itself"),
        ("EUR", "CNY", "eight", "ECB", "is not a number"),
        ("EUR", "CNY", "NaN", "ECB", "not a plain decimal"),
        ("EUR", "CNY", "-8", "ECB", "is no rate"),
        ("EUR", "CNY", "0", "ECB", "is no rate"),
        ("EUR", "CNY", "8", "", "who says so is missing"),
    ],
)
def test_what_is_no_rate_is_refused(source: str, target: str, text: str, by: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        read_rate(source, target, text, date(2026, 4, 1), by)


def test_rate_is_kept_exactly() -> None:
    found = read_rate("EUR", "CNY", "7.83420000001", date(2026, 4, 1), "ECB")
    assert found.rate == Decimal("7.83420000001")


# ---------------------------------------------------------------- random networks


@settings(max_examples=60, deadline=None)
@given(st.integers(10**6, 10**9))
@example(42266018)  # an instalment paid in two parts of another currency
@example(1000670)  # a take-out that the plan does not draw on
@example(1000269)  # a carrier that is paid after the funding, which is the buyer's payment
@example(2001321)  # tax and a carrier on one day, in one draw with one fee
def test_what_is_planned_is_what_comes_when_all_goes_as_planned(seed: int) -> None:
    """The contract of any plan, played as planned, settles with its profit, in one currency or in many.

    It may come out better where less has to be drawn than the plan thought.
    """
    _, network, order, policy = situation(seed)
    for one in (network, mixed(Random(seed), network, Fraction(3, 100))):
        found = _played(order, one, policy)
        if found is None:
            continue
        planned, kept, state, as_drawn = found
        assert state == "SETTLED"
        if as_drawn:
            assert kept >= planned


def _played(order: Order, network: Network, policy: Policy) -> tuple[int, int, str, bool] | None:
    """The plan's profit, what the trader has once it was played, the state, and whether it is drawn as
    planned: what a plan draws on two facilities on one day is played one payment at a time, tax is drawn
    apart where the loan is in another currency, and who is paid after a funding that the plan does not draw
    waits for the buyer's payment."""
    found = choose(Situation(order, network, policy), repairs=False, brief=True)
    if not isinstance(found, Plan):
        return None
    contract = contract_of(order, found, network, found.planned_on)
    accepted = [Fact(FactKind.ACCEPTED, contract.accepted_on, "accepted")]
    folded = fold(contract, accepted, date(2028, 1, 1), Expectations(contract, accepted))
    played = folded.position.books
    state = folded.position.state.value
    for (entity, account), amount in played.balances.items():
        if entity == "trader" and account.startswith("1990"):
            assert amount == 0 or state != "SETTLED"
    kept = played.balance("trader", "3010") + played.balance("trader", "1520")
    ahead = [one for one in found.facilities if one.role is Role.CONTINGENCY and one.draws]
    undrawn = any(one.role is Role.TAKE_OUT and not one.draws for one in found.facilities)
    waits = any(due.term.event is Event.FUNDING for one in contract.bookings for due in one.dues)
    apart = any(
        one.own is not None and len(draw.payees) > 1 and any(payee.party == "tax" for payee in draw.payees)
        for one in found.facilities
        for draw in one.draws
    )
    return found.profit_minor, kept, state, not (ahead or apart or (undrawn and waits))


# ---------------------------------------------------------------- any sequence


class ManyStatements(RuleBasedStateMachine):
    """Days pass; people state rates, early and late, revalue, change money, pay; the books stay sound."""

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.place = tempfile.TemporaryDirectory()
        self.session = opened(Path(self.place.name))
        run_order(self.session, read(FOLDER / "order.toml"))
        self.ledger = self.session.ledger
        self.day = date(2026, 3, 6)

    def _try(self, kind: FactKind, on: date, data: dict[str, str]) -> None:
        with suppress(RefusedError):
            record_fact(self.ledger, ORDER, kind, Statement(on), data)

    @rule(days=st.integers(1, 40))
    def pass_days(self, days: int) -> None:
        self.day = date.fromordinal(self.day.toordinal() + days)
        advance(self.ledger, ORDER, self.day, as_planned=True)

    @rule(back=st.integers(0, 60), yuan=st.integers(900, 1_700))
    def rate_comes(self, back: int, yuan: int) -> None:
        on = date.fromordinal(self.day.toordinal() - back)
        record_rate(self.ledger, Rate("CNY", "EUR", Decimal(yuan) / 10_000, on, "ECB"), correct=True)

    @rule(back=st.integers(0, 20))
    def value(self, back: int) -> None:
        with suppress(RefusedError):
            revalue(self.ledger, Statement(date.fromordinal(self.day.toordinal() - back)))

    @rule(sold=st.integers(1, 5_000_000), bought=st.integers(1, 5_000_000), buying=st.booleans())
    def change(self, sold: int, bought: int, buying: bool) -> None:
        source, target = ("EUR", "CNY") if buying else ("CNY", "EUR")
        data = {"from": source, "sold": str(sold), "to": target, "bought": str(bought)}
        self._try(FactKind.CONVERSION, self.day, data)

    @rule(payee=st.sampled_from(["harbour-order", "blue-line", "network"]))
    def pay(self, payee: str) -> None:
        self._try(FactKind.PAYMENT, self.day, {"payee": payee})

    @invariant()
    def sound(self) -> None:
        if hasattr(self, "ledger"):
            assert_sound(self.ledger)

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()
            self.place.cleanup()


ManyStatements.TestCase.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestManyStatements = ManyStatements.TestCase
