"""OFX of version 1 (tags left open) and 2 (XML): the same movements, checked amounts, damaged files."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.statements.formats import read_statement
from documents.statements.statement import BankStatement, EntryKind
from domain.errors import InputDefectsError, NetError

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "bank_statements" / "ofx"
SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:102

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD<BANKACCTFROM><BANKID>12<ACCTID>4500</BANKACCTFROM>
<BANKTRANLIST><DTSTART>20260601<DTEND>20260630
<STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260622120000.000[-5:EST]<TRNAMT>1130.00<FITID>F1<NAME>Meridian &amp; Co
<MEMO>INV-PO-7<BANKACCTTO><BANKID>9<ACCTID>777</BANKACCTTO></STMTTRN>
<STMTTRN><TRNTYPE>SRVCHG<DTPOSTED>20260630<TRNAMT>-12.5<FITID>F2<NAME>Bank<MEMO></STMTTRN>
<STMTTRN><TRNTYPE>CHECK<DTPOSTED>20260630<TRNAMT>-40<FITID>F3<CHECKNUM>1001</STMTTRN>
</BANKTRANLIST><LEDGERBAL><BALAMT>2000.00<DTASOF>20260630</LEDGERBAL></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
XML = SGML[SGML.index("<OFX>") :].replace("\n", "").replace("<MEMO></STMTTRN>", "<MEMO></MEMO></STMTTRN>")


def read(folder: Path, text: str | bytes) -> list[BankStatement]:
    path = folder / "statement.ofx"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_statement(path)


def closed(text: str) -> str:
    """Every value with its end tag, as XML has it."""
    return '<?xml version="1.0"?><?OFX OFXHEADER="200"?>' + re.sub(r"<([A-Z]+)>([^<]+)", r"<\1>\2</\1>", text)


@pytest.mark.parametrize("text", [SGML, closed(XML)], ids=["version 1", "version 2"])
def test_both_versions_give_the_same_movements(tmp_path: Path, text: str) -> None:
    (found,) = read(tmp_path, text)
    assert (found.account, found.currency, found.closing_minor) == ("4500", "USD", 200_000)
    assert found.closes_on == date(2026, 6, 30)
    paid, charge, cheque = found.entries
    assert (paid.reference, paid.amount_minor, paid.booked_on) == ("F1", 113_000, date(2026, 6, 22))
    assert (paid.party, paid.party_account, paid.text) == ("Meridian & Co", "777", "INV-PO-7")
    assert (charge.amount_minor, charge.kind) == (-1_250, EntryKind.CHARGE)
    assert (cheque.references, cheque.counters) == (("1001",), ("1001",))


def test_correction_is_a_reversal_and_an_empty_id_is_made(tmp_path: Path) -> None:
    text = SGML.replace("<FITID>F1", "<FITID><CORRECTFITID>F0")
    paid = read(tmp_path, text)[0].entries[0]
    assert paid.reversal
    assert paid.reference.startswith("x-")


def test_each_account_is_a_statement(tmp_path: Path) -> None:
    start, end = SGML.index("<STMTTRNRS>"), SGML.index("</BANKMSGSRSV1>")
    two = SGML[:end] + SGML[start:end].replace("4500", "4600") + SGML[end:]
    assert [one.account for one in read(tmp_path, two)] == ["4500", "4600"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (SGML.replace("1130.00", "$1130"), "is not a plain decimal number"),
        (SGML.replace("1130.00", "-1130.00"), "is not the amount of a CREDIT"),
        (SGML.replace("20260622120000", "20261322120000"), "no day of the calendar"),
        (SGML.replace("USD", "USX"), "ISO 4217"),
        (SGML.replace("<ACCTID>4500", "").replace("<ACCTID>777", ""), "ACCTID: is missing"),
        ("<OFX></OFX>", "holds no statement"),
        ("<OFX><INVSTMTRS></INVSTMTRS></OFX>", "holds an investment statement"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><OFX></OFX>', "declares a document type"),
    ],
)
def test_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputDefectsError, match=word) as caught:
        read(tmp_path, text)
    assert all(defect.line > 0 for defect in caught.value.defects)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_file_gives_entries_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(SGML.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    try:
        found = read(tmp_path_factory.mktemp("o"), bytes(content))
    except NetError:
        return
    assert all(one.reference and one.currency for statement in found for one in statement.entries)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "counts"),
    [("anzcc", [1]), ("bank_medium", [3]), ("checking", [3]), ("multiple_accounts", [0, 0])],
)
def test_published_statement_is_read(name: str, counts: list[int]) -> None:
    assert [len(one.entries) for one in read_statement(DATA / f"{name}.ofx")] == counts
