"""Count four ways through the house by walking them: ``python docs/ways.py [--steps] [WAY ...]``.

Each way is a real command, run in this process on a practice ledger that is thrown away, and watched from a
function on until it returns. A stay is a call from a function of one file to a function of another, counted
once however often it is repeated; a return is a stay in a file where the way had been before; a climb is a
stay on a higher floor than the one called from. A way is followed inside its own folders only: what happens
inside another is one stay. ``domain/`` and ``trust/`` are not counted: values and keys are known everywhere.
A look is a question to the ledger, each time. ``--steps`` lists the stays as met, ``--looks`` the looks.
"""

import contextlib
import inspect
import io
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.test_house import FLOORS, ROOMS  # noqa: E402

HOUSE = ("cli", "config", "documents", "finance", "flows", "ledger", "providers", "routing")
READING = "ledger/book/reading.py"
ORDER = "PO-2026-0017"

RUN = "order run examples/lamp-order.toml"
WAYS = {
    "order": ("cli/trade/order_way.py:run_order", ("cli", "flows"), (RUN,)),
    "hold": ("flows/deals/run.py:reserve_on", ("flows",), (RUN,)),
    "amount": (
        "finance/fold/handlers.py:draw",
        ("finance",),
        (RUN, f"order advance {ORDER} --to 2026-03-31 --as-planned"),
    ),
    "offer": (
        "flows/credit/offers.py:request_offers",
        ("flows", "finance"),
        (RUN, f"finance request {ORDER}"),
    ),
}
"""Of each way: the function where it begins, the folders where it is followed, what is typed; the last
command is watched."""


@dataclass
class Way:
    """What was met from the first function on: every stay once, in the order of the walk."""

    start: str
    inside: tuple[str, ...]
    stays: list[tuple[str, str]] = field(default_factory=list)
    known: set[tuple[str, str]] = field(default_factory=set)
    stack: list[str] = field(default_factory=list)
    looks: Counter[tuple[str, str]] = field(default_factory=Counter)
    begun: set[FrameType] = field(default_factory=set)
    done: bool = False

    @property
    def files(self) -> list[str]:
        return list(dict.fromkeys([file_of(self.start), *(file_of(to) for _, to in self.stays)]))

    @property
    def returns(self) -> int:
        seen, found = {file_of(self.start)}, 0
        for _, to in self.stays:
            found += file_of(to) in seen
            seen.add(file_of(to))
        return found

    @property
    def climbs(self) -> int:
        return sum(floor_of(to) > floor_of(start) for start, to in self.stays)

    def watch(self, frame: FrameType, event: str, _argument: object) -> None:
        """What ``sys.setprofile`` calls: follow calls between functions of the house."""
        if event not in ("call", "return") or self.done:
            return
        place = place_of(frame.f_code)
        if place is None or (not self.stack and place != self.start):
            return
        if event == "return":
            self.stack.pop()
            self.done = not self.stack
            return
        if self.stack and file_of(place) == READING and not self.stack[-1].startswith("ledger/"):
            self.looks[place.rpartition(".")[2], self.stack[-1]] += frame not in self.begun
            self.begun.add(frame)  # a generator is one question, however often it goes on
        if self.stack and self._is_stay(self.stack[-1], place):
            self.known.add((self.stack[-1], place))
            self.stays.append((self.stack[-1], place))
        self.stack.append(place)

    def _is_stay(self, caller: str, place: str) -> bool:
        if file_of(caller) == file_of(place) or (caller, place) in self.known:
            return False
        return caller.startswith(self.inside) or place.startswith(self.inside)


PLACES: dict[CodeType, str | None] = {}


def place_of(code: CodeType) -> str | None:
    """``flows/deals/run.py:reserve_on``; what is written inside a function counts as that function."""
    if code not in PLACES:
        path = Path(code.co_filename)
        inside = path.is_relative_to(ROOT) and path.relative_to(ROOT).parts[0] in HOUSE
        name = code.co_qualname.split(".<locals>")[0]
        runs = code.co_flags & inspect.CO_OPTIMIZED  # the body of a class or module only defines
        PLACES[code] = f"{path.relative_to(ROOT)}:{name}" if inside and runs and name[0] != "<" else None
    return PLACES[code]


def floor_of(place: str) -> tuple[int, int]:
    """The floor of the folder, then that of the room in it."""
    folder, room = place.split("/")[0], "/".join(file_of(place).split("/")[:2])
    return FLOORS[folder], ROOMS.get(room, 0)


def file_of(place: str) -> str:
    return place.partition(":")[0]


def typed(command: str) -> None:
    """Run ``net COMMAND`` in this process; what it prints is not looked at."""
    from cli.main import run

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as told:
        code = run(command.split())
    if code:
        raise SystemExit(f"net {command} failed: {told.getvalue()}")


def walk(name: str) -> Way:
    """One way, on a ledger of its own."""
    start, inside, commands = WAYS[name]
    way = Way(start, inside)
    with practice():
        for command in commands[:-1]:
            typed(command)
        sys.setprofile(way.watch)
        try:
            typed(commands[-1])
        finally:
            sys.setprofile(None)
    return way


@contextlib.contextmanager
def practice() -> Iterator[None]:
    """A practice ledger and settings in a folder that is deleted afterwards."""
    before = dict(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"NET_LEDGER": f"{folder}/net.db", "NET_CONFIG": f"{folder}/net.toml"}
        try:
            typed("init --practice")
            yield
        finally:
            os.environ.clear()
            os.environ.update(before)


def told(name: str, way: Way) -> Iterator[str]:
    """One line of counts, then what was asked for."""
    counts = f"stays {len(way.stays):3}  files {len(way.files):3}  returns {way.returns:3}"
    yield f"{name:8}{counts}  climbs {way.climbs:3}  looks {way.looks.total():3}"
    if "--steps" in sys.argv:
        yield from (f"    {start} -> {to}" for start, to in way.stays)
    if "--looks" in sys.argv:
        yield from (f"    {number:4} {look} by {who}" for (look, who), number in way.looks.most_common())


def main() -> None:
    os.chdir(ROOT)
    for name in [one for one in sys.argv[1:] if one in WAYS] or WAYS:
        print(*told(name, walk(name)), sep="\n")


if __name__ == "__main__":
    main()
