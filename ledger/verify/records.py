"""Recompute one stretch of records from their canonical bytes: leaves, nodes, columns, legs, signatures.

Pure: rows in, findings out. Stretches are checked apart from one another, by several processes; what joins
them (nodes that span stretches, the root) is checked by whoever puts the results together.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Any

import orjson

from domain.errors import NetError
from ledger.record.body import FORMAT
from ledger.record.findings import Flaw
from ledger.record.names import misnamed_leg
from ledger.record.signing import command_digest, command_message
from trust.canonical import canonical_bytes
from trust.keys import PublicKey

Row = tuple[Any, ...]
LEG_PAGE = 4_096
_SORTED = orjson.OPT_SORT_KEYS
_FIELDS = {"actor", "at", "body", "format", "key", "kind", "ledger", "legs", "on", "order"}


@dataclass(slots=True)
class Stretch:
    """What was learnt about records ``start`` (excluded) to ``end``; ``peaks`` are its own subtrees."""

    start: int
    end: int
    records: int = 0
    legs: int = 0
    peaks: list[bytes] = field(default_factory=list)
    last_node: bytes = b""
    findings: list[Flaw] = field(default_factory=list)


def check_stretch(
    ledger_id: str, start: int, end: int, records: Iterable[Row], legs: Iterable[Row], *, alone: bool = True
) -> Stretch:
    """Check ``records`` (sequence, kind, key, trade date, order, state, legs, body, leaf, node, signer).

    ``start`` is a multiple of a power of two not smaller than the stretch, so every node inside is its own;
    without ``alone`` it may be any, and nodes are for the caller to look at.
    """
    stretch = Stretch(start, end)
    pages = _legs_by_record(legs, stretch)
    expected = start
    for row in records:
        expected += 1
        if row[0] != expected:
            stretch.findings.append(
                Flaw("gap", f"record {expected}", f"is missing; the next one there is {row[0]}")
            )
            expected = row[0]
        _check_record(ledger_id, row, pages, stretch)
        if alone:
            _check_node(row, stretch.peaks, stretch)
        stretch.records += 1
    if expected != end:
        stretch.findings.append(Flaw("gap", f"record {expected + 1}", f"is missing, up to record {end}"))
    pages.rest()
    return stretch


class _legs_by_record:  # noqa: N801 - reads as a function
    """The legs of each record in turn; legs that no record calls for are findings."""

    def __init__(self, rows: Iterable[Row], stretch: Stretch) -> None:
        self._rows: Iterator[Row] = iter(rows)
        self._stretch = stretch
        self._page: list[Row] = []
        self._at = 0

    def of(self, sequence: int) -> list[Row]:
        found: list[Row] = []
        while True:
            page, at, end = self._page, self._at, len(self._page)
            while at < end and page[at][0] <= sequence:
                if page[at][0] == sequence:
                    found.append(page[at])
                else:
                    self._stray(page[at])
                at += 1
            self._at = at
            if at < end or not self._turn():
                self._stretch.legs += len(found)
                return found

    def _turn(self) -> bool:
        """Fetch the next page; False when there is none."""
        self._page, self._at = list(islice(self._rows, LEG_PAGE)), 0
        return bool(self._page)

    def rest(self) -> None:
        while self._at < len(self._page) or self._turn():
            self._stray(self._page[self._at])
            self._at += 1

    def _stray(self, row: Row) -> None:
        self._stretch.findings.append(
            Flaw("leg", f"record {row[0]}, leg {row[1] + 1}", "belongs to no record")
        )


def _check_record(ledger_id: str, row: Row, pages: _legs_by_record, stretch: Stretch) -> None:
    sequence, kind, key, on, order, state, leg_count, body, leaf, _, signer = row
    raw = body.encode() if isinstance(body, str) else bytes(body)
    if sha256(b"\x00" + raw).digest() != leaf:
        stretch.findings.append(
            Flaw("leaf", f"record {sequence} ({key})", "its text was changed: it does not give its hash")
        )
    data = _parsed(raw)
    rows = pages.of(sequence)
    if data is None:
        stretch.findings.append(
            Flaw("body", f"record {sequence} ({key})", "its text is not canonical JSON of a record")
        )
        return
    text_state = data["body"].get("state")
    if (
        data["kind"] != kind
        or data["key"] != key
        or data["on"] != on
        or data["order"] != order
        or len(data["legs"]) != leg_count
        or (text_state if isinstance(text_state, str) else None) != state
    ):
        stretch.findings.append(
            Flaw("columns", f"record {sequence} ({key})", "its columns say other than its text")
        )
    if data["actor"] != signer:
        stretch.findings.append(
            Flaw(
                "signature",
                f"record {sequence} ({key})",
                f"names {data['actor']} as its writer, but {signer or 'nobody'} signed it",
            )
        )
    if data["ledger"] != ledger_id:
        stretch.findings.append(
            Flaw("ledger", f"record {sequence} ({key})", f"belongs to the ledger {data['ledger']}")
        )
    if data["legs"] or rows:
        _check_legs(sequence, data, rows, stretch)


def _parsed(raw: bytes) -> dict[str, Any] | None:
    """The record in canonical bytes; None when they are not canonical or not a record."""
    try:
        data = orjson.loads(raw)
        if orjson.dumps(data, option=_SORTED) != raw and canonical_bytes(data) != raw:
            return None
        if not raw.isascii() and canonical_bytes(data) != raw:
            return None
        if not isinstance(data, dict) or data.keys() != _FIELDS or data["format"] != FORMAT:
            return None
        if not isinstance(data["body"], dict) or not isinstance(data["legs"], list):
            return None
    except (ValueError, NetError):
        return None
    return data


def _check_legs(sequence: int, data: dict[str, Any], rows: Sequence[Row], stretch: Stretch) -> None:
    order, on = data["order"] or "", data["on"]
    sums: dict[tuple[str, str], int] = defaultdict(int)
    expected = []
    for n, leg in enumerate(data["legs"]):
        try:
            entity, account, currency, text = leg
            amount = int(text)
            if not all(type(part) is str for part in leg):
                raise TypeError(leg)
        except (ValueError, TypeError):
            stretch.findings.append(
                Flaw("leg", f"record {sequence}, leg {n + 1}", "is not entity, account, currency, amount")
            )
            return
        if str(amount) != text:
            stretch.findings.append(
                Flaw("leg", f"record {sequence}, leg {n + 1}", f"the amount {text!r} is not a plain integer")
            )
        stretch.findings += misnamed_leg(f"record {sequence}, leg {n + 1}", entity, account, currency)
        sums[entity, currency] += amount
        expected.append((sequence, n, entity, account, currency, amount, order, on))
    if any(sums.values()):
        left = ", ".join(f"{who} {rest} {currency}" for (who, currency), rest in sums.items() if rest)
        stretch.findings.append(
            Flaw("balance", f"record {sequence} ({data['key']})", f"does not balance: {left} left over")
        )
    if rows != expected:
        stretch.findings += _leg_differences(sequence, expected, rows)


def _leg_differences(sequence: int, expected: Sequence[Row], rows: Sequence[Row]) -> list[Flaw]:
    there = {row[1]: tuple(row) for row in rows}
    findings = []
    for wanted in expected:
        found = there.pop(wanted[1], None)
        place = f"record {sequence}, leg {wanted[1] + 1}"
        if found is None:
            findings.append(Flaw("leg", place, "is missing from the postings"))
        elif found != wanted:
            findings.append(
                Flaw(
                    "leg",
                    place,
                    f"the record says {_leg_text(wanted)}, the postings say {_leg_text(found)}",
                )
            )
    findings += [
        Flaw("leg", f"record {sequence}, leg {n + 1}", "is in the postings but not in the record")
        for n in there
    ]
    return findings


def _leg_text(leg: Row) -> str:
    return f"{leg[2]} {leg[3]} {leg[5]} {leg[4]} (order {leg[6] or '-'}, {leg[7]})"


def _check_node(row: Row, peaks: list[bytes], stretch: Stretch) -> None:
    node, count = row[8], stretch.records
    while count & 1:
        node = sha256(b"\x01" + peaks.pop() + node).digest()
        count >>= 1
    peaks.append(node)
    stretch.last_node = row[9]
    if node != row[9] and row[0] != stretch.end:
        stretch.findings.append(
            Flaw(
                "tree", f"record {row[0]}", "its place in the tree does not fit: the tree was rebuilt or cut"
            )
        )


@dataclass(slots=True)
class SignedStretch:
    commands: int = 0
    findings: list[Flaw] = field(default_factory=list)


def check_command(
    ledger_id: str,
    row: Row,
    leaves: Iterable[bytes],
    enrolled: dict[str, int],
    withdrawn: dict[str, int],
) -> list[Flaw]:
    """One signed command (command, first, last, actor key, digest, signature) over ``leaves``.

    ``enrolled`` says from which record on each key may write, ``withdrawn`` after which it may no more.
    """
    _, first, last, actor_key, digest, signature = row
    place = f"records {first} to {last}" if last != first else f"record {first}"
    if command_digest(leaves) != digest:
        return [Flaw("signature", place, "are not those that were signed when they were written")]
    since = enrolled.get(actor_key)
    # nobody lets himself in: only the ledger's first command enrols the key that signs it
    if since is None or (since > last if first == 1 else since >= first):
        return [Flaw("signature", place, f"were signed by a key that may not write here ({actor_key})")]
    if first > withdrawn.get(actor_key, first):
        told = f"were signed by a key that record {withdrawn[actor_key]} had withdrawn ({actor_key})"
        return [Flaw("signature", place, told)]
    try:
        good = PublicKey(actor_key).verify(command_message(ledger_id, digest), signature)
    except NetError:
        good = False
    return [] if good else [Flaw("signature", place, "the signature of whoever wrote them does not hold")]
