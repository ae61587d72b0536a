"""A batch tells an order as done once it is on the disk, goes on after failures, and does nothing twice."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest

from documents.orders.reading import stream
from domain.order import Order
from domain.posting import imbalances
from flows.deals.cancel import call_off
from flows.desk.session import Session
from flows.desk.start import start_ledger
from flows.many.batch import BatchTerms, Done, Summary, run_batch, work_group
from flows.orders.statement import Statement
from tests.parts.world import World, write

ROOT = Path(__file__).resolve().parents[3]
COUNT = 12


@pytest.fixture
def terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BatchTerms:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    network, _ = write(World(), COUNT, tmp_path)
    return begun(BatchTerms(str(tmp_path / "ledger.db"), network, workers=1, group=5))


def begun(terms: BatchTerms) -> BatchTerms:
    with Session(config_path=terms.config_path) as session:
        start_ledger(session, terms.ledger_url, practice=True)
    return terms


def orders(terms: BatchTerms) -> list[Any]:
    return list(stream(terms.config_path.with_name("orders.jsonl")))


def check(terms: BatchTerms) -> None:
    """Whatever happened: balanced books, no slot over capacity, no hold of an order that is not reserved."""
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        ledger = session.ledger
        assert not imbalances(leg for record in ledger.records() for leg in record.legs)
        assert all(used <= capacity for _, _, capacity, used in ledger.slots())
        assert all(hold.ending == "confirmed" for hold in ledger.holds())
        kinds = Counter((record.order, record.kind) for record in ledger.records() if record.order)
        for kind in ("order", "plan", "slots.reserved", "finance-accepted", "settled"):
            assert all(count == 1 for (_, name), count in kinds.items() if name == kind), kind


@pytest.mark.parametrize("until", ["reserved", "settled"])
@pytest.mark.parametrize("workers", [1, 2])
def test_every_order_goes_the_whole_way(terms: BatchTerms, until: str, workers: int) -> None:
    done = list(run_batch(replace(terms, until=until, workers=workers), orders(terms)))
    assert [one.reference for one in done] == [order.reference for order in orders(terms)]
    assert {one.state for one in done} == {until.upper()}
    assert all(one.profit_minor > 0 for one in done)
    check(terms)


def test_run_again_does_nothing_twice(terms: BatchTerms) -> None:
    list(run_batch(terms, orders(terms)[:7]))
    again = list(run_batch(terms, orders(terms)))
    assert [one.repeated for one in again] == [True] * 7 + [False] * 5
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        size = session.ledger.size()
    third = list(run_batch(terms, orders(terms)))
    assert all(one.repeated for one in third)
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        assert session.ledger.size() == size
    assert [one.profit_minor for one in third] == [one.profit_minor for one in again]


def test_reserved_first_then_settled_is_the_same_as_at_once(terms: BatchTerms, tmp_path: Path) -> None:
    list(run_batch(terms, orders(terms)))
    later = list(run_batch(replace(terms, until="settled"), orders(terms)))
    other = begun(replace(terms, ledger_url=str(tmp_path / "other.db"), until="settled"))
    once = list(run_batch(other, orders(terms)))
    assert [(o.reference, o.state, o.profit_minor) for o in later] == [
        (o.reference, o.state, o.profit_minor) for o in once
    ]
    check(terms)


def test_one_that_fails_does_not_stop_the_rest(terms: BatchTerms) -> None:
    some: list[Any] = orders(terms)
    line = replace(some[3].lines[0], product="moon-lamp")
    some[3] = replace(some[3], lines=(line,))
    some[8] = replace(some[2], due_on=date(2026, 12, 24))  # the reference of another, with other content
    summary = Summary()
    done = list(run_batch(terms, some))
    for one in done:
        summary.add(one)
    assert [place for place, one in enumerate(done) if not one.went_well] == [3, 8]
    assert (done[3].error, done[8].error) == ("NoCapacityError", "KeyReusedError")
    assert (summary.fresh, summary.refused) == (COUNT - 2, 2)
    check(terms)


def test_orders_of_one_group_do_not_count_on_the_same_slot(terms: BatchTerms, tmp_path: Path) -> None:
    network, _ = write(World(capacity=600), COUNT, tmp_path)
    some = [replace(order, lines=orders(terms)[0].lines) for order in orders(terms)]
    done = list(run_batch(replace(terms, config_path=network, group=COUNT), some))
    assert sum(one.went_well for one in done) >= COUNT // 2
    check(terms)


def test_nothing_is_told_before_its_commit(terms: BatchTerms) -> None:
    for told, _ in enumerate(run_batch(terms, orders(terms)), start=1):
        with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
            reserved = sum(1 for head in session.ledger.orders() if head.state == "RESERVED")
        assert reserved >= told


def test_a_summary_counts_profit_by_currency() -> None:
    summary = Summary()
    for one in (Done("a", "RESERVED", "EUR", 5, 2), Done("b", "RESERVED", "CNY", 5, 3, repeated=True)):
        summary.add(one)
    assert (summary.profit, summary.fresh, summary.repeated) == ({"EUR": 2, "CNY": 3}, 1, 1)


def batch_process(terms: BatchTerms, environment: dict[str, str], *more: str) -> "subprocess.Popen[str]":
    file = terms.config_path.with_name("orders.jsonl")
    command = [sys.executable, "-m", "cli", "batch", "run", str(file), "--ledger", terms.ledger_url]
    options = ["--config", str(terms.config_path), "--jsonl", "--group", "3", "--workers", "2"]
    return subprocess.Popen(
        [*command, *options, *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("lines", [1, 4, 7, 10])
def test_sigkill_after_a_printed_line_loses_nothing_of_it(
    terms: BatchTerms, tmp_path: Path, lines: int
) -> None:
    environment = dict(os.environ)
    write(World(), 30, tmp_path)
    process = batch_process(terms, environment)
    assert process.stdout is not None
    printed = [json.loads(process.stdout.readline())["reference"] for _ in range(lines)]
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    time.sleep(0.1)
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        assert all(session.ledger.order_state(reference) == "RESERVED" for reference in printed)
    check(terms)
    again = batch_process(terms, environment)
    rest, _ = again.communicate(timeout=120)
    told = [json.loads(line) for line in rest.splitlines()]
    assert again.returncode == 0
    assert (told[-1]["orders"], told[-1]["refused"]) == (30, 0)
    assert told[-1]["done_before"] >= lines
    check(terms)


def test_killed_at_any_moment_again_and_again_nothing_is_done_twice(
    terms: BatchTerms, tmp_path: Path
) -> None:
    """Kills fall on starting, planning, writing and telling alike; what was told stays, and no order has a
    step twice."""
    moments = Random("batch kills")
    write(World(), 40, tmp_path)
    told: set[str] = set()
    for _ in range(6):
        process = batch_process(terms, dict(os.environ), "--until", "settled")
        assert process.stdout is not None
        for _ in range(moments.randrange(12)):
            line = process.stdout.readline()
            if not line or "batch-order" not in line:
                break
            told.add(json.loads(line)["reference"])
        time.sleep(moments.random() / 5)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
            assert all(session.ledger.order_state(reference) == "SETTLED" for reference in told)
        check(terms)
    assert told
    rest, _ = batch_process(terms, dict(os.environ), "--until", "settled").communicate(timeout=120)
    summary = json.loads(rest.splitlines()[-1])
    assert (summary["orders"], summary["refused"]) == (40, 0)
    assert summary["done_before"] >= len(told)
    check(terms)


def test_an_order_is_as_of_its_own_day_unless_told_otherwise(terms: BatchTerms) -> None:
    some: list[Order] = orders(terms)[:2]
    some[1] = replace(some[1], issued_on=date(2026, 3, 9))
    list(run_batch(terms, some))
    with Session(ledger_url=terms.ledger_url, config_path=terms.config_path) as session:
        days = [record.on for record in session.ledger.records(kind="order")]
    assert days == [date(2026, 3, 2), date(2026, 3, 9)]


def test_orders_at_firms_of_their_own_are_reserved_side_by_side_and_once(
    terms: BatchTerms, tmp_path: Path
) -> None:
    """Every carrier is a firm with a system of its own, whose second answer is lost on the way."""
    text = terms.config_path.read_text()
    settings = (
        f'adapter = "sandbox"\nsettings = {{ file = "{tmp_path}/firm.db", script = ["hold:2:work_lost"] }}\n'
    )
    terms.config_path.write_text(text.replace("[[logistics]]\n", f"[[logistics]]\n{settings}"))
    first = list(run_batch(terms, orders(terms)))
    again = list(run_batch(terms, orders(terms)))
    assert {one.state for one in again} == {"RESERVED"}
    assert sum(one.repeated for one in again) == sum(one.went_well for one in first)
    check(terms)


def test_two_buyers_with_one_reference_in_one_group(terms: BatchTerms) -> None:
    first = orders(terms)[0]
    second = replace(first, buyer=replace(first.buyer, name="Somebody Else"))
    done = list(run_batch(replace(terms, until="settled"), [first, second]))
    assert [one.reference for one in done] == [first.reference, f"{first.reference}~somebody-else"]
    check(terms)


def test_an_interruption_tells_what_was_done_and_the_next_run_does_the_rest(
    terms: BatchTerms, tmp_path: Path
) -> None:
    write(World(), 60, tmp_path)
    process = batch_process(terms, dict(os.environ))
    assert process.stdout is not None
    first = process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    rest = process.stdout.read()  # not communicate(), which passes over what readline() has buffered
    assert process.wait(timeout=60) == 130
    summary = json.loads(rest.splitlines()[-1])
    told = [json.loads(line) for line in [first, *rest.splitlines()[:-1]]]
    assert summary["done"] == len(told) < 60
    again = batch_process(terms, dict(os.environ))
    rest, _ = again.communicate(timeout=120)
    assert json.loads(rest.splitlines()[-1])["done_before"] == len(told)
    check(terms)


def test_an_order_called_off_earns_nothing_in_a_later_run(session: Session, lamp_order: Order) -> None:
    """Its planned 140,388.71 stood in the profit of the next run."""
    terms = BatchTerms(session.ledger_url or "", session.config_path, workers=1)
    assert [one.profit_minor for one in work_group(session, terms, [lamp_order])] == [14_038_871]
    call_off(session.ledger, lamp_order.reference, Statement(date(2026, 3, 6)), firms=session.firms)
    again = work_group(session, terms, [lamp_order])
    assert [(one.state, one.profit_minor, one.repeated) for one in again] == [("CANCELLED", 0, True)]
