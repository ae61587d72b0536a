"""The desk where everything is written: one thread, and one commit for all that waits.

A commit costs the disk's time whether it holds one hold or fifty, so whatever arrived while the last one
was under way is written together; each job is undone alone when it fails.
"""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from domain.errors import NetError
from ledger.book.transaction import Transaction
from ledger.store import Ledger

Result = TypeVar("Result")
Job = Callable[[Transaction], Any]
Settled = tuple[asyncio.Future[Any], Any, BaseException | None]
TOGETHER = 64


class FullError(NetError):
    """More is waiting to be written than the node takes."""


class Desk:
    """``submit`` from the event loop; the ledger belongs to the desk's thread alone."""

    def __init__(self, ledger: Ledger, waiting_maximum: int) -> None:
        self._ledger = ledger
        self._jobs: queue.SimpleQueue[tuple[Job, asyncio.Future[Any]] | None] = queue.SimpleQueue()
        self._maximum = waiting_maximum
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)
        self._thread.start()

    async def submit(self, job: Callable[[Transaction], Result]) -> Result:
        """The job's result once it is durable; FullError when too much is waiting."""
        if self._jobs.qsize() >= self._maximum:
            raise FullError("too much is waiting to be written", "ask again in a second")
        waiting: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, waiting))
        return await waiting

    def close(self) -> None:
        self._jobs.put(None)
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while True:
            first = self._jobs.get()
            if first is None:
                return
            batch, last = [first], False
            while len(batch) < TOGETHER and not last:
                try:
                    following = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    last = True
                else:
                    batch.append(following)
            self._write(batch)
            if last:
                return

    def _write(self, batch: list[tuple[Job, asyncio.Future[Any]]]) -> None:
        results: list[Settled] = []
        try:
            with self._ledger.write() as transaction:
                for job, waiting in batch:
                    results.append((waiting, *_try(transaction, job)))
        except Exception as error:  # nothing was written, so nobody may believe that it was
            results = [(waiting, None, error) for _, waiting in batch]
        by_loop: dict[asyncio.AbstractEventLoop, list[Settled]] = {}
        for settled in results:
            by_loop.setdefault(settled[0].get_loop(), []).append(settled)
        for loop, some in by_loop.items():
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle, some)


def _try(transaction: Transaction, job: Job) -> tuple[Any, BaseException | None]:
    try:
        with transaction.savepoint():
            return job(transaction), None
    except Exception as error:
        return None, error


def _settle(results: list[Settled]) -> None:
    for waiting, result, error in results:
        if waiting.cancelled():
            continue
        if error is not None:
            waiting.set_exception(error)
        else:
            waiting.set_result(result)
