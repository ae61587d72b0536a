"""Every plan of one, two and three crashes over every step, verb and kind of firm: is any effect doubled
or lost? And does the same harness find doubles when the journal is off?

A crash strikes before or after any commit of the ledger and on the way to a firm or back; then the same
command is run again. Where only a person can tell, the harness is that person: it looks into the firm's own
books and says what it finds there.

A crash leaves nothing but what is in the books, ours and the firms'. So at each point where it may strike,
the run is left standing, the command is run again from those books to its end (with its own crashes in
turn), the books are rolled back, and the run goes on. Books that were seen before are not run again: from
equal books, with a clock that stands, the same comes. Equal means: the same root of our ledger's tree, the
same rows in the firms' books, the same time.
"""

import atexit
import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from domain.errors import NetError
from domain.plan import Plan
from flows.calls.caller import Caller, Patience
from flows.calls.resolve import open_calls, resolve
from flows.calls.sweep import sweep
from flows.firms.call_journal import CallJournal
from flows.firms.connected import Firms, no_secrets
from flows.plans.newest import newest_plan
from flows.shop import serve
from flows.shop.catalogue import Catalogue
from flows.slots.outcomes import Job, Refused, Reserved, Waits
from flows.slots.release import Releasing
from flows.slots.steps import Reserving
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger
from providers.manual import Manual
from providers.protocol import (
    Answer,
    Call,
    Capabilities,
    HoldKind,
    Idempotency,
    Services,
    SlotLine,
    Verb,
    ask,
)
from providers.sandbox import Sandbox
from tests.parts.node_parts import shop_network
from tests.parts.reservation_parts import DAY, NOON, Clock, ledger_at, leg, network, plan, planned

FRESH = count()
PATIENCE = Patience(sends=4, pause=0.0, workers=1)
RUNS = 40
DEEPEST = 9
LATER = timedelta(days=3)
"""Holds are asked for two days."""


class Inline(Executor):
    """Does at once what it is given, so that one run of the harness is like the next."""

    def __init__(self, _workers: int) -> None:
        pass

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*given, **named))
        except Exception as error:
            future.set_exception(error)
        return future


class Book(Reading):
    """A ledger whose every commit is a part of one open write, with a point before and after each."""

    def __init__(self, ledger: Ledger, transaction: Transaction) -> None:
        self.transaction, self.id, self.practice = transaction, ledger.id, ledger.practice
        self.point: Callable[[], None] = lambda: None

    def _queries(self) -> Any:
        return self.transaction._queries()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        self.point()  # what a crash within the write leaves is what was there before it
        with self.transaction.savepoint():
            yield self.transaction
        self.point()

    def root(self) -> bytes:
        root: bytes = self.transaction._write._frontier.root()
        return root


class Parts:
    """A firm's own books as part of one open transaction: its commits are savepoints."""

    WORDS: ClassVar[dict[str, str]] = {
        "BEGIN IMMEDIATE": "SAVEPOINT work",
        "COMMIT": "RELEASE work",
        "ROLLBACK": "ROLLBACK TO work; RELEASE work",
    }

    def __init__(self, books: Any) -> None:
        self._books = books
        books.execute("BEGIN")

    def execute(self, statement: str, *given: Any) -> Any:
        for word in self.WORDS.get(statement, statement).split("; "):
            done = self._books.execute(word, *given)
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._books, name)


class SandboxFirm:
    """A firm with books of its own; ``kept`` is what it keeps for us, by state."""

    def __init__(self, name: str, settings: dict[str, Any], services: Services) -> None:
        self.name = name
        self.adapter: Any = Sandbox(name, settings, services)
        self._books = Parts(self.adapter._books)
        self.adapter._books = self._books

    def mark(self) -> None:
        self._books.execute("SAVEPOINT crash")

    def back(self) -> None:
        self._books.execute("ROLLBACK TO crash")
        self._books.execute("RELEASE crash")

    def state(self) -> bytes:
        rows = [
            list(self._books.execute(f"SELECT * FROM {table} ORDER BY 1, 2"))
            for table in ("effect", "slot", "calls")
        ]
        return repr(rows).encode()

    def kept(self) -> dict[str, int]:
        kept: dict[str, int] = self.adapter.kept()
        return kept

    def effects(self) -> list[tuple[str, str]]:
        effects: list[tuple[str, str]] = self.adapter.effects()
        return effects

    def known(self, call: Call) -> Answer | None:
        answer: Answer | None = self.adapter._known(call.key)
        return answer


