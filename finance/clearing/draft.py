"""A clearing drafted from signed debts: solved, proven, and laid out in lines that each firm can check."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from domain.errors import RefusedError
from domain.money import format_minor
from finance.agreed.legal import LegalForm
from finance.clearing.beyond import Consent, with_consents, with_credit
from finance.clearing.circulation import Circulation, Integers, circulation, net_positions
from finance.clearing.debt import SignedDebt, WrittenConsent, content_id, encoded, sign
from finance.clearing.exclusion import Excluded
from finance.clearing.proposal import (
    BORROWED,
    CIRCLES,
    CONSENT,
    CREDIT,
    DEBT,
    PAID_OUT,
    PATHS,
    SCHEMA,
    WHOLE_SCHEMA,
    WITH_CREDIT,
    ClearingLine,
    ClearingView,
    LineTree,
    digest_of,
    salt_of,
)
from finance.clearing.set_off import set_off
from trust.keys import SigningKey


@dataclass(frozen=True, slots=True)
class ClearingFacility:
    """A lender's line for a clearing: so much in all, and so much to each firm, in minor units."""

    lender: str
    most_minor: int
    most_of_firm: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Wished:
    """What a clearing is to be: currency, days, legal form, and what may be used beyond circles."""

    currency: str
    on: date
    due_until: date
    valid_until: date
    form: LegalForm
    consents: Sequence[tuple[WrittenConsent, Mapping[str, Any]]] = ()
    facility: ClearingFacility | None = None


@dataclass(frozen=True)
class ClearingDraft:
    """The whole of a proposal, as its coordinator holds it; nobody else is given all of it."""

    header: Mapping[str, Any]
    signature: bytes
    lines: tuple[ClearingLine, ...]
    debts: Mapping[str, SignedDebt]
    excluded: tuple[Excluded, ...]
    consents: Mapping[str, Mapping[str, Any]]

    @property
    def digest(self) -> str:
        return digest_of(self.header)

    @cached_property
    def tree(self) -> LineTree:
        return LineTree(line.leaf for line in self.lines)

    def document(self) -> dict[str, Any]:
        """The whole as one document, which an auditor can check (``examples/check_clearing.py``)."""
        return {
            "schema": WHOLE_SCHEMA,
            "content": dict(self.header),
            "signature": encoded(self.signature),
            "lines": [line.row() for line in self.lines],
            "debts": {name: one.document() for name, one in self.debts.items()},
            "excluded": [excluded_row(one) for one in self.excluded],
            "consents": dict(self.consents),
        }

    def views(self) -> Iterator[ClearingView]:
        """What each firm is shown: its own lines and debts, and why some of them stay out."""
        places: dict[str, list[int]] = {}
        for place, line in enumerate(self.lines):
            for firm in dict.fromkeys((line.giver, line.taker)):
                places.setdefault(firm, []).append(place)
        out: dict[str, list[Excluded]] = {}
        for one in self.excluded:
            for firm in (one.signed.debt.debtor, one.signed.debt.creditor):
                out.setdefault(firm, []).append(one)
        for firm in sorted({*places, *out}):
            yield self._view(firm, places.get(firm, []), out.get(firm, []))

    def _view(self, firm: str, places: Sequence[int], out: Sequence[Excluded]) -> ClearingView:
        lines = tuple(self.lines[place] for place in places)
        proofs = tuple((place + 1, tuple(self.tree.path(place + 1))) for place in places)
        papers: list[Mapping[str, Any]] = [
            self.debts[line.name].document() for line in lines if line.kind == DEBT
        ]
        papers += [self.consents[line.name] for line in lines if line.kind == CONSENT]
        told = tuple(excluded_row(one) for one in out)
        return ClearingView(self.header, firm, lines, proofs, told, tuple(papers), self.signature)


def excluded_row(one: Excluded) -> dict[str, str]:
    content = one.signed.debt.content()
    named = ("debtor", "creditor", "amount", "currency", "due_on", "reference")
    return {"debt": one.signed.id, **{name: content[name] for name in named}, "reason": one.reason}


def draft(
    wanted: Wished,
    debts: Sequence[SignedDebt],
    excluded: Sequence[Excluded],
    key: SigningKey,
    secret: bytes,
) -> ClearingDraft:
    """The clearing of these debts, signed by its coordinator; ``debts`` are in the order of their ids.

    ``secret`` makes the salts: with the same one the same debts give the same proposal, whatever order they
    came in. RefusedError when nothing can be cleared.
    """
    consents = {content_id(one.content()): (one, paper) for one, paper in wanted.consents}
    firms = _firms(debts, wanted, consents.values())
    solved = _solve(wanted, debts, [one for one, _ in consents.values()], firms)
    lines = tuple(_lines(wanted, debts, list(consents), firms, solved, secret))
    tree = LineTree(line.leaf for line in lines)
    total = sum(one.debt.amount_minor for one in debts)
    moved = [line for line in lines if line.amount]
    if not moved:
        raise RefusedError(
            f"of {len(debts)} debts nothing can be set off: no circle of firms owes round",
            "take in debts of more firms, or look at --paths and --with-credit",
        )
    header = {
        **_header(wanted, total, lines, solved),
        "root": tree.root.hex(),
        "firms": sorted({firm for line in moved for firm in (line.giver, line.taker)}),
        "excluded": len(excluded),
        "coordinator": key.public.text,
    }
    made = ClearingDraft(
        header,
        sign(header, key),
        lines,
        {one.id: one for one in debts},
        tuple(excluded),
        {name: paper for name, (_, paper) in consents.items()},
    )
    made.__dict__["tree"] = tree
    return made


