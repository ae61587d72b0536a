"""The views say the same on both databases, and through `net ledger sql` nothing can be written."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.errors import NotFoundError, UsageError
from domain.posting import Entry, Leg
from ledger.export.query import query
from ledger.moving.copy import copy_ledger
from ledger.schema.dialect import POSTGRES, SQLITE, Dialect
from ledger.schema.texts import views_text
from ledger.schema.views import VIEWS, View, made, reference
from ledger.store import open_ledger
from ledger.verify.ledger import verify_ledger
from tests.conftest import _with_database
from tests.ledger.conftest import ACTOR, Clock
from tests.parts.full_ledger import full_ledger

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def places(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """One ledger in a file and in a database."""
    import psycopg

    name = "net_test_views"
    path = tmp_path_factory.mktemp("views") / "net.ledger"
    full_ledger(path)
    with open_ledger(path, actor=ACTOR, clock=Clock()) as ledger:
        legs = (
            Leg("lender:harbour", "1310", "JPY", 500),
            Leg("lender:harbour", "1010", "JPY", -500),
            Leg("lender:harbour", "1320", "KWD", 7),
            Leg("lender:harbour", "4110", "KWD", -7),
            Leg("lender:harbour", "1390", "EUR", -105),
            Leg("lender:harbour", "5510", "EUR", 105),
        )
        ledger.append(Entry("loan.drawn", "lent", Clock()().date(), "o1", {}, legs))
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name}")
    url = copy_ledger(str(path), _with_database(postgres_server, name), ACTOR, Clock()).url
    yield {"sqlite": str(path), "postgres": url}
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def asked(url: str, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with query(url, statement) as (columns, rows):
        return list(columns), list(rows)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.called())
def test_view_says_the_same_on_both_databases(places: dict[str, str], view: type[View]) -> None:
    where = "WHERE kind NOT IN ('ledger.handed-over', 'ledger.taken-over')"
    statement = f"SELECT * FROM {view.called()} {where if view.called() == 'records' else ''}"
    columns, rows = asked(places["sqlite"], statement)
    others, found = asked(places["postgres"], statement)
    assert columns == others == list(view.model_fields)
    assert sorted(map(repr, normal(rows))) == sorted(map(repr, normal(found)))
    assert rows, "a view that is empty here proves nothing"


def normal(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """SQLite has no truth values of its own."""
    return [tuple(int(value) if isinstance(value, bool) else value for value in row) for row in rows]


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.called())
def test_every_row_is_one_of_its_model(places: dict[str, str], place: str, view: type[View]) -> None:
    columns, rows = asked(places[place], f"SELECT * FROM {view.called()}")
    for row in rows:
        view.model_validate(dict(zip(columns, row, strict=True)), strict=True)


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_amounts_have_the_decimals_of_their_currency(places: dict[str, str], place: str) -> None:
    _, rows = asked(
        places[place], "SELECT currency, exposure FROM exposures WHERE lender = 'lender:harbour' ORDER BY 1"
    )
    assert rows == [("EUR", "-1.05"), ("JPY", "500"), ("KWD", "0.007")]


WRITES = (
    "INSERT INTO record (key) VALUES ('x')",
    "UPDATE balance SET amount_minor = 0",
    "DELETE FROM leg",
    "DROP TABLE leg",
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "WITH gone AS (DELETE FROM leg RETURNING 1) SELECT * FROM gone",
    "SELECT 1; DELETE FROM leg",
    "COMMIT",
    "",
    "nonsense",
)
WRITES_OF = {
    "sqlite": (
        "PRAGMA query_only = OFF",
        "PRAGMA writable_schema = ON",
        "PRAGMA journal_mode = DELETE",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'stolen.db'",
        "SELECT load_extension('x')",
        "DROP VIEW orders",
        "BEGIN IMMEDIATE",
        "REINDEX",
    ),
    "postgres": (
        "SELECT nextval('command_number')",
        "SELECT net.add_record('x', 'x', 'x', NULL, NULL, 0, '{}', '')",
        "SELECT set_config('transaction_read_only', 'off', true)",
        "SELECT set_config('role', 'none', true), nextval('command_number')",
        "COPY leg TO '/tmp/stolen'",
        "COPY leg TO PROGRAM 'cat'",
        "TRUNCATE leg",
        "LOCK TABLE ledger",
        "SELECT * FROM leg FOR UPDATE",
        "SELECT net.keep_writers_out()",
        "SELECT pg_read_file('/etc/passwd')",
        "GRANT ALL ON leg TO PUBLIC",
        "DO $$BEGIN DELETE FROM net.leg; END$$",
        "EXPLAIN ANALYZE DELETE FROM leg",
    ),
}


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_nothing_can_be_written(places: dict[str, str], place: str, tmp_path: Path) -> None:
    allowed = []
    for statement in (*WRITES, *WRITES_OF[place]):
        try:
            asked(places[place], statement)
        except UsageError:
            continue
        allowed.append(statement)
    assert allowed == []
    with open_ledger(places[place]) as ledger:
        assert verify_ledger(ledger).sound
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_question_may_be_any_select(places: dict[str, str], place: str) -> None:
    statement = (
        "WITH cash AS (SELECT order_reference, SUM(amount_minor) AS left_over FROM postings"
        " WHERE account = '1010' AND entity = 'trader' GROUP BY order_reference)"
        " SELECT COUNT(*), MIN(left_over) >= 0 FROM cash JOIN orders ON reference = order_reference"
    )
    _, rows = asked(places[place], statement)
    assert normal(rows) == [(8, 1)]
    assert asked(places[place], "SELECT 1 AS one WHERE 1 = 0") == (["one"], [])


def test_question_may_look_into_the_body(places: dict[str, str]) -> None:
    """SQLite's tables over JSON work too, though the connection may make nothing."""
    statement = (
        "SELECT COUNT(*) = (SELECT COUNT(*) FROM postings) FROM records, json_each(records.body, '$.legs')"
    )
    assert normal(asked(places["sqlite"], statement)[1]) == [(1,)]