class PhonedFirm(SandboxFirm):
    """The same firm, but a person has to phone it: the program's adapter is ``manual``."""

    def __init__(self, name: str, settings: dict[str, Any], services: Services) -> None:
        super().__init__(name, {**settings, "idempotency": "key"}, services)
        self.desk = self.adapter
        fees = settings.get("cancel_fees", {})
        self.adapter = Manual(name, {"hold": settings["hold"], "cancel_fees": fees})

    def kept(self) -> dict[str, int]:
        kept: dict[str, int] = self.desk.kept()
        return kept

    def effects(self) -> list[tuple[str, str]]:
        effects: list[tuple[str, str]] = self.desk.effects()
        return effects

    def known(self, call: Call) -> Answer | None:
        """The person phones, and the firm does it while they speak."""
        return ask(self.desk, call)


class Seller:
    """A firm that runs this program too: its node's answers, from a ledger of its own, without the wire."""

    capabilities = Capabilities(HoldKind.FIRM, Idempotency.KEY, in_flight=timedelta(0))

    def __init__(self, name: str, book: Book, clock: Clock) -> None:
        self.name, self.book, self._clock, self.adapter = name, book, clock, self
        self._catalogue = Catalogue(shop_network(10**6))
        self._marks: list[Any] = []

    def _answer(self, call: Call, verb: Verb) -> Answer:
        lines = tuple(SlotLine("works/lamp", one.period, one.quantity) for one in call.request.lines)
        wanted = replace(call.request, provider="works", lines=lines)
        inquiry = serve.Inquiry(
            "buyer",
            verb,
            call.key,
            self._clock(),
            wanted if verb is Verb.HOLD else None,
            call.reference,
            call.expires_at,
        )
        with self.book.write() as transaction:
            return serve.answer(transaction, self._catalogue, inquiry)

    def quote(self, call: Call) -> Answer:
        return self._answer(call, Verb.QUOTE)

    def hold(self, call: Call) -> Answer:
        return self._answer(call, Verb.HOLD)

    def confirm(self, call: Call) -> Answer:
        return self._answer(call, Verb.CONFIRM)

    def release(self, call: Call) -> Answer:
        return self._answer(call, Verb.RELEASE)

    def cancel(self, call: Call) -> Answer:
        return self._answer(call, Verb.CANCEL)

    def status(self, call: Call) -> Answer:
        return serve.status(self.book, "buyer", call.key)

    def mark(self) -> None:
        self._marks.append(self.book.transaction.savepoint())
        self._marks[-1].__enter__()

    def back(self) -> None:
        with suppress(_UndoError):
            self._marks.pop().__exit__(_UndoError, _UndoError(), None)

    def state(self) -> bytes:
        return self.book.root()

    def kept(self) -> dict[str, int]:
        kept: Counter[str] = Counter()
        for hold in self.book.holds():
            kept["booked" if hold.ending == "confirmed" else "held"] += hold.lines[0].quantity
        return dict(kept)

    def effects(self) -> list[tuple[str, str]]:
        return [
            (record.kind, str(record.key))
            for record in self.book.records()
            if record.kind.startswith("sold.")
        ]

    def known(self, call: Call) -> Answer | None:
        return self.status(call)


class _UndoError(Exception):
    """Rolls a savepoint back."""


class Crossing:
    """The way to a firm: a point before it is reached, and one before its answer is here."""

    def __init__(self, firm: Any, point: Callable[[], None], forgets_keys: bool) -> None:
        self.capabilities = firm.adapter.capabilities
        self._firm, self._point, self._forgets = firm, point, forgets_keys

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._firm.adapter, name)

        def call(one: Call) -> Answer:
            self._point()
            if self._forgets:  # without a journal there is no key to remember either
                one = replace(one, key=f"{one.key}-{next(FRESH)}")
            answer: Answer = verb(one)
            self._point()
            return answer

        return call


class NoJournal(CallJournal):
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


