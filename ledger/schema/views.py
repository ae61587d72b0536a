"""Views over the ledger in the trade's words, alike on SQLite and on PostgreSQL.

They are for people and reports (``net ledger sql``); the program itself never reads them. On PostgreSQL they
are part of the schema; on SQLite each reading connection makes them for itself, so the file is not changed.
``docs/reference/ledger-views.md`` is written from this module.
"""

from dataclasses import dataclass

from domain.money import CURRENCY_EXPONENTS

SCHEMA = "net.ledger-sql/1"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases say differently."""

    records: str
    written: str
    summands: str

    def top(self, field: str) -> str:
        """A field at the top of a record's body."""
        if self.records == "record":
            return f"json_extract(record.body, '$.{field}')"
        return f"(record.body::jsonb->>'{field}')"

    def identity(self) -> str:
        return "lower(hex(record.leaf))" if self.records == "record" else "encode(record.leaf, 'hex')"

    def amount(self, minor: str, currency: str) -> str:
        """Minor units as a decimal text with all the decimals of the currency."""
        cases = " ".join(
            f"WHEN {currency} IN ({', '.join(repr(code) for code in sorted(codes))})"
            f" THEN {self._decimal(minor, exponent)}"
            for exponent, codes in _by_exponent().items()
            if exponent != 2
        )
        return f"CASE {cases} ELSE {self._decimal(minor, 2)} END"

    def _decimal(self, minor: str, exponent: int) -> str:
        scale = 10**exponent
        whole = f"CASE WHEN {minor} < 0 THEN '-' ELSE '' END || CAST(ABS({minor}) / {scale} AS TEXT)"
        if not exponent:
            return whole
        rest = f"CAST({scale} + ABS({minor}) % {scale} AS TEXT)"
        return f"{whole} || '.' || substr({rest}, 2)"


SQLITE = Dialect("record", "sequence", "balance")
POSTGRES = Dialect("placed_record", "written", "balance_part")


def _by_exponent() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, exponent in CURRENCY_EXPONENTS.items():
        found.setdefault(exponent, []).append(code)
    return found


@dataclass(frozen=True, slots=True)
class View:
    """``columns`` with what each means; ``body`` selects them in that order."""

    name: str
    about: str
    columns: dict[str, str]
    body: str

    def statement(self, temporary: bool) -> str:
        kind = "TEMPORARY VIEW" if temporary else "VIEW"
        return f"CREATE {kind} {self.name} ({', '.join(self.columns)}) AS {self.body}"


_ORDER = "the order's reference; null for what belongs to no order"
_AMOUNT = "the same in major units, with all decimals of the currency, as text"
_RECORD = "the record's place in the tree; 0 while it is not sealed (PostgreSQL)"


def views(dialect: Dialect) -> tuple[View, ...]:
    """Every view, in the order in which they can be made."""
    return (
        _records(dialect),
        _orders(dialect),
        _postings(dialect),
        _balances(dialect),
        _holds(),
        _slots(),
        _exposures(dialect),
        _claims(dialect),
        _calls(dialect),
    )


def _records(d: Dialect) -> View:
    return View(
        "records",
        "Every step, in the order of the tree.",
        {
            "record": _RECORD,
            "id": "the hash that names the record for ever, hexadecimal",
            "trade_date": "the day of trade it counts as",
            "written_at": "when it was written, UTC",
            "kind": "what happened",
            "order_reference": _ORDER,
            "state": "the state that it gives to its order, if any",
            "key": "its idempotency key",
            "actor": "the public key of who wrote and signed it",
            "body": "the canonical bytes, as JSON text",
        },
        f"SELECT sequence, {d.identity()}, trade_date, {d.top('at')}, kind, order_reference, state,"  # noqa: S608
        f" key, {d.top('actor')}, body FROM {d.records} AS record",
    )


