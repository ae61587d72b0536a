"""A bank statement against the books: what each entry pays, recorded once by the bank's own reference."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from documents.statements.csv_map import load_statement_map, read_statement_csv
from documents.statements.formats import read_statement
from documents.statements.matching import EntryShare, Match, Matching, OpenItem, Unmatched
from documents.statements.parties import folded, same_party
from documents.statements.statement import BankStatement, EntryKind, StatementEntry, gap_remark
from domain.errors import NetError, NotFoundError, RefusedError
from domain.network import Network
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from domain.states import ENDED, OrderState
from finance.agreed.facts import Fact, FactKind, standing
from finance.books.position import Position
from flows.books.order_book import read_book
from flows.books.record import position_at, record_fact, record_in
from flows.orders.find import find_order
from flows.orders.statement import Statement
from flows.settlement.invoicing import number_of
from ledger.book.reading import Reading
from ledger.store import Ledger

RECEIPT, PAYMENT = "receipt", "payment"
BANK = "bank"
DAYS_APART = 10
"""A receipt typed by hand within so many days of an entry of this amount may be the same."""
_UNFINANCED = frozenset({OrderState.DRAFT, OrderState.CONFIRMED, OrderState.PLANNED, OrderState.HELD})


@dataclass(frozen=True, slots=True)
class Line:
    """One entry of the statement and what became of it.

    ``outcome`` is ``recorded``, ``known`` (recorded before), ``unmatched``, ``refused`` (matched, but a
    rule of the trade speaks against it) or, on a dry run, ``matched``.
    """

    entry: StatementEntry
    outcome: str
    parts: tuple[EntryShare, ...] = ()
    reasons: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()


def read_statements(path: Path, map_path: Path | None) -> list[BankStatement]:
    """ISO 20022, MT940, MT942 or OFX; with a map a table in CSV."""
    if map_path is not None:
        return read_statement_csv(path, load_statement_map(map_path))
    return read_statement(path)


def work_through(
    ledger: Ledger,
    network: Network,
    statements: Iterable[BankStatement],
    *,
    assigned: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> Iterator[Line]:
    """Match every entry and record what stands out; ``assigned`` names the order of an entry by hand.

    An entry that was recorded before, by the bank's reference and account, changes nothing.
    """
    for statement in statements:
        known = [ledger.record_by_key(key_of(entry)) for entry in statement.entries]
        new = [entry for entry, record in zip(statement.entries, known, strict=True) if record is None]
        named = [_assigned(entry, (assigned or {}).get(entry.reference, "")) for entry in new]
        items = list(open_items(ledger, network, named)) if new else []
        work = _Work(ledger, network, Matching(items), dry_run=dry_run or not statement.final)
        meant = iter(named)
        for entry, record in zip(statement.entries, known, strict=True):
            if record is not None:
                yield Line(entry, "known", reasons=(f"recorded for {record.body['orders']}",))
            else:
                yield work.line(entry, next(meant))
        if not dry_run and statement.final:
            _keep_balances(ledger, statement)


@dataclass(frozen=True)
class _Work:
    """One statement against what was open when it began."""

    ledger: Ledger
    network: Network
    matching: Matching
    dry_run: bool

    def line(self, entry: StatementEntry, meant: StatementEntry) -> Line:
        """What becomes of an entry; ``meant`` is it with the order that a person named."""
        found = self.matching.one(meant)
        if isinstance(found, Match) and not meant.by_hand:
            against = _of_lender(entry, self.network) or asked(self.ledger, found)
            if against:
                self.matching.give_back(found)
                orders = tuple(dict.fromkeys(part.item.order for part in found.parts))
                return Line(entry, "unmatched", (), (against,), orders)
        if isinstance(found, Unmatched):
            reason = _of_lender(entry, self.network) or found.reason
            return Line(entry, "unmatched", (), (reason,), found.candidates)
        return record_match(self.ledger, replace(found, entry=entry), dry_run=self.dry_run)


def asked(reading: Reading, found: Match) -> str:
    """What a person must say first, since the entry may be recorded already; empty when nothing is alike."""
    entry = found.entry
    for part in found.parts:
        name, fact, _stated, data = _fact(part, entry)
        for other in standing(read_book(reading, name).facts):
            if other.kind is fact and other.text("payee") == data.get("payee", ""):
                told = _alike(entry, other, part, beyond=found.beyond_minor == entry.amount_minor)
                if told:
                    return f"{told}: is it the same? --assign records it as another one"
    return ""


def _alike(entry: StatementEntry, other: Fact, part: EntryShare, *, beyond: bool) -> str:
    """How a fact of the order is the same as the entry seems to be."""
    if other.minor("amount") != abs(part.amount_minor):
        return ""
    what, reference = other.kind.value, other.text("reference")
    same_day = other.on == entry.booked_on
    if reference == entry.reference:
        return "" if same_day else f"a {what} with this reference and amount is recorded on {other.on}"
    if other.by != BANK and abs((other.on - entry.booked_on).days) <= DAYS_APART:
        day = "this day" if same_day else str(other.on)
        return f"a {what} of {day} and this amount is recorded by hand"
    if beyond:
        return f"nothing more is open, and a {what} of this amount is recorded on {other.on}"
    return ""


def joins(reading: Reading, statements: Sequence[BankStatement]) -> list[BankStatement]:
    """The statements, with a remark on each whose opening is not the closing that was read before it."""
    return [_joins(reading, statement) for statement in statements]


def _joins(reading: Reading, statement: BankStatement) -> BankStatement:
    if statement.opening_minor is None or statement.opens_on is None:
        return statement
    before: dict[str, Mapping[str, Any]] = {}
    for record in reading.records(kind=RecordKind.STATEMENT_READ, until=statement.opens_on):
        body = record.body
        of_account = body["account"] == statement.account and body["currency"] == statement.currency
        if of_account and record.key != _balances_key(statement):
            before[str(body["closes_on"])] = body
    if not before:
        return statement
    last = before[max(before)]
    remark = gap_remark(statement, str(last["statement"]), int(last["closing_minor"]))
    return replace(statement, remarks=(*statement.remarks, remark)) if remark else statement


def _keep_balances(ledger: Ledger, statement: BankStatement) -> None:
    """How the statement closed, so that the next one can be seen to join it."""
    if statement.closing_minor is None or statement.closes_on is None:
        return
    if ledger.has_key(_balances_key(statement)):
        return
    body = {
        "account": statement.account,
        "currency": statement.currency,
        "statement": statement.id,
        "closes_on": str(statement.closes_on),
        "closing_minor": str(statement.closing_minor),
    }
    ledger.append(Entry(RecordKind.STATEMENT_READ, _balances_key(statement), statement.closes_on, None, body))


def _balances_key(statement: BankStatement) -> str:
    return RecordKey.statement_read(
        statement.account, statement.currency, statement.id, str(statement.closes_on)
    )


def _of_lender(entry: StatementEntry, network: Network) -> str:
    """Draws and repayments are recorded with the facility that they belong to, so they are not guessed."""
    lender = next((one for one in network.lenders if same_party(one.name, entry.party)), None)
    if lender is None:
        return ""
    what = "a draw" if entry.amount_minor > 0 else "a repayment"
    return f"{what}, it seems: {lender.name} is a lender; record it with its facility"


def _assigned(entry: StatementEntry, order: str) -> StatementEntry:
    """The entry with the order that a person named for it as its only reference."""
    if not order:
        return entry
    return replace(
        entry,
        references=(order,),
        text="",
        reversal=False,
        kind=EntryKind.MOVEMENT,
        other_references=(),
        counters=(),
        stated=(),
        by_hand=True,
    )


def key_of(entry: StatementEntry) -> str:
    """The bank's reference with day and amount: some banks give a payment and its fee the same one."""
    booked = f"{entry.booked_on}:{entry.amount_minor}{entry.currency}"
    return RecordKey.statement_entry(entry.account, entry.reference, booked)


