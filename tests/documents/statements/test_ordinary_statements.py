"""Entries as banks send them, against six open orders: what is booked, and what is only shown.

Each test is one mistake that was made with an ordinary statement, or one reading that must stay.
"""

from datetime import date
from pathlib import Path

import pytest

from documents.statements.camt import read_camt
from documents.statements.matching import Match, OpenItem, Unmatched, match
from documents.statements.statement import BankStatement
from domain.errors import InputDefectsError


def order(reference: str, buyer: str, amount: int) -> OpenItem:
    names = (reference, f"INV-{reference}")
    return OpenItem(reference, "receipt:buyer", amount * 100, "CNY", buyer, names=names)


def owed(reference: str, provider: str, amount: int) -> OpenItem:
    names = (reference, f"INV-{reference}")
    return OpenItem(reference, f"payment:{provider}", -amount * 100, "CNY", provider, names=names)


OPEN = [
    order("PO-2026-0017", "Meridian Stores", 339_000),
    order("PO-2026-0018", "Meridian Stores", 169_500),
    order("1001", "Harbour Homes", 203_400),
    order("2026", "Quayside Ltd", 186_450),
    order("SO/2026/07", "Odoo Buyer GmbH", 254_250),
    order("PO-77", "Zhonghai Trading", 220_350),
    owed("PO-2026-0017", "Pearl River Warehouse", 9_000),
    owed("PO-2026-0018", "Pearl River Warehouse", 5_000),
]


def booked(
    amount: str,
    *texts: str,
    party: str = "",
    direction: str = "CRDT",
    refs: str = "",
    more: str = "",
    details: str = "",
) -> str:
    role = "Dbtr" if direction == "CRDT" else "Cdtr"
    parties = f"<RltdPties><{role}><Pty><Nm>{party}</Nm></Pty></{role}></RltdPties>" if party else ""
    told = "".join(f"<Ustrd>{text}</Ustrd>" for text in texts)
    return (
        f'<Ntry><Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>2026-06-22</Dt></BookgDt>{more}<NtryDtls><TxDtls>"
        f"<Refs><EndToEndId>NOTPROVIDED</EndToEndId>{refs}</Refs>{parties}<RmtInf>{told}{details}</RmtInf>"
        "</TxDtls></NtryDtls></Ntry>"
    )


def message(*statements: str, kind: str = "053", version: str = "08") -> str:
    outer, inner = {
        "052": ("BkToCstmrAcctRpt", "Rpt"),
        "053": ("BkToCstmrStmt", "Stmt"),
        "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
    }[kind]
    held = "".join(f"<{inner}>{statement}</{inner}>" for statement in statements)
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{outer}>'
        f"<GrpHdr><MsgId>M</MsgId></GrpHdr>{held}</{outer}></Document>"
    )


def statement(*entries: str, name: str = "S1", before: str = "") -> str:
    account = "<Acct><Id><Othr><Id>6222</Id></Othr></Id><Ccy>CNY</Ccy></Acct>"
    return f"<Id>{name}</Id>{before}{account}{''.join(entries)}"


def balance(code: str, amount: str, day: str = "2026-06-01") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="CNY">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{day}</Dt></Dt></Bal>'
    )


def read(folder: Path, text: str) -> list[BankStatement]:
    path = folder / "statement.xml"
    path.write_text(text)
    return read_camt(path)


def matched(folder: Path, *entries: str) -> list[Match | Unmatched]:
    (one,) = read(folder, message(statement(*entries)))
    return match(one.entries, OPEN)


