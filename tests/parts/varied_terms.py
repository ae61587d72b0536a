"""Networks whose terms vary in everything that a network file can say, by seed; an order is traded on each.

An order ends settled, paying out what its plan says to the minor unit, or is refused with a reason and a way
out; anything else fails, and its seed is its own report.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from domain.errors import LedgerBrokenError, NetError
from domain.plan import Plan
from domain.states import OrderState
from flows.books.advance import advance
from flows.deals.rehearse import last_day
from flows.deals.run import go_on
from flows.desk.session import Session
from flows.orders.find import find_order
from flows.orders.form import order_from_fields
from flows.orders.place import place_order
from flows.plans.recorded_plan import newest_plan
from ledger.store import create_ledger
from trust.keys import load_or_create_actor

CURRENCIES = {"EUR": 2, "CNY": 2, "USD": 2, "JPY": 0, "KWD": 3, "INR": 2}
COUNTRIES = ("DE", "AT", "US", "JP", "CN", "IN", "GB", "")
FIRST_DAYS = (
    date(2026, 3, 2),
    date(2028, 2, 24),
    date(2027, 12, 20),
    date(2026, 4, 1),
    date(2027, 1, 31),
    date(2026, 9, 25),
)
PROVIDER_EVENTS = (
    "booking",
    "production_end",
    "inspection",
    "departure",
    "arrival",
    "service_end",
    "delivery",
    "invoice",
    "funding",
    "buyer_payment",
)
BUYER_EVENTS = ("order", "production_end", "inspection", "delivery", "invoice")
ROLLS = ("following", "modified_following", "preceding", "none")


@dataclass
class Terms:
    """One seed's network file and order, in the words of a person who fills them in at random."""

    seed: int
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(f"varied {self.seed}")
        self.currency = self.random.choice(list(CURRENCIES))
        self.country = self.random.choice(COUNTRIES)
        self.first_day = self.random.choice(FIRST_DAYS)
        self.scale = {0: 100, 2: 1, 3: 1}[CURRENCIES[self.currency]]
        self.inspected = self.random.random() < 0.7

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def amount(self, low: float, high: float) -> str:
        """An amount of the currency, no finer than its minor unit."""
        value = self.random.uniform(low, high) * self.scale
        return f"{value:.{CURRENCIES[self.currency]}f}"

    def price(self, low: float, high: float) -> str:
        """A unit price, which may be finer."""
        return f"{self.random.uniform(low, high) * self.scale:.{CURRENCIES[self.currency] + 2}f}"

    def payment(self, events: tuple[str, ...], latest: int = 60) -> str:
        """One to three instalments; the shares sum to 100%."""
        count = self.random.choice((1, 1, 2, 2, 3))
        shares = [self.random.randrange(10, 45) for _ in range(count - 1)]
        shares.append(100 - sum(shares))
        return f"[{', '.join(self._instalment(share, events, latest) for share in shares)}]"

    def _instalment(self, share: int, events: tuple[str, ...], latest: int) -> str:
        parts = [f'share = "{share}%"', f'event = "{self.random.choice(events)}"']
        if self.chance(0.5):
            parts.append(f"days = {self.random.randrange(0, latest)}")
        if self.chance(0.2):
            parts.append("month_end = true")
        if self.chance(0.2):
            parts.append(f'roll = "{self.random.choice(ROLLS)}"')
        return f"{{ {', '.join(parts)} }}"

    def common(self, kind: str, name: str, place: str, late: bool = True) -> list[str]:
        lines = [f"[[{kind}]]", f'id = "{name}"']
        if place:
            lines.append(f'place = "{place}"')
        if self.chance(0.8):
            lines.append(f'tax_rate = "{self.random.choice((0, 5, 13, 19))}%"')
        if self.chance(0.15):
            lines.append("tax_recoverable = false")
        if self.chance(0.85):
            events = PROVIDER_EVENTS if late else PROVIDER_EVENTS[:6]
            lines.append(f"payment = {self.payment(events)}")
        if self.chance(0.2):
            lines.append("works_every_day = true")
        if self.chance(0.2):
            lines.append(f"closures = [{self.first_day + timedelta(days=9)}]")
        return lines

    def text(self) -> str:
        parts = [
            [f'name = "network {self.seed}"', f'currency = "{self.currency}"'],
            [f'country = "{self.country}"'] if self.country else [],
            self._fee(),
            self._tax(),
        ]
        for number in range(self.random.randrange(1, 4)):
            parts.append(self._factory(number))
        if self.chance(0.6):
            parts.append(self._warehouse())
        parts.append(self._lanes())
        for kind in ("inspection", "labelling"):
            if self.chance(0.7):
                parts.append(self._service(kind))
        parts += self._lenders()
        parts.append(["[policy]", f"booking_days = {self.random.randrange(0, 6)}"])
        return "\n".join("\n".join(part) for part in parts if part) + "\n"

    def _fee(self) -> list[str]:
        if self.chance(0.2):
            return []
        lines = [
            "[fee]",
            f'rate = "{self.random.choice((0, 0.5, 1, 2))}%"',
            f'tax_rate = "{self.random.choice((0, 6))}%"',
        ]
        if self.chance(0.4):
            lines.append(f"fixed = {self.amount(1, 40)}")
        if self.chance(0.3):
            lines.append(f"payment = {self.payment(('delivery', 'invoice', 'buyer_payment', 'funding'), 20)}")
        return lines

    def _tax(self) -> list[str]:
        if not self.country or self.chance(0.25):
            return []
        lines = [
            "[[tax]]",
            f'country = "{self.country}"',
            f"due_day = {self.random.choice((10, 15, 28, 31))}",
        ]
        lines.append(f"period_months = {self.random.choice((1, 1, 3))}")
        lines.append(f'surcharge_rate = "{self.random.choice((0, 12))}%"')
        return lines

    def _factory(self, number: int) -> list[str]:
        lines = self.common("factory", f"works-{number}", f"Town {number % 2}")
        if self.chance(0.3):
            uplift = self.random.choice((1, 3, 6))
            terms = self.payment(("delivery", "buyer_payment"), 30)
            lines += ["[[factory.option]]", 'name = "later"', f'uplift = "{uplift}%"', f"payment = {terms}"]
        for product in ("cup", "plate"):
            price = self.random.uniform(20, 40)
            lines += [
                "[[factory.product]]",
                f'product = "{product}"',
                f"unit_price = {price * self.scale:.{CURRENCIES[self.currency] + 2}f}",
                f"set_up = {self.amount(0, 300)}",
                f"minimum_quantity = {self.random.choice((0, 1, 50, 150))}",
                f"capacity_per_day = {self.random.choice((0, 20, 45, 500))}",
                f"lead_days = {self.random.randrange(0, 20)}",
                f"weight_kg = {self.random.choice(('0', '0.35', '2.5'))}",
            ]
            if self.chance(0.3):
                lines.append('line = "kiln"')
            if self.chance(0.4):
                lower = f"{price * self.scale * 0.93:.{CURRENCIES[self.currency] + 2}f}"
                lines.append(f"break = [{{ from_quantity = 100, unit_price = {lower} }}]")
        return lines

    def _warehouse(self) -> list[str]:
        return [
            *self.common("warehouse", "store", "Depot"),
            f"per_unit_day = {self.price(0.01, 0.05)}",
            f"handling_per_unit = {self.price(0.1, 0.4)}",
            f"fixed = {self.amount(0, 50)}",
            f"capacity = {self.random.choice((0, 250, 5000))}",
            f"dwell_days = {self.random.randrange(0, 4)}",
            f"minimum_days = {self.random.choice((0, 7, 30))}",
        ]

    def _lanes(self) -> list[str]:
        lines = self.common("logistics", "carrier", "")
        ways = [
            ("Town 0", "Harbour"),
            ("Town 1", "Harbour"),
            ("Town 0", "Depot"),
            ("Town 1", "Depot"),
            ("Depot", "Harbour"),
        ]
        for number, (origin, destination) in enumerate(ways):
            lines += [
                "[[logistics.lane]]",
                f'id = "lane-{number}"',
                f'origin = "{origin}"',
                f'destination = "{destination}"',
                f'measure = "{self.random.choice(("kg", "unit"))}"',
                f"transit_days = {self.random.randrange(0, 12)}",
                f"minimum = {self.amount(0, 80)}",
                f"capacity_per_day = {self.random.choice((0, 400, 5000))}",
                f"band = [{{ from = 0, rate = {self.price(0.1, 0.6)} }},"
                f" {{ from = 100, rate = {self.price(0.05, 0.3)}, fixed = {self.amount(0, 30)} }}]",
            ]
            if self.chance(0.3):
                lines.append('departs_on = ["tuesday", "friday"]')
        return lines

    def _service(self, kind: str) -> list[str]:
        after = (
            "production_end" if kind == "inspection" else self.random.choice(("production_end", "inspection"))
        )
        if kind == "labelling" and after == "inspection":
            after = "production_end"
        return [
            *self.common("service", kind, ""),
            f'kind = "{kind}"',
            f'after = "{after}"',
            f"days = {self.random.randrange(0, 3)}",
            f"fixed = {self.amount(0, 120)}",
            f"per_unit = {self.price(0, 0.3)}",
            f'share_of_net = "{self.random.choice((0, 0.3))}%"',
            f"required = {'true' if self.chance(0.7) else 'false'}",
        ]

    def _lenders(self) -> list[list[str]]:
        found: list[list[str]] = []
        if self.chance(0.15):
            return found
        for number in range(self.random.randrange(1, 3)):
            found.append(self._order_lender(number))
        if self.chance(0.8):
            found.append(self._factor())
        if self.chance(0.2):
            found.append(["[[limit]]", 'group = "all"', f"amount = {self.amount(2_000, 60_000)}"])
        return found

    def _order_lender(self, number: int) -> list[str]:
        lines = [
            "[[lender]]",
            f'id = "bank-{number}"',
            f"limit = {self.amount(3_000, 90_000)}",
            "[[lender.product]]",
        ]
        lines += [
            f'id = "loan-{number}"',
            'role = "pre_shipment"',
            'technique = "purchase_order"',
            f'advance_base = "{self.random.choice(("order", "cost"))}"',
            f'advance_rate = "{self.random.choice((60, 80, 100))}%"',
            f'draw = "{self.random.choice(("need", "need", "need", "least", "full"))}"',
            self._priced(),
            f"tenor_days = {self.random.choice((60, 120, 240))}",
        ]
        if self.chance(0.6):
            lines.append("requires_take_out = true")
        elif self.chance(0.7):
            lines.append('repaid_on = "buyer_payment"')
        if self.chance(0.6):
            basis = self.random.choice(("limit", "draw", "fixed"))
            taken = self.random.choice(("capitalised", "deducted", "cash"))
            size = (
                f"amount = {self.amount(1, 60)}"
                if basis == "fixed"
                else f'rate = "{self.random.choice((0.5, 1))}%"'
            )
            lines.append(f'fee = [{{ name = "fee", basis = "{basis}", {size}, taken = "{taken}" }}]')
        if self.inspected and self.chance(0.3):
            lines.append('requires = ["inspection"]')
        if self.chance(0.2):
            lines.append('margin_minimum = "10%"')
        return lines

    def _priced(self) -> str:
        if self.chance(0.3):
            return 'price = { step = [{ days = 30, rate = "1.4%" }, { days = 15, rate = "0.8%" }] }'
        count = self.random.choice(("ACT/360", "ACT/365F", "30/360"))
        taken = self.random.choice(("at_repayment", "at_repayment", "in_advance"))
        rate = self.random.choice((0, 6, 12.5))
        return f'price = {{ rate = "{rate}%", day_count = "{count}", taken = "{taken}" }}'

    def _factor(self) -> list[str]:
        return [
            "[[lender]]",
            'id = "factor"',
            "[[lender.product]]",
            'id = "factoring"',
            'role = "take_out"',
            'technique = "factoring"',
            f'advance_rate = "{self.random.choice((70, 85, 100))}%"',
            self._priced(),
            f"available_days = {self.random.randrange(0, 5)}",
            f"tenor_days = {self.random.choice((90, 180))}",
            f'recourse = "{self.random.choice(("limited_to_order", "none", "full"))}"',
            f'fee = [{{ name = "commission", basis = "face", rate = "{self.random.choice((0, 0.6))}%" }}]',
        ]

    def order(self) -> dict[str, Any]:
        count = self.random.choice((1, 1, 2))
        lines = [
            {
                "product": product,
                "quantity": self.random.choice((30, 90, 150, 240)),
                "unit_price": self.price(38, 75),
                "tax_rate": f"{self.random.choice((0, 13, 19))}%",
            }
            for product in self.random.sample(("cup", "plate"), count)
        ]
        fields: dict[str, Any] = {
            "reference": f"V-{self.seed}",
            "issued_on": self.first_day.isoformat(),
            "currency": self.currency,
            "destination": "Harbour",
            "buyer": {"name": "Buyer"},
            "seller": {"name": "Trader"},
            "lines": lines,
            "payment": self._buyer_terms(),
        }
        if self.chance(0.7):
            fields["due_on"] = (self.first_day + timedelta(days=self.random.randrange(20, 110))).isoformat()
        if self.country:
            fields["country"] = self.country
        return fields

    def _buyer_terms(self) -> list[dict[str, Any]]:
        shares = self.random.choice(((100,), (30, 70), (20, 80), (10, 40, 50)))
        terms = []
        for share in shares:
            event = "order" if len(shares) > 1 and not terms else self.random.choice(BUYER_EVENTS[2:])
            days = 0 if event == "order" else self.random.choice((0, 14, 30, 60))
            terms.append({"share": f"{share}%", "event": event, "days": days, "month_end": self.chance(0.2)})
        return terms


