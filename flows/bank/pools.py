"""A pool of an industry in the ledger: opened under a legal form, then money in and out at the day's worth.

Every step is a record with its legs, named by the bank's reference of the payment: the same step again
changes nothing. The pool is the fold of its records, so a refused step has left no trace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from domain.errors import NotFoundError, RefusedError, UsageError
from domain.network import Network
from domain.posting import Entry, Leg
from finance.agreed.legal import Law
from finance.pools import postings
from finance.pools.near_breach import Covenant
from finance.pools.units import LAYERS, PoolTerms, UnitPool
from finance.reports.lender_book import LenderBook
from finance.underwriting.credit_offer import rules_of
from flows.settlement.lender_book import books
from ledger.book.reading import Reading
from ledger.book.transaction import Transaction
from ledger.store import Ledger

KIND = "pool"
OPENED, ADMITTED, CLOSED = "pool.opened", "pool.admitted", "pool.closed"
SUBSCRIBED, REDEEMED, DISTRIBUTED, MARKED = (
    "pool.subscribed", "pool.redeemed", "pool.distributed", "pool.marked",
)  # fmt: skip
KINDS = (OPENED, ADMITTED, CLOSED, SUBSCRIBED, REDEEMED, DISTRIBUTED, MARKED)


@dataclass
class OpenPool:
    """A pool as the ledger has it: its units, its legal form and country, who may take part."""

    units: UnitPool
    country: str
    form: str
    law: str
    members: set[str]

    @property
    def name(self) -> str:
        return self.units.terms.name

    @property
    def currency(self) -> str:
        return self.units.terms.currency


@dataclass(frozen=True, slots=True)
class PoolStep:
    """What a step did: units and minor units in (positive) or out, and whether it was recorded before."""

    pool: OpenPool
    units: int
    amount_minor: int
    shares: Mapping[str, int]
    repeated: bool


@dataclass(frozen=True, slots=True)
class Opening:
    """What a pool is opened with; ``public_offer`` and ``promised_return`` are asked so that the answer is
    on record."""

    terms: PoolTerms
    country: str
    investors: tuple[str, ...]
    public_offer: bool = False
    promised_return: bool = False


def open_pool(ledger: Ledger, opening: Opening, law: Law, on: date) -> OpenPool:
    """RefusedError where a rule of the country is broken, named; the same pool again is the one there is."""
    stated = _stated(opening.investors)
    stated |= {"public_offer": opening.public_offer, "promised_return": opening.promised_return}
    form = law.require(KIND, opening.country, stated)
    body = {
        "pool": opening.terms.name,
        "currency": opening.terms.currency,
        "senior_most": str(opening.terms.senior_most),
        "country": form.country,
        "form": form.name,
        "law": form.law,
        "investors": sorted(set(opening.investors)),
    }
    key = f"pool:{opening.terms.name}"
    known = ledger.record_by_key(key)
    if known is None or known.body != body:
        ledger.append(Entry(OPENED, key, on, None, body))
    return read_pool(ledger, opening.terms.name)


def _stated(investors: Any) -> dict[str, Any]:
    return {
        "takes_part": "qualified",
        "public_offer": False,
        "promised_return": False,
        "investors": len(set(investors)),
    }


def pool_names(reading: Reading) -> list[str]:
    return [str(record.body["pool"]) for record in reading.records(kind=OPENED)]


def read_pool(reading: Reading, name: str) -> OpenPool:
    """The pool as its records made it; NotFoundError without it."""
    records = sorted(
        (record for kind in KINDS for record in reading.records(kind=kind) if record.body["pool"] == name),
        key=lambda record: record.sequence,
    )
    if not records:
        known = ", ".join(pool_names(reading)) or "none"
        raise NotFoundError(f"there is no pool {name}", f"net pool open makes one; there are: {known}")
    first = records[0].body
    terms = PoolTerms(name, first["currency"], Fraction(first["senior_most"]))
    pool = OpenPool(UnitPool(terms), first["country"], first["form"], first["law"], set(first["investors"]))
    for record in records[1:]:
        _replay(pool, record.kind, record.body, record.on)
    return pool


def _replay(pool: OpenPool, kind: str, body: Mapping[str, Any], on: date) -> None:
    units = pool.units
    match kind:
        case "pool.admitted":
            pool.members.add(body["investor"])
        case "pool.closed":
            units.close()
        case "pool.subscribed":
            units.subscribe(body["investor"], body["layer"], int(body["amount"]), on)
        case "pool.redeemed":
            units.redeem(body["investor"], body["layer"], int(body["units"]), on)
        case "pool.distributed":
            units.distribute(int(body["amount"]), on)
        case "pool.marked":
            units.mark(on, int(body["carried"]), int(body["tied"]))


# steps -------------------------------------------------------------------------------------------


def admit(ledger: Ledger, name: str, investor: str, evidence: str, law: Law, on: date) -> OpenPool:
    """A further qualified investor; RefusedError when they would be too many, with the rule."""
    pool = read_pool(ledger, name)
    law.require(KIND, pool.country, _stated(pool.members | {investor}))
    if investor not in pool.members:
        body = {"pool": name, "investor": investor, "evidence": evidence}
        ledger.append(Entry(ADMITTED, f"pool:{name}:member:{investor}", on, None, body))
    return read_pool(ledger, name)


def subscribe(
    ledger: Ledger, name: str, investor: str, layer: str, amount_minor: int, reference: str, on: date
) -> PoolStep:
    """Units for money at the day's worth, for an investor that was admitted."""

    def work(pool: OpenPool) -> tuple[int, int, Mapping[str, int], tuple[Leg, ...]]:
        if investor not in pool.members:
            raise RefusedError(
                f"{investor} is not admitted to pool {name}: only qualified investors subscribe",
                f"net pool admit {name} {investor} --evidence ...",
            )
        units = pool.units.subscribe(investor, layer, amount_minor, on)
        return units, amount_minor, {}, postings.money_in(name, pool.currency, {layer: amount_minor})

    body = {"investor": investor, "layer": layer, "amount": str(amount_minor)}
    return _step(ledger, name, SUBSCRIBED, reference, body, on, work)


