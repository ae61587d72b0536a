"""A login is kept for its owner alone, and found again by the database it is for."""

from pathlib import Path

import pytest

from config.logins import FILE, save_login, shown_url, with_login
from domain.errors import RefusedError

MADE = "postgresql://net_program:s3cret@db.example:5432/trade?sslmode=require"


def test_login_is_found_by_its_database_whoever_asks(tmp_path: Path) -> None:
    save_login(tmp_path, MADE)
    for given in (
        "postgresql://db.example:5432/trade?sslmode=require",
        "postgresql://owner@db.example:5432/trade?sslmode=require",
        "postgresql://db.example:5432/trade?sslmode=require&user=owner",
    ):
        assert with_login(tmp_path, given) == MADE


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://db.example:5432/other?sslmode=require",
        "postgresql://elsewhere:5432/trade?sslmode=require",
        "postgresql://me:mine@db.example:5432/trade?sslmode=require",
        "/home/a@b/ledger.db",
    ],
)
def test_another_database_or_a_login_of_ones_own_stays_as_given(tmp_path: Path, given: str) -> None:
    save_login(tmp_path, MADE)
    assert with_login(tmp_path, given) == given


def test_a_new_login_takes_the_place_of_the_old(tmp_path: Path) -> None:
    save_login(tmp_path, MADE)
    save_login(tmp_path, "postgresql://a:b@db/other")
    path = save_login(tmp_path, MADE.replace("s3cret", "renewed"))
    assert path.read_text().splitlines() == ["postgresql://a:b@db/other", MADE.replace("s3cret", "renewed")]
    assert path.stat().st_mode & 0o777 == 0o600


def test_logins_that_others_may_read_are_refused(tmp_path: Path) -> None:
    save_login(tmp_path, MADE)
    (tmp_path / FILE).chmod(0o644)
    with pytest.raises(RefusedError, match="others may read"):
        with_login(tmp_path, "postgresql://db.example:5432/trade")


def test_shown_url_hides_the_password() -> None:
    assert shown_url(MADE) == "postgresql://net_program@db.example:5432/trade?sslmode=require"
    assert shown_url("postgresql://net@db/trade") == "postgresql://net@db/trade"
    assert shown_url("/home/a@b/ledger.db") == "/home/a@b/ledger.db"


def test_a_login_is_kept_for_a_url_of_several_hosts(tmp_path: Path) -> None:
    """libpq's usual form for a server and its standby."""
    several = "postgresql://u:secret@10.0.0.1:7001,10.0.0.2:7002/trade?target_session_attrs=read-write"
    save_login(tmp_path, several)
    asked = several.replace("u:secret@", "u@")
    assert with_login(tmp_path, asked) == several
    assert shown_url(several) == asked
    assert with_login(tmp_path, asked.replace("7002", "7003")) == asked.replace("7002", "7003")
