"""The ledger for other tools: beancount, hledger, ledger-cli, CSV and JSON Lines.

Every writer takes the records in their order and yields lines, so that a long ledger streams; what is
kept in memory grows with accounts and months, never with records. Debits are positive in all of them.
A record that touches the books of several entities becomes one transaction for each, as each must
balance by itself.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping

import orjson

from domain.errors import RefusedError, UsageError
from domain.money import CURRENCY_EXPONENTS, format_minor
from domain.posting import Leg
from ledger.record.records import Record
from trust.grammar import is_name

Writer = Callable[[Iterable[Record], Mapping[str, str]], Iterator[str]]

CSV_COLUMNS = (
    "seq",
    "on",
    "kind",
    "order",
    "key",
    "entity",
    "account",
    "title",
    "currency",
    "amount",
    "leaf",
)


def _csv_row(record: Record, leg: Leg, titles: Mapping[str, str]) -> tuple[object, ...]:
    return (
        record.sequence,
        record.on.isoformat(),
        record.kind,
        record.order or "",
        record.key,
        leg.entity,
        leg.account,
        titles.get(leg.account, ""),
        leg.currency,
        format_minor(leg.amount_minor, leg.currency),
        record.record_id,
    )


def write_csv(records: Iterable[Record], titles: Mapping[str, str]) -> Iterator[str]:
    """One row for each leg, amounts in major units with all their decimals (RFC 4180, line feeds)."""
    buffer = io.StringIO()
    rows = csv.writer(buffer, lineterminator="\n")
    rows.writerow(CSV_COLUMNS)
    for record in records:
        rows.writerows(_csv_row(record, leg, titles) for leg in record.legs)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue()


def _json_leg(leg: Leg) -> dict[str, str]:
    return {
        "entity": leg.entity,
        "account": leg.account,
        "currency": leg.currency,
        "amount": format_minor(leg.amount_minor, leg.currency),
    }


def write_jsonl(records: Iterable[Record], _titles: Mapping[str, str]) -> Iterator[str]:
    """One JSON object for each record, those that move no money too; amounts are strings.

    Nothing that a record says is left out: with the ledger's id its canonical bytes, and so its hash, follow.
    """
    for record in records:
        document = {
            "schema": "net.record.v1",
            "seq": record.sequence,
            "on": record.on.isoformat(),
            "kind": record.kind,
            "order": record.order,
            "key": record.key,
            "at": record.at,
            "actor": record.actor_key,
            "body": dict(record.body),
            "legs": [_json_leg(leg) for leg in record.legs],
            "leaf": record.record_id,
        }
        yield orjson.dumps(document).decode() + "\n"


def writers() -> dict[str, Writer]:
    """Every format by the name that the command takes."""
    from ledger.export.plaintext import write_beancount, write_hledger, write_ledger

    return {
        "beancount": write_beancount,
        "hledger": write_hledger,
        "ledger": write_ledger,
        "csv": write_csv,
        "jsonl": write_jsonl,
    }


def export(records: Iterable[Record], form: str, titles: Mapping[str, str] | None = None) -> Iterator[str]:
    """The ledger as text in one of the formats of ``writers``; UsageError for another name."""
    known = writers()
    if form not in known:
        raise UsageError(f"no export format is called {form!r}", f"choose one of: {', '.join(known)}")
    return known[form](_sayable(records), titles or {})


def _sayable(records: Iterable[Record]) -> Iterator[Record]:
    """The records; ``RefusedError`` at one that an export could not say so that it is read back alike."""
    seen: set[tuple[str, str, str]] = set()
    for record in records:
        for leg in record.legs:
            names = (leg.entity, leg.account, leg.currency)
            if names not in seen:
                _require_sayable(record, names)
                seen.add(names)
        yield record


def _require_sayable(record: Record, names: tuple[str, str, str]) -> None:
    entity, account, currency = names
    if currency not in CURRENCY_EXPONENTS or not is_name(entity) or not is_name(account):
        raise RefusedError(
            f"record {record.sequence} posts to {entity!r} {account!r} in {currency!r}:"
            " no other program can be told that",
            "net ledger log shows the record; net ledger verify says what is wrong with it",
        )
