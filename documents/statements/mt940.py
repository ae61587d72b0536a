"""SWIFT MT940 customer statements and MT942 interim reports, plain or in the blocks of a message.

SWIFT FIN Category 9: field 61 is value date, entry date without a year, mark (C, D, RC and RD for reversals,
EC and ED for what is only expected), amount with a decimal comma, type, the owner's reference and ``//`` the
bank's. Field 86 is free text, coded (``?20``, as German banks do) or with words between slashes (``/EREF/``).
An MT942 is not final.
"""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
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
    balance_remark,
    joined,
    with_references,
)
from domain.money import MoneyError, exponent_of, minor_of, require_current

BYTES = 100 * 2**20
_FIELD = re.compile(r":(\d{2}[A-Z]?):(.*)", re.DOTALL)
_LINE = re.compile(
    r"(?P<valued>\d{6})(?P<entered>\d{4})?\s*(?P<mark>R?[CD]|E[CD])(?P<fund>[A-Z])?(?P<amount>\d[\d,.]*)"
    r"(?P<type>[NFS][A-Z0-9]{3})?(?P<own>[^\n]*?)(?://(?P<bank>[^\n]*))?(?:\n(?P<more>.*))?",
    re.DOTALL,
)
_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d,.]+)")
_CODED = re.compile(r"(\d{3})([^\w\s/])(?=\d{2})")
_KEY = re.compile(r"(EREF|KREF|MREF|CRED|DEBT|SVWZ|ABWA|ABWE|IBAN|BIC|COAM|OAMT|PURP)\+")
_SLASHED = re.compile(r"/(EREF|REMI|NAME|IBAN|TRCD|MARF|CSID|BENM|ORDP|BIC|ADDR|ISDT|PREF|KREF|TRTP)/")
_KINDS = {
    "CHG": EntryKind.CHARGE,
    "COM": EntryKind.CHARGE,
    "INT": EntryKind.INTEREST,
    "RTI": EntryKind.RETURN,
}
_CODE_KINDS = {"805": EntryKind.CHARGE, "808": EntryKind.CHARGE, "809": EntryKind.CHARGE}
_CODE_KINDS |= {"814": EntryKind.INTEREST} | dict.fromkeys(("108", "109", "159"), EntryKind.RETURN)
_WIDTH = 27
"""Coded texts are cut after so many characters, also inside words."""


def is_mt940(start: bytes) -> bool:
    return re.search(rb"(^|\n|\})\s*:20:", start) is not None and b":25" in start


def read_mt940(path: str | Path) -> list[BankStatement]:
    """Every statement in the file; InputDefectsError with all that is wrong in it."""
    file = Path(path)
    data = read_document(file, BYTES)
    reading = _Reading(Findings(str(file)))
    found = [reading.statement(message) for message in _messages(text_of_bank(data))]
    if not found:
        raise refuse(str(file), 1, "file", "holds no statement", "export the statement again")
    reading.findings.raise_any()
    return joined(found)


@dataclass(slots=True)
class _Field:
    tag: str
    text: str
    line: int


@dataclass(slots=True)
class _Message:
    fields: list[_Field] = field(default_factory=list)

    def first(self, *tags: str) -> _Field | None:
        return next((one for one in self.fields if one.tag in tags), None)

    def words(self, *tags: str) -> str:
        found = self.first(*tags)
        return found.text.strip() if found else ""


def _messages(text: str) -> Iterator[_Message]:
    """Fields from each ``:20:`` on; what a bank writes before the first of them is not read."""
    message: _Message | None = None
    for number, raw in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), start=1):
        line = re.sub(r"^(\{[^{}]*\}|\{\d:)+", "", raw) if raw.startswith("{") else raw
        begun = _FIELD.fullmatch(line)
        if begun and begun[1] == "20":
            if message is not None:
                yield message
            message = _Message()
        if message is None:
            continue
        if begun:
            message.fields.append(_Field(begun[1], begun[2], number))
        elif line.strip() in ("-", "-}") or line.startswith("-}"):
            yield message
            message = None
        elif message.fields:
            message.fields[-1].text += f"\n{line}"
    if message is not None:
        yield message


