"""The PostgreSQL that the tests use is a real one, and each test has a database of its own."""

import psycopg
import pytest

pytestmark = pytest.mark.postgres


def test_server_is_durable(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        settings = dict(
            connection.execute(
                "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
            ).fetchall()
        )
    assert settings == {"fsync": "on", "synchronous_commit": "on"}


def test_database_starts_empty(postgres_database: str) -> None:
    with psycopg.connect(postgres_database) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)
