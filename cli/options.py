"""What every command takes: ``--on --ledger --config --json --debug``, given to it as one ``Asked``.

``@command(app, ...)`` adds the shared options to the function's own, in a help panel of their own, and
passes them as the argument named ``asked``. A command by which somebody states something
(``stated=True``) takes ``--by --evidence --dry-run`` as well.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from flows.desk.session import Session
    from flows.orders.statement import Statement

Function = TypeVar("Function", bound=Callable[..., None])
PANEL = "Everywhere"


@dataclass(frozen=True)
class Asked:
    """The shared options of one command line, and what goes with a statement where the command takes one."""

    on: date | None = None
    ledger: str | None = None
    config: Path | None = None
    json: bool = False
    jsonl: bool = False
    debug: bool = False
    by: str = ""
    evidence: str = ""
    dry_run: bool = False

    def statement(self, on: date) -> "Statement":
        """Who states it of that day, and on what evidence, as typed; of commands with ``stated=True``."""
        from flows.orders.statement import Statement

        return Statement(on, self.by, self.evidence)

    def session(self) -> "Session":
        """The ledger, the network and the day to work on; a context manager that closes them."""
        from flows.desk.session import Session

        session = Session(ledger_url=self.ledger, config_path=self.config, on=self.on)
        if not (self.ledger or self.json or self.jsonl):
            _tell_which_ledger(session)
        return session


def _tell_which_ledger(session: "Session") -> None:
    """On stderr, which ledger answers where an own and a practice one both stand and none was named."""
    from flows.desk.start import other_ledger

    if told := other_ledger(session.ledger_url):
        typer.echo(f"on {session.ledger_url}; {told}", err=True)


def parse_date(text: str) -> date:
    """``2026-03-02``; anything else is wrong usage."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not a date; write it as 2026-03-02") from None


DateOption = Annotated[
    date | None,
    typer.Option(
        "--on",
        parser=parse_date,
        metavar="DATE",
        help="The day of trade this counts as; today when not given.",
        rich_help_panel=PANEL,
    ),
]
LedgerOption = Annotated[
    str | None,
    typer.Option(
        "--ledger",
        envvar="NET_LEDGER",
        metavar="URL",
        help="The ledger: a file, or postgresql://...",
        rich_help_panel=PANEL,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        envvar="NET_CONFIG",
        metavar="FILE",
        help="Settings and the network file.",
        rich_help_panel=PANEL,
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document for programs.", rich_help_panel=PANEL)
]
JsonLinesOption = Annotated[
    bool, typer.Option("--jsonl", help="One JSON object a line, as it happens.", rich_help_panel=PANEL)
]
DebugOption = Annotated[
    bool, typer.Option("--debug", help="Show where an error comes from.", rich_help_panel=PANEL)
]
ByOption = Annotated[str, typer.Option("--by", metavar="NAME", help="Who states it.")]
EvidenceOption = Annotated[
    str, typer.Option("--evidence", metavar="TEXT", help="On what evidence: a document, a bank reference.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show the postings before they are made; write nothing.")
]
STATED: dict[str, Any] = {
    "by": (ByOption, ""),
    "evidence": (EvidenceOption, ""),
    "dry_run": (DryRunOption, False),
}
SHARED: dict[str, Any] = {
    "on": (DateOption, None),
    "ledger": (LedgerOption, None),
    "config": (ConfigOption, None),
    "json": (JsonOption, False),
    "jsonl": (JsonLinesOption, False),
    "debug": (DebugOption, False),
}


def group(help_line: str) -> typer.Typer:
    """A group of commands: ``net NAME`` alone shows its help, also when it has one command only."""
    app = typer.Typer(no_args_is_help=True, help=help_line, add_completion=False, rich_markup_mode="rich")
    app.callback()(lambda: None)
    return app


def single() -> typer.Typer:
    """A command without subcommands, such as ``net plan ORDER``."""
    return typer.Typer(add_completion=False, rich_markup_mode="rich")


def command(
    app: typer.Typer, name: str, *, example: str, streams: bool = False, stated: bool = False
) -> Callable[[Function], Function]:
    """Register ``function(asked, ...)`` as a command with the shared options and an example in its help.

    ``streams`` adds ``--jsonl``, ``stated`` adds ``--by --evidence --dry-run``. The function's docstring is
    the help text. Several examples: one a line.
    """

    def register(function: Function) -> Function:
        shared = (STATED if stated else {}) | SHARED
        if not streams:
            shared.pop("jsonl")
        wrapped = _with_shared(function, shared)
        app.command(name, epilog=_epilog(example))(wrapped)
        return function

    return register


def _epilog(example: str) -> str:
    lines = [line.strip() for line in example.strip().splitlines()]
    return "\n\n".join(f"Example:  $ {line}" for line in lines)


def _require_numbers(given: dict[str, Any]) -> None:
    """No range keeps out what is no number: it is neither below nor above anything."""
    for name, value in given.items():
        if isinstance(value, float) and not isfinite(value):
            raise typer.BadParameter(f"{value} is no number for --{name.replace('_', '-')}")


def _with_shared(function: Callable[..., None], shared: dict[str, Any]) -> Callable[..., None]:
    @wraps(function)
    def called(**given: Any) -> None:
        asked = Asked(**{name: given.pop(name) for name in shared})
        _require_numbers(given)
        function(asked=asked, **given)

    own = inspect.signature(function, eval_str=True)
    parameters = [p for p in own.parameters.values() if p.name != "asked"]
    parameters = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in parameters]
    parameters += [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, (annotation, default) in shared.items()
    ]
    # functools.wraps leaves __wrapped__, through which the type hints of the bare function would be read
    del called.__dict__["__wrapped__"]
    called.__dict__["__signature__"] = own.replace(parameters=parameters)
    called.__annotations__ = {p.name: p.annotation for p in parameters} | {"return": None}
    return called