@pytest.mark.parametrize("place", ["sqlite", "postgres"])
def test_question_about_what_is_not_there_is_wrong_usage(places: dict[str, str], place: str) -> None:
    with pytest.raises(UsageError) as caught:
        asked(places[place], "SELECT * FROM nothing")
    assert "ledger-views" in caught.value.hint


def test_question_to_no_ledger_says_so(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        asked(str(tmp_path / "none"), "SELECT 1")


def test_manual_page_is_written_from_the_views() -> None:
    page = ROOT / "docs" / "reference" / "ledger-views.md"
    assert page.read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize(("database", "dialect"), [("sqlite", SQLITE), ("postgres", POSTGRES)])
def test_statements_that_ship_are_made_from_the_models(database: str, dialect: Dialect) -> None:
    """Run ``python -m ledger.schema.views`` after a change of the models."""
    assert views_text(database) == made(dialect)


LOADED = """
import json, sys
from pathlib import Path
from ledger.export.query import query
from ledger.store import create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR
with create_ledger(sys.argv[1], practice=True, actor=ACTOR) as ledger:
    assert verify_ledger(ledger).sound
with query(sys.argv[1], "SELECT * FROM postings") as (columns, rows):
    assert not list(rows)
print(json.dumps(sorted(sys.modules)))
"""


def test_no_work_with_a_ledger_loads_the_models(tmp_path: Path) -> None:
    """They take half a second to load: making, verifying and asking a ledger read what was made of them."""
    program = [sys.executable, "-c", LOADED, str(tmp_path / "net.ledger")]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert not loaded & {"sqlmodel", "sqlalchemy", "pydantic", "ledger.schema.views", "ledger.schema.tables"}