def redeem(
    ledger: Ledger, name: str, investor: str, layer: str, units: int | None, reference: str, on: date
) -> PoolStep:
    """Money for units at the day's worth; all of the investor's units where none are named."""
    held = read_pool(ledger, name).units.layer(layer).holders.get(investor, 0)
    count = held if units is None else units

    def work(pool: OpenPool) -> tuple[int, int, Mapping[str, int], tuple[Leg, ...]]:
        paid = pool.units.redeem(investor, layer, count, on)
        return -count, -paid, {}, postings.money_in(name, pool.currency, {layer: -paid})

    known = ledger.record_by_key(_key(name, REDEEMED, reference))
    counted = str(known.body["units"]) if known and units is None else str(count)
    body = {"investor": investor, "layer": layer, "units": counted}
    return _step(ledger, name, REDEEMED, reference, body, on, work)


def distribute(ledger: Ledger, name: str, amount_minor: int, reference: str, on: date) -> PoolStep:
    """Money to all holders: to the layers by worth, within each by units."""

    def work(pool: OpenPool) -> tuple[int, int, Mapping[str, int], tuple[Leg, ...]]:
        shares = pool.units.distribute(amount_minor, on)
        by_layer = dict.fromkeys(LAYERS, 0)
        for (layer, _), share in shares.items():
            by_layer[layer] -= share
        told = {f"{layer} {holder}": share for (layer, holder), share in shares.items()}
        return 0, -amount_minor, told, postings.money_in(name, pool.currency, by_layer)

    return _step(ledger, name, DISTRIBUTED, reference, {"amount": str(amount_minor)}, on, work)


