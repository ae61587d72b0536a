"""A key that was lost or stolen: withdrawn and replaced by records, and honoured by verification."""

from pathlib import Path

import pytest

from domain.errors import NotFoundError, RefusedError
from ledger.checkpoints import contradiction, make_checkpoint
from ledger.store import Ledger, create_ledger, open_ledger
from ledger.verify.ledger import verify_ledger
from tests.ledger.conftest import ACTOR, Clock, draw
from trust.keys import Actor, SigningKey
from trust.notes import sign_checkpoint

ANNA = Actor("anna", SigningKey.from_seed(b"\2" * 32))
NEW = Actor("anna", SigningKey.from_seed(b"\3" * 32))


def shared(url: str) -> str:
    """A ledger to which ``ANNA`` writes too."""
    with create_ledger(url, practice=True, actor=ACTOR, clock=Clock()) as made:
        made.commit(lambda transaction: transaction.enrol_actor("anna", ANNA.key.public))
        return made.backend.url


def withdrawn(url: str, key: Actor, by: Actor = ACTOR, replaced_by: Actor | None = None) -> None:
    with open_ledger(url, actor=by, clock=Clock()) as made, made.write() as transaction:
        made.backend.keep_writers_out()
        new = replaced_by.key.public if replaced_by else None
        transaction.withdraw_actor(key.key.public, "stolen", new)


@pytest.mark.both_databases
def test_a_withdrawn_key_writes_and_signs_no_more(new_ledger_url: str, tmp_path: Path) -> None:
    url = shared(new_ledger_url)
    with open_ledger(url, actor=ANNA, clock=Clock()) as hers:
        hers.append(draw(1))
        old = make_checkpoint(hers, ANNA, tmp_path)
        withdrawn(url, ANNA)
        with pytest.raises(RefusedError, match="was withdrawn"), hers.write() as transaction:
            transaction.append(draw(2))  # opened before, by another process
        with pytest.raises(RefusedError, match="was withdrawn"):
            make_checkpoint(hers, ANNA, tmp_path)
    with open_ledger(url, actor=ANNA, clock=Clock()) as again, pytest.raises(RefusedError, match="withdrawn"):
        again.append(draw(3))
    with open_ledger(url, actor=ACTOR, clock=Clock()) as mine:
        mine.append(draw(4))
        assert verify_ledger(mine, [old]).sound  # what it signed while it counted stays
        late = sign_checkpoint(mine.id, mine.size(), b"\0" * 32, ANNA.key)
        assert "signed by no key that may" in str(contradiction(mine, late))


@pytest.mark.both_databases
def test_a_key_is_replaced_under_the_same_name(new_ledger_url: str) -> None:
    url = shared(new_ledger_url)
    withdrawn(url, ANNA, by=ANNA, replaced_by=NEW)
    with open_ledger(url, actor=NEW, clock=Clock()) as hers:
        hers.append(draw(1))
        body = next(hers.records(kind="actor.withdrawn")).body
        assert (body["reason"], body["replaced_by"]) == ("stolen", NEW.key.public.text)
        assert verify_ledger(hers).sound


@pytest.mark.both_databases
def test_what_a_withdrawn_key_signed_later_is_found(
    new_ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = shared(new_ledger_url)
    withdrawn(url, ANNA)
    monkeypatch.setattr(Ledger, "_require_not_withdrawn", lambda *_: None)  # a program that does not look
    with open_ledger(url, actor=ANNA, clock=Clock()) as hers:
        hers.append(draw(1))
        findings = verify_ledger(hers).findings
    assert [flaw.place for flaw in findings] == ["record 6"]
    assert "record 5 had withdrawn" in findings[0].problem


@pytest.mark.both_databases
def test_the_last_key_stays_and_a_strange_one_is_unknown(new_ledger_url: str) -> None:
    with create_ledger(new_ledger_url, practice=True, actor=ACTOR, clock=Clock()) as made:
        with pytest.raises(RefusedError, match="nobody could write"), made.write() as transaction:
            transaction.withdraw_actor(ACTOR.key.public, "lost")
        with pytest.raises(NotFoundError, match="no key"), made.write() as transaction:
            transaction.withdraw_actor(ANNA.key.public, "lost")
        made.commit(lambda transaction: transaction.enrol_actor("anna", ANNA.key.public))
        for _ in range(2):  # doing it again changes nothing
            with made.write() as transaction:
                transaction.withdraw_actor(ANNA.key.public, "lost")
        assert made.size() == 5
