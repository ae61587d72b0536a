"""The ledger on PostgreSQL answers the tests of the ledger on SQLite, as a role that owns nothing."""

from collections.abc import Iterator

import psycopg
import pytest

import tests.ledger.test_store as shared
from domain.errors import NotFoundError, RefusedError, UnreachableError
from ledger.postgres.backend import PostgresBackend
from ledger.store import Ledger, create_ledger, open_ledger
from tests.ledger.conftest import ACTOR, Clock, draw

pytestmark = pytest.mark.postgres

ABOUT_SQLITE = {
    # a receipt on PostgreSQL has no place in the tree yet
    "test_append_repeats_the_first_receipt_for_the_same_key",
    "test_write_rolls_everything_back_on_an_exception",
    # these are about files
    "test_open_says_how_to_make_a_ledger_that_is_not_there",
    "test_create_never_overwrites",
    "test_ledger_keeps_its_identity_when_opened_again",
    "test_write_needs_an_enrolled_actor",
}

for _name, _test in vars(shared).copy().items():
    if _name.startswith("test_") and _name not in ABOUT_SQLITE:
        globals()[_name] = _test


@pytest.fixture
def ledger(postgres_database: str, clock: Clock) -> Iterator[Ledger]:
    with create_ledger(postgres_database, practice=True, actor=ACTOR, clock=clock) as made:
        yield made


def program_url(ledger: Ledger) -> str:
    assert isinstance(ledger.backend, PostgresBackend)
    return ledger.backend.url


def test_open_says_how_to_make_a_ledger_in_an_empty_database(postgres_database: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_ledger(postgres_database)
    assert "net init" in caught.value.hint


def test_open_of_a_server_that_is_not_there_is_safe_to_repeat() -> None:
    with pytest.raises(UnreachableError):
        open_ledger("postgresql://nobody@/none?host=/nonexistent")


@pytest.mark.usefixtures("ledger")
def test_create_in_a_database_with_a_ledger_is_refused(postgres_database: str) -> None:
    with pytest.raises(RefusedError):
        create_ledger(postgres_database, practice=True, actor=ACTOR)


def test_identity_is_kept(ledger: Ledger) -> None:
    with open_ledger(program_url(ledger)) as again:
        assert (again.id, again.practice) == (ledger.id, True)


def test_owner_is_refused_as_a_writer(ledger: Ledger, postgres_database: str) -> None:
    with (
        open_ledger(postgres_database, actor=ACTOR) as owned,
        pytest.raises(RefusedError, match="owns the ledger"),
        owned.write(),
    ):
        pass
    assert ledger.size() == 3


def test_program_owns_nothing(ledger: Ledger) -> None:
    with psycopg.connect(program_url(ledger)) as connection:
        owned = connection.execute(
            "SELECT count(*) FROM pg_shdepend WHERE refobjid = current_user::regrole AND deptype = 'o'"
        ).fetchone()
        powers = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles"
            " WHERE rolname = current_user"
        ).fetchone()
    assert owned == (0,)
    assert powers == (False, False, False, False)


def test_append_in_one_statement_and_again(ledger: Ledger) -> None:
    first = ledger.append(draw(1), draw(2))
    again = ledger.append(draw(1), draw(2))
    assert [receipt.repeated for receipt in again] == [True, True]
    assert [receipt.leaf for receipt in first] == [receipt.leaf for receipt in again]
    assert [record.key for record in ledger.records(order="o1")] == ["draw-1", "draw-2"]
