"""One bit of a ledger file flipped, and what verification makes of it."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

from domain.errors import LedgerBrokenError, NetError
from ledger.store import open_ledger
from ledger.verify.sqlite import verify_file

ALLOWED = ("found", "no matter")


def flipped(original: bytes, seed: int, count: int) -> Iterator[tuple[int, int, bytes]]:
    """(byte, bit, content) of files that differ from the original in one bit."""
    chance = random.Random(seed)
    for _ in range(count):
        place, bit = chance.randrange(len(original)), chance.randrange(8)
        content = bytearray(original)
        content[place] ^= 1 << bit
        yield place, bit, bytes(content)


def said_by(path: Path) -> str:
    """The hash of all that the file says: its schema and every row."""
    with closing(sqlite3.connect(path)) as connection:
        return sha256("\n".join(connection.iterdump()).encode()).hexdigest()


def outcome(path: Path, original: str) -> str:
    """``found``, ``no matter`` (it says what the original says), or what went wrong."""
    try:
        report = verify_file(path, workers=1)
        if not report.sound:
            places = [flaw.place for flaw in report.findings]
            return "found" if all(places) else "without a place"
        with open_ledger(path) as ledger:
            same = ledger.size() == report.records and said_by(path) == original
        return "no matter" if same else "not found"
    except LedgerBrokenError:
        return "found"
    except NetError as error:
        return f"exit {error.exit_code}"
    except Exception as error:
        return type(error).__name__


def outcomes(original: bytes, path: Path, seed: int, count: int) -> Counter[str]:
    told: Counter[str] = Counter()
    path.write_bytes(original)
    whole = said_by(path)
    for place, bit, content in flipped(original, seed, count):
        path.write_bytes(content)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        said = outcome(path, whole)
        told[said] += 1
        if said not in ALLOWED:
            print(f"byte {place} bit {bit}: {said}")
    return told