def record_match(ledger: Ledger, found: Match, *, dry_run: bool = False) -> Line:
    """Record the parts of one entry and the entry itself in one transaction, so that neither stands alone."""
    entry = found.entry
    try:
        if dry_run:
            for part in found.parts:
                record_fact(ledger, *_fact(part, entry), dry_run=True)
            return Line(entry, "matched", found.parts, found.reasons)
        with ledger.write() as transaction:
            recorded = [record_in(transaction, *_fact(part, entry)) for part in found.parts]
            transaction.append(
                Entry(RecordKind.STATEMENT_ENTRY, key_of(entry), entry.booked_on, None, _body(found))
            )
    except NetError as error:
        if error.exit_code not in (RefusedError.exit_code, NotFoundError.exit_code):
            raise
        hint = (error.hint,) if error.hint else ()
        return Line(entry, "refused", found.parts, (*found.reasons, error.message, *hint))
    if all(one.repeated for one in recorded):
        return Line(entry, "known", found.parts, ("recorded before by hand, with this reference",))
    return Line(entry, "recorded", found.parts, found.reasons)


def _fact(part: EntryShare, entry: StatementEntry) -> tuple[str, FactKind, Statement, dict[str, str]]:
    """The order, what is stated about it by the bank, and the amount with the bank's reference.

    A receipt that a person recorded before with that reference is the same fact.
    """
    kind, _, payee = part.item.id.partition(":")
    data = {"amount": str(abs(part.amount_minor)), "reference": entry.reference}
    if kind == PAYMENT:
        data["payee"] = payee
    fact = FactKind.PAYMENT if kind == PAYMENT else FactKind.RECEIPT
    stated = Statement(entry.booked_on, BANK, f"bank statement, entry {entry.reference}")
    return part.item.order, fact, stated, data


