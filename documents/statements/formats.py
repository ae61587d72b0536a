"""Every format of a bank statement that tells itself by its first bytes: one reader each, one row here."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from documents.files.findings import refuse
from documents.files.opening import opened
from documents.statements.camt import read_camt
from documents.statements.mt940 import is_mt940, read_mt940
from documents.statements.ofx import is_ofx, read_ofx
from documents.statements.statement import BankStatement

_START = 16_384


@dataclass(frozen=True, slots=True)
class StatementFormat:
    """A format by name, how its first bytes show it, and its reader."""

    name: str
    recognises: Callable[[bytes], bool]
    read: Callable[[Path], list[BankStatement]]


def _is_xml(start: bytes) -> bool:
    plain = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return plain.startswith(b"<") or start[:2] in (b"\xff\xfe", b"\xfe\xff")


FORMATS = (
    StatementFormat("OFX", is_ofx, read_ofx),
    StatementFormat("camt", _is_xml, read_camt),
    StatementFormat("MT940", is_mt940, read_mt940),
)


def read_statement(path: Path) -> list[BankStatement]:
    """Every statement of the file, in whichever format it is; InputDefectsError for one that none reads."""
    with opened(path) as file:
        start = file.read(_START)
    for one in FORMATS:
        if one.recognises(start):
            return one.read(path)
    known = "ISO 20022 camt, MT940, MT942 or OFX"
    problem = f"is no bank statement in {known}"
    raise refuse(str(path), 1, "file", problem, "export one of these, or read a table with --map")
