"""Views over the ledger in the trade's words, alike on SQLite and on PostgreSQL: a model of SQLModel each.

They are for people and reports (``net ledger sql``); the program itself never reads them. On PostgreSQL they
are part of the schema; on SQLite each reading connection makes them for itself, so the file is not changed.

SQLModel takes long to load, so no command loads it: after a change here or in ``tables.py`` run
``python -m ledger.schema.views``. It writes the statements that ship, ``views_sqlite.sql`` and
``views_postgres.sql``, and the manual page ``docs/reference/ledger-views.md``; a test compares all three.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from sqlmodel import Field, SQLModel

from ledger.schema.dialect import POSTGRES, SQLITE, Dialect
from ledger.schema.tables import TABLES

Expression = str | Callable[[Dialect], str]
_ORDER = "the order's reference; null for what belongs to no order"
_AMOUNT = "the same in major units, with all decimals of the currency, as text"
_RECORD = "the record's place in the tree; 0 while it is not sealed (PostgreSQL)"


def column(expression: Expression, about: str) -> Any:
    """A view's column: what it selects, alike on both databases or as each says it, and what it means."""
    return Field(description=about, schema_extra={"json_schema_extra": {"expression": expression}})


class View(SQLModel):
    """One row of a view is one of its models; its fields, in order, are the view's columns."""

    @classmethod
    def called(cls) -> str:
        """The view's name."""
        return cls.__name__.removesuffix("View").lower()

    @classmethod
    def source(cls, d: Dialect) -> str:
        """What stands after FROM."""
        raise NotImplementedError

    @classmethod
    def statement(cls, d: Dialect) -> str:
        """The statement that makes the view."""
        kind = "VIEW" if d is POSTGRES else "TEMPORARY VIEW"
        columns, selected = ", ".join(cls.model_fields), ", ".join(cls._selected(d))
        return f"CREATE {kind} {cls.called()} ({columns}) AS SELECT {selected} FROM {cls.source(d)}"  # noqa: S608

    @classmethod
    def _selected(cls, d: Dialect) -> Iterator[str]:
        for field in cls.model_fields.values():
            extra: Any = field.json_schema_extra
            expression: Expression = extra["expression"]
            yield expression if isinstance(expression, str) else expression(d)


class RecordsView(View):
    """Every step, in the order of the tree."""

    record: int = column("sequence", _RECORD)
    id: str = column(Dialect.identity, "the hash that names the record for ever, hexadecimal")
    trade_date: str = column("trade_date", "the day of trade it counts as")
    written_at: str = column(lambda d: d.top("at"), "when it was written, UTC")
    kind: str = column("kind", "what happened")
    order_reference: str | None = column("order_reference", _ORDER)
    state: str | None = column("state", "the state that it gives to its order, if any")
    key: str = column("key", "its idempotency key")
    actor: str = column(lambda d: d.top("actor"), "the public key of who wrote and signed it")
    body: str = column("body", "the canonical bytes, as JSON text")

    @classmethod
    def source(cls, d: Dialect) -> str:
        return f"{d.records} AS record"


class OrdersView(View):
    """Every order with where it stands."""

    reference: str = column("head.order_reference", "the order's reference")
    state: str = column("head.state", "its state, DRAFT to SETTLED")
    first_on: str = column("first.trade_date", "the day of trade of its first record")
    last_on: str = column("last.trade_date", "the day of trade of the record that gave it its state")
    records: int = column(
        "(SELECT COUNT(*) FROM record WHERE record.order_reference = head.order_reference)",
        "how many records speak of it",
    )

    @classmethod
    def source(cls, d: Dialect) -> str:
        return (
            f"order_head AS head JOIN {d.records} AS first ON first.{d.written} = head.first_sequence"
            f" JOIN {d.records} AS last ON last.{d.written} = head.last_sequence"
        )


class PostingsView(View):
    """Every leg of every entry; debits positive."""

    record: int = column("record.sequence", _RECORD)
    line: int = column("leg.n + 1", "which leg of the entry, from 1")
    trade_date: str = column("leg.trade_date", "the day of trade")
    order_reference: str | None = column("NULLIF(leg.order_reference, '')", _ORDER)
    kind: str = column("record.kind", "what happened")
    entity: str = column("leg.entity", "in whose books")
    account: str = column("leg.account", "the code of the chart of accounts")
    currency: str = column("leg.currency", "ISO 4217")
    amount_minor: int = column("leg.amount_minor", "in minor units, debits positive")
    amount: str = column(lambda d: d.amount("leg.amount_minor", "leg.currency"), _AMOUNT)

    @classmethod
    def source(cls, d: Dialect) -> str:
        return f"leg JOIN {d.records} AS record ON record.{d.written} = leg.sequence"


