"""Each error says what happened, what to do next, and leaves the exit code that the shell sees."""

import pytest

from domain import errors
from domain.errors import Defect, InputDefectsError, NetError

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, NetError)]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_error_stands_in_the_tree_with_its_exit_code(error: type[NetError]) -> None:
    lines = [line for line in (errors.__doc__ or "").splitlines() if error.__name__ in line.split()]
    assert len(lines) == 1
    assert str(error.exit_code) in lines[0].split()


def test_defects_are_told_together_with_file_line_field_and_remedy() -> None:
    defects = [
        Defect("orders.csv", 2, "quantity", "is zero", "state a positive number"),
        Defect("orders.json", 0, "buyer", "is missing", "name the buyer"),
    ]
    error = InputDefectsError(defects)
    assert "2 defects" in error.message
    assert "orders.csv:2: quantity: is zero (state a positive number)" in error.message
    assert "orders.json: buyer: is missing (name the buyer)" in error.message
    assert error.defects == tuple(defects)
