"""Many writers at once on PostgreSQL: no overdraft, no overbooking, no gap, and one order of everything."""

import multiprocessing
import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from pathlib import Path
from time import sleep
from typing import Any

import psycopg
import pytest

from domain.errors import AlreadyFinancedError, NetError, RefusedError
from domain.ports import HoldLine, SlotsHeld
from domain.posting import Entry, Leg
from ledger.book.transaction import Transaction
from ledger.postgres.backend import PostgresBackend
from ledger.record.backend import ContendedError
from ledger.record.records import Floor
from ledger.store import Ledger, create_ledger, open_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.merkle import EMPTY_ROOT, Frontier

pytestmark = pytest.mark.postgres

SLOT = HoldLine("factory:x", "2026-03-05", 1)
WRITERS = 64
STEPS = 10


@pytest.fixture
def ledger(postgres_database: str, clock: Clock) -> Iterator[Ledger]:
    with create_ledger(postgres_database, practice=True, actor=ACTOR, clock=clock) as made:
        yield made


def backend_of(ledger: Ledger) -> PostgresBackend:
    assert isinstance(ledger.backend, PostgresBackend)
    return ledger.backend


def pay(key: str, order: str, amount: int) -> Entry:
    legs = (Leg("trader", "1010", "CNY", -amount), Leg("trader", "1230", "CNY", amount))
    return Entry("provider.paid", key, date(2026, 3, 6), order, {}, legs)


def one_writer(url: str, number: int, outcomes: "multiprocessing.Queue[Counter[str]]") -> None:
    """Pays out of one shared loop, holds one shared slot, gives some holds back, writes orders of its own."""
    chance, done = random.Random(number), Counter[str]()
    with open_ledger(url, actor=ACTOR) as ledger:
        for step in range(STEPS):
            verb = chance.choice(("pay", "hold", "draw", "both"))
            try:
                done[one_step(ledger, verb, f"{number}/{step}", chance)] += 1
            except RefusedError:
                done["refused"] += 1
            except ContendedError:
                done["contended"] += 1
    outcomes.put(done)


def one_step(ledger: Ledger, verb: str, key: str, chance: random.Random) -> str:
    if verb == "pay":
        ledger.append(pay(key, "shared", 7))
        return "paid"
    if verb == "draw":
        ledger.append(Entry("loan.drawn", key, date(2026, 3, 5), f"own-{key}"))
        return "own"
    with ledger.write() as transaction:
        answer = transaction.hold(f"h/{key}", "shared", [SLOT])
        if verb == "both":
            transaction.append(pay(f"{key}/pay", "shared", 1))
    if not isinstance(answer, SlotsHeld):
        return "paid one" if verb == "both" else "full"
    if chance.random() < 0.5:
        with ledger.write() as transaction:
            transaction.release_hold(f"h/{key}")
        return "given back, paid one" if verb == "both" else "given back"
    return "kept, paid one" if verb == "both" else "kept"


def test_64_writers_leave_no_overdraft_no_overbooking_and_no_gap(ledger: Ledger) -> None:
    with ledger.write() as transaction:
        transaction.append(draw(1, order="shared", amount=1_000))
        transaction.open_capacity("factory:x", "2026-03-05", 25)
    context = multiprocessing.get_context("fork")
    outcomes: Any = context.Queue()
    url = backend_of(ledger).url
    processes = [context.Process(target=one_writer, args=(url, n, outcomes)) for n in range(WRITERS)]
    for process in processes:
        process.start()
    done = sum((outcomes.get(timeout=120) for _ in processes), Counter[str]())
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert sum(done.values()) == WRITERS * STEPS
    paid_one = sum(count for name, count in done.items() if name.endswith("paid one"))
    left = 1_000 - 7 * done["paid"] - paid_one
    cash = [balance.amount_minor for balance in ledger.balance("trader", "1010", "shared")]
    assert sum(cash) == left >= 0
    assert done["refused"] > 0, "nobody was refused: the floor was not put to the test"
    capacity, used = ledger.capacity("factory:x", "2026-03-05") or (0, 0)
    assert used == sum(count for name, count in done.items() if name.startswith("kept")) <= capacity
    assert done["contended"] == 0
    assert_sealed_whole(ledger)


def assert_sealed_whole(ledger: Ledger) -> None:
    """Every record has one place, the nodes are those of the tree, causes come before effects."""
    backend_of(ledger).seal()
    rows = list(
        ledger.backend.reader().rows("SELECT sequence, leaf, node FROM sealed_record ORDER BY sequence")
    )
    assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
    frontier = Frontier()
    for _, leaf, node in rows:
        assert frontier.append(bytes(leaf)) == bytes(node)
    (count,) = next(iter(ledger.backend.reader().rows("SELECT COUNT(*) FROM record")))
    assert count == len(rows)
    assert frontier.root() != EMPTY_ROOT
    replay(ledger)


