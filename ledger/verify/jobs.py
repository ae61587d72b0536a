"""Parts of a verification in several processes, or in this one when there is little to do."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import TypeVar

Result = TypeVar("Result")
Part = tuple[int, int]
AHEAD = 8
"""Parts that wait at most, so that memory does not grow with the ledger."""


class Jobs:
    """``given`` goes before the arguments of every job; ``workers`` None is one for each core."""

    def __init__(self, *given: object, workers: int | None, several: bool) -> None:
        self._given = given
        self.workers = workers if workers is not None else (os.cpu_count() or 1)
        alone = not several or self.workers <= 1
        self._pool = None if alone else ProcessPoolExecutor(self.workers, mp_context=_context())

    def submit(self, job: Callable[..., Result], *arguments: object) -> Future[Result]:
        if self._pool is not None:
            return self._pool.submit(job, *self._given, *arguments)
        future: Future[Result] = Future()
        future.set_result(job(*self._given, *arguments))
        return future

    def each(self, job: Callable[..., Result], parts: Iterable[Part]) -> Iterator[Result]:
        """Results in order, with a bounded number of jobs waiting."""
        if self._pool is None:
            for part in parts:
                yield job(*self._given, *part)
            return
        waiting: list[Future[Result]] = []
        for part in parts:
            waiting.append(self._pool.submit(job, *self._given, *part))
            if len(waiting) > AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def parts(size: int, width: int) -> Iterator[Part]:
    """From (excluded) and to (included), ``width`` at a time."""
    return ((start, min(start + width, size)) for start in range(0, size, width))


def _context() -> BaseContext:
    """Forked workers start at once; where forking is not to be had, spawned ones."""
    return get_context("fork" if hasattr(os, "fork") and os.uname().sysname == "Linux" else "spawn")
