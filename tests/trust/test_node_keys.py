"""The node's key and the firms it trusts: made once, readable by their owner, refused when damaged."""

import stat

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import NotFoundError, RefusedError, UsageError
from trust.node_keys import (
    create_signing_key,
    key_id_of,
    load_signing_key,
    parse_public_line,
    public_line,
    trust_firm,
    trusted_firms,
)


def test_key_is_made_once_and_read_again(tmp_path):
    made = create_signing_key(tmp_path / "keys")
    assert load_signing_key(tmp_path / "keys").private_bytes_raw() == made.private_bytes_raw()
    assert stat.S_IMODE((tmp_path / "keys" / "node.key").stat().st_mode) == 0o600
    with pytest.raises(RefusedError):
        create_signing_key(tmp_path / "keys")
    assert load_signing_key(tmp_path / "keys").private_bytes_raw() == made.private_bytes_raw()


def test_key_that_others_can_read_is_refused(tmp_path):
    create_signing_key(tmp_path)
    (tmp_path / "node.key").chmod(0o640)
    with pytest.raises(RefusedError):
        load_signing_key(tmp_path)


def test_missing_key_says_how_to_make_one(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        load_signing_key(tmp_path)
    assert "net node keygen" in caught.value.hint


def test_public_line_survives_the_way_there_and_back():
    key = Ed25519PrivateKey.generate().public_key()
    assert key_id_of(parse_public_line(public_line(key))) == key_id_of(key)


def test_trust_is_by_key_and_replaced_by_name(tmp_path):
    first, second = (Ed25519PrivateKey.generate().public_key() for _ in range(2))
    trust_firm(tmp_path, "mill", public_line(first), "http://mill.example")
    trust_firm(tmp_path, "mill", public_line(second))
    (firm,) = trusted_firms(tmp_path).values()
    assert (firm.name, firm.key_id, firm.callback) == ("mill", key_id_of(second), "")


@pytest.mark.parametrize("name", ["", "Mill", "../mill", "a/b", "x" * 64, "-mill"])
def test_name_that_could_be_a_path_is_refused(tmp_path, name):
    line = public_line(Ed25519PrivateKey.generate().public_key())
    with pytest.raises(UsageError):
        trust_firm(tmp_path, name, line)
    assert trusted_firms(tmp_path) == {}


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"name": "mill", "key": "net-ed25519 AA"}', "\x00"])
def test_damaged_file_is_named(tmp_path, content):
    (tmp_path / "trusted").mkdir()
    (tmp_path / "trusted" / "mill.json").write_text(content)
    with pytest.raises(UsageError, match=r"mill\.json"):
        trusted_firms(tmp_path)
