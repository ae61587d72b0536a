"""The questions one can ask the ledger, over committed state or inside an open write."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from domain.errors import NotFoundError
from ledger.record import kinds
from ledger.record.backend import Queries
from ledger.record.records import (
    Balance,
    Hold,
    HoldLine,
    Intent,
    OrderHead,
    OutboxMessage,
    Record,
    instant,
    instant_text,
    record_of,
)
from ledger.record.statements import (
    clauses_of,
    order_at_date_statement,
    order_statement,
    record_filter,
    total_statement,
)
from trust.canonical import canonical_text, parse_canonical

PAGE = 1_000

_HOLD = """SELECT hold.hold_id, hold.order_reference, hold.expires_at, hold.sequence,
       hold_end.ending, booking_end.ending
  FROM hold LEFT JOIN hold_end ON hold_end.hold_id = hold.hold_id
  LEFT JOIN booking_end ON booking_end.hold_id = hold.hold_id"""
_LIVE = "(hold_end.ending IS NULL OR (hold_end.ending = 'confirmed' AND booking_end.ending IS NULL))"


class Reading:
    """Read methods shared by ``Ledger`` and ``Transaction``; the latter sees its own open write."""

    def _queries(self) -> Queries:
        raise NotImplementedError

    def _rows(self, statement: str, *parameters: Any) -> Iterator[tuple[Any, ...]]:
        """Texts are looked up as records write them: an accent typed as two characters finds the one."""
        return self._queries().rows(
            statement, [canonical_text(one) if type(one) is str else one for one in parameters]
        )

    def _row(self, statement: str, *parameters: Any) -> tuple[Any, ...] | None:
        return next(iter(self._rows(statement, *parameters)), None)

    def committed(self) -> "Reading | None":
        """The ledger whose committed state this reads or goes beyond; None where that is not known."""
        return None

    # records ------------------------------------------------------------------------------------

    def records(
        self,
        order: str | None = None,
        kind: str | None = None,
        since: date | None = None,
        until: date | None = None,
        after_sequence: int = 0,
    ) -> Iterator[Record]:
        """Records in the order written, page by page; ``since`` and ``until`` are trade dates, both in."""
        clauses, parameters = self._clauses(order, kind, since, until, after_sequence)
        listed = self._queries().listed()
        while True:
            page = list(
                self._rows(
                    f"SELECT sequence, leaf, body FROM {listed} WHERE sequence > ?{clauses}"  # noqa: S608
                    f" ORDER BY sequence LIMIT {PAGE}",
                    after_sequence,
                    *parameters,
                )
            )
            for sequence, leaf, body in page:
                yield record_of(sequence, leaf, body)
            if len(page) < PAGE:
                return
            after_sequence = page[-1][0]

    def before_last(
        self,
        count: int,
        newest: int,
        order: str | None = None,
        kind: str | None = None,
        since: date | None = None,
        until: date | None = None,
    ) -> int:
        """The sequence after which the last ``count`` such records up to ``newest`` begin; 0 for all."""
        clauses, parameters = self._clauses(order, kind, since, until)
        row = self._row(
            f"SELECT sequence FROM {self._queries().listed()} WHERE sequence <= ?{clauses}"  # noqa: S608
            " ORDER BY sequence DESC LIMIT 1 OFFSET ?",
            newest,
            *parameters,
            count,
        )
        return int(row[0]) if row else 0

    def _clauses(
        self, order: str | None, kind: str | None, since: date | None, until: date | None, after: int = 0
    ) -> tuple[str, list[Any]]:
        """What such records fulfil, said so that the right index is used."""
        days, parameters = record_filter(None, None, since, until)
        if order is not None or not self._few(days, parameters, after):
            return record_filter(order, kind, since, until)
        # by the index of dates; otherwise SQLite reads every record to keep the order written
        listed = self._queries().listed()
        days = f" AND sequence IN (SELECT sequence FROM {listed} WHERE 1 = 1{days})"  # noqa: S608
        return (days, parameters) if kind is None else (f"{days} AND kind || '' = ?", [*parameters, kind])

    def _few(self, days: str, parameters: Sequence[Any], after: int) -> bool:
        """Whether a range of trade dates holds a small part of what comes after a record, if that is long."""
        size = self.size()
        if not days or size - after <= PAGE:
            return False
        listed = self._queries().listed()
        row = self._row(f"SELECT COUNT(*) FROM {listed} WHERE 1 = 1{days}", *parameters)  # noqa: S608
        return row is not None and row[0] * 10 < size

    def withdrawn_at(self, actor_key: str) -> int | None:
        """The record that withdrew a signing key (0 while it has no place in the tree); None: it counts."""
        placed = self._queries().placed()
        statement = f"SELECT sequence FROM {placed} WHERE key = ? AND kind = ?"  # noqa: S608
        row = self._row(statement, kinds.withdrawal(actor_key), kinds.ACTOR_WITHDRAWN)
        return None if row is None else int(row[0])

    def record_by_key(self, key: str) -> Record | None:
        placed = self._queries().placed()
        row = self._row(f"SELECT sequence, leaf, body FROM {placed} WHERE key = ?", key)  # noqa: S608
        return record_of(*row) if row else None

    def bodies(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(order, body) of every record of a kind that speaks of an order, in the order written: less work
        than ``records`` where there are many."""
        statement = f"SELECT order_reference, body FROM {self._queries().listed()} WHERE kind = ?"  # noqa: S608
        for order, body in self._rows(f"{statement} AND order_reference IS NOT NULL ORDER BY sequence", kind):
            yield order, parse_canonical(body)["body"]

    def has_key(self, key: str) -> bool:
        """Whether a record has this key."""
        return self._row(f"SELECT 1 FROM {self._queries().placed()} WHERE key = ?", key) is not None  # noqa: S608

    def record_by_sequence(self, sequence: int) -> Record | None:
        listed = self._queries().listed()
        row = self._row(f"SELECT sequence, leaf, body FROM {listed} WHERE sequence = ?", sequence)  # noqa: S608
        return record_of(*row) if row else None

    def record_by_id(self, prefix: str) -> Record | None:
        """The one record whose id begins with ``prefix`` (8 hex digits or more); None unless exactly one."""
        try:
            low = bytes.fromhex(prefix.ljust(64, "0"))
            high = bytes.fromhex(prefix.ljust(64, "f"))
        except ValueError:
            return None
        if not 8 <= len(prefix) <= 64:
            return None
        placed = self._queries().placed()
        statement = f"SELECT sequence, leaf, body FROM {placed} WHERE leaf >= ? AND leaf <= ? LIMIT 2"  # noqa: S608
        found = list(self._rows(statement, low, high))
        return record_of(*found[0]) if len(found) == 1 else None

    def may_write(self, actor_key: str) -> bool:
        """Whether the key writes to this ledger, perhaps only since it was enrolled."""
        return self._row("SELECT 1 FROM actor WHERE actor_key = ?", actor_key) is not None

    def size(self) -> int:
        """How many records there are."""
        row = self._row(f"SELECT COALESCE(MAX(sequence), 0) FROM {self._queries().listed()}")  # noqa: S608
        return int(row[0]) if row else 0

    # balances -----------------------------------------------------------------------------------

    def balance(
        self,
        entity: str | None = None,
        account: str | None = None,
        order: str | None = None,
        currency: str | None = None,
        on: date | None = None,
    ) -> list[Balance]:
        """Balances other than zero, now or at the end of a trade date, sorted; totals unless ``order``."""
        wanted = {"entity": entity, "account": account, "currency": currency}
        if order is None:
            table = self._queries().summands() if on is None else "leg"
            statement, parameters = total_statement(wanted, on, table)
        elif on is None:
            statement, parameters = order_statement(wanted, order)
        else:
            statement, parameters = order_at_date_statement(wanted, order, on)
        return [
            Balance(entity_, account_, currency_, int(amount), order)
            for entity_, account_, currency_, amount in self._rows(statement, *parameters)
            if amount
        ]

    # orders -------------------------------------------------------------------------------------

    def orders(
        self, state: str | None = None, after: str | None = None, limit: int | None = None
    ) -> Iterator[OrderHead]:
        """Heads in the order of first mention; ``after`` is the last order of the page before."""
        start = self._first_sequence(after) if after else 0
        clause, parameters = ("", [start]) if state is None else (" AND state = ?", [start, state])
        rows = self._rows(
            "SELECT order_reference, state, first_sequence, (SELECT MAX(sequence) FROM record"  # noqa: S608
            " WHERE record.order_reference = head.order_reference) FROM"
            f" (SELECT * FROM order_head WHERE first_sequence > ?{clause} ORDER BY first_sequence LIMIT ?)"
            " AS head ORDER BY first_sequence",
            *parameters,
            2**31 if limit is None else limit,
        )
        yield from (OrderHead(*row) for row in rows)

    def _first_sequence(self, order: str) -> int:
        row = self._row("SELECT first_sequence FROM order_head WHERE order_reference = ?", order)
        if row is None:
            raise NotFoundError(f"there is no order {order!r}", "net order list shows them")
        return int(row[0])

    def orders_in_state(self, state: str) -> Iterator[str]:
        """The references of the orders in a state, in the order of first mention."""
        statement = "SELECT order_reference FROM order_head WHERE state = ? ORDER BY first_sequence"
        yield from (row[0] for row in self._rows(statement, state))

    def orders_beginning(self, text: str, limit: int) -> list[str]:
        """Orders whose reference begins so, sorted; at most ``limit``."""
        statement = (
            "SELECT order_reference FROM order_head WHERE order_reference >= ? AND order_reference < ?"
            " ORDER BY order_reference LIMIT ?"
        )
        return [row[0] for row in self._rows(statement, text, text + "\U0010ffff", limit)]

    def state_counts(self) -> dict[str, int]:
        """How many orders are in each state that any is in."""
        return dict(self._rows("SELECT state, COUNT(*) FROM order_head GROUP BY state"))

    def orders_after(self, sequence: int) -> list[str] | None:
        """The orders that records after this one speak of; None where a record may yet come in below it."""
        if self._queries().listed() != "record":
            return None
        # the plus keeps SQLite from reading all of the index by order
        statement = "SELECT order_reference FROM record WHERE sequence > ? AND +order_reference IS NOT NULL"
        return list(dict.fromkeys(row[0] for row in self._rows(statement, sequence)))

    def newest_leaf(self, order: str) -> bytes:
        """The leaf of the newest record that speaks of the order; empty when none does."""
        statement = "SELECT leaf FROM record WHERE order_reference = ? ORDER BY sequence DESC LIMIT 1"
        row = self._row(statement, order)
        return bytes(row[0]) if row else b""

    def open_amounts(
        self, entities: str, accounts: Sequence[str], order: str | None = None
    ) -> Iterator[tuple[str, str, int]]:
        """(order, entity, amount) of the accounts that are not at zero, of entities whose name begins so."""
        marks = ",".join("?" * len(accounts))
        of_order, given = ("", []) if order is None else (" AND order_reference = ?", [order])
        rows = self._rows(
            "SELECT order_reference, entity, amount_minor FROM balance WHERE amount_minor <> 0"  # noqa: S608
            f" AND entity >= ? AND entity < ? AND account IN ({marks}){of_order}",
            entities,
            entities[:-1] + chr(ord(entities[-1]) + 1),
            *accounts,
            *given,
        )
        yield from ((row[0], row[1], int(row[2])) for row in rows)

    def order_state(self, order: str) -> str | None:
        """The state of an order; None when the ledger does not know it."""
        row = self._row("SELECT state FROM order_head WHERE order_reference = ?", order)
        return row[0] if row else None

    # capacity -----------------------------------------------------------------------------------

    def free(self, resource: str, periods: Iterable[str]) -> dict[str, int]:
        """What is left per period; 0 for a period that was never opened."""
        wanted = list(periods)
        left = dict.fromkeys(wanted, 0)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            marks = ",".join("?" * len(part))
            rows = self._rows(
                f"SELECT period, capacity - used FROM slot WHERE resource = ? AND period IN ({marks})",  # noqa: S608
                resource,
                *part,
            )
            left.update((period, int(rest)) for period, rest in rows)
        return left

    def capacity(self, resource: str, period: str) -> tuple[int, int] | None:
        """(capacity, used) of one slot; None when it was never opened."""
        row = self._row("SELECT capacity, used FROM slot WHERE resource = ? AND period = ?", resource, period)
        return (int(row[0]), int(row[1])) if row else None

    def slots(
        self, resource: str | None = None, since: str | None = None, until: str | None = None
    ) -> Iterator[tuple[str, str, int, int]]:
        """(resource, period, capacity, used), sorted; ``since`` and ``until`` bound the period, both in."""
        clauses, parameters = clauses_of(
            {"resource =": resource, "period >=": since, "period <=": until}, joined="WHERE"
        )
        yield from self._rows(
            f"SELECT resource, period, capacity, used FROM slot {clauses} ORDER BY resource, period",  # noqa: S608
            *parameters,
        )

    def holds(self, order: str | None = None, live: bool = True) -> list[Hold]:
        """Holds in the order made; ``live`` leaves out what has nothing left to end."""
        clauses = [*(["hold.order_reference = ?"] if order else []), *([_LIVE] if live else [])]
        where = " WHERE " + " AND ".join(clauses) if clauses else ""
        rows = list(self._rows(f"{_HOLD}{where} ORDER BY hold.sequence", *([order] if order else [])))
        return [self._hold(row) for row in rows]

    def hold_by_id(self, hold_id: str) -> Hold | None:
        row = self._row(f"{_HOLD} WHERE hold.hold_id = ?", hold_id)
        return self._hold(row) if row else None

    def expired_holds(self, now: datetime) -> list[Hold]:
        """Holds neither confirmed nor ended whose time is over; takes no longer for those that ended."""
        where = " WHERE hold.hold_id IN (SELECT hold_id FROM expiring_hold WHERE expires_at <= ?)"
        rows = list(self._rows(f"{_HOLD}{where} ORDER BY hold.sequence", instant_text(now)))
        return [self._hold(row) for row in rows]

    def _hold(self, row: Sequence[Any]) -> Hold:
        hold_id, order, expires_at, sequence, ending, booking_ending = row
        lines = self._rows(
            "SELECT resource, period, quantity FROM slot_move WHERE sequence = ? ORDER BY n", sequence
        )
        return Hold(
            hold_id,
            order,
            tuple(HoldLine(resource, period, int(quantity)) for resource, period, quantity in lines),
            instant(expires_at) if expires_at else None,
            ending,
            booking_ending,
        )

    # finance, calls, messages -------------------------------------------------------------------

    def finance_claim(self, fingerprint: str) -> tuple[str, str] | None:
        """(order, financier) of the claim that stands on ``fingerprint``; None when nobody has one."""
        row = self._row(
            "SELECT order_reference, financier FROM finance_claim AS made WHERE fingerprint = ?"
            " AND NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
            " AND turn = made.turn)",
            fingerprint,
        )
        return (row[0], row[1]) if row else None

    def finance_claims(self, order: str | None = None) -> list[tuple[str, str, str]]:
        """(fingerprint, order, financier) of the claims that stand."""
        if order is not None:
            return self._claims_of(order)
        return [
            (fingerprint, order_, financier)
            for fingerprint, order_, financier in self._rows(
                "SELECT fingerprint, order_reference, financier FROM finance_claim AS made"
                " WHERE NOT EXISTS (SELECT 1 FROM finance_release WHERE fingerprint = made.fingerprint"
                " AND turn = made.turn) ORDER BY sequence"
            )
        ]

    def _claims_of(self, order: str) -> list[tuple[str, str, str]]:
        """By the order's own records: among all claims there is no way to those of one order."""
        made = self.records(order=order, kind=kinds.CLAIM_MADE)
        fingerprints = dict.fromkeys(str(record.body["fingerprint"]) for record in made)
        standing = [(fingerprint, self.finance_claim(fingerprint)) for fingerprint in fingerprints]
        return [(name, *claim) for name, claim in standing if claim is not None and claim[0] == order]

    def intent(self, operation: str) -> Intent | None:
        row = self._row("SELECT operation, sequence FROM intent WHERE operation = ?", operation)
        return self._intent(*row) if row else None

    def unfinished_intents(self, order: str | None = None) -> list[Intent]:
        """Calls whose outcome is missing or unknown, in the order intended."""
        clause = " AND order_reference = ?" if order else ""
        rows = list(
            self._rows(
                "SELECT operation, sequence FROM intent WHERE NOT EXISTS (SELECT 1 FROM outcome"  # noqa: S608
                " WHERE outcome.operation = intent.operation AND status IN ('ok', 'failed'))"
                f"{clause} ORDER BY sequence",
                *([order] if order else []),
            )
        )
        return [self._intent(*row) for row in rows]

    def _intent(self, operation: str, sequence: int) -> Intent:
        body = self._record_body(sequence)
        attempts = self._row("SELECT COUNT(*) FROM attempt WHERE operation = ?", operation)
        last = self._row(
            "SELECT status, sequence FROM outcome WHERE operation = ? ORDER BY n DESC LIMIT 1", operation
        )
        return Intent(
            operation,
            body["order"],
            body["body"]["request"],
            int(attempts[0]) if attempts else 0,
            last[0] if last else None,
            self._record_body(last[1])["body"]["answer"] if last else None,
        )

    def undelivered(self, limit: int | None = None) -> list[OutboxMessage]:
        """Messages of the outbox not yet marked delivered, oldest first."""
        rows = list(
            self._rows(
                "SELECT message_id, recipient, sequence FROM outbox WHERE NOT EXISTS"
                " (SELECT 1 FROM delivery WHERE delivery.message_id = outbox.message_id)"
                " ORDER BY sequence LIMIT ?",
                2**31 if limit is None else limit,
            )
        )
        return [
            OutboxMessage(message_id, recipient, self._record_body(sequence)["body"]["content"], sequence)
            for message_id, recipient, sequence in rows
        ]

    def received(self, provider: str, message_id: str) -> bool:
        """Whether this message of ``provider`` was taken in before."""
        return (
            self._row("SELECT 1 FROM inbox WHERE provider = ? AND message_id = ?", provider, message_id)
            is not None
        )

    def _record_body(self, sequence: int) -> Mapping[str, Any]:
        row = self._row("SELECT body FROM record WHERE sequence = ?", sequence)
        if row is None:
            raise NotFoundError(f"there is no record {sequence}")
        data: Mapping[str, Any] = parse_canonical(row[0])
        return data
