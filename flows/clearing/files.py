"""The files that firms hand to one another for a clearing: read, written, and named by what they are."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.errors import NotFoundError, RefusedError, UsageError
from finance.clearing.draft import ClearingDraft
from finance.clearing.proposal import DECISION_SCHEMA, DROP_SCHEMA, VIEW_SCHEMA, WHOLE_SCHEMA
from flows.clearing.firm import Firm

PROPOSAL = "proposal.json"
LARGEST = 2**30
"""Bytes of a file that is read at all; a million debts take a little more than half of that."""


def read_document(path: Path) -> Mapping[str, Any]:
    """The JSON object in a file; NotFoundError or UsageError name the file."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is too large", "give the file as it was written")
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no file {path}", "name the file that the other firm gave you"
        ) from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is not JSON", "give the file as it was written") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "name a file") from None
    if not isinstance(document, dict):
        raise UsageError(f"{path} is no document of a clearing", "give the file as it was written")
    return document


def write_document(document: Mapping[str, Any], path: Path) -> None:
    """Written whole or not at all; RefusedError where another document stands already."""
    text = json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if path.exists():
        if path.read_text(encoding="utf-8") == text:
            return
        raise RefusedError(f"{path} is there already and says something else", "name another file")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def kind_of(document: Mapping[str, Any]) -> str:
    """Which document it is, by its schema: of a whole proposal, a view, a decision, or a drop; else empty."""
    schema = document.get("schema")
    if schema is None and isinstance(document.get("content"), dict):
        schema = document["content"].get("schema")
    return schema if schema in (WHOLE_SCHEMA, VIEW_SCHEMA, DECISION_SCHEMA, DROP_SCHEMA) else ""


def write_proposal(draft: ClearingDraft, firm: Firm, folder: Path) -> Iterator[tuple[str, Path]]:
    """The whole for the coordinator, and for each firm what it alone is shown; firm's name and file."""
    write_document(draft.document(), folder / PROPOSAL)
    for view in draft.views():
        name = firm.name(view.firm)
        path = folder / f"for-{file_name(name)}.json"
        write_document(view.document(), path)
        yield name, path


def file_name(name: str) -> str:
    """A firm's name as part of a file's name; of a key its beginning."""
    plain = name.removeprefix("ed25519:")[:20] if name.startswith("ed25519:") else name
    return "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in plain)
