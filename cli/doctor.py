"""``net doctor``: is everything in place and sound?"""

from cli.options import Asked, command, single
from cli.output import answer, table

app = single()


@command(app, "doctor", example="net doctor\nnet doctor --json")
def doctor(asked: Asked) -> None:
    """Check the interpreter, the libraries, the ledger, the network file and what is left open.

    Every line says what was looked at, what was found and, where something is wrong, what to do.
    """
    from flows.doctor import examine

    findings = examine(asked.session())
    rows = [(f.verdict, f.subject, f.found, f.remedy) for f in findings]
    answer(
        asked,
        "doctor",
        {"findings": [{"verdict": v, "subject": s, "found": f, "remedy": r} for v, s, f, r in rows]},
        lambda screen: screen.print(table("", ("", "what", "found", "what to do"), rows)),
    )
