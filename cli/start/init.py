"""``net init``: a ledger, a key and a network file of one's own."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import Asked, command, single
from cli.pages.next_page import render_next
from cli.screen.output import answer, note, table

if TYPE_CHECKING:
    from rich.console import Console

app = single()


@command(
    app,
    "init",
    example="net init\nnet init --practice\nnet init --empty\nnet init --ledger postgresql://net@db/trade",
)
def init(
    asked: Asked,
    practice: Annotated[
        bool, typer.Option("--practice", help="A ledger to play with: facts may be played as planned.")
    ] = False,
    empty: Annotated[
        bool, typer.Option("--empty", help="A network of your own without the firms that ship with net.")
    ] = False,
) -> None:
    """Set up a ledger, a signing key and a network file to edit.

    What is there already stays as it is, so the command can be run again. Nothing is ever overwritten.
    """
    from flows.desk.start import other_ledger, start
    from flows.overview.set_up import set_up_step

    with asked.session() as session:
        made = start(session, asked.ledger, asked.config, practice=practice, empty=empty)
        step = set_up_step(session)
        other = other_ledger(session.ledger_url)
    if asked.ledger:
        note(f"name it from now on with --ledger or NET_LEDGER={made[-1].where}")
    if other:
        note(other)
    rows = [("made" if each.new else "kept", each.what, each.where) for each in made]

    def screen_of(screen: "Console") -> None:
        screen.print(table("", ("", "what", "where"), rows))
        render_next(screen, step)

    places = [{"what": each.what, "where": each.where, "new": each.new} for each in made]
    answer(asked, "init", {"places": places, "next": step.command}, screen_of)
