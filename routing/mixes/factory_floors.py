"""The least that money costs for any chain of one factory, before its way and its dates are known."""

from routing.chains.case import OrderCase
from routing.chains.chains import (
    BEFORE_SHIPPING,
    BOOKING,
    INSPECTION,
    ORDERED,
    PRODUCTION_END,
    production_runs,
)
from routing.mixes.credit_market import CreditMarket
from routing.mixes.least_cost import IMPOSSIBLE, SCALE, LeastCost
from routing.offers.offers import Offer

Services = tuple[tuple[Offer, ...], ...]
LONGEST_ROLL = 15
"""Days that a due date may roll where the firm's own working days are not its country's business days."""
ROUNDING = 8


class Floors:
    """Floors of one case; what all its factories share is worked out once."""

    def __init__(self, case: OrderCase, market: CreditMarket) -> None:
        self.case = case
        self.market = market
        self.costs = market.costs
        deliveries = range(case.earliest, (case.due or case.earliest - 1) + 1)
        self.take = market.take_outs.floor(deliveries)

    def of(self, factory: Offer, kinds: tuple[str, ...], services: Services, days: int) -> tuple[int, int]:
        """The floor, and what each further day on the way adds; ``days`` are the fewest on the way.

        The floor is negative when no lender covers what must be paid before the goods arrive.
        """
        need, need_days, longest = self._need(factory, kinds, services, days)
        if not need:
            return 0, 0
        options = [(self.costs.floors(alone=True), 0)]
        if self.market.products.take:
            options.append((self.costs.floors(alone=False), self.take))
        floors, rates = [], []
        for bounds, take in options:
            for bound in bounds:
                least = self.costs.helped(bound, need, need_days, longest)
                if least < IMPOSSIBLE:
                    floors.append(least + take)
                    rates.append(self._per_day(bound, need))
        if not floors:
            return -1, 0
        return max(0, min(floors) - ROUNDING), min(rates)

    def _per_day(self, bound: LeastCost | None, need: int) -> int:
        """What each further day of the need costs at least, contingency standing in for a part of it."""
        aid = self.costs.aid
        if aid is None or bound is None:
            one = bound or aid
            return one.by_day * need // SCALE if one is not None else 0
        part = need if aid.cap is None else min(aid.cap, need)
        return (bound.by_day * need - max(0, bound.by_day - aid.by_day) * part) // SCALE

    def _need(
        self, factory: Offer, kinds: tuple[str, ...], services: Services, way_days: int
    ) -> tuple[int, int, int]:
        """N and X of the factory's instalments that surely fall before the take-out, and the most days of
        one; days on the way are left out, they are weighed where the way is chosen. The buyer's deposits
        come off first."""
        left = self.case.gross - self.case.face
        need = need_days = longest = 0
        for days, amount in sorted(self._early(factory, kinds, services, way_days), reverse=True):
            used = min(left, amount)
            left -= used
            need += amount - used
            need_days += (amount - used) * days
            longest = max(longest, days if amount > used else 0)
        return need, need_days, longest

    def _early(
        self, factory: Offer, kinds: tuple[str, ...], services: Services, way_days: int
    ) -> list[tuple[int, int]]:
        served = max((_service_days(offers) for offers in services), default=0)
        made = _production_days(factory) + served
        before = {ORDERED: made, BOOKING: made, PRODUCTION_END: served}
        firms = [offer.provider for offers in services for offer in offers] if "inspection" in kinds else []
        if "inspection" in kinds:
            before[INSPECTION] = 0
        strict = not factory.provider.works_every_day and all(
            firm.country == factory.provider.country and not firm.works_every_day for firm in firms
        )
        roll = 0 if strict else LONGEST_ROLL
        early = []
        for part in factory.parts:
            days = before.get(part.event)
            at_once = not part.term.days and not part.term.month_end
            if days is not None and at_once and days + way_days > roll:
                early.append((max(0, days - roll), part.amount))
        return early


def _production_days(factory: Offer) -> int:
    """The fewest calendar days from booking to the end of production."""
    return max(
        run.lead + (max(0, -(-run.units // run.capacity) - 1) if run.capacity else 0)
        for run in production_runs(factory).values()
    )


def _service_days(offers: tuple[Offer, ...]) -> int:
    """The fewest days that a service before shipping keeps the goods."""
    days = []
    for offer in offers:
        service = offer.provider.service
        early = service is not None and service.after in BEFORE_SHIPPING
        days.append(service.days if service is not None and early else 0)
    return min(days, default=0)
