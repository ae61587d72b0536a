"""Secrets are found where the settings say, and show themselves nowhere."""

import pickle
import stat

import pytest

from config.secrets import Secrets
from domain.errors import NetError, NotFoundError, RefusedError, UsageError


@pytest.fixture
def found(tmp_path):
    def look(text, name="acme"):
        config = tmp_path / "net.toml"
        config.write_text(text)
        return Secrets(config, tmp_path / "keys").find(name)

    return look


def test_command_prints_it(found):
    assert found('[secret.acme]\ncommand = ["printf", "s3cret\\\\nsecond line"]\n').reveal() == "s3cret"


def test_file_of_its_owner_alone_is_read(found, tmp_path):
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(stat.S_IRUSR)
    assert found(f'[secret.acme]\nfile = "{path}"\n').reveal() == "s3cret"


def test_file_that_others_can_read_is_refused(found, tmp_path):
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    path.chmod(0o644)
    with pytest.raises(RefusedError) as caught:
        found(f'[secret.acme]\nfile = "{path}"\n')
    assert "s3cret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("code", ["echo s3cret >&2; exit 3", "exit 1"])
def test_failing_command_does_not_quote_its_output(found, code):
    with pytest.raises(NotFoundError) as caught:
        found(f'[secret.acme]\ncommand = ["sh", "-c", "{code}"]\n')
    assert "s3cret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(
    "text",
    ['[secret.acme]\nvalue = "s3cret"\n', '[secret.acme]\ncommand = "pass show"\n', "[secret]\nacme = 1\n"],
)
def test_settings_that_hold_the_secret_itself_are_refused(found, text):
    """The place where it is kept belongs in the settings, never the secret."""
    with pytest.raises(UsageError) as caught:
        found(text)
    assert "s3cret" not in caught.value.message


def test_secret_that_is_nowhere_is_not_found(found):
    with pytest.raises(NotFoundError):
        found("")


@pytest.mark.parametrize("name", ["", "../x", ".hidden", "a/b"])
def test_name_that_is_a_path_is_refused(found, name):
    with pytest.raises(NetError):
        found("", name)


def test_secret_prints_as_stars_and_cannot_be_written(found):
    secret = found('[secret.acme]\ncommand = ["printf", "s3cret"]\n')
    assert "s3cret" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
