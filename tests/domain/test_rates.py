"""A rate reads back as the same rate."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.rates import share


@given(st.integers(0, 10**9), st.integers(0, 12))
def test_share_of_a_decimal_rate_is_exact_text(numerator: int, places: int) -> None:
    rate = Fraction(numerator, 10**places)
    assert Fraction(share(rate)) == rate
    assert isinstance(share(rate), str)


def test_share_without_a_decimal_form_stays_a_fraction() -> None:
    assert share(Fraction(1, 3)) == Fraction(1, 3)
    assert share(Fraction(0)) == "0"
    assert share(Fraction(100)) == "100"
