"""ISO 20022 camt.053 bank statements, every version from 001.02, with any prefix.

Message definition: ISO 20022 BankToCustomerStatement. The versions differ where this reads them: from 04 a
transaction has its amount directly under TxDtls, from 07 the status stands in ``Sts/Cd``, from 08 a party
stands in ``Pty`` or ``Agt``. An entry with ``RvslInd`` takes an earlier one back; its direction is its own
CdtDbtInd. Only booked entries count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from documents.files import xml_tree
from documents.files.findings import Findings, refuse
from documents.files.section import day_of, decimal_of
from documents.files.xml_tree import XmlElement
from documents.statements.statement import (
    NOT_PROVIDED,
    BankStatement,
    StatementEntry,
    balance_remark,
    with_references,
)
from documents.ubl.elements import is_true
from domain.money import MoneyError, minor_of

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)
_OWN_REFERENCES = ("EndToEndId", "InstrId", "TxId", "MndtId", "ChqNb", "PmtInfId", "MsgId")


def read_camt(path: str | Path) -> list[BankStatement]:
    """Every statement in the file; InputDefectsError with all that is wrong in it."""
    file = Path(path)
    root = xml_tree.parse(file)
    if not root.namespace.startswith(NAMESPACE) or root.name != "Document":
        problem = f"is {root.namespace.rpartition(':')[2] or root.name!r}, not a camt.053 statement"
        raise refuse(str(file), root.line, "file", problem, "export an ISO 20022 camt.053 statement")
    nodes = list(root.each("BkToCstmrStmt", "Stmt"))
    if not nodes:
        raise refuse(str(file), root.line, "file", "holds no statement", "export the statement again")
    reading = _CamtReading(Findings(str(file)))
    found = [reading.statement(node) for node in nodes]
    reading.findings.raise_any()
    return found


@dataclass
class _CamtReading:
    findings: Findings

    def wrong(self, node: XmlElement, problem: str, remedy: str = "export the statement again") -> None:
        self.findings.where = lambda _name: node.line
        self.findings.add(node.name, problem, remedy)

    def statement(self, node: XmlElement) -> BankStatement:
        account = node.words("Acct", "Id", "IBAN") or node.words("Acct", "Id", "Othr", "Id")
        entries = [entry for item in node.each("Ntry") for entry in self.entry(item, account)]
        currency = node.words("Acct", "Ccy") or (entries[0].currency if entries else "")
        found = BankStatement(
            id=node.words("Id"),
            account=account,
            currency=currency or self.balance_currency(node),
            entries=with_references(entries),
        )
        if any(entry.currency != found.currency for entry in found.entries):
            return found
        opening = self.balance(node, _OPENING, found.currency)
        closing = self.balance(node, _CLOSING, found.currency)
        found = replace(found, opening_minor=opening, closing_minor=closing)
        remark = balance_remark(found)
        return replace(found, remarks=(remark,)) if remark else found

    def balance_currency(self, node: XmlElement) -> str:
        amount = node.first("Bal", "Amt")
        return amount.attributes.get("Ccy", "") if amount else ""

    def balance(self, statement: XmlElement, codes: tuple[str, ...], currency: str) -> int | None:
        """The balance in this currency of the first of these kinds that the statement has."""
        for code in codes:
            for node in statement.each("Bal"):
                if node.words("Tp", "CdOrPrtry", "Cd") != code:
                    continue
                amount = self.amount(node)
                if amount and amount[1] == currency:
                    return amount[0]
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

    def entry(self, node: XmlElement, account: str) -> Iterator[StatementEntry]:
        """One entry, or one for each transaction of a batch whose parts sum to it."""
        status = node.words("Sts", "Cd") or node.words("Sts")
        if status not in ("BOOK", ""):
            return
        amount = self.amount(node)
        booked_on = self.day(node, "BookgDt") or self.day(node, "ValDt")
        if booked_on is None:
            self.wrong(node, "has no booking date")
        if amount is None or booked_on is None:
            return
        details = list(node.each("NtryDtls", "TxDtls"))
        whole = StatementEntry(
            reference=node.words("AcctSvcrRef"),
            account=account,
            booked_on=booked_on,
            amount_minor=amount[0],
            currency=amount[1],
            valued_on=self.day(node, "ValDt"),
            text=node.words("AddtlNtryInf"),
            reversal=is_true(node.words("RvslInd")),
            line=node.line,
        )
        if len(details) == 1:
            yield self.detailed(whole, details[0])
        elif parts := self.parts(whole, details):
            yield from parts
        else:
            for detail in details:
                whole = replace(self.detailed(whole, detail), party="", party_account="")
            yield whole

    def parts(self, whole: StatementEntry, details: list[XmlElement]) -> list[StatementEntry]:
        """The transactions of a batch; none when their amounts do not give the amount of the entry."""
        found = []
        for place, detail in enumerate(details, start=1):
            amount = self.part_amount(detail, whole)
            if amount is None:
                return []
            reference = f"{whole.reference}#{place}" if whole.reference else ""
            part = replace(whole, amount_minor=amount, reference=reference, line=detail.line)
            found.append(self.detailed(part, detail))
        return found if sum(part.amount_minor for part in found) == whole.amount_minor else []

    def part_amount(self, detail: XmlElement, whole: StatementEntry) -> int | None:
        node = detail.first("Amt") or detail.first("AmtDtls", "TxAmt", "Amt")
        if node is None or node.attributes.get("Ccy") != whole.currency:
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
        references = [detail.words("Refs", name) for name in _OWN_REFERENCES]
        references += [node.text.strip() for node in detail.each("RmtInf", "Strd", "CdtrRefInf", "Ref")]
        references += [node.text.strip() for node in detail.each("RmtInf", "Strd", "RfrdDocInf", "Nb")]
        texts = [entry.text, *(node.text.strip() for node in detail.each("RmtInf", "Ustrd"))]
        texts += [node.text.strip() for node in detail.each("RmtInf", "Strd", "AddtlRmtInf")]
        texts.append(detail.words("AddtlTxInf"))
        kept = (reference for reference in references if reference.upper() not in NOT_PROVIDED)
        return replace(
            entry,
            reference=detail.words("Refs", "AcctSvcrRef") or entry.reference,
            party=next(filter(None, (_party(parties, role) for role in roles)), entry.party),
            party_account=next(
                filter(None, (_account(parties, role) for role in roles)), entry.party_account
            ),
            references=tuple(dict.fromkeys((*entry.references, *kept))),
            text=" ".join(dict.fromkeys(text for text in texts if text)),
            reversal=entry.reversal or detail.first("RtrInf") is not None,
        )


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _party(parties: XmlElement | None, role: str) -> str:
    if parties is None:
        return ""
    ultimate = parties.words(f"Ultmt{role}", "Nm") or parties.words(f"Ultmt{role}", "Pty", "Nm")
    return parties.words(role, "Nm") or parties.words(role, "Pty", "Nm") or ultimate


def _account(parties: XmlElement | None, role: str) -> str:
    if parties is None:
        return ""
    return parties.words(f"{role}Acct", "Id", "IBAN") or parties.words(f"{role}Acct", "Id", "Othr", "Id")