@dataclass
class _Reading:
    findings: Findings

    def wrong(self, one: _Field, problem: str) -> None:
        self.findings.where = lambda _name: one.line
        self.findings.add(f":{one.tag}:", problem, "export the statement again")

    def statement(self, message: _Message) -> BankStatement:
        account, number = message.words("25", "25P").split("\n")[0], message.words("28C", "28").split("/")
        opening, closing = message.first("60F", "60M"), message.first("62F", "62M")
        interim = opening is None and message.first("34F", "90C", "90D") is not None
        opens = self.balance(opening) if opening else None
        closes = self.balance(closing) if closing else None
        currency = (opens or closes or (0, "", None))[1] or _interim_currency(message)
        if not _is_currency(currency) or not account:
            if not self.findings.defects:
                self.wrong(message.fields[0], "has no account, or no balance that names the currency")
            return BankStatement(message.words("20"), account, currency, ())
        remarks: list[str] = []
        entries = with_references(self.entries(message, account, currency, remarks))
        found = BankStatement(
            id=f"{message.words('20')} {'/'.join(number)}".strip(),
            account=account,
            currency=currency,
            entries=entries,
            opening_minor=opens[0] if opens else None,
            closing_minor=closes[0] if closes else None,
            remarks=tuple(remarks),
            opens_on=opens[2] if opens else None,
            closes_on=closes[2] if closes else None,
            number=_whole(number[0]),
            page=_whole(number[1]) if len(number) > 1 else 0,
            last_page=closing is None or closing.tag == "62F",
            final=not interim,
        )
        remark = balance_remark(found)
        return replace(found, remarks=(*found.remarks, remark)) if remark else found

    def balance(self, one: _Field) -> tuple[int, str, date | None] | None:
        match = _BALANCE.match(one.text.strip())
        if match is None:
            self.wrong(one, f"{one.text.strip()[:40]!r} is no balance")
            return None
        minor = self.minor(one, match[4], match[3])
        if not _is_currency(match[3]):
            return None
        return (minor if match[1] == "C" else -minor), match[3], self.day(one, match[2])

    def minor(self, one: _Field, text: str, currency: str) -> int:
        """The decimal comma may end the amount (``300,``)."""
        try:
            return minor_of(decimal_of(text.replace(",", ".").removesuffix(".")), currency)
        except MoneyError as error:
            self.wrong(one, str(error))
            return 0

    def day(self, one: _Field, text: str) -> date | None:
        """Banks that reckon in months of 30 days write a 30 February: its last day stands."""
        year = int(("19" if text[:2] >= "80" else "20") + text[:2])
        last = monthrange(year, 2)[1]
        in_months_of_30 = text[2:4] == "02" and f"{last}" < text[4:6] <= "30"
        try:
            return day_of(f"{year}-{text[2:4]}-{last if in_months_of_30 else text[4:6]}")
        except ValueError as error:
            self.wrong(one, str(error))
            return None

    def entries(
        self, message: _Message, account: str, currency: str, remarks: list[str]
    ) -> Iterator[StatementEntry]:
        for place, one in enumerate(message.fields):
            if one.tag != "61":
                continue
            following = message.fields[place + 1] if place + 1 < len(message.fields) else None
            told = following.text if following is not None and following.tag == "86" else ""
            match = _LINE.fullmatch(one.text.rstrip())
            if match is None:
                self.wrong(one, f"{one.text[:40]!r} is no statement line")
                continue
            if match["mark"].startswith("E"):
                remarks.append(f"line {one.line}: an entry of {match['amount']} is only expected: left out")
                continue
            entry = self.entry(one, match, told, account, currency)
            if entry is not None:
                yield entry

    def entry(
        self, one: _Field, match: re.Match[str], told: str, account: str, currency: str
    ) -> StatementEntry | None:
        valued_on = self.day(one, match["valued"])
        minor = self.minor(one, match["amount"], currency)
        if valued_on is None:
            return None
        try:
            require_current(currency, valued_on)
        except MoneyError as error:
            self.wrong(one, str(error))
        mark = match["mark"]
        incoming = mark in ("C", "RD")
        own = match["own"].strip()
        details = _details(told)
        texts = [match["more"] or "", details.text]
        references = [] if own.upper() in NOT_PROVIDED else [own]
        return StatementEntry(
            reference=(match["bank"] or "").strip(),
            account=account,
            booked_on=_entered(match["entered"], valued_on),
            amount_minor=minor if incoming else -minor,
            currency=currency,
            valued_on=valued_on,
            party=details.party,
            party_account=details.account,
            references=tuple(dict.fromkeys([*references, *details.references])),
            text=" ".join(filter(None, (text.replace("\n", " ").strip() for text in texts))),
            reversal=mark.startswith("R"),
            line=one.line,
            kind=_KINDS.get((match["type"] or "")[1:], details.kind),
            counters=tuple(references),
        )


