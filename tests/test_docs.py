"""What the documents say of the project itself: the plan of the house, decisions, words."""

import ast
import os
import re
import sys
from pathlib import Path

import pytest

from tests.test_house import FLOORS, ROOMS, TO_COME

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "docs"))

import house  # noqa: E402
import ways  # noqa: E402

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
INDEX = ROOT / "docs" / "decisions" / "README.md"
WORDS = ROOT / "docs" / "concepts" / "words.md"
RELATION = re.compile(r"\*(Replaces|Replaced)( in part)?( by)? \[(\d{4})\]")


def test_the_plan_of_the_house_is_the_house() -> None:
    """Run ``python docs/house.py`` after a file was added, moved or described anew."""
    assert house.TARGET.read_text("utf-8") == house.page(ROOMS, TO_COME)


def test_readme_names_every_folder_with_its_floor() -> None:
    assert {name: floor for name, (floor, _) in house.folders().items()} == FLOORS


@pytest.mark.parametrize("question", house.QUESTIONS, ids=lambda question: question[1])
def test_a_strangers_question_leads_to_the_file_that_answers(question: tuple[str, str, str]) -> None:
    _, path, name = question
    assert re.search(rf"\b{name}\b", (ROOT / path).read_text("utf-8"))
    room, _, file = path.rpartition("/")
    section = house.TARGET.read_text("utf-8").split(f"`{room}/`, floor", 1)[1].split("\n#", 1)[0]
    assert f"- `{file}` " in section


def test_every_file_of_the_house_says_what_it_is_for() -> None:
    silent = re.findall(r"^- `\w+\.py`$", house.TARGET.read_text("utf-8"), re.M)
    assert silent == []


def number(path: Path) -> str:
    return path.name[:4]


def test_a_decision_has_a_number_of_its_own_and_begins_with_it() -> None:
    numbers = [number(path) for path in DECISIONS]
    assert sorted({one for one in numbers if numbers.count(one) > 1}) == []
    assert [
        path.name for path in DECISIONS if not path.read_text("utf-8").startswith(f"# {number(path)}")
    ] == []


def test_every_decision_stands_in_the_index_once_under_its_own_title() -> None:
    listed = re.findall(r"^- \[(\d{4})\]\(([^)]+)\) (.+)$", INDEX.read_text("utf-8"), re.M)
    titles = {
        path.name: re.sub(r"^# \d{4}:? ", "", path.read_text("utf-8").split("\n")[0]) for path in DECISIONS
    }
    assert sorted(listed) == sorted((name[:4], name, title) for name, title in titles.items())


def relations(path: Path) -> set[tuple[str, str]]:
    """(older, newer) for each replacement that the decision names at its head."""
    head = "\n".join(path.read_text("utf-8").split("\n")[:8])
    found = RELATION.findall(head)
    pairs = [(number(path), other) if by else (other, number(path)) for _, _, by, other in found]
    return set(pairs)


def test_a_replaced_decision_and_its_successor_name_each_other() -> None:
    named = [(pair, number(path)) for path in DECISIONS for pair in relations(path)]
    pairs = {pair for pair, _ in named}
    assert pairs, "no decision says what it replaced"
    assert sorted(named) == sorted((pair, one) for pair in pairs for one in pair)
    assert [pair for pair in pairs if pair[0] >= pair[1]] == []


def test_a_decision_named_anywhere_exists() -> None:
    known = {number(path) for path in DECISIONS}
    named = re.compile(r"decisions? ((?:\d{4}(?:, | and | to )?)+)")
    pages = [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    missing = {
        (str(page.relative_to(ROOT)), one)
        for page in pages
        for text in named.findall(page.read_text("utf-8"))
        for one in re.findall(r"\d{4}", text)
        if one not in known
    }
    assert missing == set()


def words() -> list[tuple[str, str, str]]:
    """Every row of the glossary: English, Chinese, meaning."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", WORDS.read_text("utf-8"), re.M)
    return [row for row in rows if row[0] not in ("word", "---")]


def plain(text: str) -> str:
    """Lower case, with one blank wherever words are joined: ``closed-loop`` and ``closed_loop``."""
    return re.sub(r"[_\-\s]+", " ", text.lower())


def test_every_word_of_the_glossary_is_in_use() -> None:
    made = {WORDS, house.TARGET, Path(__file__)}
    pages = [path for path in (ROOT / "docs").rglob("*.md") if path not in made]
    code = [
        path for folder in FLOORS for kind in ("py", "toml") for path in (ROOT / folder).rglob(f"*.{kind}")
    ]
    used = plain("\n".join(path.read_text("utf-8") for path in [*pages, *code]))
    assert [word for word, _, _ in words() if not re.search(rf"\b{plain(word)}(s|es|d)?\b", used)] == []


def test_a_word_has_one_meaning_in_one_row() -> None:
    english = [word for word, _, _ in words()]
    chinese = [word for _, word, _ in words()]
    assert len(english) >= 90
    assert sorted({word for word in english if english.count(word) > 1}) == []
    assert sorted({word for word in chinese if chinese.count(word) > 1}) == []
    assert [word for word in chinese if not re.fullmatch(r"[\u4e00-\u9fff]+", word)] == []


def test_every_finding_is_listed_and_can_be_run() -> None:
    listed = re.findall(
        r"^\| \[([^]]+)\]\(\1\) \|", (ROOT / "findings" / "README.md").read_text("utf-8"), re.M
    )
    scripts = [path for path in (ROOT / "findings").iterdir() if path.name != "README.md"]
    assert sorted(listed) == sorted(path.name for path in scripts)
    assert [path.name for path in scripts if not os.access(path, os.X_OK)] == []


FOUR_WAYS = ROOT / "docs" / "concepts" / "four-ways.md"
PLACE = re.compile(r"`((?:\w+/)+\w+\.py):([\w.]+)`")


def defined(path: Path) -> set[str]:
    """Functions and classes of a file, and what stands in its classes as ``Class.name``."""
    tree = ast.parse(path.read_text("utf-8"))
    named = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    inside = {
        f"{node.name}.{one.name}"
        for node in named
        if isinstance(node, ast.ClassDef)
        for one in node.body
        if isinstance(one, ast.FunctionDef)
    }
    return {node.name for node in named} | inside


@pytest.mark.parametrize("place", sorted(set(PLACE.findall(FOUR_WAYS.read_text("utf-8")))))
def test_every_step_of_the_four_ways_exists(place: tuple[str, str]) -> None:
    path, name = place
    assert name in defined(ROOT / path)


@pytest.mark.parametrize("name", ways.WAYS)
def test_the_four_ways_begin_where_the_page_says(name: str) -> None:
    assert f"`{ways.WAYS[name][0]}`" in FOUR_WAYS.read_text("utf-8")
