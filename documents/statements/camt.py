"""ISO 20022 account reports, statements and notifications (camt.052, 053, 054), every version, any prefix.

Message definitions: BankToCustomerAccountReport, BankToCustomerStatement,
BankToCustomerDebitCreditNotification. The document may stand in a business message with its header. The
versions differ where this reads them: from 04 a transaction has its amount directly under TxDtls, from 07 the
status stands in ``Sts/Cd`` or ``Sts/Prtry``, from 08 a party stands in ``Pty`` or ``Agt``. An entry with
``RvslInd`` takes an earlier one back; its direction is its own CdtDbtInd. Only entries that the bank says are
booked count. A report (052) is not final.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from documents.files import xml_tree
from documents.files.findings import Findings, refuse
from documents.files.section import day_of, decimal_of
from documents.files.xml_tree import XmlElement
from documents.statements.statement import (
    NOT_PROVIDED,
    BankStatement,
    EntryKind,
    StatedShare,
    StatementEntry,
    balance_remark,
    joined,
    with_references,
)
from documents.ubl.elements import is_true
from domain.money import MoneyError, minor_of, require_current

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt."
BYTES = 400 * 2**20
"""Entries are read one by one, so a statement may be larger than other documents."""
_ROOTS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_OPENING, _CLOSING, _INTERIM = ("OPBD", "PRCD"), "CLBD", "ITBD"
_OWN_REFERENCES = ("EndToEndId", "InstrId", "TxId", "MndtId", "ChqNb", "PmtInfId", "MsgId")
_COUNTERS = ("InstrId", "TxId", "MndtId", "ChqNb", "PmtInfId", "MsgId")
_CHARGE_CODES = frozenset({"CHRG", "COMM", "FEES", "COME", "COMI", "COMT", "BRKF"})
_INTEREST_CODES = frozenset({"INTR"})
_RETURN_CODES = frozenset({"RRTN", "RPCR", "UPCT", "UPCQ", "UPDD", "UPTF", "PRDD", "ARET"})
_LEFT_SHOWN = 3


def read_camt(path: str | Path) -> list[BankStatement]:
    """Every statement in the file; InputDefectsError with all that is wrong in it."""
    file = Path(path)
    reading = _CamtReading(Findings(str(file)))
    root = xml_tree.parse(file, apart={"Ntry": reading.take}, limit=BYTES)
    document, kind = _document(root, str(file))
    nodes = list(document.each(*_ROOTS[kind]))
    if not nodes:
        raise refuse(str(file), root.line, "file", "holds no statement", "export the statement again")
    found = [reading.statement(node, final=kind != "052") for node in nodes]
    reading.findings.raise_any()
    return joined(_paged(document.first(_ROOTS[kind][0]), found))


def _document(root: XmlElement, file: str) -> tuple[XmlElement, str]:
    """The camt document, alone or in the envelope of a business message, and which of the three it is."""
    for node in _below(root):
        if node.name == "Document" and node.namespace.startswith(NAMESPACE):
            kind = node.namespace.removeprefix(NAMESPACE)[:3]
            if kind in _ROOTS:
                return node, kind
    problem = f"is {root.namespace.rpartition(':')[2] or root.name!r}, not a camt.053 statement"
    raise refuse(file, root.line, "file", problem, "export an ISO 20022 camt.053, 054 or 052 document")


def _below(node: XmlElement, depth: int = 4) -> Iterator[XmlElement]:
    yield node
    if depth:
        for child in node.children:
            yield from _below(child, depth - 1)


def _not_final(*, final: bool) -> tuple[str, ...]:
    return () if final else ("is a report before the statement: what it matches is shown, not recorded",)


def _paged(message: XmlElement | None, found: list[BankStatement]) -> list[BankStatement]:
    """A message sent in pages says so in its header; that counts where its one statement does not."""
    pages = message.first("GrpHdr", "MsgPgntn") if message else None
    if pages is None or len(found) != 1 or found[0].page:
        return found
    return [replace(found[0], page=_number(pages.words("PgNb")), last_page=_is_last(pages))]


def _is_last(pages: XmlElement) -> bool:
    return is_true(pages.words("LastPgInd") or "true")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@dataclass
class _CamtReading:
    findings: Findings
    entries: dict[int, list[StatementEntry]] = field(default_factory=dict)
    left_out: dict[int, list[str]] = field(default_factory=dict)

    def wrong(self, node: XmlElement, problem: str, remedy: str = "export the statement again") -> None:
        self.findings.where = lambda _name: node.line
        self.findings.add(node.name, problem, remedy)

    def take(self, node: XmlElement, statement: XmlElement) -> None:
        """An entry as soon as it is read whole; the account stands before it in its statement."""
        found = self.entries.setdefault(id(statement), [])
        found += self.entry(node, statement)

    def statement(self, node: XmlElement, *, final: bool) -> BankStatement:
        entries = self.entries.get(id(node), [])
        currency = node.words("Acct", "Ccy") or (entries[0].currency if entries else "")
        pages = node.first("StmtPgntn") or node.first("RptPgntn") or node.first("NtfctnPgntn")
        found = BankStatement(
            id=node.words("Id"),
            account=_account_of(node),
            currency=currency or self.balance_currency(node),
            entries=with_references(entries),
            remarks=(*_not_final(final=final), *self.left_remarks(node)),
            number=_number(node.words("ElctrncSeqNb") or node.words("LglSeqNb")),
            page=_number(pages.words("PgNb")) if pages else 0,
            last_page=_is_last(pages) if pages else True,
            final=final,
        )
        return self.with_balances(node, found) if final else found

    def with_balances(self, node: XmlElement, found: BankStatement) -> BankStatement:
        if any(entry.currency != found.currency for entry in found.entries):
            return found
        opening = self.balance(node, found.currency, opening=True)
        closing = self.balance(node, found.currency, opening=False)
        found = replace(
            found,
            opening_minor=opening[0] if opening else None,
            closing_minor=closing[0] if closing else None,
            opens_on=opening[1] if opening else None,
            closes_on=closing[1] if closing else None,
        )
        remark = balance_remark(found)
        return replace(found, remarks=(*found.remarks, remark)) if remark else found

    def left_remarks(self, node: XmlElement) -> tuple[str, ...]:
        """Entries that are not booked, in words; many of them are counted."""
        told = self.left_out.get(id(node), [])
        more = len(told) - _LEFT_SHOWN
        return (*told[:_LEFT_SHOWN], f"and {more} more are not booked: left out") if more > 0 else tuple(told)

    def balance_currency(self, node: XmlElement) -> str:
        amount = node.first("Bal", "Amt")
        return amount.attributes.get("Ccy", "") if amount else ""

    def balance(
        self, statement: XmlElement, currency: str, *, opening: bool
    ) -> tuple[int, date | None] | None:
        """Balance and day in this currency; a page begins and ends with interim balances."""
        balances = [(node.words("Tp", "CdOrPrtry", "Cd"), node) for node in statement.each("Bal")]
        interim = [node for code, node in balances if code == _INTERIM]
        opens = [node for wanted in _OPENING for code, node in balances if code == wanted]
        closes = [node for code, node in balances if code == _CLOSING]
        if opening:
            chosen = opens or interim[:1]
        else:
            chosen = closes or (interim[-1:] if opens or len(interim) > 1 else [])
        for node in chosen:
            amount = self.amount(node)
            if amount and amount[1] == currency:
                return amount[0], self.day(node, "Dt")
        return None

    def amount(self, node: XmlElement) -> tuple[int, str] | None:
        """Signed minor units and currency of the node's Amt, by its CdtDbtInd."""
        found = node.first("Amt")
        if found is None:
            self.wrong(node, "has no amount")
            return None
        currency = found.attributes.get("Ccy", "")
        try:
            minor = minor_of(decimal_of(found.text), currency)
        except MoneyError as error:
            self.wrong(found, str(error))
            return None
        if minor < 0:
            self.wrong(found, "is negative: the standard gives the direction in CdtDbtInd alone")
            return None
        direction = node.words("CdtDbtInd")
        if direction not in ("CRDT", "DBIT"):
            self.wrong(node, f"is {direction or 'neither'!r}, not CRDT or DBIT")
            return None
        return (minor if direction == "CRDT" else -minor), currency

    def day(self, node: XmlElement, name: str) -> date | None:
        text = node.words(name, "Dt") or node.words(name, "DtTm")
        if not text:
            return None
        try:
            return day_of(text[:10])
        except ValueError as error:
            self.wrong(node, str(error))
            return None

    def is_booked(self, node: XmlElement, statement: XmlElement) -> bool:
        """Only what the bank says is booked; anything else is left out, and said."""
        plain, own = node.words("Sts", "Cd") or node.words("Sts"), node.words("Sts", "Prtry")
        if plain == "BOOK":
            return True
        status = f"has the bank's own status {own[:40]!r}" if own else f"has the status {plain[:40]!r}"
        told = status if own or plain else "has no status"
        amount = f"{node.words('Amt')[:40]} {node.words('CdtDbtInd')[:4]}"
        remark = f"line {node.line}: an entry of {amount} {told}, which is not booked: left out"
        self.left_out.setdefault(id(statement), []).append(remark)
        return False

    def entry(self, node: XmlElement, statement: XmlElement) -> Iterator[StatementEntry]:
        """One entry, or one for each transaction of a batch whose parts sum to it."""
        if not self.is_booked(node, statement):
            return
        amount = self.amount(node)
        booked_on = self.day(node, "BookgDt") or self.day(node, "ValDt")
        if booked_on is None:
            self.wrong(node, "has no booking date")
        if amount is None or booked_on is None:
            return
        try:
            require_current(amount[1], booked_on)
        except MoneyError as error:
            self.wrong(node, str(error))
        details = list(node.each("NtryDtls", "TxDtls"))
        whole = self.whole(node, _account_of(statement), amount, booked_on)
        if len(details) == 1:
            yield self.detailed(whole, details[0])
        elif parts := self.parts(whole, details):
            yield from parts
        else:
            for detail in details:
                whole = replace(self.detailed(whole, detail), party="", party_account="", stated=())
            yield whole

    def whole(
        self, node: XmlElement, account: str, amount: tuple[int, str], booked_on: date
    ) -> StatementEntry:
        entry_reference = node.words("NtryRef")
        return StatementEntry(
            reference=node.words("AcctSvcrRef"),
            account=account,
            booked_on=booked_on,
            amount_minor=amount[0],
            currency=amount[1],
            valued_on=self.day(node, "ValDt"),
            text=node.words("AddtlNtryInf"),
            reversal=is_true(node.words("RvslInd")),
            line=node.line,
            kind=_kind(node),
            other_references=(entry_reference,) if entry_reference else (),
            counters=(entry_reference,) if entry_reference else (),
            charges_minor=_charges(node, amount[1]),
        )

    def parts(self, whole: StatementEntry, details: list[XmlElement]) -> list[StatementEntry]:
        """The transactions of a batch; none when their amounts do not give the amount of the entry."""
        found = []
        for place, detail in enumerate(details, start=1):
            amount = self.part_amount(detail, whole)
            if amount is None:
                return []
            reference = f"{whole.reference}#{place}" if whole.reference else ""
            part = replace(whole, amount_minor=amount, reference=reference, line=detail.line, charges_minor=0)
            found.append(self.detailed(part, detail))
        return found if sum(part.amount_minor for part in found) == whole.amount_minor else []

    def part_amount(self, detail: XmlElement, whole: StatementEntry) -> int | None:
        places = (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "CntrValAmt", "Amt"))
        nodes = (node for path in places if (node := detail.first(*path)) is not None)
        node = next((one for one in nodes if one.attributes.get("Ccy") == whole.currency), None)
        if node is None:
            return None
        try:
            minor = minor_of(decimal_of(node.text), whole.currency)
        except MoneyError:
            return None
        incoming = (
            detail.words("CdtDbtInd") == "CRDT" if detail.first("CdtDbtInd") else whole.amount_minor > 0
        )
        return minor if incoming else -minor

    def detailed(self, entry: StatementEntry, detail: XmlElement) -> StatementEntry:
        """The entry with what one transaction says: who, from which account, with which references.

        The other party is the debtor of money in; banks that name only the other role mean it too.
        """
        roles = ("Dbtr", "Cdtr") if (entry.amount_minor > 0) is not entry.reversal else ("Cdtr", "Dbtr")
        parties = detail.first("RltdPties")
        kept = [text for text in _references(detail) if text.upper() not in NOT_PROVIDED]
        others = [node.words("Ref") for node in detail.each("Refs", "Prtry")]
        counters = [detail.words("Refs", name) for name in _COUNTERS]
        kind = _kind(detail)
        return replace(
            entry,
            reference=detail.words("Refs", "AcctSvcrRef") or entry.reference,
            party=_first(_party(parties, role) for role in roles) or entry.party,
            party_account=_first(_account(parties, role) for role in roles) or entry.party_account,
            references=tuple(dict.fromkeys((*entry.references, *kept))),
            text=" ".join(dict.fromkeys(text for text in _texts(entry, detail) if text)),
            reversal=entry.reversal or detail.first("RtrInf") is not None,
            kind=entry.kind if kind is EntryKind.MOVEMENT else kind,
            other_references=tuple(dict.fromkeys((*entry.other_references, *filter(None, others)))),
            counters=tuple(dict.fromkeys((*entry.counters, *filter(None, counters)))),
            stated=(*entry.stated, *_stated(detail, entry.currency)),
            charges_minor=entry.charges_minor or _charges(detail, entry.currency),
        )