class BalancesView(View):
    """What each account holds within each order, now; debits positive."""

    entity: str = column("entity", "in whose books")
    account: str = column("account", "the code of the chart of accounts")
    order_reference: str | None = column("NULLIF(order_reference, '')", _ORDER)
    currency: str = column("currency", "ISO 4217")
    amount_minor: int = column("amount_minor", "in minor units, debits positive")
    amount: str = column(lambda d: d.amount("amount_minor", "currency"), _AMOUNT)

    @classmethod
    def source(cls, d: Dialect) -> str:  # noqa: ARG003
        return "balance WHERE amount_minor <> 0"


class HoldsView(View):
    """Every line of every hold on a slot or a credit line, and how the hold ended."""

    hold: str = column("hold.hold_id", "the hold's id")
    order_reference: str = column("hold.order_reference", "the order it is for")
    resource: str = column("taken.resource", "the slot or credit line")
    period: str = column("taken.period", "the day, or the name of the limit")
    quantity: int = column("taken.quantity", "how much of it")
    expires_at: str | None = column("hold.expires_at", "until when it is kept, UTC; null: until it is ended")
    ending: str | None = column(
        "hold_end.ending", "confirmed, released or expired; null while it is only held"
    )
    booking_ending: str | None = column(
        "booking_end.ending", "used, cancelled or returned; null while it is booked"
    )
    counts: int = column(
        "CAST(COALESCE(hold_end.ending, 'confirmed') = 'confirmed'"
        " AND COALESCE(booking_end.ending, 'used') = 'used' AS INTEGER)",
        "1 where it takes capacity now, else 0",
    )

    @classmethod
    def source(cls, d: Dialect) -> str:  # noqa: ARG003
        return (
            "hold JOIN slot_move AS taken ON taken.sequence = hold.sequence"
            " LEFT JOIN hold_end ON hold_end.hold_id = hold.hold_id"
            " LEFT JOIN booking_end ON booking_end.hold_id = hold.hold_id"
        )


class SlotsView(View):
    """Capacity of slots and credit lines."""

    resource: str = column("resource", "the slot, or the credit line")
    period: str = column("period", "the day, or the name of the limit")
    capacity: int = column("capacity", "how much there is")
    used: int = column("used", "held, booked and used")
    free: int = column("capacity - used", "what is left")

    @classmethod
    def source(cls, d: Dialect) -> str:  # noqa: ARG003
        return "slot"


class ExposuresView(View):
    """What each lender has out on each order: loans and advances, interest and discount due, allowance."""

    lender: str = column("lender", "whose money it is")
    order_reference: str | None = column("order_reference", _ORDER)
    currency: str = column("currency", "ISO 4217")
    principal_minor: int = column("principal", "loans (1310) and factoring advances (1330), in minor units")
    interest_minor: int = column("interest", "interest (1320) and discount (1340) receivable")
    allowance_minor: int = column("allowance", "allowance for losses (1390), negative")
    exposure_minor: int = column("principal + interest + allowance", "all of it")
    exposure: str = column(lambda d: d.amount("(principal + interest + allowance)", "currency"), _AMOUNT)

    @classmethod
    def source(cls, d: Dialect) -> str:
        return (
            "(SELECT entity AS lender, NULLIF(order_reference, '') AS order_reference, currency,"  # noqa: S608
            f" {_summed('1310', '1330')} AS principal, {_summed('1320', '1340')} AS interest,"
            f" {_summed('1390')} AS allowance FROM {d.summands} WHERE entity LIKE 'lender:%'"
            " AND account IN ('1310', '1320', '1330', '1340', '1390')"
            " GROUP BY entity, order_reference, currency) AS summed"
            " WHERE principal <> 0 OR interest <> 0 OR allowance <> 0"
        )


def _summed(*accounts: str) -> str:
    listed = ", ".join(f"'{account}'" for account in accounts)
    return f"CAST(SUM(CASE WHEN account IN ({listed}) THEN amount_minor ELSE 0 END) AS BIGINT)"


