"""Nonces seen, so that a signed request counts once; kept through a restart of the node.

A file of its own without waiting for the disk: it survives the death of the process, and a power cut
outlasts the few minutes that a signature lives.
"""

import sqlite3
import threading
from pathlib import Path

FORGET_EVERY = 5_000


class NonceStore:
    def __init__(self, path: Path | str = ":memory:") -> None:
        self._lock = threading.Lock()
        self._books = sqlite3.connect(str(path), check_same_thread=False, isolation_level=None, timeout=10)
        self._books.execute("PRAGMA journal_mode = WAL")
        self._books.execute("PRAGMA synchronous = OFF")
        self._books.execute(
            "CREATE TABLE IF NOT EXISTS nonce (key_id TEXT, nonce TEXT, until INTEGER,"
            " PRIMARY KEY (key_id, nonce)) WITHOUT ROWID"
        )
        self._taken = 0

    def take(self, key_id: str, nonce: str, until: int, now: int) -> bool:
        """Whether the nonce is new; ``until`` (seconds since 1970) is when its signature is worthless."""
        with self._lock:
            self._taken += 1
            if self._taken % FORGET_EVERY == 0:
                self._books.execute("DELETE FROM nonce WHERE until < ?", (now,))
            done = self._books.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?, ?)", (key_id, nonce, until))
            return done.rowcount == 1

    def close(self) -> None:
        self._books.close()
