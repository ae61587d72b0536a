"""Published cases from files to proven answer, start-up included: ``python bench/routing_known.py DATA``.

Each runs as a person would run it (a fresh process of ``net route --table``); wall time and processor time
are medians of three, beside an empty ``python -c pass`` and ``net --help`` of the same run.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MAPS = ROOT / "examples" / "routing"
CASES = [
    ("brunel.toml", "brunel", []),
    ("brunel-1000.toml", "brunel_1000", []),
    ("brunel.toml", "brunel", ["providers.times=1", 'objective="most-served"']),
    ("brunel.toml", "brunel", ['providers.without=["PLANT16"]', 'objective="most-served"']),
    ("brunel.toml", "brunel", ["orders.take=1000"]),
    ("brunel-freight.toml", "brunel", []),
    ("brunel-freight.toml", "brunel", ['lanes.only={mode_dsc=["AIR"]}', 'objective="most-served"']),
    *[("assignment.toml", "orlib_gap", [f'numbers="gap{n}.txt"', "problem=5"]) for n in range(1, 7)],
    *[("location.toml", "orlib_cap", [f'numbers="cap{n}.txt"']) for n in (41, 51, 61, 74)],
]


def timed(command: list[str]) -> tuple[float, float, str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if done.returncode:
        sys.exit(done.stderr)
    return wall, work, done.stdout


def median(command: list[str]) -> tuple[float, float, str]:
    runs = [timed(command) for _ in range(3)]
    wall, work = (statistics.median(run[place] for run in runs) for place in (0, 1))
    return wall, work, runs[0][2]


def main() -> None:
    data = Path(sys.argv[1])
    for title, command in (
        ("python -c pass", [sys.executable, "-c", "pass"]),
        ("net --help", [sys.executable, "-m", "cli", "--help"]),
    ):
        wall, work, _ = median(command)
        print(f"{wall:6.2f} s wall {work:6.2f} s work  {title}")
    for name, folder, changes in CASES:
        command = [
            sys.executable,
            "-m",
            "cli",
            "route",
            "--table",
            str(MAPS / name),
            "--data",
            str(data / folder),
        ]
        command += [part for change in changes for part in ("--set", change)] + ["--json"]
        wall, work, printed = median(command)
        found = json.loads(printed)
        value = found["value"] if len(found["value"]) < 24 else f"{float(found['value']):.6f}"
        print(
            f"{wall:6.2f} s wall {work:6.2f} s work  {found['name']} {' '.join(changes)}: {value}"
            f" {found['status']} by {found['method']}, {found['served']} served, {found['times']} times",
            flush=True,
        )


if __name__ == "__main__":
    main()