def _orders(d: Dialect) -> View:
    return View(
        "orders",
        "Every order with where it stands.",
        {
            "reference": "the order's reference",
            "state": "its state, DRAFT to SETTLED",
            "first_on": "the day of trade of its first record",
            "last_on": "the day of trade of the record that gave it its state",
            "records": "how many records speak of it",
        },
        "SELECT head.order_reference, head.state, first.trade_date, last.trade_date,"  # noqa: S608
        " (SELECT COUNT(*) FROM record WHERE record.order_reference = head.order_reference)"
        f" FROM order_head AS head JOIN {d.records} AS first ON first.{d.written} = head.first_sequence"
        f" JOIN {d.records} AS last ON last.{d.written} = head.last_sequence",
    )


def _postings(d: Dialect) -> View:
    return View(
        "postings",
        "Every leg of every entry; debits positive.",
        {
            "record": _RECORD,
            "line": "which leg of the entry, from 1",
            "trade_date": "the day of trade",
            "order_reference": _ORDER,
            "kind": "what happened",
            "entity": "in whose books",
            "account": "the code of the chart of accounts",
            "currency": "ISO 4217",
            "amount_minor": "in minor units, debits positive",
            "amount": _AMOUNT,
        },
        "SELECT record.sequence, leg.n + 1, leg.trade_date, NULLIF(leg.order_reference, ''), record.kind,"  # noqa: S608
        " leg.entity, leg.account, leg.currency, leg.amount_minor,"
        f" {d.amount('leg.amount_minor', 'leg.currency')}"
        f" FROM leg JOIN {d.records} AS record ON record.{d.written} = leg.sequence",
    )


def _balances(d: Dialect) -> View:
    return View(
        "balances",
        "What each account holds within each order, now; debits positive.",
        {
            "entity": "in whose books",
            "account": "the code of the chart of accounts",
            "order_reference": _ORDER,
            "currency": "ISO 4217",
            "amount_minor": "in minor units, debits positive",
            "amount": _AMOUNT,
        },
        "SELECT entity, account, NULLIF(order_reference, ''), currency, amount_minor,"  # noqa: S608
        f" {d.amount('amount_minor', 'currency')} FROM balance WHERE amount_minor <> 0",
    )


def _holds() -> View:
    return View(
        "holds",
        "Every line of every hold on a slot or a credit line, and how the hold ended.",
        {
            "hold": "the hold's id",
            "order_reference": "the order it is for",
            "resource": "the slot or credit line",
            "period": "the day, or the name of the limit",
            "quantity": "how much of it",
            "expires_at": "until when it is kept, UTC; null: until it is ended",
            "ending": "confirmed, released or expired; null while it is only held",
            "booking_ending": "used, cancelled or returned; null while it is booked",
            "counts": "1 where it takes capacity now, else 0",
        },
        "SELECT hold.hold_id, hold.order_reference, taken.resource, taken.period, taken.quantity,"
        " hold.expires_at, hold_end.ending, booking_end.ending,"
        " CAST(COALESCE(hold_end.ending, 'confirmed') = 'confirmed'"
        " AND COALESCE(booking_end.ending, 'used') = 'used' AS INTEGER)"
        " FROM hold JOIN slot_move AS taken ON taken.sequence = hold.sequence"
        " LEFT JOIN hold_end ON hold_end.hold_id = hold.hold_id"
        " LEFT JOIN booking_end ON booking_end.hold_id = hold.hold_id",
    )


def _slots() -> View:
    return View(
        "slots",
        "Capacity of slots and credit lines.",
        {
            "resource": "the slot, or the credit line",
            "period": "the day, or the name of the limit",
            "capacity": "how much there is",
            "used": "held, booked and used",
            "free": "what is left",
        },
        "SELECT resource, period, capacity, used, capacity - used FROM slot",
    )


