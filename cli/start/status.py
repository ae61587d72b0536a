"""``net status``: all orders at a glance; what is due and late, what expires, who is waited for."""

from typing import Annotated

import typer

from cli.options import Asked, command, single
from cli.screen.output import answer, progress

app = single()


@command(app, "status", example="net status\nnet status --days 14\nnet status --json")
def show_status(
    asked: Asked,
    days: Annotated[int, typer.Option("--days", min=0, max=366, help="How far ahead.")] = 7,
    most: Annotated[int, typer.Option("--limit", min=1, help="At most so many lines of each kind.")] = 20,
) -> None:
    """Show how everything stands: late, due and to come; holds that end; credit; states; who is waited for.

    It also says how far the ledger was last verified. What only the plan expects stands apart from what is
    due, that is where all it waits for has happened.
    """
    from cli.pages.status_page import render_status, status_document
    from config.logins import shown_url
    from flows.overview.status import status

    with asked.session() as session, progress("orders looked at") as advance:
        found = status(session, days, most, advance)
        ledger, practice = shown_url(str(session.ledger_url)), session.ledger.practice
    document = status_document(found, ledger, practice)
    answer(asked, "status", document, lambda screen: render_status(screen, found, ledger, practice))
