"""Canonical bytes: RFC 8785, normal form C, no floats."""

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from trust.canonical import canonical_bytes, parse_canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


def normal(value):
    import unicodedata

    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, dict):
        return {normal(key): normal(item) for key, item in value.items()}
    return value


def keys(value):
    """Every key in the data with its place."""
    if isinstance(value, list):
        return [key for item in value for key in keys(item)]
    if isinstance(value, dict):
        return [*value, *(key for item in value.values() for key in keys(item))]
    return []


@given(JSON)
def test_canonical_bytes_are_those_of_rfc_8785(value) -> None:
    if len(keys(value)) != len(keys(normal(value))):
        with pytest.raises(UsageError, match="twice"):
            canonical_bytes(value)
        return
    body = canonical_bytes(value)
    assert body == rfc8785.dumps(normal(value))
    assert canonical_bytes(parse_canonical(body)) == body
    assert json.loads(body) == normal(value)


def test_canonical_bytes_sort_keys_as_utf_16() -> None:
    assert canonical_bytes({"\U0001f600": 1, "\uff5e": 2}) == '{"\U0001f600":1,"\uff5e":2}'.encode()


@pytest.mark.parametrize(
    "value", [1.5, {"a": [0.0]}, 2**53, -(2**53), {1: 2}, "\0", "\ud800", b"x", {"é": 1, "e\u0301": 2}]
)
def test_canonical_bytes_refuse_what_has_no_one_form(value) -> None:
    with pytest.raises(UsageError):
        canonical_bytes(value)
