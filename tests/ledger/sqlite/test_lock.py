"""Writers wait for one another, say for whom, and not for ever."""

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import UnreachableError
from ledger.sqlite import lock as locks
from ledger.sqlite.lock import FileLock

HOLDER = """
import sys, time
from pathlib import Path
from ledger.sqlite.lock import FileLock
with FileLock(Path(sys.argv[1])).held():
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "net.ledger-lock"


def holding(place: Path, seconds: float) -> "subprocess.Popen[str]":
    arguments = [sys.executable, "-c", HOLDER, str(place), str(seconds)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    process.stdout.readline()
    return process


@pytest.fixture
def stopped(place: Path) -> Iterator[int]:
    process = holding(place, 600)
    os.kill(process.pid, signal.SIGSTOP)
    yield process.pid
    process.kill()
    process.wait()


def test_a_stopped_writer_is_named_and_not_waited_for_for_ever(
    place: Path, stopped: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(locks, "PATIENCE", 0.6)
    monkeypatch.setattr(locks, "SAID_AFTER", 0.2)
    lock = FileLock(place)
    with caplog.at_level(logging.WARNING), pytest.raises(UnreachableError) as told, lock.held():
        pass
    assert f"process {stopped}, which is stopped" in told.value.message
    assert told.value.exit_code == 6
    assert f"waiting for process {stopped}" in caplog.text


def test_who_gave_up_does_not_get_the_lock_later(
    place: Path, stopped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait that was given up lets go of the lock at once, for those who come after."""
    monkeypatch.setattr(locks, "PATIENCE", 0.3)
    monkeypatch.setattr(locks, "SAID_AFTER", 0.1)
    lock = FileLock(place)
    with pytest.raises(UnreachableError), lock.held():
        pass
    os.kill(stopped, signal.SIGKILL)
    monkeypatch.setattr(locks, "PATIENCE", 30.0)
    for waiter in (FileLock(place), lock):
        with waiter.held():
            pass


def test_the_lock_is_handed_over_at_once(place: Path) -> None:
    process = holding(place, 0.5)
    with FileLock(place).held():
        started = time.monotonic()
    process.wait()
    assert time.monotonic() - started < 2