def _references(detail: XmlElement) -> Iterator[str]:
    yield from (detail.words("Refs", name) for name in _OWN_REFERENCES)
    yield from (node.text.strip() for node in detail.each("RmtInf", "Strd", "CdtrRefInf", "Ref"))
    yield from (node.text.strip() for node in detail.each("RmtInf", "Strd", "RfrdDocInf", "Nb"))


def _texts(entry: StatementEntry, detail: XmlElement) -> Iterator[str]:
    yield entry.text
    yield from (node.text.strip() for node in detail.each("RmtInf", "Ustrd"))
    yield from (node.text.strip() for node in detail.each("RmtInf", "Strd", "AddtlRmtInf"))
    yield detail.words("AddtlTxInf")


def _stated(detail: XmlElement, currency: str) -> Iterator[StatedShare]:
    """Documents of the structured remittance, each with the amount remitted for it."""
    for block in detail.each("RmtInf", "Strd"):
        number = block.words("RfrdDocInf", "Nb") or block.words("CdtrRefInf", "Ref")
        node = block.first("RfrdDocAmt", "RmtdAmt")
        if not number or node is None or node.attributes.get("Ccy") != currency:
            continue
        try:
            yield StatedShare(number, minor_of(decimal_of(node.text), currency))
        except MoneyError:
            continue


