"""Forecasts as planning uses them: the newest model of the ledger, and providers by their scorecards."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from domain.network import FactoryProduct, Lane, Network, Provider, Service
from domain.record_kinds import RecordKind
from ledger.book.reading import Reading

if TYPE_CHECKING:
    from finance.forecast.cards import FirmCards
    from finance.forecast.model import LatenessModel

LATE_PAYMENT = "late-payment"
LEAD_TIME = "lead-time"


def newest_model(reading: Reading, subject: str, on: date) -> "LatenessModel | None":
    """The newest model of a subject that was learned from nothing later than ``on``."""
    from finance.forecast.model import from_record

    best: LatenessModel | None = None
    for record in reading.records(kind=RecordKind.MODEL_LEARNED, until=on):
        if record.body["model"]["subject"] == subject and (best is None or record.on >= best.until):
            best = from_record(record.body["model"])
    return best


def with_scorecards(network: Network, cards: "FirmCards", level: Fraction) -> Network:
    """The network with each provider's own time longer by what it is late at that quantile, never shorter.

    A provider of which nothing is known stays as it says.
    """
    late = {one.id: cards.firms[one.id].days_at(level) for one in network.providers if one.id in cards.firms}
    providers = tuple(_slower(one, late.get(one.id, 0)) for one in network.providers)
    return replace(network, providers=providers)


def _slower(provider: Provider, days: int) -> Provider:
    if days <= 0:
        return provider
    return replace(
        provider,
        products=tuple(_later_made(one, days) for one in provider.products),
        lanes=tuple(_later_there(one, days) for one in provider.lanes),
        service=_later_done(provider.service, days) if provider.service else None,
    )


def _later_made(one: FactoryProduct, days: int) -> FactoryProduct:
    return replace(one, lead_days=one.lead_days + days)


def _later_there(one: Lane, days: int) -> Lane:
    return replace(one, transit_days=one.transit_days + days)


def _later_done(one: Service, days: int) -> Service:
    return replace(one, days=one.days + days)
