"""``net.toml``: what the trader asks of every plan, and which network file is in force."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from config.network import MAXIMUM_NAMED, read_terms
from config.reading import Collector, TomlTable, read_toml
from domain.network import Policy, Stress

FORESEEN = ("own_cash_chance", "lead_time_quantile")
"""Fields of ``[policy]`` that rest on forecasts."""


def load_policy(path: Path) -> Policy:
    """The ``[policy]`` of a settings file with that of the network file it names; the usual policy where
    neither asks anything. What the settings file says of a field counts before what the network file says."""
    files = _files(path)
    return _load(files, tuple(one.stat().st_mtime_ns if one.exists() else 0 for one in files))


def _files(path: Path) -> tuple[Path, ...]:
    """The file, and those that it names as the network, one after another."""
    found = [path.resolve()]
    while len(found) <= MAXIMUM_NAMED and (found[-1].exists() or len(found) == 1):
        named = read_toml(found[-1]).get("network")
        if not isinstance(named, str):
            break
        found.append((found[-1].parent / named).resolve())
    return tuple(one for one in found if one.exists() or one is found[0])


@lru_cache(maxsize=8)
def _load(files: tuple[Path, ...], _changed: tuple[int, ...]) -> Policy:
    asked: dict[str, Any] = {}
    for path in files:
        data = read_toml(path)
        _read(data, path)  # a defect is told with its own file
        table = data.get("policy")
        asked = {**(table if isinstance(table, dict) else {}), **asked}
    return _read({"policy": asked}, files[0])


def _read(data: Mapping[str, Any], path: Path) -> Policy:
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
    asked: dict[str, Fraction | None] = dict.fromkeys(FORESEEN)
    for one in reversed(_files(path)):
        collector = Collector(one)
        table = TomlTable(read_toml(one), "", collector).table("policy")
        if table is not None:
            asked |= {key: _share(table, key) for key in FORESEEN if table.has(key)}
        collector.finish()
    return Foresight(*(asked[key] for key in FORESEEN))


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
    for key in FORESEEN:  # read by load_foresight
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
