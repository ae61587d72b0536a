"""Every plan of one, two and three crashes over every step, verb and kind of firm: is any effect doubled
or lost? And does the same harness find doubles when the journal is off?

``python bench/crash_plans.py [CRASHES]``. A crash strikes before or after any commit of the ledger and
before or after any effect at a firm; afterwards the same command is run again. Where only a person can
tell, the harness is that person: it looks into the firm's own books and says what it finds there.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.reservation_parts import DAY, NOON, Clock, ledger_at, leg, network, plan, planned
from domain.errors import NetError
from flows.calls import Caller, Patience
from flows.firms import Firms, no_secrets
from flows.journal import Journal
from flows.reservation_terms import Job, Refused, Reserved, Waits
from flows.reserving import Reserving
from flows.resolve import open_calls, resolve
from flows.sweep import sweep
from ledger.store import Ledger
from providers.protocol import Answer, Call, Services
from providers.sandbox import Sandbox

FRESH = count()
PATIENCE = Patience(sends=4, pause=0.0, workers=1)
RUNS = 40


class Crash(BaseException):
    """The process ends here."""


@dataclass
class Fuse:
    """Counts the points where a crash can strike; strikes at the ones of the plan, in turn."""

    plan: tuple[int, ...] = ()
    passed: int = 0

    def point(self) -> None:
        self.passed += 1
        if self.plan and self.passed == self.plan[0]:
            self.plan, self.passed = self.plan[1:], 0
            raise Crash


class CrashingLedger:
    """The ledger with a crash before and after each commit."""

    def __init__(self, ledger: Ledger, fuse: Fuse) -> None:
        self._ledger, self._fuse = ledger, fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    @contextmanager
    def write(self) -> Iterator[Any]:
        with self._ledger.write() as transaction:
            yield transaction
            self._fuse.point()
        self._fuse.point()


class CrashingFirm:
    """A firm with a crash on the way there and on the way back."""

    def __init__(self, firm: Sandbox, fuse: Fuse, forgets_keys: bool) -> None:
        self.firm, self._fuse, self._forgets = firm, fuse, forgets_keys
        self.capabilities = firm.capabilities

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.firm, name)

        def call(one: Call) -> Answer:
            self._fuse.point()
            if self._forgets:  # without a journal there is no key to remember either
                one = replace(one, key=f"{one.key}-{next(FRESH)}")
            answer: Answer = verb(one)
            self._fuse.point()
            return answer

        return call


class NoJournal(Journal):
    """The harness's control: nothing is remembered, so every run asks as if for the first time."""

    def __init__(self) -> None:
        self._fresh = count()

    def look(self, *_: Any) -> None:
        return None

    outcome = look

    def intend(self, *_: Any) -> None:
        return None

    def attempt(self, *_: Any) -> int:
        return next(self._fresh)

    answered = pending = unsent = give_up = intend


STORIES = {
    "all well": [],
    "declines": ["hold:*:decline"],
    "declines late": ["confirm:1:decline"],
    "answers lost": ["hold:1:work_lost", "confirm:1:garbage"],
    "requests lost": ["hold:1:lose", "confirm:1:refuse", "confirm:2:lose"],
}


@dataclass(frozen=True)
class Kind:
    """A kind of firm and the way that its part of the story goes."""

    hold: str
    idempotency: str
    story: str

    @property
    def script(self) -> list[str]:
        return STORIES[self.story]

    def __str__(self) -> str:
        return f"hold {self.hold}, idempotent by {self.idempotency}, {self.story}"


KINDS = [
    Kind(hold, idempotency, story)
    for hold in ("firm", "price_only", "none")
    for idempotency in ("key", "look-up", "none")
    for story in STORIES
    if not (story == "declines" and hold != "firm")
]


@dataclass
class Result:
    doubles: int = 0
    lost: int = 0
    asked: int = 0
    plans: int = 0
    points: int = 0
    examples: list[str] = field(default_factory=list)


