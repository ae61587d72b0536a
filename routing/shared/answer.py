"""What the router answers: shares, objective, proven bound, prices; and why an order stayed out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction


class Status(StrEnum):
    """``OPTIMAL`` is proven; ``FEASIBLE`` is the best found in time; ``INFEASIBLE`` is proven impossible."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Allotment:
    """``units`` of the order's quantity go to the candidate; whole orders take all of it."""

    order: int
    candidate: int
    units: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why orders cannot be served: the resources that are too small together, or a rule in words.

    ``need`` and ``have`` count what the orders ask for and the resources hold, where that alone is the proof.
    """

    reason: str
    orders: Sequence[str] = ()
    resources: Sequence[str] = ()
    need: int | None = None
    have: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """``objective`` is the exact cost (profit counts negative), ``bound`` a cost no answer can beat.

    ``prices``: by how much the relaxed cost falls with one more unit of a resource, per resource index. With
    ``proof`` "prices" the bound follows from these prices alone, so ``certify`` can prove it again; with
    "search" it is what is left of a branch-and-bound tree.
    """

    status: Status
    shares: Sequence[Allotment]
    objective: Fraction
    bound: Fraction | None
    method: str
    proof: str = "prices"
    prices: Mapping[int, Fraction] = field(default_factory=dict)
    causes: Sequence[Cause] = ()

    @property
    def gap(self) -> float | None:
        """Distance to the bound over the size of the objective; 0 when proven, None without a bound."""
        if self.bound is None or self.status in (Status.INFEASIBLE, Status.UNKNOWN):
            return None
        if self.objective == self.bound:
            return 0.0
        size = abs(self.objective)
        return float((self.objective - self.bound) / size) if size else float("inf")