def replay(ledger: Ledger) -> None:
    """In the order of the tree no balance dips below its floor and no hold ends before it begins."""
    cash: Counter[str | None] = Counter()
    held: set[str] = set()
    for record in ledger.records():
        for leg in record.legs:
            if leg.account == "1010":
                cash[record.order] += leg.amount_minor
        assert cash[record.order] >= 0
        if record.kind == "capacity.held":
            held.add(record.body["hold"])
        if record.kind == "capacity.released":
            held.remove(record.body["hold"])


def test_effect_is_sealed_after_its_cause_whoever_began_first(ledger: Ledger) -> None:
    """A transaction that began, and wrote, before another may depend on it: it is placed after it."""
    url = backend_of(ledger).url
    with open_ledger(url, actor=ACTOR) as other, ledger.write() as early:
        early.append(Entry("note", "early", date(2026, 3, 2)))
        other.append(draw(1, order="o1", amount=100))
        early.append(pay("effect", "o1", 100))
    assert [record.key for record in ledger.records()][-3:] == ["draw-1", "early", "effect"]
    assert_sealed_whole(ledger)


def test_open_transaction_neither_stops_the_sealer_nor_is_skipped_by_it(ledger: Ledger) -> None:
    url = backend_of(ledger).url
    with open_ledger(url, actor=ACTOR) as slow, slow.write() as transaction:
        transaction.append(Entry("note", "slow", date(2026, 3, 2)))
        ledger.append(Entry("note", "fast", date(2026, 3, 2)))
        assert "fast" in [record.key for record in ledger.records()]
        assert "slow" not in [record.key for record in ledger.records()]
    assert [record.key for record in ledger.records()][-2:] == ["fast", "slow"]
    assert_sealed_whole(ledger)


def test_unsealed_records_are_counted(ledger: Ledger) -> None:
    backend = backend_of(ledger)
    ledger.size()
    with psycopg.connect(backend.url, autocommit=True) as blocker:
        from ledger.postgres.sealer import SEALER_LOCK

        blocker.execute("SELECT pg_advisory_lock(%s)", (SEALER_LOCK,))
        ledger.append(Entry("note", "n", date(2026, 3, 2)))
        assert backend.unsealed() == 1
    backend.seal()
    assert backend.unsealed() == 0


def test_same_key_from_two_writers_is_written_once(ledger: Ledger) -> None:
    url = backend_of(ledger).url
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()

    def write() -> None:
        with open_ledger(url, actor=ACTOR) as mine:
            receipts = [mine.append(draw(number, order=f"o{number}"))[0] for number in range(30)]
            answers.put((os.getpid(), [receipt.leaf for receipt in receipts]))

    processes = [context.Process(target=write) for _ in range(4)]
    for process in processes:
        process.start()
    found = [answers.get(timeout=60)[1] for _ in processes]
    for process in processes:
        process.join()
    written = [bytes.fromhex(record.record_id) for record in ledger.records(kind="loan.drawn")]
    assert len(written) == 30
    assert all(sorted(leaves) == sorted(written) for leaves in found)


def test_floor_set_beside_an_open_write_is_never_undercut(ledger: Ledger) -> None:
    """The new floor waits for the open write, sees what it did, and is refused."""
    url = backend_of(ledger).url
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()

    def set_floor() -> None:
        with open_ledger(url, actor=ACTOR) as mine:
            try:
                mine.commit(lambda transaction: transaction.set_floor(Floor("trader", "1230", 0)))
                answers.put("set")
            except NetError:
                answers.put("refused")

    with ledger.write() as transaction:
        legs = (Leg("trader", "1230", "CNY", -5), Leg("trader", "2110", "CNY", 5))
        transaction.append(Entry("x", "below", date(2026, 3, 2), "o1", {}, legs))
        process = context.Process(target=set_floor)
        process.start()
        process.join(timeout=1)
        assert process.is_alive(), "the floor did not wait for the open write"
    assert answers.get(timeout=30) == "refused"
    process.join()


