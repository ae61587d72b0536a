"""The house keeps its floors: a folder imports only from lower floors, lazy imports included."""

import ast
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
