"""What cannot be looked at is a finding with its place: damage must never look like a defect of ours.

Damage makes any value of any kind: texts that are not UTF-8, numbers that are texts, nothing where something
stood. Whatever such a value breaks, somewhere in here, is told and the rest is looked at all the same.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from domain.errors import UnreachableError
from ledger.record.findings import Flaw
from ledger.sqlite.file import storage_trouble


def told(subject: str, place: str, error: Exception) -> Flaw:
    """The finding that ``place`` could not be looked at."""
    said = str(error).strip().splitlines()
    return Flaw(subject, place, f"cannot be looked at: {said[0] if said else type(error).__name__}")


def raise_trouble(path: Path, error: Exception) -> None:
    """What the machine does not do (a full memory, a disk that does not answer) is no finding."""
    if isinstance(error, UnreachableError | MemoryError):
        raise error
    trouble = storage_trouble(path, error) if isinstance(error, sqlite3.Error) else None
    if trouble is not None:
        raise trouble from error


def looked(path: Path, subject: str, place: str, question: Callable[[], Iterable[Flaw]]) -> Iterator[Flaw]:
    """What ``question`` finds, and that it could not go on where it could not."""
    try:
        yield from question()
    except Exception as error:
        raise_trouble(path, error)
        yield told(subject, place, error)
