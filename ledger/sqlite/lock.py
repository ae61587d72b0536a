"""A lock between processes, so that writers queue outside SQLite.

SQLite's busy handler polls: with several writers one may wait more than a second. A lock on a file beside the
ledger hands over at once. It also keeps checkpoints apart from commits (decision 0031). Whoever has it writes
its process number into the file, so that those who wait can say for whom; they wait so long and no longer,
for a process that was stopped (Ctrl-Z) keeps what it has.
"""

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from domain.errors import UnreachableError

PATIENCE = 60.0
"""Seconds that a writer waits for another at most."""
SAID_AFTER = 5.0
"""Seconds after which it says for whom it waits."""
_log = logging.getLogger("net.ledger")


class FileLock:
    """Exclusive between processes and threads; not reentrant. ``UnreachableError`` after ``PATIENCE``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.Lock()
        self._handle: int | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        if not self._threads.acquire(timeout=PATIENCE):
            raise _waited_in_vain(os.getpid())
        try:
            handle = self._taken()
            try:
                yield
            finally:
                _unlock(handle)
        finally:
            self._threads.release()

    def _taken(self) -> int:
        if self._handle is None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        if not _try_lock(self._handle):
            self._handle = self._waited(self._handle)
        _leave_number(self._handle)
        return self._handle

    def _waited(self, handle: int) -> int:
        """The handle once it has the lock. A wait that is given up keeps its own handle, and lets the lock
        go as soon as it gets it."""
        waiting = _Waiting(handle)
        if not waiting.done(SAID_AFTER):
            holder = _holder(handle)
            _log.warning("waiting for %s, which writes to this ledger", told_process(holder))
            if not waiting.done(PATIENCE - SAID_AFTER):
                self._handle = None
                if waiting.give_up():
                    raise _waited_in_vain(holder)
        return handle

    def close(self) -> None:
        with self._threads:
            if self._handle is not None:
                os.close(self._handle)
                self._handle = None


class _Waiting:
    """A thread that waits in the system's own queue, where the lock is handed over at once."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._has = threading.Event()
        self._turn = threading.Lock()
        self._given_up = False
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        _lock(self._handle)
        with self._turn:
            if self._given_up:
                os.close(self._handle)
            self._has.set()

    def done(self, seconds: float) -> bool:
        return self._has.wait(seconds)

    def give_up(self) -> bool:
        """False when it got the lock in this very moment."""
        with self._turn:
            self._given_up = not self._has.is_set()
            return self._given_up


def _leave_number(handle: int) -> None:
    with suppress(OSError):  # a full disk: then the one who waits says "another process"
        os.lseek(handle, 1, os.SEEK_SET)
        os.write(handle, b"%-20d\n" % os.getpid())


def _holder(handle: int) -> int:
    """The process that has the lock as it says itself; 0 when it does not."""
    try:
        os.lseek(handle, 1, os.SEEK_SET)
        return int(os.read(handle, 21) or b"0")
    except (OSError, ValueError):
        return 0


def told_process(number: int) -> str:
    """``process N``, and whether it is stopped, where the system says it."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        state = ""
    if not number:
        return "another process"
    return f"process {number}" + (", which is stopped" if state in ("T", "t") else "")


def _waited_in_vain(holder: int) -> UnreachableError:
    return UnreachableError(
        f"{told_process(holder)} has been writing to this ledger for more than {PATIENCE:.0f} seconds",
        "let it go on (kill -CONT) or end it, then run the same command again; nothing was written",
    )


if os.name == "nt":  # pragma: no cover
    import msvcrt

    def _try_lock(handle: int) -> bool:
        os.lseek(handle, 0, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

    def _lock(handle: int) -> None:
        while not _try_lock(handle):
            time.sleep(0.01)

    def _unlock(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)  # type: ignore[attr-defined,unused-ignore]

else:
    import fcntl

    def _try_lock(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)

    def _unlock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
