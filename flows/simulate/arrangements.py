"""Who owns the capacity: everybody's own part, one pool of independent firms, or one giant.

Every arrangement is a network, or one network for each trader, that the real planner plans on. All of them
have the same capacity in sum, the same lenders, and meet the same orders.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from domain.money import round_minor
from domain.network import FactoryProduct, Lane, Network, Provider, Service, Storage, WeightBand

OWNED, SHARED, GIANT, NOW, CHANGED = "owned", "shared", "giant", "now", "changed"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """``networks`` has one network for each trader, the same object where they share it.

    ``owns`` says that the traders own the capacity: what providers earn above cost is theirs, and so is the
    capital. ``one_firm`` says that all of it is one firm.
    """

    name: str
    networks: tuple[Network, ...]
    owns: bool = False
    one_firm: bool = False

    @property
    def distinct(self) -> list[Network]:
        """Each network once."""
        return list({id(one): one for one in self.networks}.values())


def shared(network: Network, traders: int) -> Arrangement:
    """Independent firms, one pool: every trader may use every slot, at the firms' prices."""
    return Arrangement(SHARED, (network,) * traders)


def owned(network: Network, traders: int, margin: Fraction) -> Arrangement:
    """Every trader has its own part of each firm's capacity, at what that costs without the firm's margin."""
    cheap = at_cost(network, margin)
    return Arrangement(OWNED, tuple(part_of(cheap, place, traders) for place in range(traders)), owns=True)


def giant(network: Network, traders: int, margin: Fraction) -> Arrangement:
    """One owner of everything: one pool, at cost."""
    return Arrangement(GIANT, (at_cost(network, margin),) * traders, owns=True, one_firm=True)


def at_cost(network: Network, margin: Fraction) -> Network:
    """The network at prices without the providers' margin, a share of their net price."""
    keep = 1 - margin
    return replace(network, providers=tuple(_priced(one, keep) for one in network.providers))


def part_of(network: Network, place: int, traders: int) -> Network:
    """The part of each capacity that is one trader's own; parts sum to the whole.

    A firm has another name in each part, so that all parts stand in one calendar. What is too small to part
    is had by the first traders alone.
    """

    def part(capacity: int) -> int:
        return capacity * (place + 1) // traders - capacity * place // traders

    providers = (_parted(one, place, part) for one in network.providers)
    return replace(network, providers=tuple(one for one in providers if one is not None))


Part = Callable[[int], int]


def scaled(network: Network, factor: Fraction) -> Network:
    """The network with each limited capacity multiplied, at least one unit of each."""

    def part(capacity: int) -> int:
        return max(1, round(capacity * factor))

    providers = (_parted(one, -1, part) for one in network.providers)
    return replace(network, providers=tuple(one for one in providers if one is not None))


def _parted(provider: Provider, place: int, part: Part) -> Provider | None:
    """None where nothing of the firm is left; a capacity of 0 is unlimited and stays so."""
    products = tuple(
        replace(one, capacity_per_day=part(one.capacity_per_day) if one.capacity_per_day else 0)
        for one in provider.products
        if not one.capacity_per_day or part(one.capacity_per_day)
    )
    lanes = tuple(
        replace(one, capacity_per_day=part(one.capacity_per_day) if one.capacity_per_day else 0)
        for one in provider.lanes
        if not one.capacity_per_day or part(one.capacity_per_day)
    )
    storage, service = provider.storage, provider.service
    if storage is not None and storage.capacity:
        storage = replace(storage, capacity=part(storage.capacity)) if part(storage.capacity) else None
    if service is not None and service.capacity_per_day:
        left = part(service.capacity_per_day)
        service = replace(service, capacity_per_day=left) if left else None
    if not products and not lanes and storage is None and service is None:
        return None
    name = provider.id if place < 0 else f"{provider.id}@{place + 1}"
    return replace(provider, id=name, products=products, lanes=lanes, storage=storage, service=service)


def _priced(provider: Provider, keep: Fraction) -> Provider:
    return replace(
        provider,
        products=tuple(_product(one, keep) for one in provider.products),
        lanes=tuple(_lane(one, keep) for one in provider.lanes),
        storage=_storage(provider.storage, keep) if provider.storage else None,
        service=_service(provider.service, keep) if provider.service else None,
    )


def _times(price: Decimal, keep: Fraction) -> Decimal:
    """Exact where it ends; to twelve decimals else."""
    exact = Fraction(price) * keep
    return Decimal(round(exact * 10**12)).scaleb(-12).normalize()


def _product(one: FactoryProduct, keep: Fraction) -> FactoryProduct:
    breaks = tuple(replace(each, unit_price=_times(each.unit_price, keep)) for each in one.breaks)
    return replace(
        one,
        unit_price=_times(one.unit_price, keep),
        set_up_minor=round_minor(one.set_up_minor * keep),
        breaks=breaks,
    )


def _band(one: WeightBand, keep: Fraction) -> WeightBand:
    return replace(
        one,
        rate=_times(one.rate, keep),
        fixed_minor=round_minor(one.fixed_minor * keep),
        minimum_minor=round_minor(one.minimum_minor * keep),
    )


def _lane(one: Lane, keep: Fraction) -> Lane:
    bands = tuple(_band(each, keep) for each in one.bands)
    return replace(one, bands=bands, minimum_minor=round_minor(one.minimum_minor * keep))


def _storage(one: Storage, keep: Fraction) -> Storage:
    return replace(
        one,
        per_unit_day=_times(one.per_unit_day, keep),
        handling_per_unit=_times(one.handling_per_unit, keep),
        fixed_minor=round_minor(one.fixed_minor * keep),
    )


def _service(one: Service, keep: Fraction) -> Service:
    return replace(
        one,
        fixed_minor=round_minor(one.fixed_minor * keep),
        per_unit=_times(one.per_unit, keep),
        share_of_net=one.share_of_net * keep,
    )
