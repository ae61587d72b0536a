"""Fail when a test was skipped for any reason but absent shared data: a skip must not read as a pass."""

import re
import sys
from pathlib import Path

SKIP = re.compile(r"^SKIPPED \[\d+\] (?P<place>\S+): (?P<reason>.*)$")
ALLOWED = "shared data"


def main() -> int:
    lines = Path(sys.argv[1]).read_text().splitlines()
    found = [match for line in lines if (match := SKIP.match(line.strip()))]
    wrong = [match[0] for match in found if ALLOWED not in match["reason"]]
    print("\n".join([f"{len(found)} skips, {len(wrong)} of them not allowed", *wrong]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
