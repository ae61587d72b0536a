"""``net provider``: the firms whose slots one trades on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.network import provider_observe
from cli.options import Asked, command, group
from cli.pages.next_page import render_next
from cli.screen.completion import complete_firm
from cli.screen.output import answer, note, table

if TYPE_CHECKING:
    from rich.console import Console

app = group("The firms whose slots you trade on: list, show, add, check, new, observe.")
provider_observe.register(app)


@command(app, "list", example="net provider list\nnet provider list --kind factory --json")
def list_providers(
    asked: Asked,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only this kind.")] = None,
) -> None:
    """List the providers of the network file: what each offers, where, and by which adapter."""
    from flows.desk.network import KINDS, providers, what_of

    with asked.session() as session:
        found = providers(session.network, kind)
        kinds = sorted({one.kind for one in session.network.providers} | set(KINDS))
    if kind is not None and kind not in kinds:
        raise typer.BadParameter(f"{kind!r} is no kind; kinds are {', '.join(kinds)}")
    rows = [(p.id, p.kind, p.name, p.place, what_of(p), p.adapter) for p in found]
    names = ("provider", "kind", "name", "place", "offers", "adapter")
    answer(
        asked,
        "provider-list",
        {"providers": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows)),
    )


@command(app, "show", example="net provider show zhongshan-lamps")
def show(
    asked: Asked, name: Annotated[str, typer.Argument(metavar="PROVIDER", autocompletion=complete_firm)]
) -> None:
    """Show everything the network file says about one provider."""
    from domain.plain import to_plain
    from flows.desk.network import provider_text

    with asked.session() as session:
        provider, text = provider_text(session, name)
    answer(asked, "provider", {"provider": to_plain(provider)}, lambda screen: screen.print(text))


@command(
    app,
    "add",
    example="""
    net provider add factory
    net provider add warehouse --set id=tilbury --set name="Tilbury Dock Store" --set place=Tilbury --set per_unit_day=0.04
    """,  # noqa: E501
)
def add(
    asked: Asked,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="factory, warehouse, logistics or service.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field; the rest as usual.")
    ] = None,
) -> None:
    """Add a provider to your network file; asks what is needed when run in a terminal.

    The file is checked before it is replaced, and what you wrote in it stays as it is. The network that
    ships with the program is copied to your own first.
    """
    from cli.screen.firm_dialogue import answers
    from flows.desk.network import KINDS, add_firm, questions
    from flows.overview.set_up import set_up_step

    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is no kind; kinds are {', '.join(KINDS)}")
    values = answers(questions(kind), given or [])
    with asked.session() as session:
        path, added = add_firm(session, kind, values)
        step = set_up_step(session)
    note(f"added to {path}")

    def screen_of(screen: "Console") -> None:
        screen.print(added)
        render_next(screen, step)

    answer(asked, "provider-add", {"file": path, "added": added, "next": step.command}, screen_of)


@command(
    app,
    "check",
    example="""
    net provider check zhongshan-lamps
    net provider check sandbox --json
    """,
)
def check(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A provider, or an installed adapter.")],
) -> None:
    """Run the rules that every adapter keeps against a firm, and report pass or fail for each.

    A firm with a node or an adapter of its own is really asked: one unit is held, booked, cancelled and
    released, a year ahead. A firm in your own ledger is checked in a transaction that is undone.
    """
    from domain.errors import RefusedError
    from flows.firms.check import check_provider

    with asked.session() as session:
        findings = check_provider(lambda: session.ledger, session.firms, name, session.clock())
    words = {True: "pass", False: "FAIL", None: "skip"}
    rows = [(words[one.passed], one.rule, one.detail) for one in findings]
    names = ("result", "rule", "detail")
    answer(
        asked,
        "provider-check",
        {"provider": name, "rules": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows)),
    )
    failed = sum(one.passed is False for one in findings)
    if failed:
        raise RefusedError(f"{name} breaks {failed} of {len(findings)} rules", "the table says which and how")
    if all(one.passed is None for one in findings[1:]):
        note("no rule but the first applied: the table says why")


@command(app, "new", example="net provider new acme-freight --kind logistics")
def new(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The adapter's name.")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="What the firm does.")] = "factory",
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="The folder to write it to.")] = Path(),
) -> None:
    """Write the project of a new adapter: one file to fill in, its entry point, and its contract test."""
    from providers.template import write_project

    written = write_project(into, name, kind)
    answer(
        asked,
        "provider-new",
        {"files": [str(path) for path in written]},
        lambda screen: screen.print("\n".join(str(path) for path in written)),
    )
