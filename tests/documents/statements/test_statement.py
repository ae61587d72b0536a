"""Bank statements: several versions of camt.053 and tables by a map, checked and known again."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.statements.camt import read_camt
from documents.statements.csv_map import load_statement_map, read_statement_csv
from documents.statements.statement import BankStatement
from domain.errors import InputDefectsError, NetError

PARTIES = {
    "02": "<RltdPties><Dbtr><Nm>Meridian Stores</Nm></Dbtr>"
    "<DbtrAcct><Id><IBAN>FR1</IBAN></Id></DbtrAcct></RltdPties>",
    "13": "<RltdPties><Dbtr><Pty><Nm>Meridian Stores</Nm></Pty></Dbtr>"
    "<DbtrAcct><Id><Othr><Id>FR1</Id></Othr></Id></DbtrAcct></RltdPties>",
}
STATUS = {"02": "<Sts>BOOK</Sts>", "13": "<Sts><Cd>BOOK</Cd></Sts>"}


def entry(
    amount: str, version: str = "02", *, direction: str = "CRDT", more: str = "", details: str = ""
) -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{STATUS[version]}'
        f"<BookgDt><Dt>2026-06-22</Dt></BookgDt><ValDt><DtTm>2026-06-23T00:00:00</DtTm></ValDt>{more}"
        f"<NtryDtls>{details}</NtryDtls></Ntry>"
    )


def details(version: str = "02", reference: str = "", amount: str = "") -> str:
    refs = f"<AcctSvcrRef>{reference}</AcctSvcrRef>" if reference else ""
    told = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' if amount else ""
    return (
        f"<TxDtls><Refs>{refs}<EndToEndId>E2E-1</EndToEndId><TxId>NOTPROVIDED</TxId></Refs>{told}{PARTIES[version]}"
        "<RmtInf><Ustrd>Invoice INV-PO-7</Ustrd>"
        "<Strd><CdtrRefInf><Ref>RF18</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    )


def camt(
    *entries: str, version: str = "02", opening: str = "100.00", closing: str = "", prefix: str = ""
) -> str:
    def balance(code: str, amount: str) -> str:
        kind = f"<Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        return f'<Bal>{kind}<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal>'

    balances = balance("OPBD", opening) + balance("CLBD", closing) if closing else ""
    text = (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<Stmt><Id>S1</Id>"
        f"<Acct><Id><IBAN>DE89</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}{''.join(entries)}</Stmt>"
        "</BkToCstmrStmt></Document>"
    )
    if prefix:
        text = text.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
        text = text.replace("xmlns=", f"xmlns:{prefix}=")
    return text


def read(folder: Path, text: str) -> BankStatement:
    path = folder / "statement.xml"
    path.write_text(text)
    (statement,) = read_camt(path)
    return statement


@pytest.mark.parametrize(("version", "prefix"), [("02", ""), ("02", "ns3"), ("13", ""), ("13", "camt")])
def test_entry_with_its_party_and_references(tmp_path: Path, version: str, prefix: str) -> None:
    booked = entry("1130.00", version, more="<AcctSvcrRef>B-1</AcctSvcrRef>", details=details(version))
    found = read(tmp_path, camt(booked, version=version, closing="1230.00", prefix=prefix))
    (one,) = found.entries
    assert (one.reference, one.amount_minor, one.currency, one.account) == ("B-1", 113_000, "EUR", "DE89")
    assert (one.booked_on, one.valued_on) == (date(2026, 6, 22), date(2026, 6, 23))
    assert (one.party, one.party_account) == ("Meridian Stores", "FR1")
    assert (one.references, one.text) == (("E2E-1", "RF18"), "Invoice INV-PO-7")


def test_debit_and_reversal_keep_their_own_direction(tmp_path: Path) -> None:
    paid = entry("40.00", direction="DBIT")
    back = entry("40.00", more="<RvslInd>true</RvslInd>")
    entries = read(tmp_path, camt(paid, back, closing="100.00")).entries
    assert [(one.amount_minor, one.reversal) for one in entries] == [(-4_000, False), (4_000, True)]


def test_batch_is_taken_apart_when_its_parts_sum_to_it(tmp_path: Path) -> None:
    parts = details(reference="T-1", amount="30.00") + details(amount="70.00")
    batch = entry("100.00", more="<AcctSvcrRef>B-9</AcctSvcrRef>", details=parts)
    entries = read(tmp_path, camt(batch)).entries
    assert [(one.reference, one.amount_minor) for one in entries] == [("T-1", 3_000), ("B-9#2", 7_000)]
    whole = read(tmp_path, camt(batch.replace("70.00", "69.00"))).entries
    assert [(one.reference, one.amount_minor) for one in whole] == [("T-1", 10_000)]


def test_balances_that_do_not_add_up_are_remarked(tmp_path: Path) -> None:
    """Entries that are there are booked all the same; a person hears that others are missing."""
    (remark,) = read(tmp_path, camt(entry("5.00"), closing="106.00")).remarks
    assert "opens with 100.00, moves 5.00, but closes with 106.00" in remark
    assert read(tmp_path, camt(entry("5.00"), closing="105.00")).remarks == ()
    other = camt(entry("5.00"), closing="106.00").replace('Ccy="EUR">106', 'Ccy="SEK">106')
    assert read(tmp_path, other).remarks == ()


def test_party_in_the_other_role_counts_where_it_is_the_only_one(tmp_path: Path) -> None:
    text = camt(entry("5.00", details=details())).replace("Dbtr", "Cdtr")
    assert read(tmp_path, text).entries[0].party == "Meridian Stores"


def test_pending_entries_do_not_count(tmp_path: Path) -> None:
    pending = entry("5.00").replace("BOOK", "PDNG")
    assert read(tmp_path, camt(pending, entry("6.00"), closing="106.00")).entries[0].amount_minor == 600


def test_entries_without_a_reference_are_known_again_and_told_apart(tmp_path: Path) -> None:
    """Two equal receipts on one day are two; the same statement again gives the same references."""
    text = camt(entry("5.00"), entry("5.00"), entry("6.00"))
    first, again = read(tmp_path, text), read(tmp_path, text)
    references = [one.reference for one in first.entries]
    assert len(set(references)) == 3
    assert references == [one.reference for one in again.entries]


def test_equal_parts_of_a_batch_under_its_reference_are_told_apart(tmp_path: Path) -> None:
    """Banks repeat the batch's own reference in each part: two orders of one price stay two receipts."""
    parts = details(reference="B-9", amount="50.00") * 2 + details(reference="B-9", amount="20.00")
    text = camt(entry("120.00", more="<AcctSvcrRef>B-9</AcctSvcrRef>", details=parts))
    first, again = read(tmp_path, text), read(tmp_path, text)
    found = [(one.reference, one.amount_minor) for one in first.entries]
    assert found == [("B-9", 5_000), ("B-9-2", 5_000), ("B-9", 2_000)]
    assert found == [(one.reference, one.amount_minor) for one in again.entries]


