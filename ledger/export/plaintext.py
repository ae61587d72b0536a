"""beancount, hledger and ledger-cli files whose own checkers refuse an amount that is off by one cent.

- beancount tolerates a difference in entries and in balances unless told otherwise; every balance is
  asserted ``~ 0``, at the end of each month too, so that the month is named where a cent went astray.
- hledger asserts in order of date, then of the file: assertions stand at the end of the file, dated on
  the last day of each month, and so come after everything of that day.
- ledger-cli asserts in order of the file: every posting states the balance that it leaves.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from domain.money import exponent_of, format_minor
from domain.posting import Leg
from ledger.export.names import account_name, is_link, one_line, payee
from ledger.record.records import Record

Place = tuple[str, str]
"""An account's full name and a currency."""


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


@dataclass(slots=True)
class _Totals:
    """Movements for each account, currency and month, and the days the file spans."""

    titles: Mapping[str, str]
    moved: dict[Place, dict[date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    opened: dict[str, date] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)
    last: date | None = None

    def name_of(self, leg: Leg) -> str:
        place = (leg.entity, leg.account)
        if place not in self.names:
            self.names[place] = account_name(*place, self.titles)
        return self.names[place]

    def add(self, day: date, leg: Leg) -> str:
        name = self.name_of(leg)
        self.moved[name, leg.currency][_month_end(day)] += leg.amount_minor
        self.currencies.add(leg.currency)
        self.opened[name] = min(day, self.opened.get(name, day))
        self.last = max(day, self.last or day)
        return name

    def asserted(self) -> Iterator[tuple[date, str, str, int]]:
        """Each account's balance at the end of each month it moved in, and of all at the last day."""
        if self.last is None:
            return
        for (name, currency), months in sorted(self.moved.items()):
            balance = 0
            for month in sorted(months):
                balance += months[month]
                if month < self.last:
                    yield month, name, currency, balance
            yield self.last, name, currency, balance


def _per_entity(records: Iterable[Record]) -> Iterator[tuple[Record, list[Leg]]]:
    """Each record's legs, those of one entity at a time: each balances by itself."""
    for record in records:
        ordered = sorted(record.legs, key=lambda leg: leg.entity)
        for _, legs in groupby(ordered, key=lambda leg: leg.entity):
            yield record, list(legs)


def _title(record: Record) -> str:
    return payee(f"{record.kind} {record.order}" if record.order else record.kind)


def _beancount_entry(record: Record, legs: Sequence[Leg], totals: _Totals) -> Iterator[str]:
    link = f" ^{record.order}" if record.order and is_link(record.order) else ""
    yield f'\n{record.on.isoformat()} * "{payee(legs[0].entity)}" "{_title(record)}"{link}\n'
    yield f'  net_seq: "{record.sequence}"\n  net_leaf: "{record.record_id}"\n'
    if record.order:
        yield f'  net_order: "{payee(record.order)}"\n'
    for leg in legs:
        amount = format_minor(leg.amount_minor, leg.currency)
        yield f"  {totals.add(record.on, leg)}  {amount} {leg.currency}\n"


def write_beancount(records: Iterable[Record], titles: Mapping[str, str]) -> Iterator[str]:
    """A beancount 2 or 3 file; ``bean-check`` refuses it with any amount one cent off."""
    totals = _Totals(titles)
    yield 'option "title" "net"\n'
    for record, legs in _per_entity(records):
        yield from _beancount_entry(record, legs, totals)
    yield "\n"
    for name, day in sorted(totals.opened.items()):
        yield f"{day.isoformat()} open {name}\n"
    for day, name, currency, balance in totals.asserted():
        # beancount asserts at the start of a day
        morning = (day + timedelta(days=1)).isoformat()
        yield f"{morning} balance {name}  {format_minor(balance, currency)} ~ 0 {currency}\n"


def _sample(currency: str, *, mark: bool) -> str:
    exponent = exponent_of(currency)
    return f"1000.{'0' * exponent}" if exponent or mark else "1000"


def _remarks(record: Record) -> Iterator[str]:
    yield f"    ; net_seq: {record.sequence}\n    ; net_leaf: {record.record_id}\n"
    if record.order:
        yield f"    ; net_order: {one_line(record.order)}\n"


def _heading(record: Record, entity: str) -> str:
    return f"\n{record.on.isoformat()} * ({record.sequence}) {payee(entity)}: {_title(record)}\n"


def _hledger_entry(record: Record, legs: Sequence[Leg], totals: _Totals) -> Iterator[str]:
    for leg in legs:
        if leg.currency not in totals.currencies:
            yield f"\ncommodity {_sample(leg.currency, mark=True)} {leg.currency}\n"
        if totals.name_of(leg) not in totals.opened:
            yield f"\naccount {totals.name_of(leg)}\n"
        totals.add(record.on, leg)
    yield _heading(record, legs[0].entity)
    yield from _remarks(record)
    for leg in legs:
        amount = format_minor(leg.amount_minor, leg.currency)
        yield f"    {totals.name_of(leg)}  {amount} {leg.currency}\n"


def write_hledger(records: Iterable[Record], titles: Mapping[str, str]) -> Iterator[str]:
    """An hledger journal; ``hledger check -s`` refuses it with any amount one cent off."""
    totals = _Totals(titles)
    yield "; written by net\ndecimal-mark .\n"
    for record, legs in _per_entity(records):
        yield from _hledger_entry(record, legs, totals)
    asserted = sorted(totals.asserted())
    for day, balances in groupby(asserted, key=lambda balance: balance[0]):
        yield f"\n{day.isoformat()} * balances at the end of the day\n"
        for _, name, currency, balance in balances:
            nothing = format_minor(0, currency)
            yield f"    {name}  {nothing} {currency} = {format_minor(balance, currency)} {currency}\n"


@dataclass(slots=True)
class _Running:
    """Balances in the order of the file, with the names and currencies declared so far."""

    names: dict[tuple[str, str], str] = field(default_factory=dict)
    currencies: set[str] = field(default_factory=set)
    balances: dict[Place, int] = field(default_factory=lambda: defaultdict(int))


def _declarations(legs: Iterable[Leg], running: _Running, titles: Mapping[str, str]) -> Iterator[str]:
    for leg in legs:
        if leg.currency not in running.currencies:
            running.currencies.add(leg.currency)
            sample = _sample(leg.currency, mark=False)
            yield f"\ncommodity {leg.currency}\n    format {sample} {leg.currency}\n"
        place = (leg.entity, leg.account)
        if place not in running.names:
            running.names[place] = account_name(*place, titles)
            yield f"\naccount {running.names[place]}\n"


def _ledger_entry(record: Record, legs: Sequence[Leg], running: _Running) -> Iterator[str]:
    yield _heading(record, legs[0].entity)
    yield from _remarks(record)
    for leg in legs:
        name = running.names[leg.entity, leg.account]
        running.balances[name, leg.currency] += leg.amount_minor
        amount = format_minor(leg.amount_minor, leg.currency)
        left = format_minor(running.balances[name, leg.currency], leg.currency)
        yield f"    {name}  {amount} {leg.currency} = {left} {leg.currency}\n"


def write_ledger(records: Iterable[Record], titles: Mapping[str, str]) -> Iterator[str]:
    """A ledger-cli journal; ``ledger --strict --pedantic`` refuses it with any amount one cent off."""
    running = _Running()
    yield "; written by net\n; the tags that the entries carry:\ntag net_seq\ntag net_leaf\ntag net_order\n"
    for record, legs in _per_entity(records):
        yield from _declarations(legs, running, titles)
        yield from _ledger_entry(record, legs, running)