def _body(found: Match) -> dict[str, object]:
    entry = found.entry
    return {
        "account": entry.account,
        "reference": entry.reference,
        "amount_minor": str(entry.amount_minor),
        "currency": entry.currency,
        "party": entry.party,
        "orders": ", ".join(dict.fromkeys(part.item.order for part in found.parts)),
        "reasons": list(found.reasons),
    }


def open_items(reading: Reading, network: Network, entries: Sequence[StatementEntry]) -> Iterator[OpenItem]:
    """What every financed order still expects from its buyer and owes to its providers.

    Settled orders count only where an entry names them: their buyer has paid once already.
    """
    on = max(entry.booked_on for entry in entries)
    said = folded(" ".join(" ".join((*entry.references, entry.text)) for entry in entries))
    for head in reading.orders():
        state = OrderState(head.state)
        settled = state is OrderState.SETTLED
        if state in _UNFINANCED or (state in ENDED and not settled):
            continue
        if settled and folded(head.order.partition("~")[0]) not in said:
            continue
        try:
            position = position_at(reading, head.order, on).position
        except NotFoundError:
            continue
        yield from _of_order(reading, network, head.order, position)


def _of_order(reading: Reading, network: Network, order_id: str, position: Position) -> Iterator[OpenItem]:
    order = find_order(reading, order_id).order
    contract, sales = position.contract, position.sales
    numbers = [number_of(order_id, place + 1) for place in range(max(len(sales.invoices), 1))]
    names = tuple(dict.fromkeys((order_id, order.reference, *numbers)))
    due = position.receivable if sales.invoices else contract.sale.gross_minor - sales.received
    yield OpenItem(
        order_id,
        f"{RECEIPT}:buyer",
        max(due, 0),
        contract.currency,
        order.buyer.name,
        order.buyer.account,
        names,
        sales.invoices[-1].due_on if sales.invoices else None,
    )
    for account in position.accounts.values():
        owed = account.booking.gross_minor - account.paid
        if owed > 0 and not account.ended:
            provider = network.provider(account.booking.entity.removeprefix("provider:"))
            yield OpenItem(
                order_id,
                f"{PAYMENT}:{account.booking.id}",
                -owed,
                account.currency or contract.currency,
                (provider.name if provider else "") or account.booking.name or account.booking.id,
                names=names,
                due_on=min((due.planned_on for due in account.booking.dues), default=None),
            )
