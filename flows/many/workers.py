"""Several processes over one stream of work: bounded, in order, and gone when their parent is.

Each worker keeps what it opens (a ledger, a network) for all of its work. Results come back in the order
of the work. A worker notices that its parent is gone and stops; whatever it was writing is whole or not
there at all, since a commit is.
"""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Self, TypeVar

Work = TypeVar("Work")
Result = TypeVar("Result")

AHEAD = 2
"""Pieces of work per worker that wait or run; memory stays flat however long the stream is."""


def in_order(
    work: Iterable[Work],
    do: Callable[[Work], Result],
    *,
    workers: int,
    begin: Callable[..., None],
    given: tuple[Any, ...] = (),
) -> Iterator[Result]:
    """``do`` of each piece, in order, in ``workers`` processes that each called ``begin(*given)`` first.

    With one worker it all happens in this process. An interruption lets what has begun end, and yields it.
    """
    if workers <= 1:
        begin(*given)
        yield from map(do, work)
        return
    with (
        _Interruption() as interruption,
        ProcessPoolExecutor(workers, _context(), _start, (os.getpid(), begin, given)) as pool,
    ):
        waiting: deque[Future[Result]] = deque()
        pieces = iter(work)
        while True:
            if interruption.asked:
                waiting = deque(future for future in waiting if not future.cancel())
            while not interruption.asked and len(waiting) < AHEAD * workers:
                piece = next(pieces, None)
                if piece is None:
                    break
                waiting.append(pool.submit(do, piece))
            if not waiting:
                break
            yield waiting.popleft().result()
    if interruption.asked:
        raise KeyboardInterrupt


class _Interruption:
    """Remembers the first Ctrl-C instead of raising wherever the program happens to be, so that every
    result that was committed is also told; the second one raises at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *raised: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, *_: object) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def _context() -> multiprocessing.context.BaseContext:
    """Fork where that is safe and cheap; nothing is open in the parent when it forks."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _start(parent: int, begin: Callable[..., None], given: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    begin(*given)
    # what is open now stays open, and the work makes few circles: looking for them cost a tenth of the time
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _leave_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os._exit(1)
