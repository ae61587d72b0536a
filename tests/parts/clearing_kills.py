"""A clearing carried out by several firms, killed at a commit or at an instant, and looked at afterwards."""

import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from finance.clearing.draft import ClearingDraft
from flows.clearing.carry_out import carry_out, decide
from ledger.store import Ledger
from ledger.verify.ledger import verify_ledger
from tests.parts.clearing_firms import (
    DAY,
    Member,
    all_sign,
    exchange,
    make_members,
    net_position,
    open_members,
    proposed,
    state_debts,
)

BEFORE, AFTER = "before", "after"


def prepare(folder: Path, firms: int, debts: int, seed: int) -> list[str]:
    """Firms with debts at random, every file taken in by all; their names, the first is the coordinator."""
    rng = random.Random(seed)
    names = [f"f{number:02}" for number in range(firms)]
    owed = []
    for _ in range(debts):
        debtor, creditor = rng.sample(names, 2)
        owed.append((debtor, creditor, rng.randint(1, 10**6)))
    members = make_members(folder, names)
    state_debts(members, owed)
    exchange(members)
    close(members)
    return names


def close(members: dict[str, Member]) -> None:
    for one in members.values():
        one.ledger.close()


def everything(members: dict[str, Member], draft: ClearingDraft) -> None:
    """The commands of all firms, in turn: sign, decide, book. Again, it goes on where it was."""
    first = next(iter(members.values()))
    decision = decide(first.ledger, first.firm, draft.header, all_sign(members, draft), DAY)
    for one in members.values():
        if one.firm.id in draft.header["firms"]:
            carry_out(one.ledger, one.firm, decision, DAY)


@contextmanager
def killed_at(number: int, when: str) -> Iterator[list[int]]:
    """Kill this process at its commit of that number, just before it or just after; counts them."""
    plain: Callable[..., Any] = Ledger.write
    count = [0]

    @contextmanager
    def write(self: Ledger) -> Iterator[Any]:
        count[0] += 1
        with plain(self) as transaction:
            yield transaction
            if count[0] == number and when == BEFORE:
                os.kill(os.getpid(), signal.SIGKILL)
        if count[0] == number and when == AFTER:
            os.kill(os.getpid(), signal.SIGKILL)

    Ledger.write = write  # type: ignore[method-assign]
    try:
        yield count
    finally:
        Ledger.write = plain  # type: ignore[method-assign]


def in_a_child(work: Callable[[], None], kill_after: float | None = None) -> bool:
    """Run it in a process of its own; True when it ended by itself, False when it was killed."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the firms' commands failed"
    return not os.WIFSIGNALED(status)


def booked(members: dict[str, Member]) -> list[str]:
    """Which firms have booked the clearing; each at most once."""
    found = []
    for name, one in members.items():
        done = sum(1 for _ in one.ledger.records(kind="clearing.done"))
        assert done <= 1
        if done:
            found.append(name)
    return found


def look(folder: Path, names: Sequence[str], draft: ClearingDraft, positions: dict[str, int]) -> list[str]:
    """What must hold at any instant: nothing is booked before it is decided, and positions stay."""
    members = open_members(folder, names)
    done = booked(members)
    first = members[names[0]]
    decided = any(first.ledger.records(kind="clearing.outcome"))
    assert decided or not done
    assert {name: net_position(one) for name, one in members.items()} == positions
    affected = [name for name, one in members.items() if one.firm.id in draft.header["firms"]]
    assert set(done) <= set(affected)
    close(members)
    return [name for name in affected if name not in done]


def run_again(folder: Path, names: Sequence[str], draft: ClearingDraft) -> None:
    members = open_members(folder, names)
    everything(members, draft)
    close(members)


def round_of_kills(
    template: Path, work: Path, names: Sequence[str], kills: Sequence[tuple[int, str]], verify: bool = True
) -> int:
    """One kill each, from the same beginning; all or none after the same commands again. Commits seen."""
    folder, draft, positions = _begin(template, work, names)
    with killed_at(0, AFTER) as count:
        run_again(folder, names, draft)
    total = count[0]
    for number, when in kills or [(n, w) for n in range(1, total + 1) for w in (BEFORE, AFTER)]:
        folder, draft, positions = _begin(template, work, names)
        assert not in_a_child(partial(_killed_child, folder, names, draft, number, when))
        _finish(folder, names, draft, positions, verify)
    return total


def _killed_child(folder: Path, names: Sequence[str], draft: ClearingDraft, number: int, when: str) -> None:
    with killed_at(number, when):
        run_again(folder, names, draft)


def random_kills(
    template: Path, work: Path, names: Sequence[str], kills: int, seed: int, verify: bool = True
) -> tuple[int, int]:
    """Killed at random instants; how many kills met the commands at work, and how many found all booked."""
    rng = random.Random(seed)
    folder, draft, positions = _begin(template, work, names)
    start = time.monotonic()
    assert in_a_child(lambda: run_again(folder, names, draft))
    whole = time.monotonic() - start
    met = complete = 0
    for _ in range(kills):
        folder, draft, positions = _begin(template, work, names)
        ended = in_a_child(partial(run_again, folder, names, draft), rng.uniform(0, whole))
        met += not ended
        complete += not _finish(folder, names, draft, positions, verify)
    return met, complete


def _begin(template: Path, work: Path, names: Sequence[str]) -> tuple[Path, ClearingDraft, dict[str, int]]:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(template, work)
    members = open_members(work, names)
    draft = proposed(members, names[0])
    positions = {name: net_position(one) for name, one in members.items()}
    close(members)
    return work, draft, positions


def _finish(
    folder: Path, names: Sequence[str], draft: ClearingDraft, positions: dict[str, int], verify: bool
) -> list[str]:
    missing = look(folder, names, draft, positions)
    run_again(folder, names, draft)
    assert look(folder, names, draft, positions) == []
    if verify:
        for one in open_members(folder, names).values():
            assert verify_ledger(one.ledger).findings == []
            one.ledger.close()
    return missing
