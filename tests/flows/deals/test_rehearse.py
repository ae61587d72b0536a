"""What is worked out before the commit is recorded as if it had been worked out inside it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import flows.deals.rehearse
import flows.many.batch
from documents.orders.reading import stream
from flows.desk.session import Session
from flows.many.batch import BatchTerms, run_batch
from ledger.record.body import BodyWriter, ReadyEntry, ready
from ledger.store import create_ledger
from tests.parts.world import World, write
from trust.keys import SigningKey, save_key

COUNT = 9
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchTerms:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    network, _ = write(World(capacity=900), COUNT, tmp_path)
    return BatchTerms("", network, until="settled", workers=1, group=4, clock=lambda: NOON)


def leaves(terms: BatchTerms, name: str, orders: list[Any]) -> list[str]:
    """The leaves of a fresh ledger with a key of its own seed, once the orders are run on it."""
    terms = replace(terms, ledger_url=str(terms.config_path.with_name(name)))
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        key = session.keys_folder / "ledger.pem"
        if not key.exists():
            save_key(SigningKey.from_seed(b"\1" * 32), key)
        actor = session.actor
        create_ledger(
            terms.ledger_url, practice=True, actor=actor, clock=terms.clock, ledger_id="net-x"
        ).close()
        list(run_batch(terms, orders))
        return [record.record_id for record in session.ledger.records()]


def mixed(terms: BatchTerms) -> list[Any]:
    """Orders that pass, one that no plan passes for, and two buyers with one reference."""
    some: list[Any] = list(stream(terms.config_path.with_name("orders.jsonl")))
    some[2] = replace(some[2], lines=(replace(some[2].lines[0], product="moon-lamp"),))
    return [*some, replace(some[0], buyer=replace(some[0].buyer, name="Somebody Else"))]


@pytest.mark.parametrize("until", ["reserved", "settled"])
def test_a_rehearsed_way_is_recorded_as_one_that_was_not(
    terms: BatchTerms, until: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terms = replace(terms, until=until)
    rehearsed = leaves(terms, "one.db", mixed(terms))
    monkeypatch.setattr(flows.many.batch, "rehearse", lambda *_, **__: None)
    assert leaves(terms, "other.db", mixed(terms)) == rehearsed


def test_the_rehearsal_is_what_gets_recorded(terms: BatchTerms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the test above would compare the usual way with itself."""
    taken: list[str] = []
    body = BodyWriter.body

    def watched(self: BodyWriter, entry: Any) -> bytes:
        if isinstance(entry, ReadyEntry):
            taken.append(entry.kind)
            plain = flows.deals.rehearse.Entry(
                entry.kind, entry.key, entry.on, entry.order, entry.body, entry.legs
            )
            assert ready(plain, "net-x") == entry
        return body(self, entry)

    monkeypatch.setattr(BodyWriter, "body", watched)
    leaves(terms, "one.db", mixed(terms)[:2])
    assert {"order", "plan", "finance-accepted", "milestone", "settled"} <= set(taken)


def test_ready_bytes_are_those_of_a_plain_entry() -> None:
    from domain.posting import Entry, Leg

    legs = (Leg("trader", "1010", "EUR", 5), Leg("trader", "2110", "EUR", -5))
    entry = Entry("k", "a/ключ", NOON.date(), "o-1", {"b": [1, None], "a": "ü"}, legs)
    here, elsewhere = (BodyWriter(name, "ed25519:x", lambda: NOON) for name in ("net-x", "net-y"))
    made = ready(entry, "net-x")
    assert here.body(made) == here.body(entry)
    assert elsewhere.body(made) == elsewhere.body(entry) != here.body(entry)
