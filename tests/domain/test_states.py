"""An order moves only along the pairs that are written down."""

from itertools import pairwise

import pytest

from domain.errors import StateError
from domain.states import ENDED, TRANSITIONS, OrderState, may_move, require_move


def test_forward_path_of_the_trade_is_allowed() -> None:
    side = (OrderState.CANCELLED, OrderState.DISPUTED, OrderState.DEFAULTED)
    path = [state for state in OrderState if state not in side]
    assert all(may_move(before, after) for before, after in pairwise(path))


def test_ended_states_are_final() -> None:
    assert not [pair for pair in TRANSITIONS if pair[0] in ENDED]


def test_every_state_but_draft_can_be_reached() -> None:
    reached = {after for _, after in TRANSITIONS}
    assert reached == set(OrderState) - {OrderState.DRAFT}


def test_forbidden_move_names_what_is_allowed() -> None:
    with pytest.raises(StateError, match="cannot become PAID") as caught:
        require_move("PO-1", OrderState.CONFIRMED, OrderState.PAID)
    assert "PLANNED" in caught.value.hint
