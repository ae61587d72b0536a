"""``net node``: offer your own catalogue to other firms."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.options import Asked, command, group
from cli.output import answer, note, table

app = group("Offer your own catalogue to other firms: serve, keygen, trust.")


@command(app, "keygen", example="net node keygen")
def keygen(asked: Asked) -> None:
    """Make the key that this installation signs with, or show its public half again.

    Give the line that is printed to the firms that shall trust you: they run net node trust with it.
    """
    from domain.errors import NotFoundError
    from trust.node_keys import create_signing_key, key_id_of, load_signing_key, public_line

    with asked.session() as session:
        folder = session.keys_folder
    try:
        key = load_signing_key(folder)
    except NotFoundError:
        key = create_signing_key(folder)
        note(f"made {folder / 'node.key'}: keep it, others will trust it")
    line = public_line(key.public_key())
    document = {"key": line, "key_id": key_id_of(key.public_key())}
    answer(asked, "node-key", document, lambda screen: screen.print(line, soft_wrap=True))


@command(
    app,
    "trust",
    example="""
    net node trust
    net node trust harbour-mill --key "net-ed25519 AbCd..." --callback https://mill.example:8443
    """,
)
def trust(
    asked: Asked,
    firm: Annotated[str | None, typer.Argument(metavar="[FIRM]", help="Your name for the firm.")] = None,
    key: Annotated[str, typer.Option("--key", metavar="LINE", help="The line its keygen printed.")] = "",
    callback: Annotated[
        str, typer.Option("--callback", metavar="URL", help="Where its own node takes messages.")
    ] = "",
) -> None:
    """Trust a firm's key: from now on its signature counts here. Without arguments, list who is trusted.

    Take the line from the firm itself, by a way that you trust: whoever holds that key is the firm.
    """
    from domain.errors import UsageError
    from trust.node_keys import trust_firm, trusted_firms

    with asked.session() as session:
        folder = session.keys_folder
    if firm is not None:
        if not key:
            raise UsageError("the firm's key is missing", f'net node trust {firm} --key "net-ed25519 ..."')
        if callback:
            from providers.http_client import parse_target

            parse_target(callback)
        trust_firm(folder, firm, key, callback)
    rows = [(one.name, one.key_id, one.callback) for one in trusted_firms(folder).values()]
    names = ("firm", "key_id", "callback")
    answer(
        asked,
        "node-trust",
        {"firms": [dict(zip(names, row, strict=True)) for row in rows]},
        lambda screen: screen.print(table("", names, rows) if rows else "nobody is trusted yet"),
    )


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


def _run_node(arguments: list[str]) -> int:
    """The node is a program of its own beside this one: it takes this process over where that can be."""
    root = str(Path(__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-m", "node", *arguments]
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(sys.executable, command, environment)
    import subprocess

    return subprocess.call(command, env=environment)