class ClaimsView(View):
    """Which order was claimed for finance by whom, and whether the claim stands."""

    order_reference: str = column("made.order_reference", "the order")
    financier: str = column("made.financier", "who claimed it")
    fingerprint: str = column("made.fingerprint", "the keyed fingerprint of the order")
    claimed_on: str = column("record.trade_date", "the day of trade")
    stands: int = column(
        "CAST(NOT EXISTS (SELECT 1 FROM finance_release AS freed"
        " WHERE freed.fingerprint = made.fingerprint AND freed.turn = made.turn) AS INTEGER)",
        "1 where it still keeps others out, else 0",
    )

    @classmethod
    def source(cls, d: Dialect) -> str:
        return f"finance_claim AS made JOIN {d.records} AS record ON record.{d.written} = made.sequence"


class CallsView(View):
    """Every call to the outside: how often it was tried and what came of it."""

    operation: str = column("intent.operation", "the call's id")
    order_reference: str | None = column("intent.order_reference", _ORDER)
    intended_on: str = column("record.trade_date", "the day of trade")
    attempts: int = column(
        "(SELECT COUNT(*) FROM attempt WHERE attempt.operation = intent.operation)", "how often it was sent"
    )
    outcome: str | None = column(
        "(SELECT status FROM outcome WHERE outcome.operation = intent.operation ORDER BY n DESC LIMIT 1)",
        "ok, failed or unknown; null while nobody knows",
    )

    @classmethod
    def source(cls, d: Dialect) -> str:
        return f"intent JOIN {d.records} AS record ON record.{d.written} = intent.sequence"


VIEWS: tuple[type[View], ...] = (
    RecordsView,
    OrdersView,
    PostingsView,
    BalancesView,
    HoldsView,
    SlotsView,
    ExposuresView,
    ClaimsView,
    CallsView,
)
"""Every view, in the order in which they can be made."""


def made(dialect: Dialect) -> str:
    """The statements that make the views, as they ship."""
    return "".join(f"{view.statement(dialect)};\n" for view in VIEWS)


def reference() -> str:
    """The manual page, in Markdown: the views, and the tables that they are made of."""
    parts = [
        "# Views over the ledger\n",
        '`net ledger sql "SELECT ..."` answers one SELECT over the views below; nothing can be written',
        "through it. They are alike on SQLite and PostgreSQL. Amounts are integers in minor units, debits",
        "positive; beside them stands the amount as text with all its decimals. Dates are texts such as",
        "`2026-03-05`, instants such as `2026-03-05T09:00:00Z`. This page is written from the models in",
        "`ledger/schema/views.py` and `ledger/schema/tables.py`.\n",
    ]
    for view in VIEWS:
        parts += [f"## {view.called()}\n{view.__doc__}\n", "|Column|Holds|What it is|", "|-|-|-|"]
        parts += [
            f"|`{name}`|{_holds(field.annotation)}|{field.description}|"
            for name, field in view.model_fields.items()
        ]
        parts.append("")
    return "\n".join(parts + _tables())


def _tables() -> list[str]:
    """The tables as SQLite has them; PostgreSQL has further ones of its own."""
    parts = [
        "## The tables below\n",
        "A SELECT may look into the tables too. They may change with the schema; the views stay. The key is",
        "marked with *; `null` stands only where it is named. They are given as SQLite has them: PostgreSQL",
        "has further ones, and there `sequence` is the order of writing, not the place in the tree.\n",
        "|Table|What it is|Columns|",
        "|-|-|-|",
    ]
    for table in TABLES:
        columns = ", ".join(
            f"`{one.name}`{'*' if one.primary_key else ''}{' (or null)' if one.nullable else ''}"
            for one in SQLModel.metadata.tables[str(table.__tablename__)].columns
        )
        about = str(table.__doc__).replace("``", "`")
        parts.append(f"|`{table.__tablename__}`|{about}|{columns}|")
    return [*parts, ""]


def _holds(annotation: Any) -> str:
    words = {int: "number", str: "text", type(None): "null"}
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    return " or ".join(words[part] for part in parts)


def main() -> None:
    here = Path(__file__).parent
    (here / "views_sqlite.sql").write_text(made(SQLITE), encoding="utf-8")
    (here / "views_postgres.sql").write_text(made(POSTGRES), encoding="utf-8")
    page = here.parents[1] / "docs" / "reference" / "ledger-views.md"
    page.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
