"""What ``net route --table`` shows of outside tables."""

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.options import Asked
from cli.screen.output import answer, table

if TYPE_CHECKING:
    from rich.console import Console

    from flows.many.outside_tables import TableRoute

SHOWN = 20


def tell_tables(
    asked: Asked, map_file: Path, data: Path | None, changes: list[str], time_limit: float, gap: float
) -> None:
    from domain.errors import UnavailableError
    from flows.many.outside_tables import route_tables

    found = route_tables(map_file, data=data, changes=changes, time_limit=time_limit, relative_gap=gap)
    if found.status.value in ("infeasible", "unknown"):
        reasons = "; ".join(
            f"{cause.reason} (orders {_some(cause.orders)}; at {_some(cause.resources)})"
            for cause in found.causes[:3]
        )
        raise UnavailableError(
            f"{found.case.name}: no answer serves every order: {reasons or 'none was found in time'}",
            'serve as many as possible: --set objective="most-served"',
        )
    answer(asked, "route-table", table_document(found), lambda screen: _render_tables(screen, found))


def _some(names: Any) -> str:
    listed = list(names) or ["no provider"]
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


def table_document(found: "TableRoute") -> dict[str, Any]:
    """The answer for programs; exact numbers as decimal text where they end, else as a fraction."""
    return {
        "name": found.case.name,
        "objective": found.case.objective,
        "status": found.status.value,
        "value": exact(found.objective),
        "bound": None if found.bound is None else exact(found.bound),
        "gap": found.gap,
        "method": found.method,
        "times": found.times,
        "fewer_times_fail": None if found.too_small is None else _cause(found.too_small),
        "served": len({order for order, _, _ in found.shares}),
        "unserved": {order: _cause(cause) for order, cause in found.unserved.items()},
        "unserved_at_least": found.unserved_bound,
        "parts": {kind: exact(cost) for kind, cost in found.parts.items()},
        "loads": {
            name: {
                "used": exact(used),
                "capacity": exact(room),
                "price": exact(found.prices.get(name, Fraction(0))),
            }
            for name, (used, room) in found.load.items()
        },
        "shares": [
            {"order": order, "provider": provider, "part": exact(part)}
            for order, provider, part in found.shares
        ],
        "causes": [_cause(cause) for cause in found.causes],
    }


def _load(found: "TableRoute", name: str) -> dict[str, str]:
    used, room = found.load[name]
    price = found.prices.get(name, Fraction(0))
    return {"used": exact(used), "capacity": exact(room), "price": exact(price)}


def _cause(cause: Any) -> dict[str, Any]:
    return {
        "reason": cause.reason,
        "orders": list(cause.orders),
        "resources": list(cause.resources),
        "need": cause.need,
        "have": cause.have,
    }


def exact(value: Fraction) -> str:
    """A decimal with all its digits where it ends, else numerator/denominator."""
    rest, places = value.denominator, 0
    while rest % 10 == 0:
        rest //= 10
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return (
        f"{sign}{digits[: len(digits) - places]}.{digits[len(digits) - places :]}"
        if places
        else sign + digits
    )


def _render_tables(screen: "Console", found: "TableRoute") -> None:
    served = len({order for order, _, _ in found.shares})
    proof = "proven optimal" if found.status.value == "optimal" else found.status.value
    if found.status.value == "feasible":
        proof = f"gap {100 * (found.gap or 0):.3f}%"
    value = f"{float(found.objective):,.4f}"
    screen.print(f"{found.case.name}: {value}  ({proof}, {found.method})", style="bold")
    screen.print(f"{served} orders served, {len(found.unserved)} not; capacities taken {found.times} times")
    if found.too_small is not None:
        short = ", ".join(found.too_small.resources)
        screen.print(f"fewer times are too small: {found.too_small.need} orders have only {short}")
    for kind, cost in found.parts.items():
        if cost:
            screen.print(f"  {kind}: {float(cost):,.4f}")
    rows = []
    for name, (used, room) in sorted(found.load.items(), key=lambda item: -found.prices.get(item[0], 0)):
        price = found.prices.get(name)
        if used:
            worth = f"{float(price):,.4f}" if price else ""
            rows.append((name, f"{float(used):,g}", f"{float(room):,g}", worth))
    columns = ("Provider", "Used", "Capacity", "One more is worth")
    screen.print(table("Providers", columns, rows, right="Used, Capacity, One more is worth"))
    for order, cause in list(found.unserved.items())[:SHOWN]:
        screen.print(f"{order}: {cause.reason}")
