"""Power cuts: what a program wrote is recorded, and the disk is rebuilt as it may be at any moment.

A write lasts from the sync of its file on; before, it may be there, be lost, or be there in part, by sectors.
A name (made, moved, removed) lasts from the sync of its folder on; before, the names of a folder last in
their order up to some point. Each state is opened again and held against what had been acknowledged.
"""

import json
import os
import random
import shutil
import struct
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from domain.errors import NetError
from ledger.checkpoints import held_checkpoint
from ledger.sqlite.backend import undo_left_open
from ledger.sqlite.file import is_taken
from ledger.store import create_ledger, open_ledger
from ledger.verify.sqlite import verify_file
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.keys import load_key

SHIM = Path(__file__).with_name("power_cut_shim.c")
SECTOR = 512
HEAD = struct.Struct("<5Q")

WORK = """
import json, os, sys
from pathlib import Path
from tests.ledger.conftest import ACTOR, Clock, draw
from ledger.checkpoints import make_checkpoint
from ledger.moving.backup import backup, restore
from ledger.moving.copy import copy_ledger
from ledger.store import create_ledger, open_ledger
from trust.keys import SigningKey, save_key
disk, groups = Path(sys.argv[1]), int(sys.argv[2])
acks = os.open(disk / "acks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def ack(**what):
    os.write(acks, (json.dumps(what) + "\\n").encode())
save_key(SigningKey.from_seed(b"\\5" * 32), disk / "keys" / "ledger.pem")
ack(key=True)
with create_ledger(disk / "x.db", practice=True, actor=ACTOR, clock=Clock()) as ledger:
    ack(records=ledger.size())
    for number in range(groups):
        with ledger.write() as transaction:
            for part in range(3):
                transaction.append(draw(3 * number + part, amount=100 + number))
        ack(records=ledger.size())
        if number % 8 == 4:
            made = make_checkpoint(ledger, ACTOR, disk / "keys" / "checkpoints")
            ack(checkpoint=made.size)
    backup(ledger, disk / "copies" / "b.db")
    ack(backup=ledger.size())
with open_ledger(disk / "x.db", actor=ACTOR, clock=Clock()) as ledger:
    for number in range(groups, groups + 5):
        with ledger.write() as transaction:
            for part in range(3):
                transaction.append(draw(3 * number + part, amount=100 + number))
        ack(records=ledger.size())
restore(disk / "copies" / "b.db", disk / "back" / "y.db")
ack(restored=True)
copied = copy_ledger(str(disk / "x.db"), str(disk / "z.db"), ACTOR, Clock())
ack(copied=copied.records)
"""


@dataclass(slots=True)
class Step:
    what: str
    ino: int
    at: int
    path: str
    other: bytes


@dataclass(slots=True)
class File:
    """What the disk has for sure, and what was written since the last sync."""

    content: bytearray = field(default_factory=bytearray)
    waiting: list[Step] = field(default_factory=list)


def recorded(folder: Path, groups: int) -> tuple[Path, list[Step]]:
    """The disk that a program wrote to, and what it did there, step by step."""
    disk, trace, library = folder / "disk", folder / "trace", folder / "shim.so"
    disk.mkdir()
    compiler = [os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-o", str(library), str(SHIM), "-ldl"]
    subprocess.run(compiler, check=True)
    told = {"LD_PRELOAD": str(library), "NET_DISK": str(disk), "NET_TRACE": str(trace), "PYTHONPATH": "."}
    root = Path(__file__).resolve().parents[2]
    arguments = [sys.executable, "-c", WORK, str(disk), str(groups)]
    subprocess.run(arguments, check=True, env={**os.environ, **told}, cwd=root)
    return disk, list(_steps(trace.read_bytes()))


def _steps(trace: bytes) -> Iterator[Step]:
    at = 0
    while at < len(trace):
        what, ino, offset, one, two = HEAD.unpack_from(trace, at)
        at += HEAD.size
        path, other = trace[at : at + one].decode(), trace[at + one : at + one + two]
        at += one + two
        yield Step(chr(what), ino, offset, path, other)


class Disk:
    """The disk after some steps; ``ignored`` says whose syncs do nothing, to see that this is noticed."""

    def __init__(self, root: Path, ignored: str = "") -> None:
        self._root = str(root)
        self._ignored = ignored
        self._files: dict[int, File] = {}
        self._names: dict[str, int] = {}
        self._waiting: dict[str, list[Step]] = {}
        self.acknowledged: list[dict[str, object]] = []

    def take(self, step: Step) -> None:
        if step.path.endswith("/acks"):
            if step.what == "W":
                self.acknowledged += [json.loads(line) for line in step.other.splitlines()]
        elif step.what == "S":
            self._sync(step)
        elif step.what == "D":
            if self._ignored and step.path.endswith(self._ignored):
                return
            for waiting in self._waiting.pop(step.path, []):
                _rename(self._names, waiting)
        elif step.what in "WT":
            self._files.setdefault(step.ino, File()).waiting.append(step)
        else:
            if step.what == "C":
                self._files[step.ino] = File()
            self._waiting.setdefault(str(Path(step.path).parent), []).append(step)

    def _sync(self, step: Step) -> None:
        if self._ignored and step.path.endswith(self._ignored):
            return
        file = self._files.setdefault(step.ino, File())
        for waiting in file.waiting:
            _apply(file.content, waiting)
        file.waiting.clear()

    def rebuild(self, to: Path, chance: random.Random) -> None:
        """One state that the disk may be in after a power cut at this moment."""
        names, how = dict(self._names), chance.choice(("none", "all", "some", "torn", "prefix", "last"))
        for waiting in self._waiting.values():
            for step in waiting[: chance.choice((0, len(waiting), chance.randint(0, len(waiting))))]:
                _rename(names, step)
        for name, ino in sorted(names.items()):
            path = to / name.removeprefix(self._root + "/")
            if not ino:
                path.mkdir(parents=True, exist_ok=True)
            elif (file := self._files.get(ino)) is not None and not name.endswith("-shm"):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_survived(file, how, chance))
                path.chmod(0o600)


