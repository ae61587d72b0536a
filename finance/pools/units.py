"""A pool of money in units of two layers: worth of the day, who bears a loss, who may come in and go out.

A mark says what all that was lent is worth beyond the money put in. A fall takes from the junior layer first;
a rise gives back what the senior and then the junior layer lost, and the rest goes to both by what they are
worth. Money comes in and goes out at the worth of the day, and what division leaves over stays in the pool.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from domain.errors import NotFoundError, RefusedError, StateError, UsageError
from domain.money import split_minor

JUNIOR, SENIOR = "junior", "senior"
LAYERS = (JUNIOR, SENIOR)
FIRST_UNITS = 10_000
"""Units that one minor unit buys at first: a unit of 1.00 has six decimals."""
STALE_DAYS = 1


@dataclass(frozen=True, slots=True)
class PoolTerms:
    """``senior_most`` is the share of the whole beyond which no senior money comes in, no junior goes out,
    and nothing is lent; a mark older than ``stale_days`` prices nothing."""

    name: str
    currency: str
    senior_most: Fraction = Fraction(1)
    stale_days: int = STALE_DAYS


@dataclass(slots=True)
class Layer:
    """``worth`` and ``lost`` in minor units; ``lost`` is what a rise gives back before it is a gain."""

    worth: int = 0
    lost: int = 0
    holders: dict[str, int] = field(default_factory=dict)

    @property
    def units(self) -> int:
        return sum(self.holders.values())


@dataclass
class UnitPool:
    """A pool as what happened made it. ``cash`` is the money put in and not taken out, ``carried`` what the
    marks added to it, ``tied`` how much of the cash is lent out."""

    terms: PoolTerms
    layers: dict[str, Layer] = field(default_factory=lambda: {name: Layer() for name in LAYERS})
    cash: int = 0
    carried: int = 0
    tied: int = 0
    marked_on: date | None = None
    closed: bool = False

    @property
    def worth(self) -> int:
        return sum(layer.worth for layer in self.layers.values())

    @property
    def senior_ratio(self) -> Fraction:
        whole = self.worth
        return Fraction(self.layers[SENIOR].worth, whole) if whole > 0 else Fraction(0)

    @property
    def may_lend(self) -> bool:
        return not self.closed and self.senior_ratio <= self.terms.senior_most

    def layer(self, name: str) -> Layer:
        if name not in self.layers:
            raise NotFoundError(f"a pool has no layer {name!r}", f"there are {' and '.join(LAYERS)}")
        return self.layers[name]

    # what happens -------------------------------------------------------------------------------

    def mark(self, on: date, carried: int, tied: int) -> dict[str, int]:
        """The worth of a day: ``carried`` beyond the money put in, ``tied`` of it lent out; how each layer
        changed."""
        if self.marked_on is not None and on < self.marked_on:
            raise StateError(f"the pool was marked on {self.marked_on}", "a mark is not older than the last")
        change = carried - self.carried if any(layer.units for layer in self.layers.values()) else 0
        if self.worth + change < 0:
            change = -self.worth  # the owners of units lose no more than they have
        changes = self._fall(-change) if change < 0 else self._rise(change)
        self.carried, self.tied, self.marked_on = self.carried + change, tied, on
        return changes

    def _fall(self, loss: int) -> dict[str, int]:
        found = {}
        for name in LAYERS:
            layer = self.layers[name]
            part = min(layer.worth, loss)
            layer.worth -= part
            layer.lost += part
            loss -= part
            found[name] = -part
        return found

    def _rise(self, gain: int) -> dict[str, int]:
        found = dict.fromkeys(LAYERS, 0)
        for name in reversed(LAYERS):
            layer = self.layers[name]
            part = min(layer.lost, gain)
            layer.worth, layer.lost, gain = layer.worth + part, layer.lost - part, gain - part
            found[name] += part
        if not gain:
            return found
        weights = [self.layers[name].worth for name in LAYERS]
        if not sum(weights):
            weights = [layer.units for layer in self.layers.values()]
        parts = split_minor(gain, weights)
        for name, part in zip(LAYERS, parts, strict=True):
            self.layers[name].worth += part
            found[name] += part
        return found

    def subscribe(self, holder: str, name: str, amount_minor: int, on: date) -> int:
        """Units for money at the worth of the day; RefusedError where the layers would be out of ratio."""
        self._require_open()
        layer = self.layer(name)
        if amount_minor <= 0:
            raise UsageError("nothing is subscribed", "give an amount above zero")
        units = amount_minor * FIRST_UNITS
        if layer.units:
            self._require_fresh(on)
            if not layer.worth:
                raise StateError(f"the {name} layer is lost whole", "open another pool")
            units = amount_minor * layer.units // layer.worth
        elif self.marked_on is None:
            self.marked_on = on
        if not units:
            raise RefusedError(f"{amount_minor} minor units buy no unit", "subscribe more")
        if name == SENIOR:
            self._require_ratio(self.layers[SENIOR].worth + amount_minor, self.worth + amount_minor)
        layer.holders[holder] = layer.holders.get(holder, 0) + units
        layer.worth += amount_minor
        self.cash += amount_minor
        return units

    def redeem(self, holder: str, name: str, units: int, on: date) -> int:
        """Money for units at the worth of the day, out of what is not lent out; minor units."""
        layer = self.layer(name)
        held = layer.holders.get(holder, 0)
        if not 0 < units <= held:
            raise RefusedError(f"{holder} has {held} units of the {name} layer", "redeem as many at most")
        self._require_fresh(on)
        paid = units * layer.worth // layer.units
        if units == layer.units:
            paid = layer.worth  # the last one takes what division left over
        if paid > self.free:
            raise RefusedError(
                f"{paid} minor units are asked for and {self.free} are not lent out", "wait for repayments"
            )
        if name == JUNIOR and not self.closed:
            self._require_ratio(self.layers[SENIOR].worth, self.worth - paid)
        self._take(layer, holder, units, paid)
        self.cash -= paid
        return paid

    def _take(self, layer: Layer, holder: str, units: int, paid: int) -> None:
        before = layer.units
        layer.lost -= layer.lost * units // before  # whoever leaves gives up what might be given back
        layer.holders[holder] -= units
        if not layer.holders[holder]:
            del layer.holders[holder]
        layer.worth -= paid

    def distribute(self, amount_minor: int, on: date) -> dict[tuple[str, str], int]:
        """Money to all holders, to layers by worth and within them by units; by layer and holder."""
        self._require_fresh(on)
        if not 0 < amount_minor <= min(self.free, self.worth):
            raise RefusedError(f"{self.free} minor units are not lent out", "distribute as much at most")
        parts = split_minor(amount_minor, [self.layers[name].worth for name in LAYERS])
        found = {}
        for name, part in zip(LAYERS, parts, strict=True):
            layer = self.layers[name]
            layer.worth -= part
            holders = sorted(layer.holders)
            shares = split_minor(part, [layer.holders[one] for one in holders]) if holders else []
            found.update({(name, one): share for one, share in zip(holders, shares, strict=True) if share})
        self.cash -= amount_minor
        return found

    def close(self) -> None:
        """Nothing comes in any more; holders redeem."""
        self._require_open()
        self.closed = True

    # what always holds --------------------------------------------------------------------------

    @property
    def free(self) -> int:
        """Money that is there and not lent out."""
        return max(self.cash + self.carried - self.tied, 0)

    def faults(self) -> list[str]:
        """What does not add up; empty in every history."""
        found = []
        if self.worth != self.cash + self.carried:
            found.append(f"the layers are worth {self.worth}, the pool {self.cash + self.carried}")
        for name, layer in self.layers.items():
            if min([layer.worth, layer.lost, *layer.holders.values()]) < 0:
                found.append(f"{name}: below zero")
            if layer.worth and not layer.units:
                found.append(f"{name}: worth without a unit")
        return found

    def prices(self) -> Mapping[str, Fraction]:
        """Minor units for one unit of each layer."""
        return {
            name: Fraction(layer.worth, layer.units) for name, layer in self.layers.items() if layer.units
        }

    def _require_open(self) -> None:
        if self.closed:
            raise StateError(f"pool {self.terms.name} is closed", "holders may redeem")

    def _require_fresh(self, on: date) -> None:
        if self.marked_on is None or not 0 <= (on - self.marked_on).days <= self.terms.stale_days:
            raise StateError(
                f"the pool's worth was last marked on {self.marked_on}, which prices nothing on {on}",
                f"net pool nav {self.terms.name} --on {on} marks it",
            )

    def _require_ratio(self, senior: int, whole: int) -> None:
        if whole > 0 and Fraction(senior, whole) > self.terms.senior_most:
            share = float(Fraction(senior, whole))
            raise RefusedError(
                f"the senior layer would be {share:.2%} of the pool, at most"
                f" {float(self.terms.senior_most):.2%} is agreed",
                "junior money comes first",
            )
