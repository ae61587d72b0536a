"""What a provider keeps when an order is given back: its terms, from the network file or from its adapter."""

from domain.network import Provider
from domain.states import OrderState
from domain.terms import CancellationTerm
from finance.sides.providers import fee_of_terms
from providers.terms import fees_of

_STATE_OF = {"held": OrderState.HELD.value, "booked": OrderState.RESERVED.value}


def terms_of(provider: Provider | None) -> tuple[CancellationTerm, ...]:
    """The provider's cancellation terms; where it states none, those that its adapter declares."""
    if provider is None or provider.cancellation:
        return provider.cancellation if provider else ()
    declared = fees_of(provider.settings)
    return tuple(
        CancellationTerm(state, declared[name]) for name, state in _STATE_OF.items() if name in declared
    )


def fee_by_terms(provider: Provider | None, state: str, price_minor: int) -> int:
    """What the provider keeps of its net price when the order is given back in that state."""
    return fee_of_terms(terms_of(provider), state, price_minor)