@dataclass(frozen=True)
class Traded:
    """How one order ended: SETTLED, or the class of the refusal; with what was told."""

    ended: str
    told: str
    plan: Plan | None = None


def trade(seed: int, folder: Path) -> Traded:
    """One order on one network; AssertionError where it is neither settled nor honestly refused."""
    terms = Terms(seed)
    config = folder / "network.toml"
    config.write_text(terms.text(), "utf-8")
    today = terms.first_day

    def clock() -> datetime:
        return datetime(today.year, today.month, today.day, 9, tzinfo=UTC)

    actor = load_or_create_actor("trader", folder / "keys" / "ledger.pem")
    create_ledger(folder / "ledger.db", practice=True, actor=actor, clock=clock).close()
    session = Session(ledger_url=str(folder / "ledger.db"), config_path=config, clock=clock)
    try:
        return _trade(session, terms, seed)
    finally:
        session.close()


def _trade(session: Session, terms: Terms, seed: int) -> Traded:
    order = order_from_fields(terms.order())
    placed = place_order(session.ledger, order, order.issued_on)
    try:
        go_on(session, find_order(session.ledger, placed.id), order.issued_on)
    except LedgerBrokenError:
        raise
    except NetError as error:
        return _refused(session, placed.id, error, seed)
    plan = newest_plan(session.ledger, placed.id)
    assert plan is not None
    last = last_day(plan, session.network.sales_tax())
    advance(session.ledger, placed.id, last, as_planned=True)
    _check(session, placed.id, plan, seed)
    return Traded("SETTLED", "", plan)


