"""Workers give results in order, keep memory flat, end what they began, and never outlive their parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.many.workers import AHEAD, in_order

ROOT = Path(__file__).resolve().parents[3]
begun: list[str] = []


def begin(name: str) -> None:
    begun.append(name)


def square(number: int) -> tuple[int, int, list[str]]:
    time.sleep(0.01 if number % 3 else 0.03)
    return number * number, os.getpid(), begun


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_from_prepared_workers(workers: int) -> None:
    begun.clear()
    found = list(in_order(range(20), square, workers=workers, begin=begin, given=("ready",)))
    assert [result for result, _, _ in found] == [n * n for n in range(20)]
    assert all(names == ["ready"] for _, _, names in found)
    assert len({pid for _, pid, _ in found}) <= workers
    assert (os.getpid() in {pid for _, pid, _ in found}) is (workers == 1)


def test_the_stream_is_read_only_a_little_ahead() -> None:
    taken = 0

    def stream() -> Iterator[int]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield number

    for count, _ in enumerate(in_order(stream(), square, workers=2, begin=begin, given=("x",)), start=1):
        assert taken <= count + AHEAD * 2


def fail(number: int) -> int:
    if number == 3:
        raise ValueError("three")
    return number


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_the_work_reaches_the_caller(workers: int) -> None:
    with pytest.raises(ValueError, match="three"):
        list(in_order(range(9), fail, workers=workers, begin=begin, given=("x",)))


PROGRAM = """
import os, sys, time
from flows.many.workers import in_order
def say(*words):  # one write of a whole line: several processes share the pipe
    os.write(1, (" ".join(map(str, words)) + "\\n").encode())
def begin(): pass
def do(n):
    say("worker", os.getpid())
    time.sleep(0.3)
    return n
try:
    for n in in_order(range(1000), do, workers=2, begin=begin):
        say("done", n)
except KeyboardInterrupt:
    say("interrupted")
"""


def started() -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def workers_of(process: "subprocess.Popen[str]") -> set[int]:
    assert process.stdout is not None
    found: set[int] = set()
    for line in process.stdout:
        if line.startswith("worker"):
            found.add(int(line.split()[1]))
        if line.startswith("done 1"):
            return found
    return found


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
def test_workers_leave_when_their_parent_is_killed() -> None:
    process = started()
    pids = workers_of(process)
    assert pids
    process.send_signal(signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_an_interruption_yields_what_had_begun() -> None:
    process = started()
    workers_of(process)
    os.killpg(process.pid, signal.SIGINT)
    rest, _ = process.communicate(timeout=20)
    lines = rest.splitlines()
    assert lines[-1] == "interrupted"
    done = [int(line.split()[1]) for line in lines if line.startswith("done")]
    assert done == list(range(2, 2 + len(done)))
    assert len(done) <= 2 * AHEAD
