"""Nothing acknowledged is lost to a power cut; the long form is ``bench/power_cuts.py``."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.parts.power_cuts import Step, outcomes, recorded

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("cc") is None, reason="it needs Linux and a C compiler"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    return recorded(tmp_path_factory.mktemp("power"), groups=10)


def test_no_state_of_the_disk_lacks_what_was_acknowledged(
    run: tuple[Path, list[Step]], tmp_path: Path
) -> None:
    told = outcomes(*run, tmp_path / "state", seed=1, count=60)
    assert told == {"states": 60, "bad": 0}


@pytest.mark.parametrize("ignored", ["-wal", ".partial", "checkpoints"])
def test_a_sync_that_does_nothing_is_noticed(
    run: tuple[Path, list[Step]], tmp_path: Path, ignored: str
) -> None:
    """Of the WAL, of a backup before it has its name, of the folder of the checkpoints."""
    assert outcomes(*run, tmp_path / "state", seed=2, count=60, ignored=ignored)["bad"] > 0
