"""Runs the official rules that a user has: compiled schematron (``.xslt``, ``.xsl``) in a folder of theirs.

None ships. The processor, saxonche, can end the whole process with an error of its own, so that it runs in a
process by itself: ``python -m documents.rules.official SHEET DOCUMENT`` prints the report.
"""

import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from documents.files.xml_tree import parse_content
from documents.rules.broken import Broken, every_element
from domain.errors import NotFoundError, UsageError

SECONDS = 300
_SYNTAX = {"ubl": ("ubl",), "cii": ("cii", "factur-x")}


def official_rules(folder: Path, syntax: str, document: bytes) -> list[Broken]:
    """What the official rules for the syntax find in the document.

    NotFoundError without rules for it, UsageError when they cannot be run.
    """
    sheets = sorted(sheet for sheet in folder.rglob("*.xsl*") if _fits(sheet, syntax))
    if not sheets:
        raise NotFoundError(
            f"{folder} has no compiled rules for {syntax.upper()}",
            "a file such as EN16931-UBL-validation.xslt of the rules' publisher belongs there",
        )
    return [broken for sheet in sheets for broken in _run(sheet, document)]


def _fits(sheet: Path, syntax: str) -> bool:
    return sheet.suffix in (".xsl", ".xslt") and any(word in sheet.name.lower() for word in _SYNTAX[syntax])


def _run(sheet: Path, document: bytes) -> list[Broken]:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "document.xml"
        file.write_bytes(document)
        command = [sys.executable, "-m", "documents.rules.official", str(sheet), str(file)]
        try:
            ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise UsageError(f"{sheet.name} did not end within {SECONDS} s", "run it by itself") from None
    if ran.returncode:
        told = ran.stderr.decode(errors="replace").strip().splitlines()
        problem = told[-1][:300] if told else f"the processor ended with {ran.returncode}"
        raise UsageError(f"{sheet.name} cannot be run: {problem}", "pip install saxonche runs official rules")
    return list(_found(ran.stdout))


def _found(report: bytes) -> Iterator[Broken]:
    """The failed rules of an SVRL report; what is informational only is left out."""
    for node in every_element(parse_content(report, "report")):
        if node.name == "failed-assert":
            flag = node.attributes.get("flag", node.attributes.get("role", "fatal"))
            text = " ".join(node.words("text").split())
            yield Broken(node.attributes.get("id", "?"), "", text, warning=flag != "fatal")


def _main(sheet: str, document: str) -> None:
    saxonche: Any = import_module("saxonche")

    with saxonche.PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=sheet)
        report: str = rules.transform_to_string(source_file=document)
    sys.stdout.buffer.write(report.encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
