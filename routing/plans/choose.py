"""Plan one order: the most profitable chain and mix that never need the trader's own cash.

``choose`` answers with a plan or with a certificate, ``candidates`` with several good plans for the router,
``compare`` with the best few side by side.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from domain.plan import Certificate, Plan
from routing.mixes.proof import Tried
from routing.offers.situation import Situation
from routing.plans.certificate import certificate_of
from routing.plans.planning import Planning


def choose(
    situation: Situation,
    *,
    repairs: bool = True,
    brief: bool = False,
) -> Plan | Certificate:
    """The plan with the highest profit among all that pass, or a certificate that none does.

    Proven best by the search's bound (``plans.search`` says why). ``repairs=False`` leaves the certificate's
    ways out uncomputed; ``brief`` leaves out stresses and headroom. RefusedError when the network or the
    order's terms contradict themselves.
    """
    planning = Planning(situation)
    best = next(planning.tried(), None)
    if best is not None:
        return planning.plan(best, brief=brief)
    return certificate_of(planning, repairs=repairs)


def candidates(
    situation: Situation,
    *,
    limit: int = 8,
    per_chain: int = 3,
) -> list[Plan]:
    """Up to ``limit`` passing plans, most profit first, brief; at most ``per_chain`` start dates of the
    same firms, so that the router has somewhere else to go. Empty when none passes."""
    planning = Planning(situation)
    return [planning.plan(tried, brief=True) for tried in _spread(planning, limit, per_chain)]


def compare(
    situation: Situation,
    *,
    limit: int = 3,
) -> list[Plan]:
    """The best plans that differ in firms or money, in full; the first is what ``choose`` answers."""
    planning = Planning(situation)
    return [planning.plan(tried) for tried in _spread(planning, limit, 1)]


@dataclass(frozen=True, slots=True)
class Found:
    """A passing plan in brief; ``whole`` works out its stresses and headroom too."""

    brief: Plan
    whole: Callable[[], Plan]


def others(
    situation: Situation,
    *,
    limit: int = 8,
    per_chain: int = 3,
) -> Iterator[Found]:
    """As ``candidates``, one after another, each to be had in full as well."""
    planning = Planning(situation)
    for tried in _spread(planning, limit, per_chain):
        yield _found(planning, tried)


def _found(planning: Planning, tried: Tried) -> Found:
    return Found(planning.plan(tried, brief=True), lambda: planning.plan(tried))


def same_chain(plan: Plan, situation: Situation) -> Plan | None:
    """The plan's firms, offers, dates and slots again with the best money for them, in full, as of the day
    it was made; None when that passes no more. What has changed is in the network (``answered``)."""
    firms = {leg.provider for leg in plan.legs}
    network = situation.network
    narrow = replace(network, providers=tuple(one for one in network.providers if one.id in firms))
    planning = Planning(replace(situation, network=narrow, on=plan.planned_on))
    wanted = _course(plan)
    for tried in planning.tried():
        found = _found(planning, tried)
        if _course(found.brief) == wanted:
            return found.whole()
    return None


def _course(plan: Plan) -> list[tuple[object, ...]]:
    """Who does what on which days, prices and money aside."""
    return [
        (leg.kind, leg.provider, leg.item, leg.option, leg.starts_on, leg.ends_on, leg.slots)
        for leg in plan.legs
    ]


def _spread(planning: Planning, limit: int, per_chain: int) -> list[Tried]:
    taken: list[Tried] = []
    counts: dict[tuple[str, ...], int] = {}
    for looked, tried in enumerate(planning.tried(), start=1):
        key = firms_of(tried)
        counts[key] = counts.get(key, 0) + 1
        if counts[key] <= per_chain:
            taken.append(tried)
        if len(taken) >= limit or looked >= limit * 50:
            break
    return taken


def firms_of(tried: Tried) -> tuple[str, ...]:
    """Which firms and offers a tried chain uses, dates aside."""
    combo = tried.chain.combo
    offers = (combo.factory, *combo.path, *combo.services)
    return tuple(f"{offer.provider.id}/{offer.item}/{offer.option}" for offer in offers)
