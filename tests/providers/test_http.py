"""What a node answers, whatever it is, becomes an answer or one of two doubts; never anything else."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import UsageError
from providers.answers import answer_data
from providers.http import HttpNode
from providers.http_client import HttpAnswer
from providers.protocol import (
    Answer,
    Call,
    Declined,
    Held,
    NoAnswerError,
    NotSentError,
    Services,
    SlotLine,
    SlotRequest,
    Verb,
)
from trust.node_keys import create_signing_key, parse_public_line, public_line

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def firm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    key = public_line(create_signing_key(folder).public_key())
    settings = {"url": "http://127.0.0.1:9", "key": key, "remote": "works"}
    return HttpNode("mill", settings, Services(lambda: NOW, lambda _name: "", str(folder)))


def test_good_answer_is_read_with_its_proof(firm):
    held = Held("r1", NOW, 5, "EUR")
    answer = firm._read(HttpAnswer(200, JSON, orjson.dumps(answer_data(held))), {"key": "k"})
    assert answer == held
    assert answer.proof == {"key": "k"}


def test_error_that_says_nothing_was_done_is_a_no(firm):
    body = orjson.dumps({"title": "Not found", "detail": "no such hold"})
    answer = firm._read(HttpAnswer(404, {"content-type": "application/problem+json"}, body), {})
    assert answer == Declined("refused", "Not found: no such hold")


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_request_that_was_turned_away_was_not_done(firm, status):
    with pytest.raises(NotSentError):
        firm._read(HttpAnswer(status, {}, b""), {})


@pytest.mark.parametrize("status", [204, 301, 302, 500, 502, 504])
def test_answer_that_says_nothing_leaves_doubt(firm, status):
    with pytest.raises(NoAnswerError):
        firm._read(HttpAnswer(status, JSON, b"{}"), {})


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["content-type", "retry-after"]), st.text(max_size=30)),
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["answer", "title", "detail", "reference", "code"]), inner)
        ),
        max_leaves=8,
    ).map(orjson.dumps),
)
def test_any_answer_at_all_is_read_or_doubted(firm, status, headers, body):
    for given_headers in (headers, {**headers, **JSON}):
        try:
            answer = firm._read(HttpAnswer(status, given_headers, body), {})
        except (NoAnswerError, NotSentError):
            continue
        assert isinstance(answer, Answer)


def test_request_travels_in_the_firms_own_names(firm):
    lines = (SlotLine("mill/lamp", "2026-03-09", 2), SlotLine("credit:mill", "limit", 500))
    request = SlotRequest("o1", "l", "factory", "mill", lines, 1000, "EUR")
    data = firm._theirs(request)
    assert data["provider"] == "works"
    assert [line["resource"] for line in data["lines"]] == ["works/lamp", "credit:works"]


def test_firm_that_cannot_be_reached_certainly_did_nothing(firm):
    request = SlotRequest("o1", "l", "factory", "mill", (SlotLine("mill/lamp", "2026-03-09", 2),), 1, "EUR")
    with pytest.raises(NotSentError):
        firm.hold(Call(Verb.HOLD, "key-00001", request, NOW + timedelta(days=1)))


@pytest.mark.parametrize("settings", [{}, {"url": "http://x"}, {"url": "ftp://x", "key": "k"}])
def test_settings_that_lack_something_are_wrong_usage(tmp_path, settings):
    with pytest.raises(UsageError):
        HttpNode("mill", settings, Services(lambda: NOW, lambda _name: "", str(tmp_path)))


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda text: f"net-ed25519 {text}"))
def test_any_text_is_a_public_key_or_wrong_usage(text):
    try:
        key = parse_public_line(text)
    except UsageError:
        return
    assert parse_public_line(public_line(key)) == key
