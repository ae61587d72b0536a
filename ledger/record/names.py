"""Names that could say more than a name in what is signed or exported: the guards let none in."""

from collections.abc import Iterable, Iterator

from ledger.record.findings import Flaw
from trust.grammar import is_currency_code, is_key_name, is_name, is_origin

ACTORS = "SELECT sequence, name FROM actor ORDER BY sequence"


def misnamed(ledger_id: object, actors: Iterable[tuple[object, ...]]) -> Iterator[Flaw]:
    """The ledger's own id, and the names (sequence, name) of the keys that write to it."""
    if not is_origin(ledger_id):
        yield Flaw("ledger", "the ledger's id", f"{ledger_id!r} is no name: it could pass for other lines")
    for sequence, name in actors:
        if not is_key_name(name):
            yield Flaw("actor", f"record {sequence}", f"enrols a key under {name!r}, which is no name")


def misnamed_leg(place: str, entity: str, account: str, currency: str) -> Iterator[Flaw]:
    """What one posting names."""
    for what, name, good in (
        ("entity", entity, is_name(entity)),
        ("account", account, is_name(account)),
        ("currency", currency, is_currency_code(currency)),
    ):
        if not good:
            yield Flaw("leg", place, f"names the {what} {name!r}, which cannot be one")
