"""``python -m node``: what ``net node serve`` starts. Options as it gives them; errors as it tells them."""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import NetError
from flows.desk.session import Session
from node.opening import open_node
from node.server import Node, serve_node
from node.settings import NodeSettings


def _asked(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m node")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--name", action="append", default=[])
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--certificate-key", type=Path)
    parser.add_argument("--ledger")
    parser.add_argument("--config", type=Path)
    return parser.parse_args(arguments)


def _serve(asked: argparse.Namespace) -> None:
    with Session(ledger_url=asked.ledger, config_path=asked.config) as session:
        opened = open_node(session)
        usual = {f"{asked.host}:{asked.port}", f"localhost:{asked.port}"}
        settings = NodeSettings(frozenset({name.lower() for name in asked.name} | usual))
        node = Node(
            session.network,
            opened.open_ledger,
            session.keys_folder,
            settings,
            lambda: datetime.now(UTC),
            opened.nonces,
            opened.sweep,
        )
    scheme = "https" if asked.certificate else "http"
    print(
        f"serving {opened.offers} resources on {scheme}://{asked.host}:{asked.port}",
        file=sys.stderr,
        flush=True,
    )
    serve_node(
        node,
        asked.host,
        asked.port,
        certificate=asked.certificate,
        certificate_key=asked.certificate_key,
    )


def main(arguments: list[str]) -> int:
    try:
        _serve(_asked(arguments))
    except NetError as error:
        print(f"error: {error.message}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
