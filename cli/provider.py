"""``net provider``: the firms whose slots one trades on."""

from typing import Annotated

import typer

from cli.options import Asked, command, group
from cli.output import answer, note, table

app = group("The firms whose slots you trade on: list, show, add, check.")


@command(app, "list", example="net provider list\nnet provider list --kind factory --json")
def list_providers(
    asked: Asked,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only this kind.")] = None,
) -> None:
    """List the providers of the network file: what each offers, where, and by which adapter."""
    from flows.network import providers, what_of

    with asked.session() as session:
        found = providers(session.network, kind)
    rows = [(p.id, p.kind, p.name, p.place, what_of(p), p.adapter) for p in found]
    names = ("provider", "kind", "name", "place", "offers", "adapter")
    answer(
        asked,
        "provider-list",
        {"providers": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows)),
    )


@command(app, "show", example="net provider show zhongshan-lamps")
def show(asked: Asked, name: Annotated[str, typer.Argument(metavar="PROVIDER")]) -> None:
    """Show everything the network file says about one provider."""
    from domain.plain import to_plain
    from flows.network import provider_text

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
    from cli.firm_dialogue import answers
    from flows.network import KINDS, add_firm, questions

    if kind not in KINDS:
        raise typer.BadParameter(f"{kind!r} is no kind; kinds are {', '.join(KINDS)}")
    values = answers(questions(kind), given or [])
    with asked.session() as session:
        path, added = add_firm(session, kind, values)
    note(f"added to {path}")
    answer(asked, "provider-add", {"file": path, "added": added}, lambda screen: screen.print(added))
