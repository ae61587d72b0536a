"""MT940 and MT942: every mark, dates without a year, three ways of field 86, pages, and damaged files."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from documents.statements.formats import read_statement
from documents.statements.matching import Match, OpenItem, match
from documents.statements.statement import BankStatement, EntryKind, StatementEntry
from domain.errors import InputDefectsError, NetError

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "bank_statements" / "mt940"


def message(*lines: str, opening: str = "C260621EUR100,00", closing: str = "C260622EUR100,00") -> str:
    return "\n".join(
        (
            ":20:STARTUMS",
            ":25:50880050/0194787400888",
            ":28C:4/1",
            f":60F:{opening}",
            *lines,
            f":62F:{closing}",
            "-",
        )
    )


def read(folder: Path, text: str | bytes) -> list[BankStatement]:
    path = folder / "statement.sta"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_statement(path)


def entries(folder: Path, *lines: str) -> tuple[StatementEntry, ...]:
    (one,) = read(folder, message(*lines))
    return one.entries


CODED = (
    ":86:166?00GUTSCHRIFT?100399?20EREF+E2E-1?21SVWZ+INV-PO-2026-0017 paid?22with thanks?30DRESDEFF"
    "?31DE14508800500194785000?32MERIDIAN?33 STORES"
)


def test_coded_details_give_party_account_and_references(tmp_path: Path) -> None:
    (one,) = entries(tmp_path, ":61:2606220622CR50,05NTRFNONREF//0724710333", CODED)
    assert (one.reference, one.amount_minor, one.currency) == ("0724710333", 5_005, "EUR")
    assert (one.booked_on, one.valued_on) == (date(2026, 6, 22), date(2026, 6, 22))
    assert (one.party, one.party_account) == ("MERIDIAN STORES", "DE14508800500194785000")
    assert (one.references, one.text) == (("E2E-1",), "GUTSCHRIFT INV-PO-2026-0017 paid with thanks")


def test_number_that_a_coded_text_cuts_is_whole_again(tmp_path: Path) -> None:
    cut = ":86:166?20SVWZ+for your invoice INV-P?21O-2026-0017?32SOMEBODY"
    (one,) = entries(tmp_path, ":61:260622C50,NTRFNONREF", cut)
    item = OpenItem("PO-2026-0017", "r", 5_000, "EUR", "Meridian Stores", names=("INV-PO-2026-0017",))
    assert isinstance(match([one], [item])[0], Match)


def test_slashed_and_free_details(tmp_path: Path) -> None:
    slashed = ":86:/TRTP/SEPA/IBAN/NL1/NAME/Meridian Stores/REMI/INV-PO-7/EREF/E2E-2/"
    one, other = entries(
        tmp_path, ":61:260622C5,NTRFX1//B1", slashed, ":61:260622D5,NMSCNONREF//B2", ":86:rent\nfor June"
    )
    assert (one.party, one.party_account, one.text) == ("Meridian Stores", "NL1", "INV-PO-7")
    assert one.references == ("X1", "E2E-2")
    assert (other.amount_minor, other.text, other.references) == (-500, "rent for June", ())


@pytest.mark.parametrize(
    ("mark", "amount", "reversal"),
    [("C", 300, False), ("D", -300, False), ("RC", -300, True), ("RD", 300, True)],
)
def test_mark_gives_direction_and_reversal(tmp_path: Path, mark: str, amount: int, reversal: bool) -> None:
    """RC takes a credit back, so money goes out; RD takes a debit back."""
    (one,) = entries(tmp_path, f":61:2606220622{mark}3,NTRFNONREF")
    assert (one.amount_minor, one.reversal) == (amount, reversal)


@pytest.mark.parametrize(
    ("valued", "entered", "day"),
    [
        ("260102", "1231", date(2025, 12, 31)),
        ("251231", "0102", date(2026, 1, 2)),
        ("260622", "", date(2026, 6, 22)),
    ],
)
def test_entry_day_takes_the_nearest_year(tmp_path: Path, valued: str, entered: str, day: date) -> None:
    (one,) = entries(tmp_path, f":61:{valued}{entered}C1,NTRFNONREF")
    assert one.booked_on == day


def test_thirtieth_of_february_is_its_last_day(tmp_path: Path) -> None:
    (one,) = entries(tmp_path, ":61:2602300302C1,NTRFNONREF")
    assert (one.valued_on, one.booked_on) == (date(2026, 2, 28), date(2026, 3, 2))


@pytest.mark.parametrize(
    ("line", "details", "kind"),
    [
        ("NCHG", ":86:fees", EntryKind.CHARGE),
        ("NINT", ":86:interest", EntryKind.INTEREST),
        ("NRTI", ":86:back", EntryKind.RETURN),
        ("NMSC", ":86:805?00ABSCHLUSS", EntryKind.CHARGE),
        ("NTRF", ":86:166?00CREDIT", EntryKind.MOVEMENT),
    ],
)
def test_kind_of_an_entry(tmp_path: Path, line: str, details: str, kind: EntryKind) -> None:
    (one,) = entries(tmp_path, f":61:260622D1,{line}NONREF", details)
    assert one.kind is kind


def test_statements_of_a_file_are_checked_and_joined(tmp_path: Path) -> None:
    first = message(":61:260622C5,NTRFNONREF", closing="C260622EUR105,00")
    gap = message(opening="C260622EUR200,00", closing="C260623EUR200,00").replace(":28C:4", ":28C:6")
    one, other = read(tmp_path, f"bank head\n{first}\n{gap}")
    assert one.remarks == ()
    assert (
        "opens with 200.00, but statement STARTUMS 4/1 of this account closed with 105.00" in other.remarks[0]
    )
    (wrong,) = read(tmp_path, message(":61:260622C5,NTRFNONREF"))
    assert "but closes with 100.00" in wrong.remarks[0]


def test_pages_between_are_no_end(tmp_path: Path) -> None:
    page = message().replace(":62F:", ":62M:")
    (one,) = read(tmp_path, page)
    assert "is not the last of its statement" in one.remarks[0]


def test_interim_report_is_not_final_and_leaves_out_what_is_expected(tmp_path: Path) -> None:
    text = (
        "{1:F01BANK}{2:O942}{4:\n:20:R\n:25:123\n:28C:1/1\n:34F:EURD0,\n:13D:2606221200+0200\n"
        ":61:260622C5,NTRFNONREF//B1\n:61:260622EC7,NTRFNONREF//B2\n:90C:1EUR5,\n-}"
    )
    (one,) = read(tmp_path, text)
    assert (one.final, one.currency, len(one.entries)) == (False, "EUR", 1)
    assert "is only expected: left out" in one.remarks[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (message(":61:26x622C5,NTRF"), "is no statement line"),
        (message(":61:260622C5,001NTRFNONREF"), "minor unit"),
        (message(":61:261322C5,NTRFNONREF"), "no day of the calendar"),
        (message(opening="C260621EUX1,"), "ISO 4217"),
        (message(opening="nothing"), "is no balance"),
        (message().replace(":25:50880050/0194787400888", ":25:"), "has no account"),
        ("just words\nand more\n", "is no bank statement in ISO 20022 camt, MT940, MT942 or OFX"),
    ],
)
def test_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InputDefectsError, match=word) as caught:
        read(tmp_path, text)
    assert all(defect.line > 0 for defect in caught.value.defects)


def test_windows_letters_are_read(tmp_path: Path) -> None:
    (one,) = read(tmp_path, message(":61:260622C5,NTRFNONREF", ":86:Möbel").encode("cp1252"))
    assert one.entries[0].text == "Möbel"


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_damaged_file_gives_entries_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(
        message(":61:2606220622CR50,05NTRFNONREF//0724710333", CODED, ":61:260622D5,NCHGX").encode()
    )
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=6))
    try:
        found = read(tmp_path_factory.mktemp("m"), bytes(content))
    except NetError:
        return
    assert all(one.reference and one.currency for statement in found for one in statement.entries)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("betterplace/sepa_mt9401.sta", [7, 2, 5, 3]),
        ("betterplace/with_binary_character.sta", [3, 1]),
        ("citi/mt940.txt", [5]),
        ("jejik/abnamro.sta", [8, 2]),
        ("jejik/ing.sta", [7]),
        ("jejik/rabobank-iban.sta", [2, 2]),
        ("sberbank/171011_01234945.sta", [3]),
        ("self-provided/mt942.sta", [1]),
        ("self-provided/wrapped_timestamp.sta", [1]),
    ],
)
def test_published_statement_is_read(path: str, counts: list[int]) -> None:
    found = read_statement(DATA / path)
    assert [len(one.entries) for one in found][: len(counts)] == counts
