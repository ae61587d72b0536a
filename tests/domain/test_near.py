"""What somebody may have meant."""

import pytest

from domain.near import FEW, meant, or_rather


@pytest.mark.parametrize(
    ("name", "found"),
    [("curency", "did you mean currency? "), ("Tax-Rate", "did you mean tax_rate? "), ("zzz", ""), ("", "")],
)
def test_meant_names_the_near_one_or_nothing(name: str, found: str) -> None:
    assert meant(name, ("currency", "tax_rate")) == found


def test_among_many_names_nothing_is_looked_for() -> None:
    assert or_rather("Lamp", ("lamp",)) == "; did you mean lamp?"
    assert or_rather("Lamp", [f"lamp{n}" for n in range(FEW + 1)]) == ""
