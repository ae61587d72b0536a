"""One line of the agenda: something of one order that is due or planned."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class AgendaLine:
    """One thing of one order: ``side`` is pay, receive, draw or record; ``due`` when all that it
    waits for has happened, else it is only planned. ``amount_minor`` is 0 where no money moves."""

    order: str
    place: int
    due: bool
    on: date
    side: str
    party: str
    what: str
    amount_minor: int
    currency: str
    command: str

    def days_late(self, today: date) -> int:
        """Days since its day; 0 where it has not passed."""
        return max(0, (today - self.on).days)
