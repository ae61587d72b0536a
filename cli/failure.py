"""How an error reads: ``error: what happened``, an empty line, ``hint: what to do next``.

With ``--json`` the same as one JSON object on stderr. A traceback is shown under ``--debug`` alone.
"""

import errno
import json
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from domain.errors import InputDefectsError, NetError

# Typer carries its own copy of Click and exports of its errors only this one; its parents are wanted.
_usage_error, _click_error = typer.BadParameter.__mro__[1:3]
INTERRUPTED = 130


@dataclass(frozen=True)
class Failure:
    """What is told about one error, and the code the shell sees."""

    name: str
    message: str
    hint: str
    exit_code: int


def tell(error: BaseException, arguments: Sequence[str]) -> int:
    """Write the error to stderr, for a person or for a program; its exit code."""
    if type(error).__name__ == "NoArgsIsHelpError":  # the help page is already printed
        return 2
    failure = failure_of(error)
    if failure.exit_code == INTERRUPTED and sys.stderr.isatty():
        print(file=sys.stderr)  # below the ^C
    if "--debug" in arguments:
        traceback.print_exception(error, file=sys.stderr)
    if "--json" in arguments or "--jsonl" in arguments:
        print(json.dumps(document(failure, error)), file=sys.stderr)
    else:
        print(text(failure), file=sys.stderr)
    return failure.exit_code


def failure_of(error: BaseException) -> Failure:
    name = type(error).__name__
    if isinstance(error, NetError):
        return Failure(name, error.message, error.hint, error.exit_code)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return Failure(
            "Interrupted",
            "interrupted",
            "run the same command again: it goes on from what is written, and a dialogue begins anew",
            INTERRUPTED,
        )
    if isinstance(error, _click_error):
        return _wrong_usage(error)
    if isinstance(error, FileNotFoundError):
        return Failure(name, f"no such file: {error.filename}", "check the path", 4)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return _refused_by_the_machine(error)
    return Failure(
        name,
        f"{name}: {error}",
        "this is a bug in net; the same command with --debug shows where. The ledger is not harmed: "
        "what was written is complete, the rest was not written",
        1,
    )


def _refused_by_the_machine(error: OSError) -> Failure:
    """A folder that may not be written, a full disk: no bug of ours, and no half-written order."""
    what = error.strerror or ""
    told = f"{what[:1].lower()}{what[1:]}: {error.filename}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(type(error).__name__, told, "make room and run the same command again", 6)
    return Failure(type(error).__name__, told, "check the path and its rights", 4)


def _wrong_usage(error: Any) -> Failure:
    message = str(error.format_message()).rstrip(".")
    context = getattr(error, "ctx", None)
    hint = f"{context.command_path} --help" if context is not None else "net --help"
    return Failure("UsageError", message[:1].lower() + message[1:], hint, 2)


def text(failure: Failure) -> str:
    label = "error:"
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        label = typer.style(label, fg=typer.colors.RED, bold=True)
    lines = f"{label} {failure.message}"
    return f"{lines}\n\nhint: {failure.hint}" if failure.hint else lines


def document(failure: Failure, error: BaseException) -> dict[str, Any]:
    """The error for a program; a file's defects one by one."""
    found: dict[str, Any] = {
        "schema": "net.error/1",
        "error": failure.name,
        "message": failure.message,
        "hint": failure.hint,
        "exit_code": failure.exit_code,
    }
    if isinstance(error, InputDefectsError):
        found["defects"] = [
            {"file": d.file, "line": d.line, "field": d.field, "problem": d.problem, "remedy": d.remedy}
            for d in error.defects
        ]
    return found