def test_reference_that_says_there_is_none_is_none(tmp_path: Path) -> None:
    """Receipts of two payers on one day are two, though the bank calls both NONREF."""
    entries = [
        entry("5.00", more="<AcctSvcrRef>NONREF</AcctSvcrRef>", details=details().replace("Meridian", payer))
        for payer in ("Meridian", "Aurora")
    ]
    one, other = (read(tmp_path, camt(booked)).entries[0] for booked in entries)
    assert one.reference != other.reference
    assert "NONREF" not in one.reference


SHAPES = ("02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13")


def written(version: str, amount: str, direction: str, number: int, *, more: str = "") -> str:
    """One transaction as that version writes it: where the amount, the status and the party stand."""
    after = int(version)
    party = f"<Nm>Firm {number}</Nm>"
    party = f"<Pty>{party}</Pty>" if after >= 8 else party
    role = "Dbtr" if direction == "CRDT" else "Cdtr"
    told = (
        f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'
        if after >= 4
        else f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>'
    )
    return (
        f"<TxDtls><Refs><EndToEndId>E-{number}</EndToEndId></Refs>{told}"
        f"<RltdPties><{role}>{party}</{role}></RltdPties>{more}</TxDtls>"
    )


def booked(version: str, amount: str, direction: str, details: str, more: str = "") -> str:
    status = "<Sts><Cd>BOOK</Cd></Sts>" if int(version) >= 7 else "<Sts>BOOK</Sts>"
    return (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd>{more}{status}'
        f"<BookgDt><Dt>2026-06-22</Dt></BookgDt><NtryDtls>{details}</NtryDtls></Ntry>"
    )