def _is_currency(code: str) -> bool:
    """Whether amounts can be read in it."""
    try:
        exponent_of(code)
    except MoneyError:
        return False
    return True


def _interim_currency(message: _Message) -> str:
    found = re.search(r"[A-Z]{3}", message.words("34F", "90C", "90D"))
    return found.group() if found else ""


def _whole(text: str) -> int:
    plain = text.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 10 else 0


def _entered(text: str | None, valued_on: date) -> date:
    """The entry day has no year: the one nearest to the value day; the value day where it is no day."""
    if not text:
        return valued_on
    days = []
    for year in (valued_on.year - 1, valued_on.year, valued_on.year + 1):
        try:
            days.append(date(year, int(text[:2]), int(text[2:])))
        except ValueError:
            continue
    return min(days, key=lambda day: abs((day - valued_on).days), default=valued_on)


@dataclass(slots=True)
class _Details:
    party: str = ""
    account: str = ""
    references: list[str] = field(default_factory=list)
    text: str = ""
    kind: EntryKind = EntryKind.MOVEMENT


def _details(told: str) -> _Details:
    """What field 86 says, in whichever of its three ways."""
    text = told.strip("\n")
    if coded := _CODED.match(text):
        return _coded(text.replace("\n", ""), coded[1], coded[2])
    plain = text.replace("\n", "")
    if _SLASHED.search(plain):
        return _slashed(plain)
    return _Details(text=" ".join(text.split()))


def _coded(text: str, code: str, mark: str) -> _Details:
    parts: dict[str, str] = {}
    for piece in text[3:].split(mark)[1:]:
        if piece[:2].isdigit():
            parts[piece[:2]] = piece[2:]
    names = [str(number) for number in (*range(20, 30), *range(60, 64))]
    purpose = ""
    for piece in (parts.get(name, "") for name in names):
        purpose += piece if len(piece) >= _WIDTH or not piece else f"{piece} "
    said = dict(_keyed(purpose))
    references = [said.get(name, "") for name in ("EREF", "KREF")]
    return _Details(
        party=f"{parts.get('32', '')}{parts.get('33', '')}".strip(),
        account=parts.get("31", "").strip() or said.get("IBAN", ""),
        references=[one for one in references if one.upper() not in NOT_PROVIDED],
        text=" ".join(filter(None, (parts.get("00", ""), said.get("SVWZ", "") or said.get("", "")))),
        kind=_CODE_KINDS.get(code, EntryKind.MOVEMENT),
    )


def _keyed(purpose: str) -> Iterator[tuple[str, str]]:
    """The parts of a SEPA purpose by their keys; text before the first key has none."""
    pieces = _KEY.split(purpose)
    yield "", pieces[0].strip()
    for key, text in zip(pieces[1::2], pieces[2::2], strict=True):
        yield key, text.strip()


def _slashed(text: str) -> _Details:
    pieces = _SLASHED.split(text)
    said = {key: words.strip(" /") for key, words in zip(pieces[1::2], pieces[2::2], strict=True)}
    reference = said.get("EREF", "")
    return _Details(
        party=said.get("NAME", ""),
        account=said.get("IBAN", ""),
        references=[] if reference.upper() in NOT_PROVIDED else [reference],
        text=" ".join(filter(None, (pieces[0].strip(" /"), said.get("REMI", "")))),
    )
