"""What comes next for an order, as the line after every step and as a table of all that is left."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.screen.output import table

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

    from flows.desk.session import Session
    from flows.overview.next_step import NextStep


def steps_document(steps: "Sequence[NextStep]") -> list[dict[str, Any]]:
    """The steps for programs: ``words`` are what follows ``net``, ready to be run."""
    return [
        {
            "command": step.command,
            "words": list(step.words),
            "what": step.what,
            "on": step.on,
            "waits_for": step.waits_for,
        }
        for step in steps
    ]


def render_next(screen: "Console", step: "NextStep | None") -> None:
    """The ``next:`` line, whole, so that it can be copied; and below it what it states."""
    if step is None:
        return
    print_next(screen, step.words)
    day = f", planned for {step.on}" if step.on else ""
    screen.print(f"      {step.what}{day}")


def print_next(screen: "Console", words: "Sequence[str]") -> None:
    """``next: net ...``; on a narrow screen it goes on below as a shell goes on, so that it can be copied."""
    from rich.cells import cell_len

    line = "next: net"
    for word in (shlex.quote(word) for word in words):
        if cell_len(f"{line} {word} \\") > screen.width:
            screen.print(f"{line} \\", soft_wrap=True)
            line = "     "
        line += f" {word}"
    screen.print(line, soft_wrap=True)


def render_steps(
    screen: "Console", order: str, state: str, steps: "Sequence[NextStep]", today: "date"
) -> None:
    screen.print(f"{order}  {state}", style="bold")
    if not steps:
        screen.print("nothing is left to do")
        return
    late = steps[0].on is not None and steps[0].on < today
    render_next(screen, steps[0])
    if late:
        screen.print(f"      late by {(today - (steps[0].on or today)).days} days; give the day it happened")
    if len(steps) > 1:
        screen.print()
        rows = [(step.on or "", step.what, step.waits_for, step.command) for step in steps[1:]]
        columns = ("planned", "what", "waits for", "command")
        screen.print(table("Afterwards, as planned", columns, rows, spare="waits for"))


def step_after(session: "Session", order: str, *, dry_run: bool = False) -> "NextStep | None":
    """What comes next for the order now that a command has written; nothing after a dry run."""
    from flows.orders.find import read_order
    from flows.overview.next_step import first_step

    placed = None if dry_run else read_order(session.ledger, order)
    if placed is None:
        return None
    return first_step(session.ledger, placed, practice=session.ledger.practice)


def next_command(step: "NextStep | None") -> str | None:
    """The step for a program: the line to run, None where nothing follows."""
    return None if step is None else step.command
