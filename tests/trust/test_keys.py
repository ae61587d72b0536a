"""Keys in files: nobody else may read them, and none is ever overwritten."""

import os
from pathlib import Path

import pytest

from domain.errors import NotFoundError, RefusedError, UsageError
from trust.keys import PublicKey, SigningKey, load_key, load_or_create_actor, save_key


def test_key_file_is_private_and_comes_back_the_same(tmp_path: Path) -> None:
    actor = load_or_create_actor("trader", tmp_path / "keys" / "net.pem")
    assert (tmp_path / "keys" / "net.pem").stat().st_mode & 0o777 == 0o600
    again = load_or_create_actor("trader", tmp_path / "keys" / "net.pem")
    assert again.key.public == actor.key.public
    assert again.key.public.verify(b"text", actor.key.sign(b"text"))
    assert not again.key.public.verify(b"other", actor.key.sign(b"text"))


def test_key_file_is_never_overwritten(tmp_path: Path) -> None:
    save_key(SigningKey.generate(), tmp_path / "k")
    with pytest.raises(RefusedError):
        save_key(SigningKey.generate(), tmp_path / "k")


@pytest.mark.skipif(os.name != "posix", reason="file modes are those of POSIX")
def test_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    save_key(SigningKey.generate(), tmp_path / "k")
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(RefusedError, match="others may read"):
        load_key(tmp_path / "k")


def test_key_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        load_key(tmp_path / "none")
    (tmp_path / "k").write_text("no key")
    (tmp_path / "k").chmod(0o600)
    with pytest.raises(UsageError):
        load_key(tmp_path / "k")


@pytest.mark.parametrize("text", ["", "ed25519:", "ed25519:AAAA", "ed25519:!!", "rsa:AAAA"])
def test_public_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        PublicKey(text).verify(b"", b"")
