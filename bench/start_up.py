"""How long a person waits before anything happens: ``net --help`` and ``net order new``, byte-compiled.

``python bench/start_up.py`` prints medians and ratios to the same run's bare Typer program and to
``import typer, sqlmodel``. Targets: 1.3 and 1.25.
"""

import compileall
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BARE = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str = "you", count: int = 1) -> None:
    "Say hello."
@app.command()
def bye(name: str = "you") -> None:
    "Say goodbye."
app()
"""
ROUNDS = 9
FOLDERS = (
    "cli",
    "flows",
    "routing",
    "finance",
    "providers",
    "ledger",
    "config",
    "documents",
    "trust",
    "domain",
)
NEW = "--buyer Meridian --product desk-lamp --quantity 10 --price 100 --currency CNY"


def seconds(command: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def medians(commands: dict[str, list[str]], environment: dict[str, str]) -> dict[str, float]:
    """Medians of interleaved rounds, so that a noisy second hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            fresh = [part.replace("{n}", str(time.time_ns())) for part in command]
            taken[name].append(seconds(fresh, environment))
    return {name: statistics.median(found) for name, found in taken.items()}


def main() -> None:
    for folder in FOLDERS:
        compileall.compile_dir(str(ROOT / folder), quiet=2)
    with tempfile.TemporaryDirectory() as home:
        bare = Path(home) / "bare.py"
        bare.write_text(BARE)
        environment = dict(os.environ, NET_LEDGER=str(Path(home) / "ledger.db"), HOME=home, COLUMNS="100")
        for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
            environment[name] = home
        net = [sys.executable, "-m", "cli"]
        subprocess.run([*net, "init", "--practice"], cwd=ROOT, env=environment, check=True)
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "bare typer --help": [sys.executable, str(bare), "--help"],
            "net --help": [*net, "--help"],
            "import typer, sqlmodel": [sys.executable, "-c", "import typer, sqlmodel"],
            "net order new": [*net, "order", "new", "--reference", "T-{n}", *NEW.split()],
        }
        found = medians(commands, environment)
    for name, median in found.items():
        print(f"{name:26} {median * 1000:7.0f} ms")
    for name, floor, target in (
        ("net --help", "bare typer --help", 1.3),
        ("net order new", "import typer, sqlmodel", 1.25),
    ):
        print(f"{name} / {floor}: {found[name] / found[floor]:.2f} (target {target})")


if __name__ == "__main__":
    main()