STORIES: dict[str, list[str]] = {
    "all well": [],
    "declines": ["hold:*:decline"],
    "declines late": ["confirm:1:decline"],
    "answers lost": ["hold:1:work_lost", "confirm:1:garbage"],
    "requests lost": ["hold:1:lose", "confirm:1:refuse", "confirm:2:lose"],
    "another instead": ["hold:1:decline"],
    "another price": ["hold:1:dearer", "confirm:1:cheaper"],
    "answers later": ["hold:1:pending", "confirm:1:pending"],
    "time runs out": [],
    "given back": [],
    "giving back is hard": [
        "release:1:work_lost",
        "cancel:1:lose",
        "cancel:2:work_lost",
        "cancel:3:refuse",
    ],
}
"""What the second firm does; some stories also change what we do."""


@dataclass(frozen=True)
class Kind:
    """A kind of firm and the way that its part of the story goes; ``adapter`` is how it is talked to."""

    hold: str
    idempotency: str
    story: str
    adapter: str = "sandbox"

    @property
    def script(self) -> list[str]:
        return STORIES[self.story]

    def __str__(self) -> str:
        if self.adapter == "sandbox":
            return f"hold {self.hold}, idempotent by {self.idempotency}, {self.story}"
        return f"{self.adapter}, hold {self.hold}, {self.story}"


HELD_ONLY = {"declines", "another instead", "time runs out"}
KINDS = [
    Kind(hold, idempotency, story)
    for hold in ("firm", "price_only", "none")
    for idempotency in ("key", "look-up", "none")
    for story in STORIES
    if not (story in HELD_ONLY and hold != "firm")
]
KINDS += [
    Kind(hold, "key", story, "manual")
    for hold in ("firm", "none")
    for story in ("all well", "declines late", "given back")
]
KINDS += [Kind("firm", "key", story, "node") for story in ("all well", "time runs out", "given back")]


@dataclass
class Result:
    """``plans`` crash plans were covered by ``runs`` runs of the command; ``points`` of the first run."""

    doubles: int = 0
    lost: int = 0
    asked: int = 0
    plans: int = 0
    runs: int = 0
    points: int = 0
    examples: list[str] = field(default_factory=list)


ORDER = "o1"


