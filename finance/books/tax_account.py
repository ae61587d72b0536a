"""The tax on one order's sale, as far as it was paid."""

from dataclasses import dataclass


@dataclass(slots=True)
class TaxAccount:
    """``settled`` is output less input when it was paid and since; ``surcharge`` is what was posted."""

    paid: bool = False
    settled: int = 0
    surcharge: int = 0
