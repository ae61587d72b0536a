"""``net init``: a ledger, a key and a network file of one's own."""

from typing import Annotated

import typer

from cli.options import Asked, command, single
from cli.screen.output import answer, note, table

app = single()


@command(app, "init", example="net init\nnet init --practice\nnet init --ledger postgresql://net@db/trade")
def init(
    asked: Asked,
    practice: Annotated[
        bool, typer.Option("--practice", help="A ledger to play with: facts may be played as planned.")
    ] = False,
) -> None:
    """Set up a ledger, a signing key and a network file to edit.

    What is there already stays as it is, so the command can be run again. Nothing is ever overwritten.
    """
    from flows.desk.start import start

    with asked.session() as session:
        made = start(session, asked.ledger, asked.config, practice=practice)
    if asked.ledger:
        note(f"name it from now on with --ledger or NET_LEDGER={made[-1].where}")
    rows = [("made" if each.new else "kept", each.what, each.where) for each in made]
    answer(
        asked,
        "init",
        {"places": [{"what": each.what, "where": each.where, "new": each.new} for each in made]},
        lambda screen: screen.print(table("", ("", "what", "where"), rows)),
    )
