"""The book of exposures follows the ledger: it says what adding up everything anew says, and reads little."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from documents.orders.reading import stream
from domain.order import Order
from domain.record_kinds import RecordKey
from domain.states import OrderState
from finance.underwriting.fingerprint import Tokens
from flows.books.advance import advance
from flows.credit.claims import _alike, near_matches
from flows.credit.exposures import Book, Exposures, exposures_in
from flows.deals.cancel import call_off
from flows.desk.session import Session
from flows.desk.start import start_ledger
from flows.many.batch import BatchTerms, run_batch
from flows.many.one_commit import grouped
from flows.orders.statement import Statement
from ledger.book.reading import Reading
from ledger.store import Ledger
from tests.parts.world import FIRST_DAY, World, write

RULES = '\nlimit = 90000000.00\n[lender.underwriting]\nlimits = { buyer = "60%", trader = "100%" }\n'


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A made-up world whose lenders have rules, on a clock of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    network, _ = write(World(), 30, tmp_path)
    text = network.read_text().replace("\nlimit = 2000000000.00\n", RULES)
    assert text.count("limits") == 2
    network.write_text(text)
    ledger = tmp_path / "ledger.db"
    with Session(config_path=network) as begin:
        start_ledger(begin, str(ledger), practice=True)
    with Session(ledger_url=str(ledger), config_path=network) as session:
        yield session


def orders(session: Session) -> list[Order]:
    return [one for one in stream(session.config_path.with_name("orders.jsonl")) if isinstance(one, Order)]


def run(session: Session, some: list[Order], **terms: Any) -> list[Any]:
    assert session.ledger_url is not None
    given = BatchTerms(session.ledger_url, session.config_path, workers=1, group=4, **terms)
    return list(run_batch(given, some))


def added_up(reading: Reading) -> Exposures:
    book = Book()
    book.load(reading)
    return Exposures(book.sums, {}, book.endings)


def same(one: Exposures, other: Exposures) -> bool:
    everything = [
        [exposures.everywhere(lender, {"Buyer 1": "G", "Buyer 7": "G"}) for lender in ("bank", "factor")]
        for exposures in (one, other)
    ]
    return everything[0] == everything[1] and dict(one.endings) == dict(other.endings)


def test_the_book_follows_what_is_committed(world: Session) -> None:
    ledger, some = world.ledger, orders(world)
    assert same(exposures_in(ledger), added_up(ledger))
    run(world, some[:8])
    assert same(exposures_in(ledger), added_up(ledger))
    assert exposures_in(ledger).everywhere("bank", {})
    first, second, third = (order.reference for order in some[:3])
    call_off(ledger, first, Statement(FIRST_DAY), firms=world.firms)
    advance(ledger, second, FIRST_DAY + timedelta(days=20), as_planned=True)
    advance(ledger, third, FIRST_DAY + timedelta(days=300), as_planned=True)
    run(world, some[8:12])
    found = exposures_in(ledger)
    assert same(found, added_up(ledger))
    assert found.endings == {OrderState.SETTLED: 1, OrderState.DEFAULTED: 0}


def test_an_open_write_sees_its_own_orders_and_forgets_what_is_undone(world: Session) -> None:
    ledger, some = world.ledger, orders(world)
    run(world, some[:4])
    exposures_in(ledger)
    with grouped(ledger) as group:
        for number, order in enumerate(some[:3]):
            try:
                with group.write():
                    call_off(group, order.reference, Statement(FIRST_DAY))
                    assert same(exposures_in(group), added_up(group))
                    if number != 1:
                        raise LookupError
            except LookupError:
                pass
            assert same(exposures_in(group), added_up(group))
    assert same(exposures_in(ledger), added_up(ledger))


def test_lenders_are_asked_within_the_batch_and_refuse_at_their_limit(world: Session) -> None:
    some = [replace(one, buyer=replace(one.buyer, name="One Buyer")) for one in orders(world)]
    text = world.config_path.read_text().replace("90000000.00", "500000.00").replace("60%", "50%")
    world.config_path.write_text(text)
    done = run(world, some)
    refused = [one for one in done if one.error == "NoCreditError"]
    assert 0 < len(refused) < len(some)
    assert all("One Buyer may have" in one.message for one in refused)
    assert exposures_in(world.ledger).everywhere("bank", {})["buyer", "One Buyer"] <= 25_000_000


def test_asking_reads_no_more_of_a_longer_ledger(world: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 0
    asked = Ledger._rows

    def counted(self: Ledger, statement: str, *parameters: Any) -> Iterator[Any]:
        nonlocal rows
        for row in asked(self, statement, *parameters):
            rows += 1
            yield row

    monkeypatch.setattr(Ledger, "_rows", counted)
    read = []
    for start in (0, 5, 25):
        run(world, orders(world)[: start + 4])
        exposures_in(world.ledger)
        run(world, orders(world)[: start + 5])  # one more order
        rows = 0
        exposures_in(world.ledger)
        read.append(rows)
    assert max(read) <= min(read) + 10


def test_orders_alike_are_counted_without_reading_them_all(world: Session) -> None:
    """The next number is found by halves, whatever it is."""
    reading = _Numbered()
    for count in (0, 1, 2, 3, 7, 8, 9, 1000, 4097):
        reading.count, reading.looks = count, 0
        assert _alike(reading, "soft") == count  # type: ignore[arg-type]
        assert reading.looks <= 2 * count.bit_length() + 1
    some = [replace(orders(world)[0], reference=f"same-{number}") for number in range(6)]
    run(world, some)
    record = world.ledger.record_by_key(f"order:{some[0].reference}")
    assert record is not None
    keys = [one.key for one in world.ledger.records(kind="registry")]
    assert [key.rsplit(":", 1)[1] for key in keys] == [str(number) for number in range(6)]
    tokens = Tokens("", "", keys[0].split(":")[1])
    near = near_matches(world.ledger, tokens, but=some[0].reference)
    assert [match.order for match in near] == [order.reference for order in some[1:]]


class _Numbered:
    count = 0
    looks = 0

    def has_key(self, key: str) -> bool:
        self.looks += 1
        return key in {RecordKey.registry("soft", number) for number in range(self.count)}