def _firms(
    debts: Sequence[SignedDebt], wanted: Wished, consents: Iterable[tuple[WrittenConsent, Any]]
) -> list[str]:
    names = {one.debt.debtor for one in debts} | {one.debt.creditor for one in debts}
    names |= {firm for one, _ in consents for firm in (one.debtor, one.creditor)}
    if wanted.facility is not None:
        names.discard(wanted.facility.lender)
    return sorted(names)


@dataclass(frozen=True, slots=True)
class _Solved:
    """Arcs in the order of the lines: debts first, then what the mode adds; a price for each node."""

    mode: str
    problem: Circulation
    flow: Integers
    prices: Integers
    net_debt: int


def _solve(
    wanted: Wished,
    debts: Sequence[SignedDebt],
    consents: Sequence[WrittenConsent],
    firms: Sequence[str],
) -> _Solved:
    number = {firm: place for place, firm in enumerate(firms)}
    count = len(debts)
    terms = [one.debt for one in debts]
    owed = circulation(
        len(firms),
        [number[one.debtor] for one in terms],
        [number[one.creditor] for one in terms],
        [one.amount_minor for one in terms],
    )
    due = np.array([one.due_on.toordinal() for one in terms], dtype=np.int64)
    before = due * max(count, 1) + np.arange(count)
    positions = net_positions(owed, owed.capacity)
    net_debt = int(positions[positions > 0].sum())
    if wanted.facility is not None:
        limits = np.array([wanted.facility.most_of_firm.get(firm, 0) for firm in firms], dtype=np.int64)
        lent = with_credit(owed, limits, wanted.facility.most_minor, before)
        flow = np.concatenate([lent.flow, lent.borrowed, lent.paid_out, [lent.credit]])
        return _Solved(WITH_CREDIT, lent.problem, flow, lent.prices, net_debt)
    if consents:
        given = [Consent(number[one.debtor], number[one.creditor], one.most_minor) for one in consents]
        found = with_consents(owed, given, before)
        flow = np.concatenate([found.flow, found.owed_anew])
        return _Solved(PATHS, found.problem, flow, found.prices, net_debt)
    plain = set_off(owed, before)
    return _Solved(CIRCLES, owed, plain.flow, plain.prices, net_debt)


def _lines(
    wanted: Wished,
    debts: Sequence[SignedDebt],
    consents: Sequence[str],
    firms: Sequence[str],
    solved: _Solved,
    secret: bytes,
) -> Iterator[ClearingLine]:
    lender = wanted.facility.lender if wanted.facility else ""
    nodes = [*firms, lender, lender]
    named = [(DEBT, one.id) for one in debts] + [(CONSENT, name) for name in consents]
    if lender:
        named += [(BORROWED, f"borrowed:{firm}") for firm in firms]
        named += [(PAID_OUT, f"paid_out:{firm}") for firm in firms]
        named += [(CREDIT, "credit")]
    problem, prices = solved.problem, solved.prices.tolist()
    rows = zip(
        named,
        problem.tail.tolist(),
        problem.head.tolist(),
        problem.capacity.tolist(),
        solved.flow.tolist(),
        problem.value.tolist(),
        strict=True,
    )
    for (kind, name), tail, head, most, amount, value in rows:
        yield ClearingLine(
            kind,
            name,
            nodes[tail],
            nodes[head],
            most,
            amount,
            value,
            prices[tail],
            prices[head],
            salt_of(secret, name),
        )


def _header(wanted: Wished, total: int, lines: Sequence[ClearingLine], solved: _Solved) -> dict[str, Any]:
    by_kind = {kind: sum(line.amount for line in lines if line.kind == kind) for kind in (DEBT, CONSENT)}
    cleared = by_kind[DEBT] - by_kind[CONSENT]
    credit = sum(line.amount for line in lines if line.kind == BORROWED)
    return {
        "schema": SCHEMA,
        "mode": solved.mode,
        "currency": wanted.currency,
        "on": wanted.on.isoformat(),
        "due_until": wanted.due_until.isoformat(),
        "valid_until": wanted.valid_until.isoformat(),
        "form": wanted.form.name,
        "country": wanted.form.country,
        "law": wanted.form.law,
        "takes_part": "enrolled",
        "lender": wanted.facility.lender if wanted.facility else "",
        "lines": len(lines),
        **{
            name: format_minor(minor, wanted.currency)
            for name, minor in (
                ("total", total),
                ("cleared", cleared),
                ("residual", total - cleared),
                ("net_debt", solved.net_debt),
                ("credit", credit),
            )
        },
    }
