"""``net init`` puts things in place once and overwrites nothing."""

from pathlib import Path

import pytest

from config.locations import own_ledger, practice_ledger, shipped_example
from flows.desk.session import Session
from flows.desk.start import order_file, practise_if_example, start

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "lamp-order.toml"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def test_start_makes_everything_once(tmp_path: Path) -> None:
    with Session() as session:
        first = start(session, None, None, practice=False)
        assert session.ledger.practice is False
    assert all(made.new for made in first)
    (tmp_path / "config" / "net" / "network.toml").write_text("mine")
    with Session() as session:
        assert not any(made.new for made in start(session, None, None, practice=False))
    assert (tmp_path / "config" / "net" / "network.toml").read_text() == "mine"


def test_start_keys_are_for_the_owner_alone(tmp_path: Path) -> None:
    with Session() as session:
        start(session, None, None, practice=True)
    key = tmp_path / "config" / "net" / "keys" / "ledger.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700


def test_the_shipped_example_is_the_one_in_the_examples() -> None:
    assert shipped_example().read_bytes() == EXAMPLE.read_bytes()


def test_the_example_is_practised_only_where_no_ledger_is_configured(tmp_path: Path) -> None:
    with Session(ledger_url=str(tmp_path / "mine.db")) as session:
        assert not practise_if_example(session, EXAMPLE)
    changed = tmp_path / "changed.toml"
    changed.write_text(EXAMPLE.read_text().replace("10000", "9000"))
    with Session() as session:
        assert not practise_if_example(session, changed)
        assert practise_if_example(session, EXAMPLE)
        assert session.ledger.practice
    assert practice_ledger().exists()
    assert not own_ledger().exists()


def test_the_example_is_found_away_from_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert order_file(Path("examples/lamp-order.toml")) == shipped_example()
    assert order_file(Path("other.toml")) == Path("other.toml")
