"""Signed notes against the examples that others published."""

import pytest

from domain.errors import UsageError
from tests.parts.verifier import parse_inclusion_proof, parse_verifier_key
from trust.keys import SigningKey
from trust.notes import note_signers, parse_checkpoint, sign_checkpoint, sign_note, verifier_key

# the example of Go's golang.org/x/mod/sumdb/note
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN"
    "1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)  # fmt: skip
KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_note_of_the_go_project_holds() -> None:
    key = parse_verifier_key(KEY)
    assert note_signers(NOTE, [key]) == [key]
    assert verifier_key(*key) == KEY


def test_note_with_a_changed_text_does_not_hold() -> None:
    with pytest.raises(UsageError, match="does not fit"):
        note_signers(NOTE.replace("problem", "question", 1), [parse_verifier_key(KEY)])


def test_note_of_an_unknown_key_counts_for_nothing() -> None:
    key = SigningKey.from_seed(b"\1" * 32)
    assert note_signers(NOTE, [("PeterNeumann", key.public)]) == []
    assert note_signers(sign_note("a\n", "b", key), [("b", key.public)]) == [("b", key.public)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a\n",
        "a\n\nb\n",
        "a\n\n— b\n",
        "a\n\n— b !!\n",
        "a\n\n- b AAAAAAA=\n",
        "a\0\n\n— b AAAAAAA=\n",
    ],
)
def test_note_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        note_signers(text, [parse_verifier_key(KEY)])


@pytest.mark.parametrize("key", ["", "a+b", KEY.replace("c74f20a3", "c74f20a4"), KEY + "x"])
def test_verifier_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(UsageError):
        parse_verifier_key(key)


def test_checkpoint_says_what_was_signed() -> None:
    key = SigningKey.from_seed(b"\1" * 32)
    made = sign_checkpoint("net-1", 7, b"\2" * 32, key)
    assert parse_checkpoint(made.note) == made
    for wrong in ("x", "-1", "07", "7.0"):
        with pytest.raises(UsageError):
            parse_checkpoint(made.note.replace("\n7\n", f"\n{wrong}\n"))


@pytest.mark.parametrize("text", ["", "c2sp.org/tlog-proof@v1\n\n", "c2sp.org/tlog-proof@v1\nindex x\n\na\n"])
def test_proof_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_inclusion_proof(text)
