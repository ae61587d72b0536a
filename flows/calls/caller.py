"""Asks firms, exactly once each, for any number of orders at the same time.

A flow that talks to firms is a generator: it is advanced inside one open transaction, writes what it has
to write there, and yields the calls that it wants made. The transaction commits (with the intents and
attempts of those calls in it), the calls are made outside any transaction and side by side, and their
outcomes are committed before the flow is advanced again. Many flows advance in one transaction, so one
disk write serves many orders; a firm's latency holds up nobody but the order that waits for it.

After a crash the same flow is started again: calls with an outcome are answered from the journal, calls
with an attempt and no outcome are resumed by key, by look-up, or not at all (``MustAsk``).
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Generic

from domain.errors import NetError
from flows.calls.asking import NEVER_ARRIVED, MustAsk, Reply, Result, Steps, Turn, Unreachable, WantedCall
from flows.calls.undo import close_call
from flows.firms.call_journal import CallJournal, KnownCall
from flows.firms.connected import Firms
from ledger.book.transaction import Transaction
from ledger.store import Ledger
from providers.protocol import (
    Answer,
    Call,
    Declined,
    Idempotency,
    NoAnswerError,
    NotSentError,
    Pending,
    Unseen,
    Verb,
    ask,
)


@dataclass(frozen=True)
class Patience:
    """How often a call is sent in one run, and how long between: seconds, doubled each time."""

    sends: int = 3
    pause: float = 0.2
    pause_maximum: float = 5.0
    workers: int = 32

    def before(self, attempt: int) -> float:
        return min(self.pause * float(2 ** (attempt - 1)), self.pause_maximum)


@dataclass(eq=False)
class _CallUnderWay:
    """One call under way; ``looks`` counts the look-ups since the last send."""

    wanted: WantedCall
    run: "_Run"
    call: Call
    attempt: int = 0
    sends: int = 0
    looks: int = 0
    failures: int = 0
    given_up: bool = False


@dataclass(eq=False)
class _Run:
    """One flow under way, with the replies it has and how many are still to come."""

    index: int
    steps: Steps[object]
    replies: dict[str, Reply] = field(default_factory=dict)
    waiting: int = 0


@dataclass(eq=False)
class _Work:
    """Something to do outside the transaction: send the call, or look up what became of it."""

    about: _CallUnderWay
    verb: Verb
    delay: float = 0.0


class Caller(Generic[Result]):
    """Drives flows over one ledger; not for use from several threads."""

    def __init__(
        self,
        ledger: Ledger,
        firms: Firms,
        on: date,
        *,
        patience: Patience | None = None,
        journal: CallJournal | None = None,
        pause: Callable[[float], None] = time.sleep,
        pool: Callable[[int], Executor] = ThreadPoolExecutor,
    ) -> None:
        self._pool = pool
        self._ledger = ledger
        self._firms = firms
        self._on = on
        self._patience = patience or Patience()
        self._journal = journal or CallJournal()
        self._pause = pause
        self._settled: list[tuple[_CallUnderWay, Answer]] = []
        self._unsent: list[_CallUnderWay] = []
        self._again: list[_CallUnderWay] = []
        self._work: list[_Work] = []
        self._outcomes: dict[int, Result | NetError] = {}

    def run(self, flows: Sequence[Steps[Result]]) -> list[Result | NetError]:
        """What each flow returned, or the error that ended it; one flow's error stops no other."""
        ready = [_Run(index, steps) for index, steps in enumerate(flows)]
        for started in ready:
            next(started.steps)  # to its first yield, where it waits for a transaction
        under_way: dict[Future[object], _Work] = {}
        with self._pool(self._patience.workers) as pool:
            while ready or under_way or self._work or self._to_write:
                if ready or self._to_write:
                    self._commit(ready)
                for work in self._work:
                    under_way[pool.submit(self._do, work)] = work
                self._work = []
                ready = self._gather(under_way) if under_way else []
        return [self._outcomes[index] for index in range(len(flows))]

    @property
    def _to_write(self) -> bool:
        return bool(self._settled or self._unsent or self._again)

    # inside the transaction ---------------------------------------------------------------------

    def _commit(self, ready: Sequence[_Run]) -> None:
        """One durable write: outcomes that arrived, then every flow that can go on, then new attempts."""
        settled, self._settled = self._settled, []
        unsent, self._unsent = self._unsent, []
        again, self._again = self._again, []
        with self._ledger.write() as transaction:
            self._firms.calendar.current = transaction
            try:
                for one, answer in settled:
                    self._record(transaction, one, answer)
                for one in unsent:
                    self._journal.unsent(
                        transaction, self._on, one.wanted.operation, one.wanted.order, one.attempt
                    )
                for one in again:
                    self._send(transaction, one)
                for run in ready:
                    self._advance(transaction, run)
            finally:
                self._firms.calendar.current = None

    def _record(self, transaction: Transaction, one: _CallUnderWay, answer: Answer) -> None:
        operation = one.wanted.operation
        if isinstance(answer, Pending):
            self._journal.pending(transaction, self._on, operation, one.wanted.order, answer)
            return
        known = self._journal.outcome(transaction, operation)
        if known is not None:  # somebody else was quicker: theirs counts
            one.run.replies[operation] = known
            return
        close_call(transaction, self._journal, self._on, operation, one.call, answer)

    def _advance(self, transaction: Transaction, run: _Run) -> None:
        """Advance one flow until it waits for the outside or ends; its error undoes its own part alone."""
        queued = len(self._work)
        try:
            with transaction.savepoint():
                while not self._advanced_once(transaction, run):
                    pass
        except NetError as error:
            del self._work[queued:]  # nothing of it may be sent: its intents are undone
            self._outcomes[run.index] = error

    def _advanced_once(self, transaction: Transaction, run: _Run) -> bool:
        """Whether the flow has ended or now waits; False when all it asked was known already."""
        try:
            asks = run.steps.send(Turn(transaction, run.replies, self._firms.clock()))
        except StopIteration as end:
            self._outcomes[run.index] = end.value
            return True
        run.waiting = sum(self._begin(transaction, run, wanted) for wanted in asks)
        return run.waiting > 0

    def _begin(self, transaction: Transaction, run: _Run, wanted: WantedCall) -> bool:
        """Whether the call is under way: one that is new, or in doubt; a known one is answered."""
        known = self._journal.look(transaction, wanted.operation)
        if known is None:
            self._journal.intend(transaction, wanted.operation, wanted.order, wanted.call)
            self._send(transaction, _CallUnderWay(wanted, run, wanted.call))
            return True
        if known.answer is not None:
            run.replies[wanted.operation] = known.answer
            return False
        one = _CallUnderWay(wanted, run, known.call, known.attempts, given_up=known.given_up)
        if known.given_up and (known.attempts == 0 or known.unsent):
            self._journal.answered(transaction, wanted.operation, NEVER_ARRIVED)
            run.replies[wanted.operation] = NEVER_ARRIVED
            return False
        if known.attempts == 0 or known.unsent:
            self._send(transaction, one)
            return True
        return self._resume_known(transaction, one, known)

    def _resume_known(self, transaction: Transaction, one: _CallUnderWay, known: KnownCall) -> bool:
        """A run before this one sent it and died, or was told to wait."""
        capabilities = one.wanted.adapter.capabilities
        window = capabilities.key_window
        forgotten = window is not None and self._firms.clock() - known.attempted_at >= window
        looks = known.given_up and not _is(one, Idempotency.NONE)  # nothing given up is sent again
        if known.pending is not None or looks or _is(one, Idempotency.LOOKUP):
            self._work.append(_Work(one, Verb.STATUS))
        elif _is(one, Idempotency.KEY) and not forgotten:
            self._send(transaction, one)
        else:
            one.run.replies[one.wanted.operation] = _must_ask(one)
            return False
        return True

    def _send(self, transaction: Transaction, one: _CallUnderWay) -> None:
        one.attempt = self._journal.attempt(transaction, one.wanted.operation)
        delay = self._patience.before(one.sends) if one.sends else 0.0
        one.sends += 1
        one.looks = 0
        self._work.append(_Work(one, one.call.verb, delay))

    # outside the transaction --------------------------------------------------------------------

    def _do(self, work: _Work) -> object:
        if work.delay:
            self._pause(work.delay)
        if work.verb is Verb.STATUS:
            return work.about.wanted.adapter.status(work.about.call)
        return ask(work.about.wanted.adapter, work.about.call)

    def _gather(self, under_way: dict[Future[object], _Work]) -> list[_Run]:
        """Wait for at least one call; the flows that have all their replies now."""
        done, _ = wait(under_way, return_when=FIRST_COMPLETED)
        ready = []
        for future in [one for one in under_way if one in done]:  # as sent, whoever answered first
            work = under_way.pop(future)
            reply = self._judge(work, future)
            if reply is None:
                continue
            run = work.about.run
            run.replies[work.about.wanted.operation] = reply
            run.waiting -= 1
            if run.waiting == 0:
                ready.append(run)
        return ready

    def _judge(self, work: _Work, future: Future[object]) -> Reply | None:
        """The reply, or None when the call goes on (a further send or look-up is under way)."""
        one, clean = work.about, self._firms.redacted
        try:
            answer = future.result()
        except NotSentError as error:
            return self._not_sent(work, NotSentError(clean(error.message), clean(error.hint)))
        except NoAnswerError as error:
            return self._no_answer(work, NoAnswerError(clean(error.message), clean(error.hint)))
        except Exception as error:  # an outsider's adapter may raise anything; it may also have acted
            text = clean(f"the adapter of {one.wanted.firm} failed: {error!r}")
            return self._no_answer(work, NoAnswerError(text))
        if isinstance(answer, Declined | Pending):
            answer = replace(answer, reason=clean(answer.reason))
        if not isinstance(answer, Answer):
            return self._no_answer(work, NoAnswerError(f"the adapter of {one.wanted.firm} gave no answer"))
        if work.verb is Verb.STATUS:
            return self._looked_up(one, answer)
        self._settled.append((one, answer))
        return answer

    def _not_sent(self, work: _Work, error: NotSentError) -> Reply | None:
        one = work.about
        one.failures += 1
        if work.verb is Verb.STATUS:
            return self._look_again(one, error)
        self._unsent.append(one)
        if one.sends >= self._patience.sends:
            return Unreachable(one.wanted.operation, error)
        self._again.append(one)
        return None

    def _no_answer(self, work: _Work, error: NoAnswerError) -> Reply | None:
        one = work.about
        one.failures += 1
        if work.verb is Verb.STATUS:
            return self._look_again(one, error)
        if one.sends >= self._patience.sends and _is(one, Idempotency.KEY):
            return Unreachable(one.wanted.operation, error)
        return self._resume(one)

    def _look_again(self, one: _CallUnderWay, error: NetError) -> Reply | None:
        if one.failures >= self._patience.sends:
            return Unreachable(one.wanted.operation, error)
        self._work.append(_Work(one, Verb.STATUS, self._patience.before(one.failures)))
        return None

    def _resume(self, one: _CallUnderWay) -> Reply | None:
        """A call that may have taken effect: by key, by look-up, or only a person can tell."""
        if _is(one, Idempotency.KEY):
            self._again.append(one)
            return None
        if _is(one, Idempotency.LOOKUP):
            self._work.append(_Work(one, Verb.STATUS))
            return None
        return _must_ask(one)

    def _looked_up(self, one: _CallUnderWay, answer: Answer) -> Reply | None:
        """Absent twice, with the longest flight time between: it never arrived, so it is sent again."""
        if not isinstance(answer, Unseen):
            self._settled.append((one, answer))
            return answer
        if _is(one, Idempotency.NONE):  # it cannot be looked up there, so absence says nothing
            return _must_ask(one)
        one.looks += 1
        in_flight = one.wanted.adapter.capabilities.in_flight.total_seconds()
        if one.looks == 1:
            self._work.append(_Work(one, Verb.STATUS, in_flight))
            return None
        if one.given_up:
            self._settled.append((one, NEVER_ARRIVED))
            return NEVER_ARRIVED
        if one.sends >= self._patience.sends:
            error = NotSentError(
                f"{one.wanted.firm} never received the request", "run the same command again"
            )
            return Unreachable(one.wanted.operation, error)
        self._again.append(one)
        return None


def _must_ask(one: _CallUnderWay) -> MustAsk:
    return MustAsk(
        one.wanted.operation,
        one.wanted.firm,
        f"{one.wanted.firm} may or may not have done this: {one.call.verb} for order {one.wanted.order}",
    )


def _is(one: _CallUnderWay, idempotency: Idempotency) -> bool:
    return one.wanted.adapter.capabilities.idempotency is idempotency