def shares(found: Match | Unmatched) -> list[tuple[str, int]]:
    assert isinstance(found, Match), found
    return [(part.item.order, part.amount_minor // 100) for part in found.parts]


@pytest.mark.parametrize(
    ("amount", "text", "party"),
    [
        ("186450.00", "VAT refund period 03/2026", "Tax Office Shanghai"),
        ("186450.00", "VAT refund for 2026", "Tax Office Shanghai"),
        ("55.10", "refund booking 2026-06-20 room 1001", "Some Hotel"),
        ("0.35", "interest Q2 2026", ""),
        ("88.00", "premium refund policy 1001/77", "Insurance Co"),
        ("5000.00", "invoice 2025-1001-B", "Third Party Ltd"),
        ("339000.00", "EREF+NOTPROVIDEDSVWZ+INV-PO-2026-0017DATUM 22.06.2026", "Unknown payer"),
        ("220350.00", "PO-77-B", "Somebody"),
        ("10.00", "invoice 1001 of 12.05.2026", "Power Utility"),
        ("203400.00", "rental income", "Homes &amp; Co"),
        ("1200.00", "thanks", "Harbour Homes"),
        ("203385.00", "payment for goods", "HARBOUR HOMES LTD"),
        ("508485.00", "INV-PO-2026-0017 INV-PO-2026-0018", "Meridian Stores"),
        ("339000.00", "INV-PO-2026-0017", "Harbour Homes"),
        ("120.00", "PO-2026-0017", "DHL Express"),
        ("339000.00", "INV-PO-2026-0099", "Meridian Stores"),
        ("1001.00", "10/01 rent", "Landlord"),
    ],
)
def test_entry_with_no_one_reading_is_shown(tmp_path: Path, amount: str, text: str, party: str) -> None:
    (found,) = matched(tmp_path, booked(amount, text, party=party))
    assert isinstance(found, Unmatched)
    assert found.reason


@pytest.mark.parametrize(
    ("amount", "texts", "party", "orders"),
    [
        (
            "339000.00",
            ("Payment your invoice INV-PO-", "2026-0017 thank you"),
            "M Stores HQ",
            ["PO-2026-0017"],
        ),
        ("339000.00", ("/INV/INV-PO-2026-0017/",), "M. S. Holding", ["PO-2026-0017"]),
        ("339000.00", ("INV-PO-2026-0017 dated 2026-04-20",), "Meridian Stores", ["PO-2026-0017"]),
        ("100.00", ("PO-2026-0017",), "", ["PO-2026-0017"]),
        ("100.00", ("part of PO-2026-0017",), "Meridian Stores Ltd", ["PO-2026-0017"]),
        ("100.00", ("INV-PO-2026-0017",), "MERIDIAN", ["PO-2026-0017"]),
        ("203400.00", ("order #1001",), "H. Holding", ["1001"]),
        ("203400.00", ("Re.Nr.1001",), "Harbour Homes", ["1001"]),
        ("254250.00", ("SO/2026/07",), "", ["SO/2026/07"]),
        ("220350.00", ("po 77",), "Zhonghai", ["PO-77"]),
        ("508500.00", ("INV-PO-2026-0017/INV-PO-2026-0018",), "", ["PO-2026-0017", "PO-2026-0018"]),
        ("203400.00", ("goods",), "HARBOUR HOMES LTD", ["1001"]),
        ("508500.00", ("goods",), "Meridian Stores", ["PO-2026-0017", "PO-2026-0018"]),
    ],
)
def test_entry_with_one_reading_is_booked(
    tmp_path: Path, amount: str, texts: tuple[str, ...], party: str, orders: list[str]
) -> None:
    (found,) = matched(tmp_path, booked(amount, *texts, party=party))
    assert [name for name, _amount in shares(found)] == orders


@pytest.mark.parametrize(
    ("text", "party", "reason"),
    [
        ("Charges for incoming payment INV-PO-2026-0017", "", "is a charge, it seems"),
        ("refund of freight overpaid PO-2026-0017", "Meridian Stores", "is its buyer"),
        ("courier documents PO-2026-0017", "DHL Express", "nothing is owed to DHL Express for it"),
        ("PO-2026-0017", "", "says not who received it"),
    ],
)
def test_debit_is_a_payment_only_to_who_received_it(
    tmp_path: Path, text: str, party: str, reason: str
) -> None:
    (found,) = matched(tmp_path, booked("35.00", text, party=party, direction="DBIT"))
    assert isinstance(found, Unmatched)
    assert reason in found.reason
    assert found.candidates == ("PO-2026-0017",)


def test_debit_to_a_payee_who_is_owed_is_his_payment(tmp_path: Path) -> None:
    paid = booked("9000.00", "storage PO-2026-0017", party="Pearl River Warehouse Ltd", direction="DBIT")
    (found,) = matched(tmp_path, paid)
    assert shares(found) == [("PO-2026-0017", -9_000)]


@pytest.mark.parametrize(("code", "word"), [("CHRG", "charge"), ("COMM", "charge"), ("INTR", "interest")])
def test_bank_codes_say_what_pays_nobody(tmp_path: Path, code: str, word: str) -> None:
    told = (
        f"<BkTxCd><Domn><Cd>ACMT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>{code}</SubFmlyCd></Fmly></Domn></BkTxCd>"
    )
    for direction in ("DBIT", "CRDT"):
        (found,) = matched(tmp_path, booked("9000.00", "PO-2026-0017", direction=direction, more=told))
        assert isinstance(found, Unmatched)
        assert word in found.reason


def test_charges_that_the_bank_took_off_are_told(tmp_path: Path) -> None:
    charges = '<Chrgs><Rcrd><Amt Ccy="CNY">26.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
    entry = booked("338974.00", "paid INV-PO-2026-0017", party="M. S. Holding", more=charges)
    (found,) = matched(tmp_path, entry)
    assert isinstance(found, Match)
    assert shares(found) == [("PO-2026-0017", 338_974)]
    assert found.reasons[1:] == ("26.00 stays open", "the bank states charges of 26.00")


def stated(*shares: tuple[str, str]) -> str:
    return "".join(
        f"<Strd><RfrdDocInf><Nb>{number}</Nb></RfrdDocInf>"
        f'<RfrdDocAmt><RmtdAmt Ccy="CNY">{amount}</RmtdAmt></RfrdDocAmt></Strd>'
        for number, amount in shares
    )


def test_amounts_that_the_payer_states_for_each_invoice_are_used(tmp_path: Path) -> None:
    told = stated(("INV-PO-2026-0017", "339000.00"), ("INV-PO-2026-0018", "161000.00"))
    (found,) = matched(tmp_path, booked("500000.00", party="Meridian Stores", details=told))
    assert shares(found) == [("PO-2026-0017", 339_000), ("PO-2026-0018", 161_000)]
    assert isinstance(found, Match)
    assert "8500.00 stays open of PO-2026-0018" in found.reasons
    (other,) = matched(tmp_path, booked("500001.00", party="Meridian Stores", details=told))
    assert isinstance(other, Unmatched)
    assert "the amounts stated for them are not its sum" in other.reason


@pytest.mark.parametrize(
    "refs",
    [
        "<Prtry><Tp>OTHR</Tp><Ref>INV-PO-2026-0017</Ref></Prtry>",
        "<TxId>PO-2026-0017</TxId>",
    ],
)
def test_references_in_every_field_are_read(tmp_path: Path, refs: str) -> None:
    (found,) = matched(tmp_path, booked("339000.00", party="M. S. Holding", refs=refs))
    assert shares(found) == [("PO-2026-0017", 339_000)]
    plain = booked("339000.00", party="M. S. Holding")
    numbered = plain.replace("<Ntry>", "<Ntry><NtryRef>INV-PO-2026-0017</NtryRef>")
    assert shares(matched(tmp_path, numbered)[0]) == [("PO-2026-0017", 339_000)]


@pytest.mark.parametrize("field", ["ChqNb", "TxId", "MsgId"])
def test_running_number_of_a_bank_is_no_order_number(tmp_path: Path, field: str) -> None:
    (found,) = matched(tmp_path, booked("50.00", "cash", refs=f"<{field}>1001</{field}>"))
    assert isinstance(found, Unmatched)


def test_further_references_do_not_change_how_an_entry_is_known_again(tmp_path: Path) -> None:
    plain = booked("50.00", "x")
    numbered = plain.replace("<Ntry>", "<Ntry><NtryRef>7</NtryRef>")
    (one,), (other,) = (read(tmp_path, message(statement(entry)))[0].entries for entry in (plain, numbered))
    assert one.reference == other.reference


@pytest.mark.parametrize("status", ["<Sts><Prtry>PENDING</Prtry></Sts>", "<Sts>INFO</Sts>", ""])
def test_status_that_is_not_booked_is_left_out_and_said(tmp_path: Path, status: str) -> None:
    entry = booked("339000.00", "PO-2026-0017").replace("<Sts><Cd>BOOK</Cd></Sts>", status)
    (one,) = read(tmp_path, message(statement(entry)))
    assert one.entries == ()
    assert "339000.00 CRDT" in one.remarks[0]
    assert "which is not booked: left out" in one.remarks[0]


def test_negative_amount_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputDefectsError, match="is negative"):
        matched(tmp_path, booked("-339000.00", "PO-2026-0017", direction="DBIT"))


def test_currency_that_is_gone_is_read_until_its_last_day(tmp_path: Path) -> None:
    lev = booked("5.00").replace("CNY", "BGN")
    (one,) = read(tmp_path, message(statement(lev.replace("2026-06-22", "2025-12-31"))))
    assert one.entries[0].currency == "BGN"
    with pytest.raises(InputDefectsError, match="BGN was current until 2025-12-31"):
        read(tmp_path, message(statement(lev)))


def test_statements_of_one_account_must_join(tmp_path: Path) -> None:
    entry = booked("100.00")
    first = statement(balance("OPBD", "0.00"), balance("CLBD", "100.00"), entry, name="A")
    second = statement(balance("OPBD", "500.00"), balance("CLBD", "600.00"), entry, name="B")
    joined, gap = read(tmp_path, message(first, second))
    assert joined.remarks == ()
    assert gap.remarks == (
        "opens with 500.00, but statement A of this account closed with 100.00:"
        " a statement between them is missing",
    )


def test_pages_are_checked_each_and_together(tmp_path: Path) -> None:
    def page(number: int, opens: str, closes: str, last: str) -> str:
        pages = f"<StmtPgntn><PgNb>{number}</PgNb><LastPgInd>{last}</LastPgInd></StmtPgntn>"
        first = balance("OPBD" if number == 1 else "ITBD", opens)
        ends = balance("CLBD" if last == "true" else "ITBD", closes)
        return statement(first, ends, booked("100.00"), name="S", before=pages)

    one, two, three = (
        page(1, "0.00", "100.00", "false"),
        page(2, "100.00", "200.00", "false"),
        page(3, "200.00", "300.00", "true"),
    )
    assert all(not found.remarks for found in read(tmp_path, message(one, two, three)))
    found = read(tmp_path, message(one, three))
    assert "is page 3, but page 2 is missing" in found[1].remarks
    (first, last) = read(tmp_path, message(one, two))
    assert any("not the last of its statement" in remark for remark in (*first.remarks, *last.remarks))
    (wrong,) = read(tmp_path, message(page(1, "0.00", "150.00", "true")))
    assert "but closes with 150.00" in wrong.remarks[0]


def test_number_that_is_left_out_is_told_where_balances_do_not_say(tmp_path: Path) -> None:
    first = statement(name="A", before="<ElctrncSeqNb>4</ElctrncSeqNb>")
    third = statement(name="C", before="<ElctrncSeqNb>6</ElctrncSeqNb>")
    _one, gap = read(tmp_path, message(first, third))
    assert gap.remarks == ("is number 6 after 4 (A): a statement between them is missing",)


def test_document_in_the_envelope_of_a_business_message_is_read(tmp_path: Path) -> None:
    inner = message(statement(booked("5.00")))
    header = (
        '<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.02"><BizMsgIdr>B</BizMsgIdr></AppHdr>'
    )
    (one,) = read(tmp_path, f'<BizMsgEnvlp xmlns="urn:x">{header}{inner}</BizMsgEnvlp>')
    assert one.entries[0].amount_minor == 500


@pytest.mark.parametrize("kind", ["052", "053", "054"])
@pytest.mark.parametrize("version", ["01", "02", "05", "08", "14"])
def test_reports_statements_and_notifications_are_read(tmp_path: Path, kind: str, version: str) -> None:
    text = message(statement(booked("5.00", "PO-77")), kind=kind, version=version)
    (one,) = read(tmp_path, text)
    assert (one.entries[0].amount_minor, one.entries[0].text) == (500, "PO-77")
    assert one.final is (kind != "052")


def test_entries_are_read_one_by_one(tmp_path: Path) -> None:
    """More elements than a document may have at once: what is read is let go."""
    (one,) = read(tmp_path, message(statement(*[booked("5.00")] * 20_000)))
    assert len(one.entries) == 20_000


def test_sum_of_several_orders_is_taken_only_where_all_sums_are_known(tmp_path: Path) -> None:
    items = [order(f"N-{number}", "Meridian Stores", 1_000 + 2**number) for number in range(14)]
    (one,) = read(tmp_path, message(statement(booked("2003.00", party="Meridian Stores"))))
    (few,) = match(one.entries, items[:8])
    assert [name for name, _amount in shares(few)] == ["N-0", "N-1"]
    (many,) = match(one.entries, items)
    assert isinstance(many, Unmatched)
    assert "too many are open to tell which sum is meant" in many.reason


def test_days_of_an_item_do_not_matter_to_another(tmp_path: Path) -> None:
    """Two orders with one amount and one buyer stay with a person, whatever their due days."""
    twins = [
        OpenItem(name, "receipt:buyer", 100, "CNY", "Twin Stores", names=(name,), due_on=date(2026, 6, day))
        for name, day in (("T-1000", 1), ("T-2000", 30))
    ]
    (one,) = read(tmp_path, message(statement(booked("1.00", party="Twin Stores"))))
    (found,) = match(one.entries, twins)
    assert isinstance(found, Unmatched)
    assert found.candidates == ("T-1000", "T-2000")
