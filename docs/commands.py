"""Write ``docs/reference/commands.md`` from the program itself: ``python docs/commands.py``.

A test compares the file with what this writes, so that every command is documented or the test fails.
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TARGET = ROOT / "docs" / "reference" / "commands.md"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command one can type, with its full name."""
    from cli.main import COMMANDS, load

    for name in COMMANDS:
        loaded = load(name)
        yield from below(f"net {name}", loaded)


def below(path: str, command: Any) -> Iterator[tuple[str, Any]]:
    """The command itself, or every command below a group, with their full names."""
    inner = getattr(command, "commands", None)
    if not inner:
        yield path, command
        return
    for name, command_below in inner.items():
        yield from below(f"{path} {name}", command_below)


def shared_names() -> set[str]:
    from cli.options import SHARED

    return set(SHARED)


def section(path: str, command: Any) -> str:
    own = [p for p in command.params if p.name not in shared_names() and p.name != "help"]
    usage = " ".join([path, *(_usage(p) for p in own if p.param_type_name == "argument")])
    if any(p.param_type_name == "option" for p in own):
        usage += " [options]"
    lines = [f"### {path}", "", f"`{usage}`", "", inspect.cleandoc(command.help or ""), ""]
    lines += [_row(p) for p in own if not getattr(p, "hidden", False)]
    lines += [""] if own else []
    lines += ["```sh", *examples(command), "```", ""]
    return "\n".join(lines)


def examples(command: Any) -> list[str]:
    epilog = command.epilog or ""
    return [line.split("$", 1)[1].strip() for line in epilog.split("\n\n") if "$" in line]


def _usage(parameter: Any) -> str:
    name = parameter.metavar or parameter.name.upper()
    many = "..." if parameter.nargs == -1 else ""
    return f"{name}{many}" if parameter.required else f"[{name}{many}]"


def _row(parameter: Any) -> str:
    names = " ".join(parameter.opts) if parameter.param_type_name == "option" else _usage(parameter)
    return f"- `{names}` {getattr(parameter, 'help', '') or ''}".rstrip()


def document() -> str:
    from cli.main import COMMANDS

    parts = [
        "# Commands",
        "",
        "Made from the program by `python docs/commands.py`; a test compares. Every command also takes",
        "`--on DATE`, `--ledger URL` (`NET_LEDGER`), `--config FILE` (`NET_CONFIG`), `--json` and `--debug`.",
        "",
    ]
    last = ""
    for path, command in commands():
        name = path.split()[1]
        if name != last:
            parts += [f"## net {name}", "", COMMANDS[name][1], ""]
            last = name
        parts.append(section(path, command))
    return "\n".join(parts).rstrip() + "\n"


if __name__ == "__main__":
    TARGET.write_text(document())
