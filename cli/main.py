"""The program's door: which commands there are, and the one place where an error becomes text.

A group's module is imported when one of its commands runs, never for ``--help`` or completion. Each
module exposes ``app``; adding a command is one row in ``COMMANDS`` (``docs/guides/adding-a-command.md``).
"""

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from cli import failure
from domain.errors import UsageError

# name -> (module, help in one line, panel of the help page)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "init": ("cli.start.init", "Set up a ledger and a network file of your own.", "Start"),
    "status": (
        "cli.start.status",
        "How everything stands: late, due, to come, expiring, lent, waiting, verified (alias: today).",
        "Start",
    ),
    "doctor": ("cli.start.doctor", "Check that everything net needs is in place and sound.", "Start"),
    "order": ("cli.trade.order", "A buyer's orders: new, run, advance, list, show, amend, cancel.", "Trade"),
    "plan": (
        "cli.trade.plan",
        "Plan an order so that no own cash is needed, or say what is missing.",
        "Trade",
    ),
    "batch": (
        "cli.trade.batch",
        "Take thousands of orders the whole way; go on after any interruption.",
        "Trade",
    ),
    "route": ("cli.trade.route", "Decide many orders together over shared slots and shared credit.", "Trade"),
    "slot": ("cli.trade.slot", "Slots of factories, warehouses and carriers: free, held, booked.", "Trade"),
    "milestone": ("cli.trade.milestone", "Record what happened to the goods, and who says so.", "Trade"),
    "learn": ("cli.foresee.learn", "Learn how late buyers pay and providers deliver.", "Foresee"),
    "forecast": (
        "cli.foresee.forecast",
        "What will come late, when the money comes, what nobody could make.",
        "Foresee",
    ),
    "simulate": (
        "cli.foresee.simulate",
        "Would it pay? Capacity owned or shared, a giant or nodes, another network.",
        "Foresee",
    ),
    "finance": ("cli.money.finance", "Ask lenders, accept an offer, look at a facility.", "Money"),
    "payment": ("cli.money.payment", "Record money that came in or went out.", "Money"),
    "rate": ("cli.money.rate", "Exchange rates: record one with its day and source, list them.", "Money"),
    "invoice": ("cli.papers.invoice", "Write the invoice of a delivered order.", "Money"),
    "bill": ("cli.papers.bill", "Check a provider's bill against what was booked.", "Money"),
    "statement": ("cli.money.statement", "Match a bank statement to orders.", "Money"),
    "report": ("cli.money.report", "Who earned what.", "Money"),
    "clear": (
        "cli.money.clear",
        "Set off debts among many firms: owe, propose, sign, execute.",
        "Money",
    ),
    "pool": ("cli.money.pool", "Pools of money for an industry: open, subscribe, redeem, nav.", "Money"),
    "voucher": ("cli.money.voucher", "Vouchers of a confirmed debt: issue, split, pass, finance.", "Money"),
    "syndicate": ("cli.money.syndicate", "Loans that several lenders share: fill the book.", "Money"),
    "bank": ("cli.money.bank", "A lender's book: drawn, due, overdue, yield.", "Money"),
    "provider": ("cli.network.provider", "The firms whose slots you trade on: list, add, check.", "Network"),
    "lender": ("cli.network.lender", "The firms whose money you trade on: list, add, check.", "Network"),
    "node": ("cli.network.node", "Offer your own catalogue to other firms.", "Network"),
    "ledger": ("cli.books.ledger", "The book of record: log, balance, trace, verify, backup.", "Books"),
}


SYNONYMS = {"today": "status"}
"""Other words for a command; they stand in no list."""


class LazyGroup(TyperGroup):
    """The root: lists one-line stand-ins from the table, imports the real group when it is called."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for name, (_, line, panel) in COMMANDS.items():
            self.add_command(TyperCommand(name, help=line, rich_help_panel=panel))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        args = [SYNONYMS.get(args[0], args[0]), *args[1:]] if args else args
        name, listed, rest = super().resolve_command(ctx, args)
        return name, load(name) if listed is not None and name else listed, rest


def load(name: str) -> Any:
    """The real command or group behind a name of the table."""
    command = get_command(import_module(COMMANDS[name][0]).app)
    command.name = name
    return command


app = typer.Typer(
    name="net",
    cls=LazyGroup,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    epilog="Begin with:  net order run examples/lamp-order.toml",
)


def _tell_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"net {version('net-trade')}")
        raise typer.Exit()


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_tell_version, is_eager=True, help="Print the version and stop."
    ),
) -> None:
    """Trade a buyer's order on other people's assets, with proof that no own cash is needed."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code of ``domain/errors.py``."""
    speak_any_script()
    try:
        code = get_command(app).main(
            [as_text(each) for each in arguments], prog_name="net", standalone_mode=False
        )
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except BrokenPipeError:
        return _close_quietly()
    except SystemExit as stop:
        if isinstance(stop.__context__, BrokenPipeError):  # Typer turned it into exit 1
            return _close_quietly()
        return stop.code if isinstance(stop.code, int) else 1
    except BaseException as error:  # the one place: every error becomes text and a code here
        return failure.tell(error, arguments)


def speak_any_script() -> None:
    """Where a terminal or pipe cannot take a character, it gets its number instead of a crash."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def as_text(argument: str) -> str:
    """What was typed as UTF-8, also where the locale says otherwise; UsageError when it is no text."""
    if argument.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in argument):
        return argument
    typed = os.fsencode(argument)
    try:
        return typed.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{typed!r} is not UTF-8 text", "type it in UTF-8, or rename the file") from None


def keep_stdout_for_answers() -> None:
    """What a compiled library prints past Python goes to stderr: standard output holds answers alone."""
    stream = sys.stdout
    if sys.stderr is None or not isinstance(stream, io.TextIOWrapper) or stream.fileno() != 1:
        return
    stream.flush()
    buffering = 0 if stream.write_through else -1
    kept = open(os.dup(1), "wb", buffering)  # noqa: SIM115 (open as long as the process)
    os.dup2(sys.stderr.fileno(), 1)
    sys.stdout = io.TextIOWrapper(
        kept,
        stream.encoding,
        stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )


def _close_quietly() -> int:
    """The reader of our output went away (``net ledger log | head``); 141 is what the shell expects."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 128 + 13


def main() -> None:
    keep_stdout_for_answers()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
