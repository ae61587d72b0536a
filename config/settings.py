"""``net.toml``: what the trader asks of every plan, and which network file is in force."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from config.network import read_terms
from config.reading import Collector, TomlTable, read_toml
from domain.network import Policy, Stress


def load_policy(path: Path) -> Policy:
    """The ``[policy]`` of a settings or network file; the usual policy where it names none."""
    found = path.resolve()
    return _load(found, found.stat().st_mtime_ns if found.exists() else 0)


@lru_cache(maxsize=8)
def _load(path: Path, _changed: int) -> Policy:
    data = read_toml(path)
    collector = Collector(path)
    table = TomlTable(data, "", collector).table("policy")
    policy = usual_policy() if table is None else _policy(table)
    collector.finish()
    return policy


@dataclass(frozen=True, slots=True)
class Foresight:
    """What ``[policy]`` asks of forecasts: own cash may be needed with at most ``own_cash_chance``, providers
    are counted on at ``lead_time_quantile`` of their lateness. None: forecasts are shown and bind nothing."""

    own_cash_chance: Fraction | None = None
    lead_time_quantile: Fraction | None = None


def load_foresight(path: Path) -> Foresight:
    """The part of ``[policy]`` that rests on forecasts; shares between 0 and 1."""
    data = read_toml(path.resolve())
    collector = Collector(path)
    table = TomlTable(data, "", collector).table("policy")
    if table is None:
        return Foresight()
    found = Foresight(*(_share(table, key) for key in ("own_cash_chance", "lead_time_quantile")))
    collector.finish()
    return found


def _share(table: TomlTable, key: str) -> Fraction | None:
    return table.rate(key, most=Fraction(1)) if table.has(key) else None


def usual_policy() -> Policy:
    """The stress set that is printed when the policy names none; only the base case must pass."""
    return Policy(stresses=usual_stresses())


def usual_stresses() -> tuple[Stress, ...]:
    late = tuple(Stress(f"buyer {days} days late", buyer_late_days=days) for days in (7, 30, 60, 90))
    return (
        *late,
        Stress("buyer pays 10% short", short_payment=Fraction(1, 10)),
        Stress("production 14 days late", production_late_days=14),
        Stress("costs 3% up", cost_up=Fraction(3, 100)),
        Stress("one draw a week late", draw_late_days=7),
    )


def _policy(table: TomlTable) -> Policy:
    usual = usual_policy()
    stresses = tuple(_stress(one) for one in table.tables("stress"))
    liquid = table.whole("liquid_days_late")
    if liquid:
        stresses += (Stress(f"buyer {liquid} days late", buyer_late_days=liquid, must_pass=True),)
    for key in ("own_cash_chance", "lead_time_quantile"):  # read by load_foresight
        table.has(key)
    policy = Policy(
        stresses=stresses if table.has("stress") else (*usual.stresses, *stresses),
        booking_days=table.whole("booking_days", usual.booking_days),
        invoice_days=table.whole("invoice_days", usual.invoice_days),
        horizon_days=table.whole("horizon_days", usual.horizon_days),
        start_dates=table.whole("start_dates", usual.start_dates, least=1),
        cover_minimum=table.rate("cover_minimum"),
        profit_minimum_minor=int(table.decimal("profit_minimum_minor", Decimal(0))),
        buyer_payment=read_terms(table, "buyer_payment") or usual.buyer_payment,
        search_limit=table.whole("search_limit", usual.search_limit, least=1),
        rate_days=table.whole("rate_days", usual.rate_days or 0) or None,
    )
    table.done()
    return policy


def _stress(table: TomlTable) -> Stress:
    stress = Stress(
        name=table.text("name", required=True),
        buyer_late_days=table.whole("buyer_late_days"),
        short_payment=table.rate("short_payment"),
        production_late_days=table.whole("production_late_days"),
        cost_up=table.rate("cost_up"),
        draw_late_days=table.whole("draw_late_days"),
        must_pass=table.flag("must_pass"),
        exchange_up=table.rate("exchange_up"),
    )
    table.done()
    return stress