def _refused(session: Session, order: str, error: NetError, seed: int) -> Traded:
    where = f"seed {seed}: {type(error).__name__}: {error}"
    assert error.exit_code in (3, 5), where
    assert error.hint, f"{where}: no way out is shown"
    assert not list(session.ledger.holds(order)), f"{where}: holds are left"
    return Traded(type(error).__name__, f"{error} | {error.hint}")


def _check(session: Session, order: str, plan: Plan, seed: int) -> None:
    """Settled, nothing held or owed, every book balanced, cash never below zero, the profit as planned."""
    where = f"seed {seed}"
    state = find_order(session.ledger, order).state
    assert state is OrderState.SETTLED, f"{where}: {state}"
    assert not list(session.ledger.holds(order)), f"{where}: holds are left"
    sums: Counter[tuple[str, str]] = Counter()
    cash: Counter[date] = Counter()
    residual = 0
    for record in session.ledger.records(order=order):
        for leg in record.legs:
            sums[leg.entity, leg.currency] += leg.amount_minor
            if (leg.entity, leg.account) == ("trader", "1010"):
                cash[record.on] += leg.amount_minor
            if (leg.entity, leg.account) == ("trader", "3010"):
                residual += leg.amount_minor
    assert not any(sums.values()), f"{where}: the books do not balance: {sums}"
    balance = 0
    for day in sorted(cash):
        balance += cash[day]
        assert balance >= 0, f"{where}: own cash on {day}: {balance}"
    assert balance == 0, f"{where}: {balance} is left in the loop"
    planned = plan.flows[-1].balance_minor
    assert residual == planned, f"{where}: paid out {residual}, planned {planned}, profit {plan.profit_minor}"
    mine = [one for one in session.ledger.balance() if one.entity == "trader" and one.amount_minor]
    open_ones = [one for one in mine if one.account.startswith("2")]
    assert not open_ones, f"{where}: still owed: {open_ones}"