class Story:
    """One order over two firms of the kind and our own calendar, on one ledger, order after order."""

    def __init__(self, folder: Path, kind: Kind, journal: bool) -> None:
        self.kind, self.clock, self.journal = kind, Clock(), journal
        self.ledger = ledger_at(folder / "book.db", self.clock)
        self.numbers = count()
        self.asked = 0

    def run(self, crashes: tuple[int, ...]) -> tuple[int, Counter[str], list[str]]:
        """(points passed in the last run, effects by verb and key at the firms, problems found)."""
        order = f"o{next(self.numbers)}"
        planned(self.ledger, order)
        services = Services(self.clock, no_secrets)
        steady = Sandbox("steady", self._settings([]), services)
        other = Sandbox("other", self._settings(self.kind.script), services)
        fuse = Fuse(crashes)
        outcome: object = None
        for _ in range(RUNS):
            try:
                outcome = self._once(order, steady, other, fuse)
            except Crash:
                continue
            if isinstance(outcome, Reserved | Refused) and not self._open(order, (steady, other)):
                break
            self._person(order, (steady, other))
        effects = Counter(f"{verb} {key}" for firm in (steady, other) for verb, key in firm.effects())
        return fuse.passed, effects, self._problems(order, outcome, steady, other)

    def _settings(self, script: list[str]) -> dict[str, Any]:
        return {
            "hold": self.kind.hold,
            "idempotency": self.kind.idempotency,
            "script": script,
            "cancel_fees": {"booked": "10%"},
        }

    def _firms(self, steady: Any, other: Any) -> Firms:
        firms = Firms(
            network({"steady": ("sandbox", {}), "other": ("sandbox", {}), "own": ("catalog", {})}), self.clock
        )
        firms.put("steady", steady)
        firms.put("other", other)
        return firms

    def _once(self, order: str, steady: Sandbox, other: Sandbox, fuse: Fuse) -> object:
        """What one run of the command does: reserve, then put away what is left over."""
        ledger: Any = CrashingLedger(self.ledger, fuse)
        firms = self._firms(*(CrashingFirm(firm, fuse, not self.journal) for firm in (steady, other)))
        chain = plan(order, leg("steady"), leg("other", "logistics"), leg("own", "warehouse", capacity=10**6))
        steps = Reserving(firms, Job(order, chain, DAY), ledger.id).steps()
        journal = Journal() if self.journal else NoJournal()
        caller: Caller[object] = Caller(ledger, firms, DAY, patience=PATIENCE, journal=journal)
        outcome = caller.run([steps])[0]
        if self.journal:
            sweep(ledger, firms, DAY, patience=PATIENCE)
        if isinstance(outcome, NetError):
            raise outcome
        return outcome

    def _open(self, order: str, _firms: tuple[Sandbox, ...]) -> bool:
        return self.journal and bool(open_calls(self.ledger, order))

    def _person(self, order: str, firms: tuple[Sandbox, ...]) -> None:
        """Look into each firm's books for every call in doubt and say what is there."""
        for one in open_calls(self.ledger, order):
            if not one.in_doubt:
                continue
            firm = next(firm for firm in firms if firm.name == one.firm)
            resolve(
                self.ledger,
                DAY,
                one.operation,
                firm._known(one.call.key),
                stated_by="the harness",
                evidence="the firm's own books",
                now=NOON,
            )
            self.asked += 1

    def _problems(self, order: str, outcome: object, steady: Sandbox, other: Sandbox) -> list[str]:
        """Does what the firms keep agree with what the order came to?"""
        expected = {"booked": 1} if isinstance(outcome, Reserved) else {}
        found = [
            f"{order} is {type(outcome).__name__} but {firm.name} keeps {firm.kept()}"
            for firm in (steady, other)
            if firm.kept() != expected
        ]
        own = [hold for hold in self.ledger.holds(order) if hold.live]
        if len(own) != len(expected):
            found.append(f"{order} is {type(outcome).__name__} but our own calendar keeps {len(own)}")
        if isinstance(outcome, Waits) or outcome is None:
            found.append(f"{order} never came to an end")
        return found


def examine(kind: Kind, depth: int, *, journal: bool = True, limit: int | None = None) -> Result:
    """Every plan of up to ``depth`` crashes for the kind; ``limit`` takes an even sample of them."""
    result = Result()
    # In memory where the system has such a folder: these are crashes of the process, not of the power.
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        story = Story(Path(name), kind, journal)
        points, effects, problems = story.run(())
        result.points = points
        if journal and (problems or any(times > 1 for times in effects.values())):
            raise AssertionError(f"{kind}: wrong without any crash: {problems} {effects}")
        for crashes in sampled(depth, points, limit):
            _, effects, problems = story.run(crashes)
            doubled = [key for key, times in effects.items() if times > 1]
            result.plans += 1
            result.doubles += bool(doubled)
            result.lost += bool(problems)
            if (doubled or problems) and len(result.examples) < 5:
                result.examples.append(f"{kind}, crashes at {crashes}: {doubled} {problems}")
        result.asked = story.asked
        story.ledger.close()
    return result


def sampled(depth: int, points: int, limit: int | None) -> Iterator[tuple[int, ...]]:
    """Plans of 1..depth crashes, each crash counted in points from the restart before it."""
    last = points + 2

    def deeper(size: int) -> Iterator[tuple[int, ...]]:
        if size == 0:
            yield ()
            return
        for rest in deeper(size - 1):
            for point in range(1, last):
                yield (*rest, point)

    for size in range(1, depth + 1):
        total = (last - 1) ** size
        step = max(1, total // limit) if limit else 1
        for number, crashes in enumerate(deeper(size)):
            if number % step == 0:
                yield crashes


def main(depth: int, limit: int | None) -> None:
    began = time.perf_counter()
    for kind in KINDS:
        with_journal = examine(kind, depth, limit=limit)
        without = examine(kind, 1, journal=False)
        print(
            f"{kind!s:52} points {with_journal.points:3}  plans {with_journal.plans:6}"
            f"  doubled {with_journal.doubles}  lost {with_journal.lost}  asked {with_journal.asked:5}"
            f"  | journal off: doubled or lost {without.doubles + without.lost}/{without.plans}",
            flush=True,
        )
        for example in with_journal.examples:
            print("   ", example)
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 2,
        int(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
