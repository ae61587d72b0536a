"""`net simulate`: waiting lines, a giant against nodes, owned against shared capacity, what-if."""

from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.foresee.simulated import (
    compared_pictures,
    exact,
    giant_pictures,
    interval,
    needed_said,
    plain_estimate,
    plain_needed,
    plain_outcome,
    plain_run,
    said_of,
    verdict,
)
from cli.options import Asked, command, group, parse_date
from cli.screen.picture import Bar, Bars, ChartOption, Grid, HtmlOption, say
from domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.network import Network
    from flows.simulate.compare import Compared, Scenario
    from flows.simulate.service import Needed

app = group("Would it pay? Capacity owned or shared, a giant or nodes, another network.")

SeedOption = Annotated[int, typer.Option("--seed", help="Names the chance: the same seed, the same answer.")]


def shares(text: str, name: str) -> Fraction:
    """``10%``, ``0.1`` or ``1/10``; UsageError for anything else or below zero."""
    try:
        found = Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--{name} {text!r} is no share", "write it as 10% or 0.1") from None
    if found < 0:
        raise UsageError(f"--{name} {text!r} is below zero", "write it as 10% or 0.1")
    return found


def numbers(text: str, name: str, least: int = 1) -> list[int]:
    """``4,4,4``; UsageError for anything else."""
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        raise UsageError(f"--{name} {text!r} is no list of numbers", "write it as 4,4,4") from None
    if min(found) < least:
        raise UsageError(f"--{name} {text!r} has a number below {least}", "write it as 4,4,4")
    return found


