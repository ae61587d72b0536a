"""The tax on one order's sale, as far as it was paid."""

from dataclasses import dataclass
from datetime import date


@dataclass(slots=True)
class TaxAccount:
    """``payments`` counts what was filed; ``settled`` is output less input of all that was filed, and since.

    ``surcharge`` is what was posted of it. ``adjusted_due`` is when tax falls due that a later change of
    something filed has added.
    """

    payments: int = 0
    settled: int = 0
    surcharge: int = 0
    adjusted_due: date | None = None

    @property
    def paid(self) -> bool:
        """Whether the tax of any period was filed; what changes in it later is a credit."""
        return self.payments > 0
