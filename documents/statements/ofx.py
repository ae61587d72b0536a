"""OFX statements of bank and card accounts: version 1 (SGML, tags left open) and version 2 (XML).

Open Financial Exchange 1.0.2 to 2.3, sections 11.4: amounts are signed, the institution's FITID names a
transaction once, days stand before any time. There is no opening balance, so only numbers can be checked.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from documents.files.findings import Findings, refuse
from documents.files.opening import read_document, text_of_bank
from documents.files.section import day_of, decimal_of
from documents.statements.statement import (
    NOT_PROVIDED,
    BankStatement,
    EntryKind,
    StatementEntry,
    joined,
    with_references,
)
from domain.money import MoneyError, minor_of, require_current

BYTES = 100 * 2**20
_TAG = re.compile(r"<(/?)([A-Za-z0-9.]+)>([^<]*)")
_STATEMENTS = ("STMTRS", "CCSTMTRS")
_KINDS = {
    "FEE": EntryKind.CHARGE,
    "SRVCHG": EntryKind.CHARGE,
    "INT": EntryKind.INTEREST,
}
_SIGNS = {"DEBIT": -1, "FEE": -1, "SRVCHG": -1, "CREDIT": 1, "DEP": 1, "DIRECTDEP": 1}


def is_ofx(start: bytes) -> bool:
    return b"OFXHEADER" in start or b"<OFX>" in start.upper()


def read_ofx(path: str | Path) -> list[BankStatement]:
    """Every statement in the file; InputDefectsError with all that is wrong in it."""
    file = Path(path)
    data = read_document(file, BYTES)
    text = text_of_bank(data)
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise refuse(str(file), 1, "file", "declares a document type, which can hold entities", "remove it")
    reading = _Reading(Findings(str(file)))
    found = [reading.statement(one) for one in _statements(text)]
    if not found:
        kind = "an investment statement" if "<INVSTMTRS>" in text.upper() else "no statement"
        raise refuse(str(file), 1, "file", f"holds {kind}", "export the account's transactions")
    reading.findings.raise_any()
    return joined(found)


@dataclass(slots=True)
class _Movement:
    line: int
    fields: dict[str, str] = field(default_factory=dict)

    def words(self, name: str) -> str:
        return self.fields.get(name, "")


@dataclass(slots=True)
class _Statement:
    line: int
    fields: dict[str, str] = field(default_factory=dict)
    movements: list[_Movement] = field(default_factory=list)


def _statements(text: str) -> Iterator[_Statement]:
    """Values by the aggregate they stand in; tags that are left open need no end."""
    found: _Statement | None = None
    movement: _Movement | None = None
    inside, line, counted = "", 1, 0
    for match in _TAG.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        closing, name = bool(match[1]), match[2].upper()
        value = html.unescape(match[3]).strip()
        if name in _STATEMENTS:
            if found is not None:
                yield found
            found, movement = (None if closing else _Statement(line)), None
        elif found is None:
            continue
        elif name == "STMTTRN":
            movement = None if closing else _Movement(line)
            if movement is not None:
                found.movements.append(movement)
        elif not closing and not value:
            inside = name
        elif closing:
            inside = "" if name == inside else inside
        else:
            _keep(found, movement, inside, name, value)
    if found is not None:
        yield found


def _keep(found: _Statement, movement: _Movement | None, inside: str, name: str, value: str) -> None:
    own = name if movement is not None and inside not in ("BANKACCTTO", "CCACCTTO") else f"{inside}.{name}"
    fields = found.fields if movement is None else movement.fields
    fields.setdefault(own, value)


@dataclass
class _Reading:
    findings: Findings

    def wrong(self, line: int, name: str, problem: str) -> None:
        self.findings.where = lambda _name: line
        self.findings.add(name, problem, "export the statement again")

    def statement(self, one: _Statement) -> BankStatement:
        fields = {name.rpartition(".")[2]: value for name, value in reversed(one.fields.items())}
        currency, account = fields.get("CURDEF", ""), fields.get("ACCTID", "")
        if not currency or not account:
            self.wrong(one.line, "CURDEF" if not currency else "ACCTID", "is missing")
            return BankStatement("", account, currency, ())
        entries = (self.entry(movement, account, currency) for movement in one.movements)
        closing, as_of = (one.fields.get(f"LEDGERBAL.{name}", "") for name in ("BALAMT", "DTASOF"))
        return BankStatement(
            id=fields.get("DTEND", "") or fields.get("DTASOF", ""),
            account=account,
            currency=currency,
            entries=with_references(entry for entry in entries if entry is not None),
            closing_minor=self.minor(one.line, "BALAMT", closing, currency) if closing else None,
            closes_on=self.day(one.line, "DTASOF", as_of) if closing else None,
        )

    def entry(self, one: _Movement, account: str, currency: str) -> StatementEntry | None:
        currency = one.words("CURSYM") or currency
        minor = self.minor(one.line, "TRNAMT", one.words("TRNAMT"), currency)
        booked_on = self.day(one.line, "DTPOSTED", one.words("DTPOSTED"))
        if minor is None or booked_on is None:
            return None
        kind = one.words("TRNTYPE").upper()
        if minor * _SIGNS.get(kind, 0) < 0 and kind in ("DEBIT", "CREDIT"):
            self.wrong(one.line, "TRNAMT", f"{one.words('TRNAMT')} is not the amount of a {kind}")
        try:
            require_current(currency, booked_on)
        except MoneyError as error:
            self.wrong(one.line, "CURDEF", str(error))
        reference, cheque = one.words("REFNUM"), one.words("CHECKNUM")
        known = tuple(text for text in (reference, cheque) if text.upper() not in NOT_PROVIDED)
        return StatementEntry(
            reference=one.words("FITID"),
            account=account,
            booked_on=booked_on,
            amount_minor=minor,
            currency=currency,
            party=one.words("NAME"),
            party_account=one.words("BANKACCTTO.ACCTID"),
            references=known,
            text=one.words("MEMO"),
            reversal=bool(one.words("CORRECTFITID")),
            line=one.line,
            kind=_KINDS.get(kind, EntryKind.MOVEMENT),
            counters=known,
        )

    def minor(self, line: int, name: str, text: str, currency: str) -> int | None:
        try:
            comma = text.count(",") == 1 and "." not in text
            return minor_of(decimal_of(text.replace(",", ".") if comma else text), currency)
        except MoneyError as error:
            self.wrong(line, name, str(error))
            return None

    def day(self, line: int, name: str, text: str) -> date | None:
        """The day as written, before the time and the zone."""
        try:
            return day_of(f"{text[:4]}-{text[4:6]}-{text[6:8]}")
        except ValueError as error:
            self.wrong(line, name, str(error))
            return None
