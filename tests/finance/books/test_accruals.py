"""What accrues is brought to its whole, rounded once for each drawing, and paid tier after tier."""

from fractions import Fraction

from finance.agreed.contract import Rank
from finance.books.accruals import Accruals, raised


def test_only_the_difference_is_added_and_each_drawing_is_rounded_once() -> None:
    one = Accruals()
    half = {"harbour": Fraction(1, 4), "delta": Fraction(1, 4)}
    assert one.bring(Rank.INTEREST, [half, half]) == {"harbour": 1, "delta": 1}
    assert one.bring(Rank.INTEREST, [half, half]) == {}
    assert one.owed(Rank.INTEREST) == 2


def test_tax_is_a_part_of_the_fees_and_added_once() -> None:
    one = Accruals()

    def split(total: int) -> dict[str, int]:
        return {"harbour": total}

    assert one.bring_fees(100, 6, split) == ({"harbour": 100}, {"harbour": 6})
    assert one.bring_fees(100, 9, split) == ({}, {"harbour": 3})
    assert (one.owed(Rank.FEE), one.taxes) == (109, {"harbour": 9})


def test_the_first_tier_is_paid_before_the_second() -> None:
    one = Accruals()
    one.bring(Rank.INTEREST, [{"senior": Fraction(60), "junior": Fraction(40)}])
    assert one.pay(Rank.INTEREST, 70, [["senior"], ["junior"]]) == {"senior": 60, "junior": 10}
    assert one.owed_to("junior", Rank.INTEREST) == 30
    one.forgive()
    assert one.owed(Rank.INTEREST) == 0


def test_what_is_equal_is_not_raised() -> None:
    known = {"harbour": 5}
    assert raised(known, {"harbour": 5, "delta": 0, "pearl": 2}) == {"pearl": 2}
    assert known == {"harbour": 5, "pearl": 2}
