"""A firm that is not real: it keeps slots in a file of its own and fails as its script says.

For tests and training. ``idempotency`` decides what a repeated call does there: with ``key`` nothing,
otherwise it takes effect a second time, as a careless firm's system would. The script is a list of
``"verb:nth:does"`` (``nth`` counts that verb's calls from 1, ``*`` is every one). What it can do:

refuse      cannot be reached, nothing was done
lose        the request is lost on the way: no answer, nothing done
work_lost   the work is done, the answer is lost
decline     says no
pending     answers later: the work is done, and ``status`` tells
garbage     the work is done, the answer is unusable
dearer      says yes at a price one tenth higher
cheaper     says yes at a price one tenth lower
"""

import json
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from fractions import Fraction
from typing import Any

from domain.errors import UsageError
from domain.money import round_minor
from providers.answers import answer_data, read_answer
from providers.protocol import (
    Answer,
    Booked,
    Call,
    Callback,
    Capabilities,
    Declined,
    Held,
    HoldKind,
    Idempotency,
    NoAnswerError,
    NotSentError,
    Pending,
    Quoted,
    Released,
    Services,
    Unseen,
)
from providers.terms import cancel_fee_minor, fees_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS effect (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, verb TEXT NOT NULL, reference TEXT NOT NULL, answer TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS effect_key ON effect (key);
CREATE TABLE IF NOT EXISTS slot (
  reference TEXT NOT NULL, resource TEXT, period TEXT, quantity INTEGER, state TEXT
);
CREATE INDEX IF NOT EXISTS slot_place ON slot (resource, period);
CREATE INDEX IF NOT EXISTS slot_reference ON slot (reference);
CREATE TABLE IF NOT EXISTS calls (verb TEXT PRIMARY KEY, n INTEGER NOT NULL);
"""
DEEDS = {"refuse", "lose", "work_lost", "decline", "pending", "garbage", "dearer", "cheaper"}
SHARES = {"dearer": Fraction(11, 10), "cheaper": Fraction(9, 10)}
"""What the answered price is of the planned one."""
QUOTE_DAYS = 7


def _script(lines: Any) -> dict[tuple[str, str], str]:
    script: dict[tuple[str, str], str] = {}
    for line in lines:
        verb, _, rest = str(line).partition(":")
        nth, _, does = rest.partition(":")
        if does not in DEEDS or not (nth == "*" or nth.isdigit()):
            raise UsageError(
                f"{line!r} is no line of a sandbox script",
                f"write verb:nth:does, does one of {sorted(DEEDS)}",
            )
        script[verb, nth] = does
    return script


class Sandbox:
    """``state`` is the file that the firm keeps its books in; without it they last as long as it does."""

    def __init__(self, name: str, settings: Mapping[str, Any], services: Services) -> None:
        self.name = name
        self._services = services
        self._capacity = int(settings.get("capacity", 0))
        self._script = _script(settings.get("script", ()))
        self._lock = threading.Lock()
        self._books = sqlite3.connect(
            str(settings.get("state", ":memory:")), check_same_thread=False, isolation_level=None, timeout=30
        )
        self._books.executescript(SCHEMA)
        self.capabilities = Capabilities(
            HoldKind(settings.get("hold", "firm")),
            Idempotency(settings.get("idempotency", "key")),
            Callback.POLL,
            fees_of(settings),
            in_flight=timedelta(milliseconds=int(settings.get("in_flight_ms", 0))),
            simulated=True,
            completes=True,
        )

    def quote(self, call: Call) -> Answer:
        until = self._services.clock() + timedelta(days=QUOTE_DAYS)
        return Quoted(call.request.price_minor, call.request.currency, until)

    def hold(self, call: Call) -> Answer:
        return self._act(call)

    confirm = release = cancel = complete = hold

    def status(self, call: Call) -> Answer:
        if self.capabilities.idempotency is Idempotency.NONE:
            return Unseen()
        with self._lock:
            known = self._known(call.key)
        return known if known is not None else Unseen()

    def _act(self, call: Call) -> Answer:
        with self._lock:
            self._books.execute("BEGIN IMMEDIATE")
            try:
                does, answer = self._decide(call)
                self._books.execute("COMMIT")
            except BaseException:
                self._books.execute("ROLLBACK")
                raise
        return self._deliver(call, does, answer)

    def _deliver(self, call: Call, does: str, answer: Answer | None) -> Answer:
        if does == "refuse":
            raise NotSentError(f"{self.name} could not be reached", "run the same command again")
        if answer is None or does in {"lose", "work_lost", "garbage"}:
            raise NoAnswerError(f"{self.name} gave no usable answer", "run the same command again")
        if does == "pending":
            return Pending(call.key, f"{self.name} answers later")
        return answer

    def _decide(self, call: Call) -> tuple[str, Answer | None]:
        known = self._known(call.key)
        if known is not None and self.capabilities.idempotency is Idempotency.KEY:
            return "", known
        does = self._scripted(call.verb.value)
        if does in {"refuse", "lose"}:
            return does, None
        answer = Declined("refused", "says no") if does == "decline" else self._work(call, does)
        self._books.execute(
            "INSERT INTO effect (key, verb, reference, answer) VALUES (?, ?, ?, ?)",
            (call.key, call.verb.value, call.reference, json.dumps(answer_data(answer))),
        )
        return does, answer

    def _scripted(self, verb: str) -> str:
        self._books.execute(
            "INSERT INTO calls VALUES (?, 1) ON CONFLICT (verb) DO UPDATE SET n = n + 1", (verb,)
        )
        (nth,) = self._books.execute("SELECT n FROM calls WHERE verb = ?", (verb,)).fetchone()
        return self._script.get((verb, str(nth))) or self._script.get((verb, "*"), "")

    def _known(self, key: str) -> Answer | None:
        row = self._books.execute(
            "SELECT answer FROM effect WHERE key = ? ORDER BY id LIMIT 1", (key,)
        ).fetchone()
        return None if row is None else read_answer(json.loads(row[0]))

    def _work(self, call: Call, does: str) -> Answer:
        request = call.request
        price = round_minor(request.price_minor * SHARES.get(does, Fraction(1)))
        match call.verb.value:
            case "hold":
                return self._keep(call, "held") or Held(
                    self._newest(), call.expires_at, price, request.currency
                )
            case "confirm" if not call.reference:
                return self._keep(call, "booked") or Booked(self._newest(), price, request.currency)
            case "confirm":
                return self._confirm(call, price)
            case "complete":
                return self._complete(call)
            case _:
                return self._give_up(call)

    def _newest(self) -> str:
        (number,) = self._books.execute("SELECT COUNT(DISTINCT reference) FROM slot").fetchone()
        return f"{self.name}-{number}"

    def _keep(self, call: Call, state: str) -> Declined | None:
        for line in call.request.lines:
            (used,) = self._books.execute(
                "SELECT COALESCE(SUM(quantity), 0) FROM slot"
                " WHERE resource = ? AND period = ? AND state <> 'free'",
                (line.resource, line.period),
            ).fetchone()
            if self._capacity and used + line.quantity > self._capacity:
                return Declined("no_capacity", f"{self._capacity - used} of {line.resource} left")
        (number,) = self._books.execute("SELECT COUNT(DISTINCT reference) + 1 FROM slot").fetchone()
        self._books.executemany(
            "INSERT INTO slot VALUES (?, ?, ?, ?, ?)",
            [
                (f"{self.name}-{number}", line.resource, line.period, line.quantity, state)
                for line in call.request.lines
            ],
        )
        return None

    def _state(self, reference: str) -> str:
        row = self._books.execute("SELECT state FROM slot WHERE reference = ?", (reference,)).fetchone()
        return str(row[0]) if row else ""

    def _confirm(self, call: Call, price: int) -> Answer:
        if self._state(call.reference) != "held":
            return Declined("expired", f"{call.reference} is not held")
        self._books.execute("UPDATE slot SET state = 'booked' WHERE reference = ?", (call.reference,))
        return Booked(call.reference, price, call.request.currency)

    def _complete(self, call: Call) -> Answer:
        if self._state(call.reference) not in {"booked", "used"}:
            return Declined("refused", f"{call.reference} is not booked")
        self._books.execute("UPDATE slot SET state = 'used' WHERE reference = ?", (call.reference,))
        return Released(0, call.request.currency)

    def _give_up(self, call: Call) -> Answer:
        state = self._state(call.reference)
        if state in {"", "free", "used"}:
            return Released(0, call.request.currency)
        self._books.execute("UPDATE slot SET state = 'free' WHERE reference = ?", (call.reference,))
        fee = cancel_fee_minor(self.capabilities, state, call.request.price_minor)
        return Released(fee, call.request.currency)

    def effects(self) -> list[tuple[str, str]]:
        """Every effect that took place, as (verb, key) in order: what a test counts doubles in."""
        with self._lock, closing(self._books.execute("SELECT verb, key FROM effect ORDER BY id")) as rows:
            return [(str(verb), str(key)) for verb, key in rows]

    def kept(self) -> dict[str, int]:
        """Quantity that the firm keeps for us now, by state."""
        with self._lock:
            rows = self._books.execute(
                "SELECT state, SUM(quantity) FROM slot WHERE state <> 'free' GROUP BY state"
            ).fetchall()
        return {str(state): int(quantity) for state, quantity in rows}


def connect(name: str, settings: Mapping[str, Any], services: Services) -> Sandbox:
    return Sandbox(name, settings, services)
