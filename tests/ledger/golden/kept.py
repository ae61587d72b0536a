"""Golden ledgers: how one is opened, and that nothing in it differs from what was written."""

import gzip
import json
from pathlib import Path
from typing import Any

from ledger.store import Ledger
from ledger.verify.ledger import verify_ledger
from trust.merkle import root_at

GOLDEN = Path(__file__).parent


def unpacked(version: str, folder: Path) -> tuple[Path, dict[str, Any]]:
    path = unpacked_file(f"{version}.ledger.gz", folder)
    return path, json.loads((GOLDEN / f"{version}.json").read_text(encoding="utf-8"))


def unpacked_file(name: str, folder: Path) -> Path:
    path = folder / "net.ledger"
    path.write_bytes(gzip.decompress((GOLDEN / name).read_bytes()))
    return path


def assert_as_written(ledger: Ledger, told: dict[str, Any]) -> None:
    assert verify_ledger(ledger).findings == []
    assert ledger.id == told["ledger"]
    assert root_at(told["records"], ledger.backend.tree()).hex() == told["root"]
    balances = [[one.entity, one.account, one.currency, str(one.amount_minor)] for one in ledger.balance()]
    assert balances == told["balances"]
    assert [[head.order, head.state] for head in ledger.orders()] == told["orders"]
    assert [hold.hold_id for hold in ledger.holds()] == told["live holds"]