def test_deadlock_is_retried_and_both_sides_are_written(ledger: Ledger) -> None:
    """Two writers who take the same two balances in opposite orders: one is run again."""
    url = backend_of(ledger).url
    context = multiprocessing.get_context("fork")
    both_began = context.Barrier(2)
    tries: Any = context.Queue()

    def write(first: str, second: str) -> None:
        waited: list[bool] = []
        with open_ledger(url, actor=ACTOR) as mine:

            def work(transaction: Any) -> None:
                transaction.append(Entry("x", f"{first}/{second}", date(2026, 3, 2), first, {"state": "A"}))
                if not waited:
                    waited.append(True)
                    both_began.wait(timeout=30)
                transaction.append(Entry("x", f"{second}|{first}", date(2026, 3, 2), second, {"state": "B"}))
                tries.put(first)

            mine.commit(work)

    processes = [context.Process(target=write, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert len(list(ledger.records(kind="x"))) == 4
    assert_sealed_whole(ledger)


def test_append_that_another_writer_holds_up_is_run_again(ledger: Ledger) -> None:
    """The first try gives up at its time limit; the library tries again until the other has committed."""
    url = backend_of(ledger).url

    def planned(key: str) -> Entry:
        return Entry("x", key, date(2026, 3, 2), "o1", {"state": key})

    with open_ledger(url, actor=ACTOR) as late, ThreadPoolExecutor(1) as beside:
        late.append(Entry("note", "ready", date(2026, 3, 2)))
        backend_of(late)._writing_connection().execute("SET lock_timeout = '100ms'")
        with ledger.write() as held_open:
            held_open.append(planned("A"))
            waiting = beside.submit(late.append, planned("B"))
            sleep(0.4)
            assert not waiting.done(), "it was neither held up nor tried again"
        assert waiting.result(timeout=30)[0].repeated is False
    assert ledger.order_state("o1") == "B"
    assert_sealed_whole(ledger)


def test_contention_that_does_not_end_is_reported_with_nothing_written(ledger: Ledger) -> None:
    url = backend_of(ledger).url
    entry = Entry("x", "late", date(2026, 3, 2), "o1", {"state": "B"})
    with open_ledger(url, actor=ACTOR) as late, ledger.write() as held_open:
        held_open.append(Entry("x", "first", date(2026, 3, 2), "o1", {"state": "A"}))
        backend_of(late)._writing_connection().execute("SET lock_timeout = '20ms'")
        with pytest.raises(ContendedError) as caught:
            late.append(entry)
        assert caught.value.exit_code == 6
        assert "nothing was written" in caught.value.hint
    assert ledger.record_by_key("late") is None


def test_write_given_up_by_the_database_is_never_told_as_done(ledger: Ledger) -> None:
    """PostgreSQL answers COMMIT with ROLLBACK after a failed statement; that must not pass for success."""
    before = ledger.size()

    def failing(transaction: Transaction) -> None:
        transaction.append(draw(1))
        with suppress(psycopg.Error):
            transaction._write.connection.execute("SELECT 1 / 0")  # type: ignore[attr-defined]

    for work in (failing, lambda transaction: failing(transaction)):
        with pytest.raises(ContendedError), ledger.write() as transaction:
            work(transaction)
    assert ledger.size() == before
    ledger.append(draw(1))


def test_large_writes_queue_and_do_not_deadlock(ledger: Ledger) -> None:
    url = backend_of(ledger).url
    context = multiprocessing.get_context("fork")

    def write(name: str, orders: list[str]) -> None:
        with open_ledger(url, actor=ACTOR) as mine, mine.write() as transaction:
            transaction.queue()
            for order in orders:
                transaction.append(Entry("x", f"{name}/{order}", date(2026, 3, 2), order, {"state": name}))

    orders = [f"o{number}" for number in range(40)]
    ways = (("A", orders), ("B", orders[::-1]), ("C", orders), ("D", orders[::-1]))
    processes = [context.Process(target=write, args=way) for way in ways]
    for process in processes:
        process.start()
    for process in processes:
        process.join(timeout=60)
        assert process.exitcode == 0
    assert len(list(ledger.records(kind="x"))) == 160


def parts_of(ledger: Ledger, account: str) -> list[int]:
    rows = ledger.backend.reader().rows(
        "SELECT part, amount_minor FROM balance_part WHERE account = ? ORDER BY part", (account,)
    )
    return [amount for _, amount in rows]


def test_writers_of_one_account_do_not_wait_for_one_another(ledger: Ledger) -> None:
    """One write is open and has moved the account; another moves it too and commits first."""
    ledger.append(draw(1, order="shared", amount=100))
    with open_ledger(backend_of(ledger).url, actor=ACTOR) as other, ledger.write() as held_open:
        held_open.append(draw(2, order="shared", amount=10))
        backend_of(other)._writing_connection().execute("SET lock_timeout = '2s'")
        other.append(draw(3, order="shared", amount=1))
    assert [balance.amount_minor for balance in ledger.balance("trader", "1010", "shared")] == [111]
    assert parts_of(ledger, "1010") == [110, 1]
    assert_sealed_whole(ledger)


def test_money_in_other_parts_can_be_spent_and_no_more_than_that(ledger: Ledger) -> None:
    test_writers_of_one_account_do_not_wait_for_one_another(ledger)
    with pytest.raises(RefusedError):
        ledger.append(pay("too much", "shared", 112))
    ledger.append(pay("across the parts", "shared", 111))
    assert parts_of(ledger, "1010") == [0, 0]
    with pytest.raises(RefusedError):
        ledger.append(pay("one more", "shared", 1))


def test_money_that_is_not_committed_cannot_be_spent(ledger: Ledger) -> None:
    """Who spends more than the free parts hold waits for the open write, and sees what became of it."""
    ledger.append(draw(1, order="shared", amount=100))
    url = backend_of(ledger).url
    context = multiprocessing.get_context("fork")
    answers: Any = context.Queue()

    def spend(amount: int) -> None:
        with open_ledger(url, actor=ACTOR) as mine:
            try:
                mine.append(pay(f"spend {amount}", "shared", amount))
                answers.put("paid")
            except RefusedError:
                answers.put("refused")

    for committed, said in ((False, "refused"), (True, "paid")):
        with suppress(ZeroDivisionError), ledger.write() as transaction:
            transaction.append(draw(2, order="shared", amount=10))
            process = context.Process(target=spend, args=(105,))
            process.start()
            process.join(timeout=1)
            assert process.is_alive(), "the spender did not wait for the open write"
            if not committed:
                raise ZeroDivisionError
        assert answers.get(timeout=30) == said
        process.join()


def test_floor_set_on_an_account_in_parts_joins_them(ledger: Ledger) -> None:
    """Parts of an account without a floor may be below zero; with one they may not."""

    def owed(key: str, amount: int) -> Entry:
        legs = (Leg("trader", "1230", "CNY", amount), Leg("trader", "2110", "CNY", -amount))
        return Entry("x", key, date(2026, 3, 2), "o1", {}, legs)

    ledger.append(owed("first", 30))
    with open_ledger(backend_of(ledger).url, actor=ACTOR) as other, ledger.write() as held_open:
        held_open.append(owed("second", 1))
        other.append(owed("third", -20))
    assert parts_of(ledger, "1230") == [31, -20]
    ledger.commit(lambda transaction: transaction.set_floor(Floor("trader", "1230", 5)))
    assert parts_of(ledger, "1230") == [11, 0]
    with pytest.raises(RefusedError):
        ledger.append(owed("too much", -7))
    ledger.append(owed("down to the floor", -6))
    with pytest.raises(RefusedError):
        ledger.append(Entry("x", "below at once", date(2026, 3, 2), "o2", {}, owed("", 4).legs))
    assert_sealed_whole(ledger)


def test_claim_made_since_one_looked_is_told_as_such(ledger: Ledger) -> None:
    """The second writer waits for the first one's key, and then learns who finances it."""
    url = ledger.backend.url
    with open_ledger(url, actor=ACTOR) as other, ThreadPoolExecutor(1) as pool:
        with ledger.write() as transaction:
            transaction.claim_finance("f1", "o1", "harbour")
            waiting = pool.submit(lambda: other.commit(lambda t: t.claim_finance("f1", "o2", "harbour")))
            wait_for_a_waiter(url)
        with pytest.raises(AlreadyFinancedError, match="o1"):
            waiting.result(timeout=30)
    assert ledger.finance_claims() == [("f1", "o1", "harbour")]


def wait_for_a_waiter(url: str) -> None:
    """Until somebody waits for another's transaction."""
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(600):
            row = connection.execute(
                "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
            ).fetchone()
            if row and row[0]:
                return
            sleep(0.05)
    raise AssertionError("nobody waited")


def test_a_race_for_one_claim_ends_as_on_sqlite(
    postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other claims it after we looked for an open claim and before we count the turns."""
    with (
        create_ledger(postgres_database, practice=True, actor=ACTOR, clock=Clock()) as mine,
        open_ledger(mine.backend.url, actor=ACTOR, clock=Clock()) as other,
    ):
        asked = Transaction._row

        def row(self: Transaction, statement: str, *more: object) -> object:
            if "COUNT(*) FROM finance_claim" in statement:
                monkeypatch.setattr(Transaction, "_row", asked)
                other.commit(lambda transaction: transaction.claim_finance("f1", "o1", "harbour"))
            return asked(self, statement, *more)

        monkeypatch.setattr(Transaction, "_row", row)
        with pytest.raises(AlreadyFinancedError) as told, mine.write() as transaction:
            transaction.claim_finance("f1", "o2", "delta")
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as alone:
        alone.commit(lambda transaction: transaction.claim_finance("f1", "o1", "harbour"))
        with pytest.raises(AlreadyFinancedError) as same, alone.write() as transaction:
            transaction.claim_finance("f1", "o2", "delta")
    assert (told.value.message, told.value.hint) == (same.value.message, same.value.hint)