def _charges(node: XmlElement, currency: str) -> int:
    """Charges of an entry or a transaction that were taken off it, by records or in one sum."""
    total = 0
    for record in node.each("Chrgs", "Rcrd"):
        if record.words("CdtDbtInd") != "CRDT":
            total += _charge(record.first("Amt"), currency)
    return total or _charge(node.first("Chrgs", "TtlChrgsAndTaxAmt"), currency)


def _charge(node: XmlElement | None, currency: str) -> int:
    if node is None or node.attributes.get("Ccy") != currency:
        return 0
    try:
        return max(minor_of(decimal_of(node.text), currency), 0)
    except MoneyError:
        return 0


def _kind(node: XmlElement) -> EntryKind:
    """By the sub-family of the bank transaction code (ISO 20022 external code list)."""
    code = node.words("BkTxCd", "Domn", "Fmly", "SubFmlyCd")
    for codes, kind in (
        (_CHARGE_CODES, EntryKind.CHARGE),
        (_INTEREST_CODES, EntryKind.INTEREST),
        (_RETURN_CODES, EntryKind.RETURN),
    ):
        if code in codes:
            return kind
    return EntryKind.MOVEMENT


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _account_of(statement: XmlElement) -> str:
    return statement.words("Acct", "Id", "IBAN") or statement.words("Acct", "Id", "Othr", "Id")


def _party(parties: XmlElement | None, role: str) -> str:
    if parties is None:
        return ""
    ultimate = parties.words(f"Ultmt{role}", "Nm") or parties.words(f"Ultmt{role}", "Pty", "Nm")
    return parties.words(role, "Nm") or parties.words(role, "Pty", "Nm") or ultimate


def _account(parties: XmlElement | None, role: str) -> str:
    if parties is None:
        return ""
    return parties.words(f"{role}Acct", "Id", "IBAN") or parties.words(f"{role}Acct", "Id", "Othr", "Id")