@command(
    app,
    "queue",
    example="""
    net simulate queue --load 5 --delay 10%
    net simulate queue --load 0.9 --servers 1 --arrivals 20000 --replications 5
    """,
)
def queue(
    asked: Asked,
    load: Annotated[float, typer.Option("--load", min=0.0, help="Arrivals a unit of time x mean service.")],
    servers: Annotated[
        int, typer.Option("--servers", min=0, help="How many; else the fewest that keep the delay.")
    ] = 0,
    delay: Annotated[str, typer.Option("--delay", help="At most this share may wait.")] = "10%",
    arrivals: Annotated[int, typer.Option("--arrivals", min=100, help="A replication.")] = 50_000,
    replications: Annotated[int, typer.Option("--replications", min=2, help="How often it is played.")] = 10,
    seed: SeedOption = 1,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """Play one waiting line and hold it against theory: share that waits, mean wait, share lost.

    Poisson arrivals, exponential services, first come first served; waits in units of the mean service.
    Theory is Erlang's: C where arrivals wait, B where they go away.
    """
    from routing.simulate.controls import erlang_b, erlang_c, least_servers, mean_wait
    from routing.simulate.lines import Runs, played, played_loss

    if load <= 0:
        raise UsageError("--load must be above zero")
    many = servers or least_servers(load, float(shares(delay, "delay")))
    runs = Runs(arrivals, replications, seed)
    line, loss = played(load, many, runs), played_loss(load, many, runs)
    rows = [
        ("share that waits", line.waiting, erlang_c(load, many)),
        ("mean wait", line.mean_wait, mean_wait(load, many)),
        ("share lost where nobody waits", loss, erlang_b(load, many)),
    ]
    document = {
        "load": f"{load:g}",
        "servers": many,
        "seed": seed,
        "measures": [
            {"what": what, "played": plain_estimate(seen), "theory": f"{exact:.9f}"}
            for what, seen, exact in rows
        ],
    }
    shown = tuple(
        (what, f"{seen.mean:.4f}", f"{seen.low:.4f} to {seen.high:.4f}", f"{exact:.6f}")
        for what, seen, exact in rows
    )
    title = f"{many} servers under a load of {load:g}"
    grid = Grid(title, ("", "played", "99% interval", "theory"), shown)
    bars = Bars(
        "Shares",
        tuple(Bar(what, one.mean, f"{one.mean:.1%}", one.low, one.high) for what, one, _ in rows[::2]),
    )
    say(asked, "simulate-queue", document, "A waiting line", [], [grid, bars], draw, html)


@command(
    app,
    "pooling",
    example="""
    net simulate pooling --traders 16 --load 5
    net simulate pooling --traders 2 --load 100 --premium 10%
    """,
)
def pooling(
    asked: Asked,
    traders: Annotated[int, typer.Option("--traders", min=2, help="How many share.")],
    load: Annotated[float, typer.Option("--load", min=0.1, help="The load of each, in servers kept busy.")],
    delay: Annotated[str, typer.Option("--delay", help="At most this share of arrivals may wait.")] = "10%",
    premium: Annotated[str, typer.Option("--premium", help="What sharing adds to a server's cost.")] = "5%",
    arrivals: Annotated[int, typer.Option("--arrivals", min=100, help="A replication.")] = 50_000,
    replications: Annotated[int, typer.Option("--replications", min=2, help="How often it is played.")] = 10,
    seed: SeedOption = 1,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """What sharing saves: the servers that traders need alone and together for the same chance of a wait.

    Theory says how many; the same stream of arrivals is then played before both, and the difference in
    waiting is that of paired runs. The break-even is the size of a trader from which owning is better.
    """
    from routing.simulate.controls import break_even_load, pooled
    from routing.simulate.lines import Runs, played_pooled

    found = pooled(traders, load, float(shares(delay, "delay")))
    runs = Runs(arrivals, replications, seed)
    seen = played_pooled(traders, load, found.owned // traders, found.shared, runs)
    even = break_even_load(found.delay, float(shares(premium, "premium")), traders)
    document = {
        "traders": traders,
        "load": f"{load:g}",
        "delay": delay,
        "owned": found.owned,
        "shared": found.shared,
        "saved": f"{found.saved:.6f}",
        "use_owned": f"{found.use_owned:.6f}",
        "use_shared": f"{found.use_shared:.6f}",
        "waiting_owned": plain_estimate(seen.owned),
        "waiting_shared": plain_estimate(seen.shared),
        "longer_owned": plain_estimate(seen.longer),
        "premium": premium,
        "break_even_load": None if even is None else f"{even:.1f}",
        "seed": seed,
    }
    rows = (
        ("servers", str(found.owned), str(found.shared)),
        ("in use", f"{found.use_owned:.1%}", f"{found.use_shared:.1%}"),
        ("share that waits, played", interval(seen.owned), interval(seen.shared)),
    )
    grid = Grid("Each alone against all together", ("", "owned", "shared"), rows)
    saved = (
        f"sharing saves {found.saved:.1%} of the servers of {traders} traders with a load of {load:g} each"
    )
    limit = "at no size" if even is None else f"from a load of {even:.1f}"
    owning = f"where sharing costs {premium} more a server, owning is better {limit}"
    bars = Bars(
        "Servers",
        (
            Bar("owned", found.owned, str(found.owned)),
            Bar("shared", found.shared, str(found.shared)),
        ),
    )
    say(asked, "simulate-pooling", document, "What sharing saves", [saved, owning], [grid, bars], draw, html)


@command(
    app,
    "giant",
    example="""
    net simulate giant --firms 4,4,4 --demand 100,1 --cost 20
    net simulate giant --firms 1,1,1 --demand 100,1 --cost 20
    """,
)
def giant(
    asked: Asked,
    firms: Annotated[str, typer.Option("--firms", help="Firms in each tier, from the consumer up.")],
    demand: Annotated[str, typer.Option("--demand", help="a,b of P = a - b x Q.")] = "100,1",
    cost: Annotated[str, typer.Option("--cost", help="What a unit costs to make.")] = "20",
    fee: Annotated[str, typer.Option("--fee", help="Paid on each unit handed from firm to firm.")] = "0",
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """One owner of the whole chain against independent firms: quantity, price, profit, consumers' surplus.

    Exact serial Cournot competition. Nodes sell more than the giant when more than half of what would sell
    at cost
    gets through all tiers: three firms in each of two tiers, four in each of three. One firm a tier: they
    lose.
    """
    from routing.simulate import tiers

    parts = demand.split(",")
    if len(parts) != 2:
        raise UsageError(f"--demand {demand!r} is not a,b", "write --demand 100,1")
    curve = tiers.DemandCurve(_number(parts[0], "demand"), _number(parts[1], "demand"))
    counts, made_at, paid = numbers(firms, "firms"), _number(cost, "cost"), _number(fee, "fee")
    one, many = tiers.giant(curve, made_at), tiers.nodes(curve, made_at, counts, paid)
    deadly = tiers.deadly_fee(curve, made_at, counts)
    document = {
        "firms": counts,
        "demand": [exact(curve.highest), exact(curve.slope)],
        "cost": exact(made_at),
        "fee": exact(paid),
        "giant": plain_outcome(one),
        "nodes": plain_outcome(many),
        "nodes_sell_more": many.quantity > one.quantity,
        "deadly_fee": None if deadly is None else exact(deadly),
    }
    say(
        asked,
        "simulate-giant",
        document,
        "A giant against nodes",
        verdict(one, many, deadly),
        giant_pictures(one, many),
        draw,
        html,
    )


def _number(text: str, name: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"--{name} {text!r} is no number") from None


TOWN = "--orders examples/simulate/orders.jsonl --network examples/simulate/network.toml"
OrdersOption = Annotated[
    Path | None, typer.Option("--orders", metavar="FILE", help="Orders that the stream is drawn from.")
]
FromLedgerOption = Annotated[
    bool, typer.Option("--from-ledger", help="Draw the stream from the ledger's own orders.")
]
DaysOption = Annotated[int, typer.Option("--days", min=1, help="How long orders come in.")]
ManyOption = Annotated[int, typer.Option("--count", min=1, help="Orders in all, a replication.")]
ReplicationsOption = Annotated[int, typer.Option("--replications", min=2, help="How often it is played.")]
WorkersOption = Annotated[int, typer.Option("--workers", min=0, help="Processes; all cores by default.")]
CreditOption = Annotated[
    bool, typer.Option("--limits/--no-limits", help="Keep the lenders' limits, or leave them out.")
]
StartOption = Annotated[
    date | None,
    typer.Option(
        "--from", parser=parse_date, metavar="DATE", help="The first day; else the first order's own."
    ),
]


@command(
    app,
    "owned-vs-shared",
    example=f"""
    net simulate owned-vs-shared {TOWN} --traders 8 --count 40 --days 60 --replications 3
    net simulate owned-vs-shared {TOWN} --traders 4 --count 20 --days 20 --replications 2 --service 75%
    """,
)
def owned_vs_shared(
    asked: Asked,
    orders: OrdersOption = None,
    from_ledger: FromLedgerOption = False,
    network_file: Annotated[
        Path | None, typer.Option("--network", metavar="FILE", help="Another network than the one in force.")
    ] = None,
    traders: Annotated[
        str, typer.Option("--traders", help="How many; several, as 16,8,4,2, look for the break-even.")
    ] = "8",
    count: ManyOption = 100,
    days: DaysOption = 90,
    replications: ReplicationsOption = 20,
    margin: Annotated[str, typer.Option("--margin", help="The firms' margin on their price.")] = "15%",
    capital_cost: Annotated[str, typer.Option("--capital-cost", help="A year of capital.")] = "10%",
    assets: Annotated[
        str, typer.Option("--assets", help="Capital in a capacity, in years of its full output.")
    ] = "0.5",
    service: Annotated[
        str, typer.Option("--service", help="Look for the least capacity that serves this share: 95%.")
    ] = "",
    limits: CreditOption = True,
    start: StartOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 0,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """The same orders met by capacity that each trader owns, that firms share, and that one giant owns.

    The real planner plans every order on a real slot calendar; nothing of it stays. Owners have capacity at
    cost,
    but each only its own part; nodes have all of it, at the firms' prices; the giant has all of it at cost.
    Each figure has its 95% interval, and the differences are those of paired replications.
    """
    from flows.simulate.arrangements import giant as one_giant
    from flows.simulate.arrangements import owned, shared
    from flows.simulate.compare import Costs, Scenario, all_cores, compare
    from flows.simulate.scenario import network_for, order_stream, without_limits

    costs = Costs(shares(margin, "margin"), shares(capital_cost, "capital-cost"), shares(assets, "assets"))
    sizes = numbers(traders, "traders")
    runs: list[tuple[Scenario, list[Compared]]] = []
    with asked.session() as session:
        network = network_for(session, network_file)
        network = network if limits else without_limits(network)
        for many in sizes:
            stream = order_stream(session, orders, from_ledger, start, days, count, many, seed)
            sides = (
                owned(network, many, costs.margin),
                shared(network, many),
                one_giant(network, many, costs.margin),
            )
            scenario = Scenario(sides, stream, session.policy, costs, replications, workers or all_cores())
            runs.append((scenario, compare(scenario, network)))
    needed = _needed(runs[0][0], network, costs.margin, service) if service else []
    _tell_compared(asked, "simulate-owned", "Owned against shared", runs, draw, html, needed)


def _needed(scenario: "Scenario", network: "Network", margin: Fraction, service: str) -> "list[Needed]":
    """The least capacities for the first number of traders."""
    from flows.simulate.arrangements import giant as one_giant
    from flows.simulate.arrangements import owned, shared
    from flows.simulate.service import least_capacities

    many = scenario.stream.traders
    sides = (
        lambda one: owned(one, many, margin),
        lambda one: shared(one, many),
        lambda one: one_giant(one, many, margin),
    )
    return least_capacities(scenario, network, sides, shares(service, "service"))


@command(
    app,
    "what-if",
    example="net simulate what-if --orders examples/simulate/orders.jsonl"
    " --network examples/simulate/network.toml --change examples/simulate/third-works.toml"
    " --count 40 --days 20 --replications 3",
)
def what_if(
    asked: Asked,
    change: Annotated[
        Path, typer.Option("--change", metavar="FILE", help="The network as it would be: a whole file.")
    ],
    orders: OrdersOption = None,
    from_ledger: FromLedgerOption = False,
    network_file: Annotated[
        Path | None, typer.Option("--network", metavar="FILE", help="Another network than the one in force.")
    ] = None,
    count: ManyOption = 100,
    days: DaysOption = 90,
    replications: ReplicationsOption = 20,
    start: StartOption = None,
    seed: SeedOption = 1,
    workers: WorkersOption = 0,
    draw: ChartOption = False,
    html: HtmlOption = None,
) -> None:
    """The same orders on the network as it is and as it would be: a works more, another lender, a price."""
    from flows.simulate.arrangements import CHANGED, NOW, Arrangement
    from flows.simulate.compare import Costs, Scenario, all_cores, compare
    from flows.simulate.scenario import network_for, order_stream

    with asked.session() as session:
        network, other = network_for(session, network_file), network_for(session, change)
        stream = order_stream(session, orders, from_ledger, start, days, count, 1, seed)
        sides = (Arrangement(NOW, (network,)), Arrangement(CHANGED, (other,)))
        scenario = Scenario(sides, stream, session.policy, Costs(), replications, workers or all_cores())
        found = compare(scenario, network)
    _tell_compared(asked, "simulate-what-if", "What if", [(scenario, found)], draw, html)


def _tell_compared(
    asked: Asked,
    schema: str,
    title: str,
    runs: "list[tuple[Scenario, list[Compared]]]",
    draw: bool,
    html: Path | None,
    needed: "Sequence[Needed]" = (),
) -> None:
    from flows.simulate.order_stream import one_currency
    from flows.simulate.scenario import break_even

    currency = one_currency(runs[0][0].stream.patterns)
    said, pictures = [], []
    for scenario, found in runs:
        said += said_of(scenario, found, currency)
        pictures += compared_pictures(scenario.stream, found, currency)
    even = break_even(runs)
    if len(runs) > 1:
        limit = "at no size that was tried" if even is None else f"from {even:.1f} orders a trader"
        said.append(f"owning is better for a trader {limit}")
    document = {
        "currency": currency,
        "seed": runs[0][0].stream.seed,
        "runs": [plain_run(scenario, found, currency) for scenario, found in runs],
        "break_even_orders": None if even is None else f"{even:.1f}",
        "least_capacity": [plain_needed(one) for one in needed],
    }
    said += needed_said(needed, runs[0][0].stream.traders)
    say(asked, schema, document, title, said, pictures, draw, html)