class Story:
    """One order over firms of the kind and our own calendar; everything within open transactions."""

    def __init__(self, kind: Kind, book: Book, selling: Book | None, clock: Clock, journal: bool) -> None:
        self.kind, self.book, self.clock, self.journal = kind, book, clock, journal
        services = Services(clock, no_secrets)
        self.point: Callable[[], None] = lambda: None
        book.point = lambda: self.point()
        make = PhonedFirm if kind.adapter == "manual" else SandboxFirm
        self.firms: dict[str, Any] = {
            "steady": make("steady", self._settings([]), services),
            "other": make("other", self._settings(kind.script), services),
            "third": make("third", self._settings([]), services),
        }
        if selling is not None:
            selling.point = lambda: self.point()
            self.firms["other"] = Seller("other", selling, clock)
        self.asked = 0

    def _settings(self, script: list[str]) -> dict[str, Any]:
        return {
            "hold": self.kind.hold,
            "idempotency": self.kind.idempotency,
            "script": script,
            "cancel_fees": {"booked": "10%"},
        }

    @property
    def gives_back(self) -> bool:
        return self.kind.story in {"given back", "giving back is hard"}

    # the books -----------------------------------------------------------------------------------

    def state(self) -> bytes:
        digest = hashlib.sha256(self.book.root())
        for firm in self.firms.values():
            digest.update(firm.state())
        digest.update(self.clock().isoformat().encode())
        return digest.digest()

    @contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Whatever happens inside is undone in every book."""
        now = self.clock.now
        for firm in self.firms.values():
            firm.mark()
        try:
            with self.book.transaction.savepoint():
                yield
                raise _UndoError
        except _UndoError:
            pass
        finally:
            for firm in self.firms.values():
                firm.back()
            self.clock.now = now

    # the command -----------------------------------------------------------------------------------

    def to_the_end(self) -> tuple[Counter[str], list[str]]:
        """The same command, again and again, until it is done: (effects at the firms, problems found)."""
        outcome: object = None
        for _ in range(RUNS):
            outcome = self._once()
            if isinstance(outcome, Reserved | Refused) and not self._open():
                break
            self._person()
        effects: Counter[str] = Counter()
        for firm in self.firms.values():
            effects.update(f"{firm.name} {verb} {key}" for verb, key in firm.effects())
        return effects, self._problems(outcome)

    def restart(self) -> None:
        """What passes between a crash and the next run."""
        if self.kind.story == "time runs out":
            self.clock.now += LATER

    def _network(self) -> Firms:
        known = {name: ("sandbox", {}) for name in self.firms}
        firms = Firms(network({**known, "own": ("catalog", {})}), self.clock)
        for name, firm in self.firms.items():
            adapter: Any = Crossing(firm, lambda: self.point(), not self.journal)
            firms.put(name, adapter)
        return firms

    def _plan(self, second: str) -> Plan:
        return plan(ORDER, leg("steady"), leg(second, "logistics"), leg("own", "warehouse", capacity=10**6))

    def _job(self) -> Job:
        def another(tried: Plan, _refusals: Any, _held: Any) -> Plan | None:
            wanted = self.kind.story == "another instead" and tried.legs[1].provider == "other"
            return self._plan("third") if wanted else None

        def tested(tried: Plan, prices: Any) -> Plan:
            """Any price will do: the plan at the prices answered."""
            legs = tuple(
                replace(one, price_minor=price_of(one.kind, one.provider, prices) or one.price_minor)
                for one in tried.legs
            )
            return replace(tried, legs=legs)

        return Job(ORDER, self._plan("other"), DAY, next_plan=another, retest=tested)

    def _once(self) -> object:
        """What one run of the command does: reserve (and give back), then put away what is left over."""
        ledger: Any = self.book
        firms = self._network()
        done = self.gives_back and self._ended()
        outcome: object = (
            Refused(ORDER, (), {}) if done else self._run(firms, Reserving(firms, self._job(), ledger.id))
        )
        if self.gives_back and isinstance(outcome, Reserved):
            self._run(firms, Releasing(firms, ledger.id, ORDER, DAY, "CONFIRMED", "given back"))
            outcome = Refused(ORDER, (), {})
        if self.journal:
            sweep(ledger, firms, DAY, patience=PATIENCE, pool=Inline)
        if isinstance(outcome, NetError):
            raise outcome
        return outcome

    def _ended(self) -> bool:
        return self.book.record_by_key(f"{ORDER}/reservation/0/ended") is not None

    def _run(self, firms: Firms, flow: Any) -> object:
        ledger: Any = self.book
        journal = CallJournal() if self.journal else NoJournal()
        caller: Caller[object] = Caller(
            ledger, firms, DAY, patience=PATIENCE, journal=journal, pool=Inline, pause=lambda _: None
        )
        return caller.run([flow.steps()])[0]

    def _open(self) -> bool:
        return self.journal and bool(open_calls(self.book, ORDER))

    @property
    def _asks_people(self) -> bool:
        """Whether an answer that comes later can only be found out by a person."""
        return self.kind.adapter == "manual" or self.kind.idempotency == "none"

    def _person(self) -> None:
        """Look into each firm's books (or phone it) for every call that only a person can settle."""
        for one in open_calls(self.book, ORDER):
            phoned = bool(one.waiting_for) and self._asks_people
            if not one.in_doubt and not phoned:
                continue
            found = self.firms[one.firm].known(one.call)
            ledger: Any = self.book
            resolve(ledger, DAY, one.operation, found, stated_by="harness", evidence="their books", now=NOON)
            self.asked += not phoned

    # what came of it -----------------------------------------------------------------------------------

    def _problems(self, outcome: object) -> list[str]:
        """Does what the firms keep agree with what the order came to, and with the plan on record?"""
        chosen = newest_plan(self.book, ORDER) or self._plan("other")
        booked = {one.provider for one in chosen.legs} if isinstance(outcome, Reserved) else set()
        found = []
        for name, firm in self.firms.items():
            expected = {"booked": 1} if name in booked else {}
            if firm.kept() != expected:
                found.append(f"{type(outcome).__name__}, but {name} keeps {firm.kept()}")
        own = [hold for hold in self.book.holds(ORDER) if hold.live]
        if len(own) != bool(booked):
            found.append(f"{type(outcome).__name__}, but our own calendar keeps {len(own)}")
        if isinstance(outcome, Waits) or outcome is None:
            found.append("it never came to an end")
        return found + self._wrong_fees()

    def _wrong_fees(self) -> list[str]:
        """Each booking that a firm ended at a fee is owed once."""
        if not self.journal or self.kind.adapter == "manual":
            return []
        taken = sum(fee_of(firm) for firm in self.firms.values())
        owed = sum(one.amount_minor for one in self.book.balance(entity="trader", account="5620"))
        return [] if owed == taken else [f"firms took {taken}, the ledger owes {owed}"]