def mark(ledger: Ledger, network: Network, name: str, on: date) -> PoolStep:
    """The worth of a day, from the books of the lenders that name this pool (``pool_name``)."""
    carried, tied = result_of(ledger, network, name, on)

    def work(pool: OpenPool) -> tuple[int, int, Mapping[str, int], tuple[Leg, ...]]:
        changes = pool.units.mark(on, carried, tied)
        return 0, sum(changes.values()), changes, postings.marked(name, pool.currency, changes)

    body = {"carried": str(carried), "tied": str(tied)}
    return _step(ledger, name, MARKED, f"{on}:{carried}:{tied}", body, on, work)


def close(ledger: Ledger, name: str, on: date) -> OpenPool:
    """Nothing comes in any more; what is there is redeemed."""
    if not read_pool(ledger, name).units.closed:
        ledger.append(Entry(CLOSED, f"pool:{name}:closed", on, None, {"pool": name}))
    return read_pool(ledger, name)


Work = Callable[[OpenPool], tuple[int, int, Mapping[str, int], tuple[Leg, ...]]]


def _key(name: str, kind: str, reference: str) -> str:
    return f"pool:{name}:{kind.removeprefix('pool.')}:{reference}"


def _step(
    ledger: Ledger, name: str, kind: str, reference: str, body: Mapping[str, Any], on: date, work: Work
) -> PoolStep:
    """Try the step on the pool as it is, and record it; a reference that is known changes nothing."""
    if not reference:
        raise UsageError("a step of a pool is named by its payment's reference", "give --reference")

    def commit(transaction: Transaction) -> PoolStep:
        pool = read_pool(transaction, name)
        key = _key(name, kind, reference)
        full = {"pool": name, **body}
        known = transaction.record_by_key(key)
        if known is not None:
            transaction.append(Entry(kind, key, known.on, None, full, known.legs))  # refuses another content
            return PoolStep(pool, 0, 0, {}, True)
        units, amount, shares, legs = work(pool)
        transaction.append(Entry(kind, key, on, None, full, legs))
        return PoolStep(pool, units, amount, shares, False)

    return ledger.commit(commit)


# what the lenders' books say ---------------------------------------------------------------------


def lent_books(reading: Reading, network: Network, name: str, on: date) -> list[LenderBook]:
    """The books of the lenders that lend this pool's money."""
    return [book for book in books(reading, network, on).pools if book.name == name]


def result_of(reading: Reading, network: Network, name: str, on: date) -> tuple[int, int]:
    """What lending added beyond the money put in, and how much money is lent out; minor units."""
    carried = tied = 0
    for book in lent_books(reading, network, name, on):
        capital = _capital(book)
        carried += book.nav - capital
        tied += max(capital - book.cash, 0)
    return carried, tied


def _capital(book: LenderBook) -> int:
    return sum(tranche.capital for tranche in book.tranches)


def covenants_of(reading: Reading, network: Network, pool: OpenPool, on: date) -> list[Covenant]:
    """What the pool and its lenders agreed to keep, as it stands: layers, money lent out, names."""
    units = pool.units
    found = [Covenant("senior share of the pool", units.senior_ratio, units.terms.senior_most)]
    whole = units.cash + units.carried
    if whole > 0:
        found.append(Covenant("money lent out", Fraction(units.tied, whole), Fraction(1)))
    limits = _limits(network, pool.name)
    for book in lent_books(reading, network, pool.name, on):
        for kind, names in book.concentration.items():
            for one, amount in names:
                if kind in limits and whole > 0:
                    found.append(Covenant(f"{kind} {one}", Fraction(amount, whole), limits[kind]))
    return found


def _limits(network: Network, name: str) -> Mapping[str, Fraction]:
    """The strictest limit of each kind among the pool's lenders, as their underwriting has it."""
    found: dict[str, Fraction] = {}
    for lender in network.lenders:
        if lender.underwriting.get("pool_name") == name:
            for kind, share in rules_of(lender.underwriting, lender.limit_minor or 0).limits.items():
                found[kind] = min(share, found.get(kind, share))
    return found
