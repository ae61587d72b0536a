"""The plan again while it is being reserved: on the prices that firms answer, or without those who decline.

What a firm answered stands from then on: every later plan of the same reservation counts on it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from domain.network import AnsweredPrice, Network
from domain.plan import Plan
from flows.credit.refusals import refusals_of
from flows.desk.session import Session
from flows.orders.find import Placed
from flows.plans.availability import LedgerAvailability
from flows.plans.foresight import policy_for
from flows.plans.needs import needs_of
from flows.plans.recorded_plan import known_as, network_for
from flows.slots.outcomes import FirmRefusal, no_dearer
from routing.offers.situation import Situation
from routing.plans.choose import Found, others, same_chain

ALTERNATIVES = 40
"""Plans looked at for another way when a firm has said no."""


@dataclass
class Replanning:
    """One order's: ``tested`` and ``instead`` are what a ``Job`` asks while it is reserved."""

    session: Session
    known: Placed
    on: date
    answered: dict[tuple[str, str], AnsweredPrice] = field(default_factory=dict)

    def tested(self, plan: Plan, prices: Mapping[str, int]) -> Plan | str | None:
        """The same chain on the prices answered, with the best money for it that its lenders agree to;
        else why it does not pass. ``prices`` by leg, in minor units of the firm's currency."""
        dearer = no_dearer(plan, prices)
        if not self._note(plan, prices):
            return dearer
        found = same_chain(plan, self._situation())
        refused: set[str] = set()
        while found is not None and (more := refusals_of(self.session, self.known, found, self.on)):
            refused |= set(more)
            found = same_chain(plan, self._situation(frozenset(refused)))
        if found is not None:
            return found
        return f"{dearer}, and at that price the plan does not pass" if dearer else None

    def instead(self, plan: Plan, refusals: Sequence[FirmRefusal], held: Sequence[str]) -> Plan | None:
        """The next best plan that asks nobody again what was refused, whose lenders agree, and that keeps
        what is held where one does."""
        refused = {refusal.leg for refusal in refusals}
        kept = set(held) - refused
        second: Found | None = None
        for other in self._others():
            legs = {need.leg for need in needs_of(other.brief, self.session.network)}
            if legs & refused or other.brief.legs == plan.legs:
                continue
            if kept <= legs:
                if (whole := self._agreed(other)) is not None:
                    return whole
            elif second is None:
                second = other
        return self._agreed(second) if second is not None else None

    def _agreed(self, found: Found) -> Plan | None:
        whole = found.whole()
        return None if refusals_of(self.session, self.known, whole, self.on) else whole

    def _others(self) -> Iterator[Found]:
        yield from others(self._situation(), limit=ALTERNATIVES, per_chain=8)

    def _situation(self, without: frozenset[str] = frozenset()) -> Situation:
        network, policy = self._network(without), policy_for(self.session, self.known.order)
        return Situation(known_as(self.known), network, policy, self.on, self._free())

    def _free(self) -> LedgerAvailability:
        """What is free to this order: what it holds already is."""
        free = LedgerAvailability(self.session.ledger)
        for hold in self.session.ledger.holds(self.known.id):
            free.claim((line.resource, line.period, -line.quantity) for line in hold.lines)
        return free

    def _network(self, without: frozenset[str] = frozenset()) -> Network:
        network = network_for(self.session, self.known)
        if not self.answered and not without:
            return network
        products = tuple(one for one in network.products if one.id not in without)
        return replace(network, products=products, answered=tuple(self.answered.values()))

    def _note(self, plan: Plan, prices: Mapping[str, int]) -> bool:
        """Keep what was answered; False when a price is for what has no place in the chain (credit)."""
        needs = {
            need.leg: leg for need, leg in zip(needs_of(plan, self.session.network), plan.legs, strict=False)
        }
        for name, asked in prices.items():
            leg = needs.get(name)
            if leg is None:
                return False
            key = (leg.provider, leg.item)
            before = self.answered.get(key)
            listed = before.planned_minor if before is not None else leg.price_minor
            self.answered[key] = AnsweredPrice(leg.provider, leg.item, listed, asked)
        return True
