"""The doctor finds what is wrong and says what to do; nothing that it meets stops it."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.ports import HoldLine
from flows.desk.doctor import Examined, examine, has_wal_reset_defect
from flows.desk.session import Session


def found(session: Session, subject: str) -> Examined:
    return next(finding for finding in examine(session) if finding.subject == subject)


def test_a_sound_set_up_has_nothing_wrong(session: Session) -> None:
    session.actor  # noqa: B018 - makes the key
    findings = examine(session)
    assert [finding for finding in findings if finding.verdict == "wrong"] == []
    assert found(session, "practice ledger").verdict == "ok"


def test_without_a_ledger_it_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with Session() as session:
        assert "net init" in found(session, "ledger").remedy


def test_a_broken_network_file_and_ledger_are_both_told(session: Session, tmp_path: Path) -> None:
    session.config_path = tmp_path / "network.toml"
    session.config_path.write_text("name = 3\nfactory = 'x'")
    session.close()
    session.ledger_url = str(tmp_path / "torn.db")
    Path(session.ledger_url).write_bytes(b"SQLite format 3\0" + b"\1" * 5000)
    assert found(session, "network file").exit_code == 2
    assert found(session, "ledger").verdict == "wrong"


def test_a_key_that_others_may_read_is_wrong(session: Session) -> None:
    session.actor  # noqa: B018 - makes the key
    key = session.keys_folder / "ledger.pem"
    key.chmod(0o644)
    assert found(session, "signing key") == Examined(
        "wrong", "signing key", f"others may read {key}", f"chmod 600 {key}", 3
    )


def test_a_hold_past_its_time_is_told(session: Session) -> None:
    with session.ledger.write() as transaction:
        transaction.open_capacity("works/lamp", "2026-03-05", 10)
        line = HoldLine("works/lamp", "2026-03-05", 4)
        transaction.hold("h", "PO-1", [line], session.clock() - timedelta(minutes=1))
    assert "PO-1" in found(session, "holds").found


@pytest.mark.parametrize(
    ("version", "defect"),
    [((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 50, 6), True), ((3, 50, 7), False),
     ((3, 51, 2), True), ((3, 51, 3), False), ((3, 54, 0), False)],
)  # fmt: skip
def test_wal_reset_defect_by_version(version: tuple[int, int, int], defect: bool) -> None:
    assert has_wal_reset_defect(version) is defect
