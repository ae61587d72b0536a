"""What every command takes: ``--on --ledger --config --json --debug``, given to it as one ``Asked``.

``@command(app, ...)`` adds the shared options to the function's own, in a help panel of their own, and
passes them as the argument named ``asked``.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from flows.desk.session import Session

Function = TypeVar("Function", bound=Callable[..., None])
PANEL = "Everywhere"


@dataclass(frozen=True)
class Asked:
    """The shared options of one command line."""

    on: date | None = None
    ledger: str | None = None
    config: Path | None = None
    json: bool = False
    jsonl: bool = False
    debug: bool = False

    def session(self) -> "Session":
        """The ledger, the network and the day to work on; a context manager that closes them."""
        from flows.desk.session import Session

        return Session(ledger_url=self.ledger, config_path=self.config, on=self.on)


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
    app: typer.Typer, name: str, *, example: str, streams: bool = False
) -> Callable[[Function], Function]:
    """Register ``function(asked, ...)`` as a command with the shared options and an example in its help.

    ``streams`` adds ``--jsonl``. The function's docstring is the help text. Several examples: one a line.
    """

    def register(function: Function) -> Function:
        wrapped = _with_shared(function, streams=streams)
        app.command(name, epilog=_epilog(example))(wrapped)
        return function

    return register


def _epilog(example: str) -> str:
    lines = [line.strip() for line in example.strip().splitlines()]
    return "\n\n".join(f"Example:  $ {line}" for line in lines)


def _with_shared(function: Callable[..., None], *, streams: bool) -> Callable[..., None]:
    shared = {name: given for name, given in SHARED.items() if name != "jsonl" or streams}

    @wraps(function)
    def called(**given: Any) -> None:
        asked = Asked(**{name: given.pop(name) for name in shared})
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