@pytest.mark.parametrize("version", SHAPES)
def test_every_version_gives_the_same_movements(version: str, tmp_path: Path) -> None:
    """Two statements: single entries, a batch with a charge in it, a reversal, a pending entry."""
    net_of_charge = booked(
        version,
        "98.00",
        "CRDT",
        written(version, "60.00", "CRDT", 3)
        + written(version, "40.00", "CRDT", 4)
        + (written(version, "2.00", "DBIT", 5) if int(version) >= 4 else ""),
    )
    back = booked(version, "7.00", "CRDT", written(version, "7.00", "CRDT", 6), "<RvslInd>true</RvslInd>")
    pending = booked(version, "9.00", "CRDT", written(version, "9.00", "CRDT", 7)).replace("BOOK", "PDNG")
    first = (
        booked(version, "11.30", "CRDT", written(version, "11.30", "CRDT", 1))
        + booked(version, "4.00", "DBIT", written(version, "4.00", "DBIT", 2))
        + net_of_charge
        + back
        + pending
    )
    text = camt(first, version=version, opening="100.00", closing="212.30")
    start = text.index("<Stmt>")
    statement = text[start : text.index("</Stmt>") + len("</Stmt>")]
    second = statement.replace("<Id>S1</Id>", "<Id>S2</Id>").replace("DE89", "DE90")
    path = tmp_path / "statement.xml"
    path.write_text(text.replace(statement, statement + second))
    one, other = read_camt(path)
    assert (one.id, one.account) == ("S1", "DE89")
    assert (other.id, other.account) == ("S2", "DE90")
    for statement in (one, other):
        (remark,) = statement.remarks
        assert "9.00 CRDT has the status 'PDNG', which is not booked: left out" in remark
    found = [(entry.amount_minor, entry.party, entry.references, entry.reversal) for entry in one.entries]
    in_parts = [(6_000, 3), (4_000, 4), (-200, 5)] if int(version) >= 4 else []
    whole = [] if in_parts else [(9_800, "", ("E-3", "E-4"), False)]
    assert found == [
        (1_130, "Firm 1", ("E-1",), False),
        (-400, "Firm 2", ("E-2",), False),
        *((amount, f"Firm {number}", (f"E-{number}",), False) for amount, number in in_parts),
        *whole,
        (700, "Firm 6", ("E-6",), True),
    ]
    assert [entry.amount_minor for entry in other.entries] == [entry.amount_minor for entry in one.entries]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (camt(entry("5.001")), "minor unit"),
        (camt(entry("5.00").replace("EUR", "EURO")), "ISO 4217"),
        (camt(entry("5.00", direction="X")), "CRDT"),
        (camt(entry("5.00").replace("2026-06-22", "2026-13-22")), "calendar"),
        (camt(entry("5.00")).replace("camt.053", "camt.060"), "not a camt.053"),
        ("<!DOCTYPE x []><Document/>", "document type"),
        ("<Document/>", "not a camt.053"),
    ],
)
def test_wrong_statement_is_refused(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputDefectsError, match=word):
        read(tmp_path, text)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_statement_gives_entries_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(camt(entry("5.00", details=details()), entry("7.00", "13")).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    path = tmp_path_factory.mktemp("c") / "s.xml"
    path.write_bytes(bytes(content))
    try:
        statements = read_camt(path)
    except NetError:
        return
    assert all(one.reference and one.currency for statement in statements for one in statement.entries)


MAP = """
schema = "net/statement-map/1"
[table]
separator = ";"
[kind.day]
read = "date"
styles = ["%d.%m.%Y"]
[kind.money]
read = "number"
decimal = ","
thousands = "."
[entry]
booked_on = { column = "Buchung", kind = "day" }
amount = { column = "Betrag", kind = "money" }
direction = "S/H"
currency = "Währung"
party = "Name"
text = { columns = ["Zweck", "Zweck 2"] }
[[ignore]]
column = "Name"
empty = true
reason = "balance line"
"""
TABLE = (
    "Buchung;Betrag;S/H;Währung;Name;Zweck;Zweck 2\n22.06.2026;1.130,00;H;EUR;Meridian;INV-1;Danke\n"
    "23.06.2026;40,00;S;EUR;Works;Miete;\n23.06.2026;1.190,00;H;EUR;;Saldo;\n"
)


def test_table_is_read_by_its_map(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP)
    (tmp_path / "s.csv").write_text(TABLE)
    (statement,) = read_statement_csv(tmp_path / "s.csv", load_statement_map(tmp_path / "map.toml"))
    assert [(one.amount_minor, one.party, one.text) for one in statement.entries] == [
        (113_000, "Meridian", "INV-1 Danke"),
        (-4_000, "Works", "Miete"),
    ]
    assert all(one.reference for one in statement.entries)


def test_table_with_two_columns_and_defects(tmp_path: Path) -> None:
    two = MAP.replace(
        'amount = { column = "Betrag", kind = "money" }\ndirection = "S/H"\n',
        'credit = { column = "Ein", kind = "money" }\ndebit = { column = "Aus", kind = "money" }\n',
    )
    (tmp_path / "map.toml").write_text(two)
    table = "Buchung;Ein;Aus;Währung;Name;Zweck;Zweck 2\n22.06.2026;5,00;;EUR;a;;\n22.06.2026;;7,00;EUR;a;;\n"
    (tmp_path / "s.csv").write_text(table)
    (statement,) = read_statement_csv(tmp_path / "s.csv", load_statement_map(tmp_path / "map.toml"))
    assert [one.amount_minor for one in statement.entries] == [500, -700]
    (tmp_path / "s.csv").write_text(table.replace("5,00", "5,001").replace("7,00", "sieben"))
    with pytest.raises(InputDefectsError) as caught:
        read_statement_csv(tmp_path / "s.csv", load_statement_map(tmp_path / "map.toml"))
    assert [defect.line for defect in caught.value.defects] == [2, 3]


def test_wrong_statement_map_is_refused(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text('schema = "x"\n[entry]\namuont = "A"\n')
    with pytest.raises(InputDefectsError) as caught:
        load_statement_map(tmp_path / "map.toml")
    fields = {defect.field for defect in caught.value.defects}
    assert fields == {"schema", "entry.amuont", "entry.booked_on", "entry.currency", "entry.amount"}


def test_reference_follows_content(tmp_path: Path) -> None:
    (one,) = read(tmp_path, camt(entry("5.00"))).entries
    (other,) = read(tmp_path, camt(entry("5.01"))).entries
    assert replace(one, reference="") != replace(other, reference="")
    assert one.reference != other.reference