def _rename(names: dict[str, int], step: Step) -> None:
    if step.what == "U":
        names.pop(step.path, None)
        return
    if step.what == "R":
        names.pop(step.path, None)
    other = step.other.decode()
    names[other or step.path] = 0 if step.what == "M" else step.ino


def _apply(content: bytearray, step: Step) -> None:
    if step.what == "T":
        content[step.at :] = bytes(max(0, step.at - len(content)))
        return
    if len(content) < step.at:
        content.extend(bytes(step.at - len(content)))
    content[step.at : step.at + len(step.other)] = step.other


def _survived(file: File, how: str, chance: random.Random) -> bytes:
    content, waiting = bytearray(file.content), file.waiting
    if how == "none":
        return bytes(content)
    cut = chance.randint(0, len(waiting))
    for number, step in enumerate(waiting):
        lost = (
            (how == "some" and chance.random() < 0.5)
            or (how in ("prefix", "torn") and number > cut)
            or (how == "last" and number != len(waiting) - 1)
        )
        if lost:
            continue
        if how == "torn" and number == cut and step.what == "W":
            for at in range(0, len(step.other), SECTOR):
                if chance.random() < 0.5:
                    _apply(content, Step("W", 0, step.at + at, "", step.other[at : at + SECTOR]))
        else:
            _apply(content, step)
    return bytes(content)


def states(
    disk: Path, steps: list[Step], to: Path, seed: int, count: int, ignored: str = ""
) -> Iterator[list[str]]:
    """What is wrong with each of ``count`` states at random moments; nothing where all is well."""
    chance = random.Random(seed)
    moments = sorted(chance.randrange(len(steps) + 1) for _ in range(count))
    made, done = Disk(disk, ignored), 0
    for moment in moments:
        for step in steps[done:moment]:
            made.take(step)
        done = moment
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        made.rebuild(to, chance)
        yield list(_wrong(to, made.acknowledged))


def _wrong(disk: Path, acknowledged: list[dict[str, object]]) -> Iterator[str]:
    said = {name: value for one in acknowledged for name, value in one.items()}
    key = disk / "keys" / "ledger.pem"
    if key.exists() or "key" in said:
        yield from _asked("key", lambda: load_key(key).private_bytes() and [])
    yield from _ledger_wrong("ledger", disk / "x.db", said.get("records"))
    yield from _ledger_wrong("backup", disk / "copies" / "b.db", said.get("backup"))
    restored = said.get("backup") if "restored" in said else None
    yield from _ledger_wrong("restored", disk / "back" / "y.db", restored)
    yield from _ledger_wrong("copy", disk / "z.db", said.get("copied"), unfinished=True)
    if "records" in said:
        yield from _asked("checkpoint", lambda: _checkpoint_wrong(disk, said.get("checkpoint")))


def _checkpoint_wrong(disk: Path, signed: object) -> list[str]:
    with open_ledger(disk / "x.db") as ledger:
        held = held_checkpoint(disk / "keys" / "checkpoints", ledger.id)
        size = held.size if held else 0
        if size > ledger.size():
            return ["checkpoint beyond the ledger"]
    return ["checkpoint lost"] if isinstance(signed, int) and size < signed else []


def _asked(what: str, question: object) -> Iterator[str]:
    try:
        yield from question() or []  # type: ignore[operator]
    except (NetError, OSError, ValueError) as error:
        yield f"{what}: {error}"


def _ledger_wrong(what: str, path: Path, expected: object, *, unfinished: bool = False) -> Iterator[str]:
    """Nothing acknowledged is lost, no group is half, all is sound, and writing goes on."""
    there = path.exists() and path.stat().st_size > 0
    if not there or (unfinished and expected is None):
        if expected is not None:
            yield f"{what}: lost"
        return
    undo_left_open(path)
    if expected is None and what == "ledger" and not is_taken(path):
        create_ledger(path, practice=True, actor=ACTOR, clock=Clock()).close()  # as if nothing had been there
        return
    report = verify_file(path, workers=1)
    if not report.sound:
        yield f"{what}: unsound: {report.findings[0]}"
    elif isinstance(expected, int) and report.records < expected:
        yield f"{what}: lost {expected - report.records} acknowledged records"
    elif what == "ledger":
        with open_ledger(path, actor=ACTOR, clock=Clock()) as ledger:
            if any(ledger.records(kind="ledger.handed-over")):
                return
            if ledger.size() % 3:
                yield f"{what}: half a group"
            ledger.append(draw(999_999))


def outcomes(
    disk: Path, steps: list[Step], to: Path, seed: int, count: int, ignored: str = ""
) -> Counter[str]:
    told: Counter[str] = Counter()
    for wrong in states(disk, steps, to, seed, count, ignored):
        told["states"] += 1
        told["bad"] += bool(wrong)
        told.update(one.split(" record ")[0] for one in wrong)
    return told
