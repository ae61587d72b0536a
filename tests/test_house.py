"""The house keeps its floors: folders, and the rooms inside a folder, import only from lower ones.

Lazy imports count. ``docs/house.md`` is made from the tables here and the first lines of the files.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

FLOORS = {
    "cli": 6,
    "node": 6,
    "flows": 5,
    "routing": 4,
    "finance": 3,
    "providers": 3,
    "ledger": 3,
    "config": 3,
    "documents": 3,
    "trust": 2,
    "domain": 1,
}
STDLIB_ONLY = "domain"

ROOMS = {
    "cli/failure.py": 1,
    "cli/options.py": 1,
    "cli/screen": 2,
    "cli/pages": 3,
    "cli/books": 4,
    "cli/money": 4,
    "cli/foresee": 4,
    "cli/network": 4,
    "cli/papers": 4,
    "cli/start": 4,
    "cli/trade": 4,
    "cli/main.py": 5,
    "cli/__main__.py": 6,
    "flows/firms": 1,
    "flows/orders": 1,
    "flows/desk": 2,
    "flows/shop": 2,
    "flows/plans": 3,
    "flows/books": 4,
    "flows/calls": 5,
    "flows/credit": 5,
    "flows/settlement": 5,
    "flows/forecast": 6,
    "flows/clearing": 5,
    "flows/overview": 7,
    "flows/slots": 6,
    "flows/bank": 7,
    "flows/deals": 7,
    "flows/many": 8,
    "flows/simulate": 9,
    "routing/offers": 1,
    "routing/shared": 1,
    "routing/chains": 2,
    "routing/solvers": 2,
    "routing/many": 3,
    "routing/mixes": 3,
    "routing/plans": 4,
    "routing/simulate": 4,
    "finance/agreed": 1,
    "finance/pricing": 1,
    "finance/books": 2,
    "finance/clearing": 2,
    "finance/sides": 3,
    "finance/fold": 4,
    "finance/forecast": 4,
    "finance/pools": 4,
    "finance/reports": 4,
    "finance/underwriting": 4,
    "finance/rules": 5,
    "ledger/record": 1,
    "ledger/schema": 2,
    "ledger/book": 3,
    "ledger/postgres": 4,
    "ledger/sqlite": 4,
    "ledger/store.py": 5,
    "ledger/checkpoints.py": 6,
    "ledger/export": 6,
    "ledger/verify": 7,
    "ledger/moving": 8,
    "documents/codes": 1,
    "documents/files": 1,
    "documents/maps": 2,
    "documents/tables": 2,
    "documents/ubl": 2,
    "documents/bills": 3,
    "documents/orders": 3,
    "documents/statements": 3,
    "documents/invoices": 4,
    "documents/rules": 4,
}
"""Inside a great folder: its rooms, and the files that stand in the folder itself, each with its floor."""

TO_COME = {
    "cli/text": (1, "What the screens say, one catalogue a language."),
    "cli/formats": (2, "One answer as a table, CSV, TSV, JSON or lines of JSON."),
    "flows/market": (3, "Offers of many firms published, searched, compared, and rated by proven facts."),
    "flows/fleet": (8, "Many nodes of one owner: parted, started, looked after, compared."),
}
"""Rooms that work to come will need, with floor and caption; a room that stands is no longer named here."""

ONE_ROOM = {"domain": 19, "node": 14, "providers": 13}
"""Folders that are one room by choice, since their files share one subject; the most files each may have."""

MOST_FILES = 14
NEEDS_ROOMS = 12


def modules() -> list[Path]:
    return sorted(path for folder in FLOORS for path in (ROOT / folder).rglob("*.py"))


def imported_names(source: str) -> Iterator[tuple[int, str]]:
    """Every absolute module name a file imports, wherever in the file the import stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            yield node.lineno, node.module or ""


def violations(folder: str, source: str) -> list[str]:
    """Imports in ``source`` that ``folder`` may not make, one line each."""
    import sys

    found = []
    for line, name in imported_names(source):
        top = name.split(".")[0]
        if top in FLOORS and top != folder and FLOORS[top] >= FLOORS[folder]:
            found.append(
                f"line {line}: {folder} (floor {FLOORS[folder]}) imports {name} (floor {FLOORS[top]})"
            )
        if folder == STDLIB_ONLY and top not in FLOORS and top not in sys.stdlib_module_names:
            found.append(f"line {line}: {folder} imports {name}, which is not the standard library")
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_module_keeps_its_floor(path: Path) -> None:
    assert violations(path.relative_to(ROOT).parts[0], path.read_text()) == []


@pytest.mark.parametrize(
    ("folder", "source"),
    [
        ("ledger", "def f():\n    import flows.place"),
        ("ledger", "from finance.cash import curve"),
        ("domain", "import sqlalchemy"),
        ("flows", "import cli.main"),
    ],
)
def test_a_broken_floor_is_found(folder: str, source: str) -> None:
    assert violations(folder, source)


def test_every_top_level_folder_of_code_has_a_floor() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert folders - {"tests", "bench"} == set(FLOORS)


def dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def import_graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """Which module imports which, of those given; lazy imports and those for types alone count too."""
    graph: dict[str, set[str]] = {name: set() for name in sources}
    for name, source in sources.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module:
                graph[name] |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
            elif isinstance(node, ast.Import):
                graph[name] |= {alias.name for alias in node.names}
    return {name: (wanted & sources.keys()) - {name} for name, wanted in graph.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Every group of modules that reach one another."""

    def reachable(start: str) -> set[str]:
        seen: set[str] = set()
        waiting = [start]
        while waiting:
            for further in graph[waiting.pop()] - seen:
                seen.add(further)
                waiting.append(further)
        return seen

    reach = {name: reachable(name) for name in graph}
    groups = {frozenset(b for b in reach[a] if a in reach[b]) for a in graph if a in reach[a]}
    return sorted(sorted(group) for group in groups)


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circles(import_graph({dotted(path): path.read_text() for path in modules()})) == []


def test_a_circle_is_found_through_a_lazy_import() -> None:
    sources = {"a": "import b", "b": "def f():\n    from c import x", "c": "import a", "d": "import a"}
    assert circles(import_graph(sources)) == [["a", "b", "c"]]


ROOMED = sorted({room.split("/")[0] for room in ROOMS})


def room_of(dotted_name: str) -> str:
    """The room or file directly in a folder of rooms that a module belongs to: ``flows/slots``."""
    first_two = "/".join(dotted_name.split(".")[:2])
    return first_two if first_two in ROOMS else f"{first_two}.py"


def room_violations(name: str, source: str) -> set[str]:
    """Rooms, or files without one, that the module called ``name`` may not import from."""
    top, own = name.split(".")[0], room_of(name)
    if own not in ROOMS:
        return {own}
    wanted = {room_of(other) for other in wanted_modules(source) if other.startswith(f"{top}.")} - {own}
    return {room for room in wanted if ROOMS.get(room, 99) >= ROOMS[own]}


def wanted_modules(source: str) -> Iterator[str]:
    """As ``imported_names``; ``from flows import slots`` names ``flows.slots``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and "." in node.module:
            yield node.module
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_in_rooms() -> list[Path]:
    inside = [path for path in modules() if path.relative_to(ROOT).parts[0] in ROOMED]
    return [path for path in inside if len(dotted(path).removesuffix(".__init__").split(".")) > 1]


def test_rooms_keep_their_floors() -> None:
    found = {
        (str(path.relative_to(ROOT)), room)
        for path in modules_in_rooms()
        for room in room_violations(dotted(path).removesuffix(".__init__"), path.read_text())
    }
    assert found == set(), "these stand in no room, or import from a room that is not below their own"


@pytest.mark.parametrize(
    ("name", "source", "broken"),
    [
        ("flows.orders.find", "def f():\n    from flows.slots.reserve import x", {"flows/slots"}),
        ("flows.orders.find", "from flows import slots", {"flows/slots"}),
        ("flows.credit.offers", "import flows.calls.undo", {"flows/calls"}),
        ("ledger.sqlite.backend", "from ledger.store import open_store", {"ledger/store.py"}),
        ("finance.books.debt", "from finance.nowhere.debt import x", {"finance/nowhere.py"}),
        ("flows.new_file", "import flows.orders.find", {"flows/new_file.py"}),
        ("flows.slots.reserve", "from flows.orders.find import x\nimport flows.slots.swap", set()),
    ],
)
def test_a_broken_room_floor_is_found(name: str, source: str, broken: set[str]) -> None:
    assert room_violations(name, source) == broken


def files_in(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).glob("*.py") if path.name != "__init__.py"]


def test_every_room_of_the_table_stands_and_says_in_one_line_what_happens_there() -> None:
    missing = [room for room in ROOMS if not (ROOT / room).exists()]
    assert missing == []
    for room in (room for room in ROOMS if not room.endswith(".py")):
        lines = (ROOT / room / "__init__.py").read_text().splitlines()
        assert len(lines) == 1, room
        assert re.fullmatch(r'"""[^"]+\."""', lines[0]), f"{room}: {lines[0]}"


def test_every_folder_of_rooms_is_in_the_table() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for top in FLOORS for path in (ROOT / top).glob("*/*.py")}
    assert folders - set(ROOMS) == set()
    files = {str(path.relative_to(ROOT)) for top in ROOMED for path in files_in(top)}
    assert files - set(ROOMS) == set()


def test_no_folder_is_too_full_to_find_a_file_in() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in modules()}
    flat = {top for top in FLOORS if top not in ROOMED}
    most = {one: ONE_ROOM.get(one, NEEDS_ROOMS if one in flat else MOST_FILES) for one in folders}
    assert {one: len(files_in(one)) for one in folders if len(files_in(one)) > most[one]} == {}


def test_rooms_to_come_are_not_there_yet_and_have_a_floor_to_stand_on() -> None:
    assert [room for room in TO_COME if room in ROOMS or (ROOT / room).exists()] == []
    assert {room.split("/")[0] for room in TO_COME} <= set(FLOORS)
    assert [room for room, (_, caption) in TO_COME.items() if not caption.endswith(".")] == []


def test_tests_stand_in_the_rooms_that_they_test() -> None:
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    assert [str(one) for one in folders if not (ROOT / one / "__init__.py").exists() and one.parts] == []


def public_classes(source: str) -> set[str]:
    found = {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    return {name for name in found if not name.startswith("_")}


def test_a_public_class_name_has_one_meaning() -> None:
    places: dict[str, list[str]] = {}
    for path in modules():
        for name in public_classes(path.read_text()):
            places.setdefault(name, []).append(dotted(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}