def price_of(kind: str, firm: str, prices: Any) -> int | None:
    return next((minor for name, minor in prices.items() if name.startswith(f"{kind}:{firm}:")), None)


def fee_of(firm: Any) -> int:
    """What the firm's own books say it took for giving back."""
    if isinstance(firm, Seller):
        return 0
    rows = firm.adapter._books.execute("SELECT answer FROM effect WHERE verb IN ('release', 'cancel')")
    return sum(int(json.loads(row[0]).get("fee_minor", 0)) for row in rows)


class Explorer:
    """Runs the story once, and again from every book that a crash can leave, so many crashes deep."""

    def __init__(self, story: Story, depth: int, every: bool = False) -> None:
        self.story, self.left, self._every = story, depth, every
        self.result = Result()
        self._done: dict[tuple[bytes, int], bool] = {}
        self._points: dict[bytes, int] = {}
        self._children: dict[bytes, list[bytes]] = {}
        self._path: list[int] = []
        self._passed = 0
        self._here: list[bytes] = []

    def explore(self) -> Result:
        depth = self.left
        start = self.story.state()
        self.story.point = self._point
        self._run(start)
        self.story.point = lambda: None
        self.result.points = self._points[start]
        self.result.plans = self._covered(start, depth, {})
        self.result.asked = self.story.asked
        return self.result

    def _run(self, start: bytes) -> None:
        before = self._passed, self._here
        self._passed, self._here = 0, []
        self.result.runs += 1
        effects, problems = self.story.to_the_end()
        self._points[start] = self._passed
        if self.left:
            self._children[start] = self._here
        doubled = [key for key, times in effects.items() if times > 1]
        self.result.doubles += bool(doubled)
        self.result.lost += bool(problems)
        if (doubled or problems) and len(self.result.examples) < 5:
            self.result.examples.append(f"crashes at {self._path}: {doubled} {problems}")
        self._passed, self._here = before

    def _point(self) -> None:
        self._passed += 1
        if not self.left:
            return
        state = self.story.state()
        self._here.append(state)
        known = any((state, left) in self._done for left in range(self.left - 1, DEEPEST))
        if known and not self._every:
            return
        self._done[state, self.left - 1] = True
        self._path.append(self._passed)
        self.left -= 1
        with self.story.rolled_back():
            self.story.restart()
            self._run(state)
        self.left += 1
        self._path.pop()

    def _covered(self, start: bytes, depth: int, known: dict[tuple[bytes, int], int]) -> int:
        """How many crash plans of at most ``depth`` crashes from these books on were covered."""
        if depth == 0:
            return 0
        if depth == 1:
            return self._points.get(start, 0)
        if (start, depth) not in known:
            known[start, depth] = sum(
                1 + self._covered(state, depth - 1, known) for state in self._children.get(start, [])
            )
        return known[start, depth]


class _DoneError(Exception):
    """Leaves the open transactions without a commit."""


def examine(kind: Kind, depth: int, *, journal: bool = True, every: bool = False) -> Result:
    """Every plan of up to ``depth`` crashes for the kind; ``every`` runs each by itself, also from books that
    were seen before."""
    ours, theirs, clock = shelf()
    clock.now = NOON
    try:
        with ours.write() as transaction, theirs.write() as selling:
            book = Book(ours, transaction)
            shop = Book(theirs, selling) if kind.adapter == "node" else None
            result = Explorer(Story(kind, book, shop, clock, journal), depth, every).explore()
            raise _DoneError
    except _DoneError:
        return result


@cache
def shelf() -> tuple[Ledger, Ledger, Clock]:
    """The two ledgers that every story begins with, and leaves as they were."""
    # In memory where the system has such a folder: these are crashes of the process, not of the power.
    place = tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    clock = Clock()
    ours, theirs = (ledger_at(Path(place) / f"{side}.db", clock) for side in ("ours", "theirs"))
    planned(ours, ORDER)
    return ours, theirs, clock
