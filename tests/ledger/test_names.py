"""A ledger whose id or names could say more than a name: an older version let them in."""

from pathlib import Path

import pytest

import ledger.record.body as bodies
import ledger.store as store
from domain.errors import RefusedError, UsageError
from domain.posting import Entry, Leg
from ledger.checkpoints import held_checkpoint, make_checkpoint, prove_consistency, prove_record
from ledger.export.export import export
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.keys import SigningKey
from trust.merkle import EMPTY_ROOT
from trust.notes import parse_checkpoint, sign_checkpoint

BAD_IDS = ["net-1\n1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "../../../outside", "Net 1"]


def older(place: str | Path, monkeypatch: pytest.MonkeyPatch, name: str) -> Ledger:
    """As a version wrote it that did not look at ids."""
    with monkeypatch.context() as before:
        before.setattr(store, "require_origin", str)
        return create_ledger(place, practice=True, actor=ACTOR, clock=Clock(), ledger_id=name)


@pytest.mark.parametrize("name", BAD_IDS)
def test_no_ledger_is_created_under_such_an_id(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be the id"):
        create_ledger(tmp_path / "l", practice=True, actor=ACTOR, ledger_id=name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("name", BAD_IDS)
def test_an_older_one_is_read_and_neither_written_nor_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_ledger_url: str, name: str
) -> None:
    with older(new_ledger_url, monkeypatch, name) as made:
        url = made.backend.url
    with open_ledger(url, actor=ACTOR, clock=Clock()) as opened:
        assert opened.size() == 3
        assert len(list(opened.records())) == 3
        with pytest.raises(RefusedError, match="is no name"):
            opened.append(draw(1))
        with pytest.raises(RefusedError, match="is no name"):
            make_checkpoint(opened, ACTOR, tmp_path / "home" / "keys" / "checkpoints")
        anything = sign_checkpoint("net-1", 1, EMPTY_ROOT, ACTOR.key)
        with pytest.raises(RefusedError, match="is no name"):
            prove_record(opened, next(iter(opened.records())), anything)
        with pytest.raises(RefusedError, match="is no name"):
            prove_consistency(opened, anything, anything)
        assert held_checkpoint(tmp_path, opened.id) is None
        assert [flaw.place for flaw in verify_ledger(opened).findings] == ["the ledger's id"]
    assert not (tmp_path / "home").exists()


def test_a_checkpoint_of_another_ledger_cannot_be_had() -> None:
    """What the note would have been: the size and root of the stranger's choice under the victim's id."""
    with pytest.raises(RefusedError):
        sign_checkpoint(BAD_IDS[0], 3, EMPTY_ROOT, ACTOR.key)
    assert parse_checkpoint(sign_checkpoint("net-1", 3, EMPTY_ROOT, ACTOR.key).note).origin == "net-1"


@pytest.mark.parametrize("name", ["a\nb", "a+b", "\u202eanna"])
def test_no_key_is_enrolled_under_such_a_name(ledger: Ledger, name: str) -> None:
    with pytest.raises(UsageError, match="name of a key"), ledger.write() as transaction:
        transaction.enrol_actor(name, SigningKey.from_seed(b"\7" * 32).public)


@pytest.mark.parametrize(
    ("entity", "account", "currency"),
    [
        ("trader", "1110", "XAU"),
        ("trader", "1110", "cny"),
        ("trader", "11\n10", "CNY"),
        ("tr\rader", "1", "CNY"),
    ],
)
def test_no_leg_names_what_no_export_could_say(
    ledger: Ledger, entity: str, account: str, currency: str
) -> None:
    legs = (Leg(entity, account, currency, 5), Leg(entity, "3000", currency, -5))
    with pytest.raises(UsageError):
        ledger.append(Entry("paid", "p1", Clock().now.date(), None, {}, legs))
    assert ledger.size() == 3


def test_older_legs_of_that_kind_are_found_and_not_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    legs = (Leg("trader\nx", "1110", "CNY", 5), Leg("trader\nx", "3000", "CNY", -5))
    with create_ledger(tmp_path / "l", practice=True, actor=ACTOR, clock=Clock()) as made:
        with monkeypatch.context() as before:
            before.setattr(bodies, "_require_names", lambda *_: None)
            made.append(Entry("paid", "p1", Clock().now.date(), None, {}, legs))
        assert [flaw.place for flaw in verify_ledger(made).findings] == ["record 4, leg 1", "record 4, leg 2"]
        with pytest.raises(RefusedError, match="record 4"):
            list(export(made.records(), "hledger"))
