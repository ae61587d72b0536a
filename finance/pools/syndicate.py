"""The book of a syndicate: who lends how much, filled at the lowest rate that fills it."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from domain.errors import NoCreditError, UsageError
from domain.money import split_minor


@dataclass(frozen=True, slots=True)
class Bid:
    """A lender offers up to so much at so much a year or more; minor units and a share of one."""

    lender: str
    amount_minor: int
    rate_annual: Fraction


@dataclass(frozen=True, slots=True)
class SyndicateShare:
    """What one lender lends, and the least it asked for."""

    lender: str
    amount_minor: int
    asked_annual: Fraction


@dataclass(frozen=True, slots=True)
class Filled:
    """Everybody lends at one rate, that of the last bid needed; ``offered`` is the whole book."""

    rate_annual: Fraction
    allotments: tuple[SyndicateShare, ...]
    offered_minor: int


def fill(amount_minor: int, bids: Sequence[Bid]) -> Filled:
    """Bids from the lowest rate up; those at the margin share what is left pro rata, by largest remainder.

    NoCreditError when all bids together are too little. The order of the bids changes nothing.
    """
    _require(amount_minor, bids)
    offered = sum(bid.amount_minor for bid in bids)
    if offered < amount_minor:
        raise NoCreditError(f"{amount_minor - offered} minor units are not bid for", "ask further lenders")
    left = amount_minor
    found: list[SyndicateShare] = []
    for rate in sorted({bid.rate_annual for bid in bids}):
        at_rate = sorted((bid for bid in bids if bid.rate_annual == rate), key=lambda bid: bid.lender)
        amounts = [bid.amount_minor for bid in at_rate]
        given = amounts if sum(amounts) <= left else split_minor(left, amounts)
        found += [
            SyndicateShare(bid.lender, part, rate) for bid, part in zip(at_rate, given, strict=True) if part
        ]
        left -= sum(given)
        if not left:
            return Filled(rate, tuple(found), offered)
    raise AssertionError("a book that is large enough was not filled")


def _require(amount_minor: int, bids: Sequence[Bid]) -> None:
    if amount_minor <= 0:
        raise UsageError("a syndicate lends more than nothing", "give the amount")
    if len({bid.lender for bid in bids}) != len(bids):
        raise UsageError("a lender bids twice", "put its bids together")
    if any(bid.amount_minor <= 0 or bid.rate_annual < 0 for bid in bids):
        raise UsageError("a bid is not above zero", "give amount and rate of each")
