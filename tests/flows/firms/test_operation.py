"""The name of a call: written and read back as the same value, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import RefusedError
from flows.firms.operation import HoldName, Operation, ReservationName
from providers.protocol import Verb

MARK = "/reservation/"
PIECES = st.sampled_from([MARK, "/", "reservation", "/reservation", "0", "7", ":", "o1", "mill", "hold"])
NAMES = st.lists(PIECES, max_size=6).map("".join) | st.text(max_size=12)
NUMBERS = st.integers(min_value=0, max_value=10**6)


def may_be_an_order(name: str) -> bool:
    return f"{name}{MARK}".index(MARK) == len(name)


@given(NAMES.filter(may_be_an_order), NUMBERS, NAMES, NUMBERS, st.sampled_from(Verb))
def test_name_of_a_call_is_read_as_it_was_written(order, number, leg, turn, verb):
    hold = ReservationName(order, number).hold(leg, turn)
    operation = hold.operation(verb)
    assert str(operation) == f"{order}/reservation/{number}/{leg}/{turn}/{verb.value}"
    assert Operation.parse(str(operation)) == operation
    assert HoldName.find(str(hold)) == hold


@given(NAMES.filter(lambda name: not may_be_an_order(name)), NUMBERS)
def test_order_that_could_be_a_reservation_is_refused(order, number):
    with pytest.raises(RefusedError):
        ReservationName(order, number)


@given(NAMES | st.builds("{}/reservation/{}".format, NAMES, NAMES))
def test_any_text_is_read_as_what_would_be_written_so_or_refused(text):
    try:
        found = Operation.parse(text)
    except ValueError:
        return
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o1",
        "o1/reservation/0",
        "o1/reservation/0/hold",
        "o1/reservation/00/mill/0/hold",
        "o1/reservation/x/mill/0/hold",
        "o1/reservation/0/mill/0/sell",
        "sold/mill/abc",
    ],
)
def test_other_text_is_no_name_of_a_call(text):
    with pytest.raises(ValueError, match=r"not the name|not a valid Verb|invalid literal"):
        Operation.parse(text)


def test_leg_named_like_a_reservation_is_read_right():
    text = "o1/reservation/2/production:a/reservation/9/b:0c/3/confirm"
    found = Operation.parse(text)
    assert (found.reservation, found.leg) == (ReservationName("o1", 2), "production:a/reservation/9/b:0c")
    assert (found.hold.turn, found.verb) == (3, Verb.CONFIRM)
