"""What the settings of a provider say about cancelling: the share of the price that it costs, by state."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from domain.errors import UsageError
from domain.money import round_minor
from providers.protocol import Capabilities


def fees_of(settings: Mapping[str, Any]) -> dict[str, Fraction]:
    """``cancel_fees = { held = "0", booked = "10%" }`` as exact shares; UsageError for anything else."""
    fees = settings.get("cancel_fees", {})
    try:
        return {str(state): _share(str(text)) for state, text in fees.items()}
    except (ValueError, ZeroDivisionError, AttributeError):
        raise UsageError(
            "cancel_fees must give a share of the price for each state",
            'write cancel_fees = { held = "0", booked = "10%" }',
        ) from None


def _share(text: str) -> Fraction:
    share = Fraction(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= share <= 1:
        raise ValueError(text)
    return share


def cancel_fee_minor(capabilities: Capabilities, state: str, price_minor: int) -> int:
    """What cancelling costs in that state, in minor units of the price's currency."""
    return round_minor(capabilities.cancel_fees.get(state, Fraction(0)) * price_minor)
