"""What pip is told: one name everywhere, ranges that begin where they were tried, a lock within them."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from cli.main import run
from providers.registry import DISTRIBUTION, GROUP
from tests.test_house import FLOORS

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
STATED = [*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]
LOCKED = (ROOT / "requirements" / "locked.txt").read_text("utf-8")


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_distribution_has_one_name() -> None:
    assert PROJECT["name"] == DISTRIBUTION == script(".ci/wheel_only.py").DISTRIBUTION
    assert GROUP in PROJECT["entry-points"]
    assert list(PROJECT["scripts"]) == ["net"]


def test_every_folder_of_code_is_in_the_wheel_and_looked_at_there() -> None:
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    assert sorted(packaged["find"]["include"]) == sorted(f"{folder}*" for folder in FLOORS)
    assert sorted(script(".ci/wheel_only.py").FOLDERS) == sorted(FLOORS)


def test_the_version_is_told_and_its_changes_are_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"net {PROJECT['version']}\n"
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.search(
        rf"^## \[{re.escape(PROJECT['version'])}\]|^Version {re.escape(PROJECT['version'])},", changes, re.M
    )


def test_every_range_says_from_which_version_on() -> None:
    pins = script("bench/lowest_versions.py").lowest(STATED)
    assert [pin.split("==")[0] for pin in pins] == [one.split(">=")[0] for one in STATED]


def test_a_range_without_a_beginning_is_found() -> None:
    with pytest.raises(ValueError, match="from which version"):
        script("bench/lowest_versions.py").lowest(["rich<16"])


def test_the_lock_holds_every_package_within_its_range_and_with_hashes() -> None:
    """Run ``bash requirements/lock.sh`` after a change of the ranges."""
    locked: dict[str, list[str]] = {}
    for block in re.split(r"^(?=[a-z0-9])", LOCKED, flags=re.M)[1:]:
        assert "--hash=sha256:" in block, block.split()[0]
        found = re.match(r"([a-z0-9-]+)(?:\[[\w,]+\])?==([^\s;]+)", block)
        assert found, block[:80]
        locked.setdefault(found[1], []).append(found[2])
    for one in map(Requirement, STATED):
        versions = locked.get(canonicalize_name(one.name), [])
        assert versions, f"{one.name} is not locked"
        assert [version for version in versions if not one.specifier.contains(version)] == [], one.name


def test_the_lock_names_no_place_where_packages_came_from() -> None:
    assert re.findall(r"https?://\S+|file:\S+|--index\S*|--find-links\S*", LOCKED) == []
