"""Where one order stands while its facts are folded: the books, each booking, each debt, what is due."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from domain.accounts import Account
from domain.dates import end_of_month
from domain.network import Role
from domain.states import OrderState, may_move
from domain.terms import Event, PaymentTerm, Recourse
from finance.agreed.contract import Booking, Contract, Due
from finance.agreed.facts import Fact
from finance.books.booking_account import BookingAccount
from finance.books.cover import Cover
from finance.books.debt import Debt
from finance.books.foreign_money import ForeignMoney
from finance.books.order_books import OrderBooks, Posting
from finance.books.sales import SalesLedger
from finance.books.tax_account import TaxAccount

OWN_EVENTS = (Event.DEPARTURE, Event.ARRIVAL, Event.SERVICE_END)
"""Events of a booking's own leg; all others are the order's."""


@dataclass
class Position:
    """Everything that the handlers of facts read and change; nothing outside it changes.

    ``given_up`` is what a factor bought without recourse: advance and reserve by lender;
    ``inspection_failed_on`` the day of the newest inspection, where the goods did not pass it.
    """

    contract: Contract
    books: OrderBooks = field(default_factory=OrderBooks)
    state: OrderState = OrderState.RESERVED
    accounts: dict[str, BookingAccount] = field(default_factory=dict)
    debts: dict[str, Debt] = field(default_factory=dict)
    happened: dict[str, date] = field(default_factory=dict)
    sales: SalesLedger = field(default_factory=SalesLedger)
    tax: TaxAccount = field(default_factory=TaxAccount)
    cover: Cover = field(default_factory=Cover)
    given_up: dict[str, tuple[int, int]] = field(default_factory=dict)
    insolvent_on: date | None = None
    inspection_failed_on: date | None = None
    confirmations: set[str] = field(default_factory=set)
    foreign: ForeignMoney = field(init=False)

    def __post_init__(self) -> None:
        self.foreign = ForeignMoney(self.contract.currency, self.contract.rates)
        self.foreign.note(self.contract)
        self.accounts = {one.id: BookingAccount(one) for one in self.contract.bookings}
        self.debts = {one.id: Debt(one) for one in self.contract.facilities}

    def adopt(self, contract: Contract) -> None:
        """Another contract is in force from here on; what is booked and owed so far stays."""
        self.contract = contract
        self.foreign.note(contract)

    @property
    def cash(self) -> int:
        return self.books.own(Account.CASH)

    @property
    def own_cash(self) -> int:
        """What the order's account holds less what is to go back to the buyer."""
        return self.cash + min(self.books.own(Account.BUYER_REFUND), 0)

    def cash_in(self, currency: str) -> int:
        """What the order's account holds of a currency; nothing means the order's own."""
        home = currency in ("", self.contract.currency)
        return self.cash if home else self.foreign.balance(Account.CASH, currency)

    def worth(self, amount: int, currency: str, on: date) -> int:
        """An amount in the order's currency, at the rate of the day."""
        return self.foreign.worth(amount, currency, on)

    @property
    def frozen(self) -> bool:
        """The buyer is insolvent: nothing leaves the loop but to those who financed it.

        A factor without recourse has no claim on the loop, so for it alone nothing is kept.
        """
        if self.insolvent_on is None:
            return False
        drawn = [debt for debt in self.debts.values() if debt.drawings]
        return not drawn or any(debt.facility.recourse is not Recourse.NONE for debt in drawn)

    @property
    def derecognised(self) -> int:
        """The receivable that is a factor's and not the trader's."""
        return sum(advance + reserve for advance, reserve in self.given_up.values())

    @property
    def receivable(self) -> int:
        """What the buyer owes, disputed parts and what a factor bought without recourse included."""
        return self.derecognised + self.books.own(Account.RECEIVABLE) + self.books.own(Account.DISPUTED)

    def post(
        self,
        kind: str,
        fact: Fact,
        party: str,
        postings: Iterable[Posting],
        facility: str = "",
        *,
        currency: str = "",
        worth: int | None = None,
    ) -> None:
        """Post amounts that are in the currency of the facility or the party they are about."""
        foreign = currency or self.currency_of(facility or party)
        if foreign:
            postings = self.foreign.translated(postings, foreign, fact.on, facility or party, worth)
        self.books.post(kind, fact, party, postings, facility)

    def currency_of(self, name: str) -> str:
        """The currency of a facility or a provider; nothing where it is the order's own."""
        return self.foreign.currencies.get(name, "")

    def expected(self, event: Event) -> date | None:
        """When the event happened, else when the plan expects it."""
        return self.happened.get(event) or self.contract.events.get(event)

    def event_on(self, event: Event, booking: Booking | None = None) -> date | None:
        """The date an event happened on, that of the booking's own leg where the event is its own."""
        if booking is not None and event in OWN_EVENTS:
            return self.happened.get(f"{event.value}/{booking.id}")
        return self.happened.get(event)

    def due_date(self, due: Due, booking: Booking | None = None) -> date | None:
        """When an instalment falls due, None while its event has not happened.

        As planned when the event came as planned; else counted anew from when it came.
        """
        start = self.event_on(due.term.event, booking)
        if start is None or start == self.planned_event(due.term.event, booking):
            return start and due.planned_on
        return self.term_date(due.term, start)

    def fees_due(self, account: BookingAccount) -> date | None:
        """When what a firm keeps for slots given back is due: once the buyer has paid, or all is over."""
        paid = self.happened.get(Event.BUYER_PAYMENT)
        if account.fees_on is None or (paid is None and self.state is not OrderState.CANCELLED):
            return None
        return max(account.fees_on, paid or account.fees_on)

    def planned_event(self, event: Event, booking: Booking | None = None) -> date | None:
        """The plan's date of an event, that of the booking's own leg where the event is its own."""
        if booking is not None and event in OWN_EVENTS:
            return booking.starts_on if event is Event.DEPARTURE else booking.ends_on
        return self.contract.events.get(event)

    def term_date(self, term: PaymentTerm, start: date) -> date:
        base = end_of_month(start) if term.month_end else start
        return self.contract.calendar.roll(base + timedelta(days=term.days), term.roll)

    def take_out(self) -> Debt | None:
        """The debt of the take-out that the plan counts on."""
        return next((self.debts[one.id] for one in self.contract.of_role(Role.TAKE_OUT)), None)

    def due_now(self, account: BookingAccount) -> int:
        """What of a booking's price is owed by an event that has happened, whether paid or not."""
        if account.ended:
            return account.billed
        booking = account.booking
        due = (one.amount_minor for one in booking.dues if self.event_on(one.term.event, booking) is not None)
        return account.fees + sum(due)


def move(position: Position, *states: OrderState) -> None:
    """Go to the first of the states that the present one allows; stay when it allows none."""
    for state in states:
        if may_move(position.state, state) and position.state is not state:
            position.state = state
            return
