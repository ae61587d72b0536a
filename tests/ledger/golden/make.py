"""Keep a ledger as this version writes it: ``python -m tests.ledger.golden.make VERSION``, once per tag.

A golden ledger is never written again. Every later version must open it, verify it and find the same root.
"""

import gzip
import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from ledger.store import open_ledger
from tests.parts.full_ledger import full_ledger
from trust.merkle import root_at

FOLDER = Path(__file__).parent


def main() -> None:
    version = sys.argv[1]
    target = FOLDER / f"{version}.ledger.gz"
    if target.exists():
        sys.exit(f"{target.name} is there already and stays as it is")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "net.ledger"
        full_ledger(path, orders=4)
        with open_ledger(path) as ledger:
            size = ledger.size()
            told = {
                "version": version,
                "schema": ledger.backend.version,
                "ledger": ledger.id,
                "records": size,
                "root": root_at(size, ledger.backend.tree()).hex(),
                "balances": [
                    [one.entity, one.account, one.currency, str(one.amount_minor)] for one in ledger.balance()
                ],
                "orders": [[head.order, head.state] for head in ledger.orders()],
                "live holds": [hold.hold_id for hold in ledger.holds()],
            }
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("VACUUM")
        connection.close()
        target.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    (FOLDER / f"{version}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
