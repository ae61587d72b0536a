"""The tests with the lowest version of every package that pyproject.toml allows.

``python bench/lowest_versions.py``, in an environment of its own, thrown away afterwards. ``--short``
runs what breaks first: start-up, the answer in JSON of every command, an order played to SETTLED on
both databases. What those packages need themselves is the newest that they take; the tools of the tests
are the newest that go with them. The lowest versions have no builds for newer Pythons than 3.12.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOWEST = re.compile(r"(?P<name>[A-Za-z0-9._-]+(\[\w+\])?)>=(?P<version>[0-9][\w.]*)")
NOT_OF_TESTS = ("ruff", "mypy", "build", "types-")
SHORT = (
    "tests/cli/test_main.py",
    "tests/cli/test_options.py",
    "tests/cli/test_examples.py",
    "tests/cli/money/test_money.py::test_played_to_the_end_everybody_earns_what_was_planned",
)


def project() -> dict[str, list[str]]:
    """The requirements of the program with its extras, and those of its tests alone."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = dict(stated["optional-dependencies"])
    tests = extras.pop("test")
    own = [*stated["dependencies"], *(one for extra in extras.values() for one in extra)]
    return {"own": own, "test": [one for one in tests if one not in own]}


def lowest(requirements: list[str]) -> list[str]:
    """Each requirement at the version where its range begins; ValueError for one without a beginning."""
    pins = []
    for one in requirements:
        found = LOWEST.match(one)
        if found is None:
            raise ValueError(f"{one!r} does not say from which version on")
        pins.append(f"{found['name']}=={found['version']}")
    return pins


def environment(folder: Path) -> Path:
    """An environment in the folder with the lowest versions and the program; its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run([*pip, "install", *lowest(project()["own"])], check=True)
    frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    (folder / "lowest.txt").write_text(frozen)
    tools = [one for one in project()["test"] if not one.startswith(NOT_OF_TESTS)]
    subprocess.run([*pip, "install", "-c", str(folder / "lowest.txt"), *tools], check=True)
    subprocess.run([*pip, "install", "--no-deps", "-e", str(ROOT)], check=True)
    return python


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--short", action="store_true", help="only what breaks first")
    parser.add_argument("--workers", default="auto", help="processes of the tests")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="net-lowest-") as folder:
        python = environment(Path(folder))
        print("\n".join(lowest(project()["own"])), flush=True)
        tests = SHORT if asked.short else ()
        command = [str(python), "-m", "pytest", "-q", "-n", asked.workers, "-p", "no:cacheprovider", *tests]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
