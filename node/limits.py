"""How much one caller may ask: a bucket that fills steadily and empties by one for each request."""

from collections import OrderedDict

REMEMBERED = 10_000


class Buckets:
    """One bucket for each name; times in seconds of any steady clock. Forgets the idlest beyond a limit."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float) -> bool:
        """Whether the caller may go on; takes one if so."""
        level = self._level(name, now)
        allowed = level >= 1
        self._levels[name] = (level - 1 if allowed else level, now)
        self._levels.move_to_end(name)
        if len(self._levels) > REMEMBERED:
            self._levels.popitem(last=False)
        return allowed

    def is_empty(self, name: str, now: float) -> bool:
        return self._level(name, now) < 1

    def _level(self, name: str, now: float) -> float:
        before, at = self._levels.get(name, (self._burst, now))
        return min(self._burst, before + (now - at) * self._rate)
