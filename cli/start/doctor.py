"""``net doctor``: is everything in place and sound?"""

import typer

from cli.options import Asked, command, single
from cli.screen.output import answer, table

app = single()


@command(app, "doctor", example="net doctor\nnet doctor --json")
def doctor(asked: Asked) -> None:
    """Check the interpreter, the database, the network file, the key, the ledger and what is left open.

    Every line says what was looked at, what was found and, where something is wrong, what to do. The exit
    code is 0 when nothing is wrong. net ledger verify recomputes the whole ledger.
    """
    from flows.desk.doctor import examine

    with asked.session() as session:
        findings = examine(session)
    rows = [(f.verdict, f.subject, f.found, f.remedy) for f in findings]
    names = ("verdict", "subject", "found", "remedy")
    answer(
        asked,
        "doctor",
        {"findings": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", ("", "what", "found", "what to do"), rows)),
    )
    worst = max(finding.exit_code for finding in findings)
    if worst:
        raise typer.Exit(worst)
