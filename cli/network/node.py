"""``net node``: offer your own catalogue to other firms."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Asked, command, group
from cli.screen.output import answer, note, table

app = group("Offer your own catalogue to other firms: serve, keygen, trust.")


@command(app, "keygen", example="net node keygen --to our.key\nnet node keygen --replace")
def keygen(
    asked: Asked,
    new: Annotated[
        bool, typer.Option("--replace", help="Make a new key in the place of the one there is.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Also write the line into a file to hand over."),
    ] = None,
) -> None:
    """Make the key that this installation signs with, or show its public half again.

    Give the line that is printed to the firms that shall trust you: they run net node trust with it. A key
    that is replaced is kept aside; give the new line to the others before you start the node with it.
    """
    from domain.errors import NotFoundError
    from trust.node_keys import (
        create_signing_key,
        key_id_of,
        load_signing_key,
        public_line,
        replace_signing_key,
    )

    with asked.session() as session:
        folder, now = session.keys_folder, session.clock()
    try:
        key = replace_signing_key(folder, f"{now:%Y%m%dT%H%M%S}") if new else load_signing_key(folder)
    except NotFoundError:
        key = create_signing_key(folder)
        note(f"made {folder / 'node.key'}: keep it, others will trust it")
    line = public_line(key.public_key())
    if to is not None:
        to.write_text(line + "\n", encoding="utf-8")
    document = {"key": line, "key_id": key_id_of(key.public_key())}
    answer(asked, "node-key", document, lambda screen: screen.print(line, soft_wrap=True))


@command(
    app,
    "trust",
    example="""
    net node trust
    net node trust harbour-mill --key "net-ed25519 AbCd..." --callback https://mill.example:8443
    net node trust harbour-mill --key "net-ed25519 EfGh..." --keep
    net node trust harbour-mill --key-file mill.key
    net node trust harbour-mill --remove
    """,
)
def trust(
    asked: Asked,
    firm: Annotated[str | None, typer.Argument(metavar="[FIRM]", help="Your name for the firm.")] = None,
    key: Annotated[str, typer.Option("--key", metavar="LINE", help="The line its keygen printed.")] = "",
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="The file that its keygen --to wrote.")
    ] = None,
    callback: Annotated[
        str, typer.Option("--callback", metavar="URL", help="Where its own node takes messages.")
    ] = "",
    keep: Annotated[
        bool,
        typer.Option("--keep", help="Beside the key trusted already, while the firm changes it."),
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Trust the firm no more.")] = False,
) -> None:
    """Trust a firm's key: from now on its signature counts here. Without arguments, list who is trusted.

    Take the line from the firm itself, by a way that you trust: whoever holds that key is the firm. A running
    node takes a change in within seconds. What a firm holds or has booked stays when its key changes.
    """
    from domain.errors import UsageError
    from trust.node_keys import distrust_firm, trust_firm, trusted_firms

    with asked.session() as session:
        folder = session.keys_folder
    if key_file is not None:
        key = _line_in(key_file)
    if firm is not None and remove:
        distrust_firm(folder, firm)
    elif firm is not None:
        if not key:
            raise UsageError("the firm's key is missing", f'net node trust {firm} --key "net-ed25519 ..."')
        if callback:
            from providers.http_client import parse_address

            parse_address(callback)
        trust_firm(folder, firm, key, callback, keep=keep)
    rows = [(one.name, one.key_id, one.callback) for one in trusted_firms(folder).values()]
    names = ("firm", "key_id", "callback")
    answer(
        asked,
        "node-trust",
        {"firms": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows) if rows else "nobody is trusted yet"),
    )


def _line_in(file: Path) -> str:
    from domain.errors import NotFoundError

    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise NotFoundError(
            f"there is no key in {file}", "the firm makes it with net node keygen --to"
        ) from None


@command(
    app,
    "serve",
    example="""
    net node serve --port 8443 --name mill.example:8443 --certificate cert.pem --certificate-key key.pem
    net node serve --port 8080
    """,
)
def serve(
    asked: Asked,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="The port to listen on.")] = 8080,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="HOST[:PORT]", help="A name that others reach this node by."),
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option("--certificate", metavar="FILE", help="Serve over TLS with it."),
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option("--certificate-key", metavar="FILE", help="The certificate's private key.")
    ] = None,
) -> None:
    """Offer the catalog firms of your network file to the firms that you trust, until interrupted.

    The interface is published at /openapi.json, its state at /health and /metrics. Requests must be
    signed and addressed to one of the names.
    """
    from domain.errors import UsageError

    if (certificate is None) != (certificate_key is None):
        raise UsageError("TLS needs both a certificate and its key", "give --certificate and its key")
    if certificate is None and host not in {"127.0.0.1", "localhost", "::1"}:
        note("serving without TLS beyond this machine: signatures hold, but others can read what is asked")
    arguments = ["--host", host, "--port", str(port)]
    for each in name or []:
        arguments += ["--name", each]
    if certificate is not None and certificate_key is not None:
        arguments += ["--certificate", str(certificate), "--certificate-key", str(certificate_key)]
    arguments += ["--ledger", asked.ledger] if asked.ledger else []
    arguments += ["--config", str(asked.config)] if asked.config else []
    raise typer.Exit(_run_node(arguments))


@command(app, "sold", example="net node sold\nnet node sold --all --json")
def sold_slots(
    asked: Asked,
    every: Annotated[bool, typer.Option("--all", help="Also what has ended, and how.")] = False,
) -> None:
    """List what other firms hold and have booked here: who, for which order of theirs, what, for how much."""
    from domain.money import format_minor
    from flows.shop.sold import sold

    with asked.session() as session:
        found = list(sold(session.ledger, live=not every))
    names = ("reference", "buyer", "order", "slots", "state", "until", "price", "currency")
    rows = [
        (
            one.reference,
            one.buyer,
            one.order,
            ", ".join(f"{line.quantity} {line.resource} {line.period}" for line in one.lines),
            one.state,
            f"{one.until:%Y-%m-%d %H:%M} UTC" if one.until else "",
            format_minor(one.price_minor, one.currency) if one.currency else "",
            one.currency,
        )
        for one in found
    ]
    answer(
        asked,
        "node-sold",
        {"sold": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(
            table("", names, [(row[0][:12], *row[1:]) for row in rows], right="price")
            if rows
            else "nobody holds or has booked anything here"
        ),
    )


SoldArgument = Annotated[
    str, typer.Argument(metavar="REFERENCE", help="Its reference, the beginning of it, or BUYER:ORDER.")
]
ByOption = Annotated[str, typer.Option("--by", metavar="WHO", help="Who says so.")]


@command(app, "withdraw", example='net node withdraw north:PO-7 --reason "line 2 is down" --by Li')
def withdraw(
    asked: Asked,
    reference: SoldArgument,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="What the buyer is told.")] = "",
    by: ByOption = "",
) -> None:
    """Take back what another firm holds or has booked here, free the slot, and tell that firm.

    The message goes out from the running node until the firm's own node has taken it.
    """
    from domain.errors import UsageError
    from flows.shop.sold import withdraw_sold
    from trust.node_keys import trusted_firms

    if not reason:
        raise UsageError("the reason is missing: the buyer is told it", 'give --reason "what happened"')
    with asked.session() as session:
        one = withdraw_sold(session.ledger, reference, session.clock(), reason=reason, by=by)
        told = {firm.name: firm.callback for firm in trusted_firms(session.keys_folder).values()}
    if not told.get(one.buyer):
        note(f"{one.buyer} takes no messages here (no --callback): tell them yourself")
    _tell_ended(asked, "node-withdraw", one.buyer, one.order, "withdrawn")


@command(app, "complete", example="net node complete north:PO-7 --by Li --evidence delivery-note-12")
def complete(
    asked: Asked,
    reference: SoldArgument,
    by: ByOption = "",
    evidence: Annotated[str, typer.Option("--evidence", metavar="TEXT", help="What shows it.")] = "",
) -> None:
    """Record that what another firm booked here was done: the booking is used and ends.

    A firm that buys with net says so by itself once the goods are delivered.
    """
    from domain.errors import UsageError
    from flows.orders.statement import Statement
    from flows.shop.sold import complete_sold

    if not by:
        raise UsageError("who says so is missing", "give --by with a name")
    with asked.session() as session:
        one = complete_sold(session.ledger, reference, Statement(session.on, by, evidence))
    _tell_ended(asked, "node-complete", one.buyer, one.order, "used")


def _tell_ended(asked: Asked, schema: str, buyer: str, order: str, state: str) -> None:
    document = {"buyer": buyer, "order": order, "state": state}
    answer(asked, schema, document, lambda screen: screen.print(f"{buyer}:{order} is {state}"))


def _run_node(arguments: list[str]) -> int:
    """The node is a program of its own beside this one: it takes this process over where that can be."""
    root = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-m", "node", *arguments]
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, command, environment)
    import subprocess

    return subprocess.call(command, env=environment)
