"""Firms for a clearing: each with a folder, a ledger and a key of its own, enrolled with one another."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from finance.agreed.legal import shipped_law
from finance.clearing.draft import ClearingDraft, ClearingFacility
from flows.clearing.carry_out import sign_proposal
from flows.clearing.debts import Owing, debts_file, owe, take
from flows.clearing.firm import OURSELVES, Firm
from flows.clearing.propose import ClearingAsked, propose
from ledger.store import Ledger, create_ledger, open_ledger
from trust.keys import Actor, SigningKey

DAY = date(2026, 12, 1)
DUE = date(2026, 12, 31)
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def seed_key(name: str) -> SigningKey:
    """A key that is the same in every run."""
    return SigningKey.from_seed(sha256(name.encode()).digest())


def firm_among(name: str, names: Iterable[str]) -> Firm:
    known = {seed_key(one).public.text: one for one in names}
    key = seed_key(name)
    return Firm(key, {**known, key.public.text: OURSELVES})


@dataclass
class Member:
    """One firm with its open ledger."""

    name: str
    firm: Firm
    ledger: Ledger
    url: str


def make_members(folder: Path, names: Sequence[str]) -> dict[str, Member]:
    """A ledger file each; opened again by the next caller of ``open_members``."""
    found = {}
    for name in names:
        url = str(folder / f"{name}.db")
        actor = Actor(name, seed_key(f"ledger of {name}"))
        ledger = create_ledger(url, practice=False, actor=actor, clock=lambda: NOON)
        found[name] = Member(name, firm_among(name, names), ledger, url)
    return found


def open_members(folder: Path, names: Sequence[str]) -> dict[str, Member]:
    found = {}
    for name in names:
        url = str(folder / f"{name}.db")
        actor = Actor(name, seed_key(f"ledger of {name}"))
        ledger = open_ledger(url, actor=actor, clock=lambda: NOON)
        found[name] = Member(name, firm_among(name, names), ledger, url)
    return found


def state_debts(members: Mapping[str, Member], debts: Sequence[tuple[str, str, int]]) -> None:
    """Each debtor acknowledges its debts; amounts in minor units of CNY."""
    for name, member in members.items():
        own = [(number, one) for number, one in enumerate(debts) if one[0] == name]
        owing = [Owing(one[1], one[2], "CNY", DUE, f"INV-{number}") for number, one in own]
        owe(member.ledger, member.firm, owing, DAY)


def exchange(members: Mapping[str, Member]) -> None:
    """Every firm's file to every other."""
    files = [debts_file(member.ledger, member.firm, DAY) for member in members.values()]
    for member in members.values():
        for file in files:
            if file["content"]["firm"] != member.firm.id:
                take(member.ledger, member.firm, file, DAY)


def asked(**other: Any) -> ClearingAsked:
    return ClearingAsked(
        **{"currency": "CNY", "on": DAY, "due_until": DUE, "valid_days": 7, "country": "CN", **other}
    )


def proposed(
    members: Mapping[str, Member], by: str, facility: ClearingFacility | None = None, **other: Any
) -> ClearingDraft:
    one = members[by]
    return propose(one.ledger, one.firm, asked(facility=facility, **other), shipped_law())


def all_sign(members: Mapping[str, Member], draft: ClearingDraft) -> list[dict[str, Any]]:
    views = {view.firm: view for view in draft.views()}
    return [
        sign_proposal(member.ledger, member.firm, views[member.firm.id], shipped_law(), DAY)
        for member in members.values()
        if member.firm.id in draft.header["firms"]
    ]


def net_position(member: Member) -> int:
    """What the books say that the firm is owed on balance: claims, cash and loans less debts."""
    accounts = ("1010", "1210", "1310", "2110", "2310")
    balances = member.ledger.balance()
    return sum(one.amount_minor for one in balances if one.account in accounts)
