"""Answers survive the way to JSON and back; any other JSON is refused as such."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.answers import AnswerError, answer_data, read_answer, read_request, request_data
from providers.protocol import (
    Booked,
    Declined,
    Held,
    Pending,
    Quoted,
    Released,
    SlotLine,
    SlotRequest,
    Unseen,
)

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40)
amounts = st.integers(-(10**17), 10**17)
instants = st.datetimes(
    min_value=datetime(1990, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)
).map(lambda at: at.replace(microsecond=0))
currencies = st.sampled_from(["CNY", "EUR", "JPY"])
answers = st.one_of(
    st.builds(Quoted, amounts, currencies, instants),
    st.builds(Held, texts, instants, amounts, currencies, st.booleans()),
    st.builds(Booked, texts, amounts, currencies),
    st.builds(Released, amounts, currencies),
    st.builds(Declined, texts, texts),
    st.builds(Pending, texts, texts),
    st.just(Unseen()),
)
lines = st.builds(SlotLine, texts, st.dates().map(str) | st.just("limit"), st.integers(1, 10**15))
requests = st.builds(
    SlotRequest,
    texts,
    texts,
    texts,
    texts,
    st.lists(lines, min_size=1, max_size=4).map(tuple),
    amounts,
    currencies,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=12,
)


@given(answers)
def test_answer_survives_the_way_there_and_back(answer):
    assert read_answer(answer_data(answer)) == answer


@given(requests)
def test_request_survives_the_way_there_and_back(request):
    assert read_request(request_data(request)) == request


def test_answer_keeps_the_proof_beside_it():
    data = answer_data(Booked("b1", 5, "EUR", {"signature": "net=:AA==:"}))
    assert data["proof"] == {"signature": "net=:AA==:"}
    assert "proof" not in answer_data(Booked("b1", 5, "EUR"))


@given(json_values)
def test_any_other_json_is_refused_as_such(data):
    for read in (read_answer, read_request):
        with pytest.raises(AnswerError):
            read(data)


@given(
    st.sampled_from(["quoted", "held", "booked", "released", "declined", "pending"]),
    st.dictionaries(
        st.sampled_from(["reference", "price_minor", "currency", "expires_at", "valid_until", "fee_minor"]),
        json_values | st.sampled_from(["1", "-0", "9" * 30, "0001-01-01T00:00:00+23:59", "EUR"]),
    ),
)
def test_answers_with_any_fields_are_read_or_refused(name, fields):
    try:
        answer = read_answer({"answer": name, **fields})
    except AnswerError:
        return
    assert read_answer(answer_data(answer)) == answer


@pytest.mark.parametrize("quantity", ["0", "-3", "1.5", "", "１", "9" * 19, 3, None])
def test_quantity_that_is_no_positive_whole_number_is_refused(quantity):
    data = request_data(SlotRequest("o", "l", "factory", "p", (SlotLine("r", "2026-03-02", 1),), 1, "EUR"))
    data["lines"][0]["quantity"] = quantity
    with pytest.raises(AnswerError):
        read_request(data)


@pytest.mark.parametrize("text", ["a\x00b", "a\nb", "\ud800", "\x7f"])
def test_text_that_the_ledger_could_not_keep_is_refused(text):
    with pytest.raises(AnswerError):
        read_answer({"answer": "declined", "code": "refused", "reason": text})
