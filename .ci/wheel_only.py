"""Each top-level name of `net-trade` is imported from the wheel, and belongs to this distribution alone."""

import sys
from importlib.metadata import distribution, packages_distributions

DISTRIBUTION = "net-trade"
FOLDERS = [
    "cli",
    "node",
    "flows",
    "routing",
    "finance",
    "providers",
    "ledger",
    "config",
    "documents",
    "trust",
    "domain",
]


def main() -> int:
    owners = packages_distributions()
    shared = {name: owners.get(name) for name in FOLDERS if owners.get(name) != [DISTRIBUTION]}
    if shared:
        print(f"names not owned by {DISTRIBUTION} alone: {shared}")
    version = distribution(DISTRIBUTION).version
    print(f"{DISTRIBUTION} {version}: {len(FOLDERS)} top-level names, {len(shared)} shared")
    return 1 if shared else 0


if __name__ == "__main__":
    sys.exit(main())