def _exposures(d: Dialect) -> View:
    def of(*accounts: str) -> str:
        listed = ", ".join(f"'{account}'" for account in accounts)
        return f"CAST(SUM(CASE WHEN account IN ({listed}) THEN amount_minor ELSE 0 END) AS BIGINT)"

    return View(
        "exposures",
        "What each lender has out on each order: loans and advances, interest and discount due, allowance.",
        {
            "lender": "whose money it is",
            "order_reference": _ORDER,
            "currency": "ISO 4217",
            "principal_minor": "loans (1310) and factoring advances (1330), in minor units",
            "interest_minor": "interest (1320) and discount (1340) receivable",
            "allowance_minor": "allowance for losses (1390), negative",
            "exposure_minor": "all of it",
            "exposure": _AMOUNT,
        },
        "SELECT lender, order_reference, currency, principal, interest, allowance,"  # noqa: S608
        f" principal + interest + allowance, {d.amount('(principal + interest + allowance)', 'currency')}"
        " FROM (SELECT entity AS lender, NULLIF(order_reference, '') AS order_reference, currency,"
        f" {of('1310', '1330')} AS principal, {of('1320', '1340')} AS interest, {of('1390')} AS allowance"
        f" FROM {d.summands} WHERE entity LIKE 'lender:%'"
        " AND account IN ('1310', '1320', '1330', '1340', '1390')"
        " GROUP BY entity, order_reference, currency) AS summed"
        " WHERE principal <> 0 OR interest <> 0 OR allowance <> 0",
    )


def _claims(d: Dialect) -> View:
    return View(
        "claims",
        "Which order was claimed for finance by whom, and whether the claim stands.",
        {
            "order_reference": "the order",
            "financier": "who claimed it",
            "fingerprint": "the keyed fingerprint of the order",
            "claimed_on": "the day of trade",
            "stands": "1 where it still keeps others out, else 0",
        },
        "SELECT made.order_reference, made.financier, made.fingerprint, record.trade_date,"  # noqa: S608
        " CAST(NOT EXISTS (SELECT 1 FROM finance_release AS freed"
        " WHERE freed.fingerprint = made.fingerprint AND freed.turn = made.turn) AS INTEGER)"
        f" FROM finance_claim AS made JOIN {d.records} AS record ON record.{d.written} = made.sequence",
    )


def _calls(d: Dialect) -> View:
    return View(
        "calls",
        "Every call to the outside: how often it was tried and what came of it.",
        {
            "operation": "the call's id",
            "order_reference": _ORDER,
            "intended_on": "the day of trade",
            "attempts": "how often it was sent",
            "outcome": "ok, failed or unknown; null while nobody knows",
        },
        "SELECT intent.operation, intent.order_reference, record.trade_date,"  # noqa: S608
        " (SELECT COUNT(*) FROM attempt WHERE attempt.operation = intent.operation),"
        " (SELECT status FROM outcome WHERE outcome.operation = intent.operation ORDER BY n DESC LIMIT 1)"
        f" FROM intent JOIN {d.records} AS record ON record.{d.written} = intent.sequence",
    )


def postgres_views() -> str:
    """The statements that make the views in the schema ``net``."""
    return ";\n".join(view.statement(temporary=False) for view in views(POSTGRES)) + ";\n"


def reference() -> str:
    """The manual page, in Markdown."""
    parts = [
        "# Views over the ledger\n",
        '`net ledger sql "SELECT ..."` answers one SELECT over the views below; nothing can be written',
        "through it. They are alike on SQLite and PostgreSQL. Amounts are integers in minor units, debits",
        "positive; beside them stands the amount as text with all its decimals. Dates are texts such as",
        "`2026-03-05`, instants such as `2026-03-05T09:00:00Z`. This page is written from",
        "`ledger/schema/views.py`.\n",
    ]
    for view in views(SQLITE):
        parts += [f"## {view.name}\n{view.about}\n", "|Column|What it is|", "|-|-|"]
        parts += [f"|`{name}`|{said}|" for name, said in view.columns.items()]
        parts.append("")
    return "\n".join(parts)
