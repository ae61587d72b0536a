"""No plan passes: the best chain, its gap, and the ways out."""

from datetime import date
from typing import TYPE_CHECKING

from domain.plan import Certificate

if TYPE_CHECKING:
    from routing.choose import Planning


def certificate_of(
    planning: "Planning",
    *,
    repairs: bool = True,  # noqa: ARG001
) -> Certificate:
    """Why nothing passes, as exactly as it is known."""
    case = planning.case
    nearest = planning.search.nearest
    gap_on = nearest.settlement.gap_on if nearest is not None else 0
    return Certificate(
        order=case.order.reference,
        planned_on=planning.on,
        currency=case.order.currency,
        reason=nearest.objection if nearest is not None else "no chain makes and moves the goods in time",
        gap_minor=nearest.gap if nearest is not None else 0,
        gap_on=date.fromordinal(gap_on) if gap_on else None,
        limit_short_minor=nearest.settlement.limit_short if nearest is not None else 0,
        best=planning.plan(nearest) if nearest is not None else None,
        repairs=(),
        refusals=tuple(case.refusals),
        search=planning.report(),
    )
