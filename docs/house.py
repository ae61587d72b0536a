"""Write ``docs/house.md``, the plan of the house, from the code itself: ``python docs/house.py``.

Floors and rooms are those that ``tests/test_house.py`` keeps; what a folder is for, README's table; the
caption of a room and of a file is the first sentence of its own docstring. A test compares.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TARGET = ROOT / "docs" / "house.md"
README_ROW = re.compile(r"^\| `(\w+)/` \| (\d+) \| (.+) \|$", re.M)

QUESTIONS = (
    ("Where is the fee for releasing a slot decided?", "flows/calls/fees.py", "charged_minor"),
    ("Where is it proved that cash never falls below zero?", "finance/pricing/cash.py", "settle"),
    ("Where is an order's next state allowed or refused?", "domain/states.py", "TRANSITIONS"),
    ("Who is paid first out of the buyer's payment?", "finance/sides/waterfall.py", "rank_of"),
    (
        "Where is it found that two orders are the same sale?",
        "finance/underwriting/fingerprint.py",
        "tokens_of",
    ),
    ("Where does a batch of orders begin?", "flows/many/batch.py", "run_batch"),
    ("Which bank entry pays which invoice?", "documents/statements/matching.py", "match"),
    ("Where is the chain of one order searched?", "routing/plans/search.py", "ChainSearch"),
    ("What bytes does a record consist of?", "ledger/record/body.py", "BodyWriter"),
    ("Which exit code does an error have?", "domain/errors.py", "exit_code"),
)
"""What a stranger asks first, the file that answers, and a name in it by which the answer is found."""

HEAD = """# The house

Made from the code by `python docs/house.py`; a test compares. A folder imports only from lower floors, and a
room only from lower rooms of its own folder; `tests/test_house.py` holds both tables and checks them, lazy
imports included. Rooms on the same floor do not know one another. Tests stand in the same rooms of `tests/`.

## Ten questions

| question | file |
|---|---|
"""


def sentence(source: str) -> str:
    """The first sentence of a module's docstring; empty without one."""
    paragraph = (ast.get_docstring(ast.parse(source)) or "").split("\n\n")[0]
    told = " ".join(paragraph.split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", told)[0].replace("``", "`").replace("|", "\\|")


def caption(path: Path) -> str:
    return sentence(path.read_text("utf-8"))


def files(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.py")):
        if path.name != "__init__.py":
            yield f"- `{path.name}` {caption(path)}".rstrip()


def folders() -> dict[str, tuple[int, str]]:
    """Every folder of code, from README's table: its floor and what happens there."""
    found = README_ROW.findall((ROOT / "README.md").read_text("utf-8"))
    return {name: (int(floor), told) for name, floor, told in found}


def rooms_of(top: str, rooms: Mapping[str, int]) -> Iterator[str]:
    inside = sorted((floor, room) for room, floor in rooms.items() if room.startswith(f"{top}/"))
    for floor, room in inside:
        if room.endswith(".py"):
            yield f"### `{room}`, floor {floor}\n\n{caption(ROOT / room)}\n"
        else:
            listed = "\n".join(files(ROOT / room))
            yield f"### `{room}/`, floor {floor}\n\n{caption(ROOT / room / '__init__.py')}\n\n{listed}\n"


def page(rooms: Mapping[str, int], to_come: Mapping[str, tuple[int, str]]) -> str:
    parts = [HEAD + "\n".join(f"| {question} | `{path}` |" for question, path, _ in QUESTIONS) + "\n"]
    for top, (floor, told) in folders().items():
        parts.append(f"## `{top}/`, floor {floor}\n\n{told[0].upper()}{told[1:]}.\n")
        parts += rooms_of(top, rooms) if any(room.startswith(f"{top}/") for room in rooms) else []
        if not any(room.startswith(f"{top}/") for room in rooms):
            parts.append("\n".join(files(ROOT / top)) + "\n")
    rows = [f"| `{room}/` | {floor} | {told} |" for room, (floor, told) in to_come.items()]
    parts.append("\n".join(["## To come", "", *_TO_COME, *rows]))
    return "\n".join(parts) + "\n"


_TO_COME = (
    "Rooms that later work needs, so that it has a place to stand; none of them is there yet.",
    "",
    "| room | floor | what will happen there |",
    "|---|---|---|",
)


if __name__ == "__main__":
    from tests.test_house import ROOMS, TO_COME

    TARGET.write_text(page(ROOMS, TO_COME), "utf-8")
