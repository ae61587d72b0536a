"""UBL orders: any prefix, every sum checked, nothing dangerous parsed; the published examples one by one."""

import re
import time
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from documents.orders.reading import read
from domain.errors import InputDefectsError
from domain.terms import Event

DATA = Path(__file__).resolve().parents[3].parent / "shared" / "data"

ORDER = """\
<?xml version="1.0" encoding="UTF-8"?>
<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>PO-1</cbc:ID><cbc:IssueDate>2026-03-02</cbc:IssueDate>
<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:BuyerCustomerParty><cac:Party><cac:PartyName><cbc:Name>Buyer</cbc:Name></cac:PartyName></cac:Party>
</cac:BuyerCustomerParty>
<cac:Delivery><cac:DeliveryLocation><cac:Address><cbc:CityName>Oslo</cbc:CityName><cac:Country>
<cbc:IdentificationCode>NO</cbc:IdentificationCode></cac:Country></cac:Address></cac:DeliveryLocation>
<cac:RequestedDeliveryPeriod><cbc:EndDate>2026-04-20</cbc:EndDate></cac:RequestedDeliveryPeriod></cac:Delivery>
<cac:PaymentTerms><cbc:Note>Net 30 days</cbc:Note></cac:PaymentTerms>
<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
<cbc:Amount currencyID="EUR">40.00</cbc:Amount><cac:TaxCategory><cbc:ID>Z</cbc:ID><cbc:Percent>0</cbc:Percent>
</cac:TaxCategory></cac:AllowanceCharge>
<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>
<cbc:Amount currencyID="EUR">10.00</cbc:Amount>
<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent>
</cac:TaxCategory></cac:AllowanceCharge>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">23.75</cbc:TaxAmount></cac:TaxTotal>
<cac:AnticipatedMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">105.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">135.00</cbc:TaxExclusiveAmount>
<cbc:PayableAmount currencyID="EUR">158.75</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>
<cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID><cbc:Quantity unitCode="EA">300</cbc:Quantity>
<cbc:LineExtensionAmount currencyID="EUR">105.00</cbc:LineExtensionAmount>
<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>
<cbc:Amount currencyID="EUR">5.00</cbc:Amount></cac:AllowanceCharge>
<cac:Price><cbc:PriceAmount currencyID="EUR">1.00</cbc:PriceAmount><cbc:BaseQuantity>3</cbc:BaseQuantity>
</cac:Price><cac:Item><cbc:Name>Nail</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>
<cbc:Percent>25</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item></cac:LineItem></cac:OrderLine>
</Order>
"""


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "order.xml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def defects_of(path: Path) -> set[str]:
    with pytest.raises(InputDefectsError) as caught:
        read(path)
    assert all(defect.line > 0 for defect in caught.value.defects)
    return {defect.field for defect in caught.value.defects}


def test_order_with_allowances_and_a_price_for_three(tmp_path: Path) -> None:
    """300 at 1.00 for 3 is 100.00, plus 5.00; then 40.00 untaxed and 10.00 off at 25%."""
    order = read(write(tmp_path, ORDER))
    assert (order.net_minor, order.tax_minor, order.gross_minor) == (13_500, 2_375, 15_875)
    (line,) = order.lines
    assert (line.product, line.quantity, line.net_minor, line.adjustment_minor) == ("Nail", 300, 10_500, 500)
    assert [item.tax_rate for item in order.adjustments] == [0, Fraction(1, 4)]
    assert (order.due_on, order.destination, order.country) == (date(2026, 4, 20), "Oslo", "NO")
    assert [(term.event, term.days) for term in order.payment] == [(Event.INVOICE, 30)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_prefixes_and_declared_encodings_do_not_matter(tmp_path: Path, encoding: str) -> None:
    text = ORDER.replace("cac:", "a:").replace("xmlns:cac", "xmlns:a").replace("cbc:", "")
    text = text.replace(' xmlns:cbc="', ' xmlns:unused="').replace("<Order xmlns=", "<o:Order xmlns:o=")
    text = text.replace("</Order>", "</o:Order>").replace(
        "xmlns:unused=",
        'xmlns="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" xmlns:u=',
    )
    text = text.replace("UTF-8", encoding.upper()).replace("Buyer</", "Søren</")
    order = read(write(tmp_path, text.encode(encoding)))
    assert order.gross_minor == 15_875
    assert order.buyer.name == "Søren"


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ("158.75", "160.00", "totals.PayableAmount"),
        ("23.75", "25.00", "totals.tax"),
        (
            ">105.00</cbc:LineExtensionAmount>\n<cbc:Tax",
            ">104.00</cbc:LineExtensionAmount>\n<cbc:Tax",
            "totals.LineExtensionAmount",
        ),
        ('"EUR">40.00', '"USD">40.00', "Amount"),
        ("300</cbc:Quantity>", "301</cbc:Quantity>", "lines[1].net"),
        ("2026-04-20", "2026-03-01", "due_on"),
        ("<cbc:ID>PO-1</cbc:ID>", "", "reference"),
        ("<cbc:Name>Buyer</cbc:Name>", "", "buyer.name"),
        ("300</cbc:Quantity>", "1e999999</cbc:Quantity>", "lines[1].quantity"),
    ],
)
def test_contradiction_is_a_defect(tmp_path: Path, before: str, after: str, field: str) -> None:
    assert before in ORDER
    assert field in defects_of(write(tmp_path, ORDER.replace(before, after)))


def test_payable_without_tax_is_read_with_a_remark(tmp_path: Path) -> None:
    order = read(write(tmp_path, ORDER.replace("158.75", "135.00")))
    assert order.gross_minor == 15_875
    assert "without tax" in order.extra["remarks"][0]


def test_stated_tax_without_categories_gives_the_rate(tmp_path: Path) -> None:
    start, end = ORDER.index("<cac:ClassifiedTaxCategory>"), ORDER.index("</cac:Item>")
    text = ORDER[:start] + ORDER[end:]
    for part in (
        "<cac:TaxCategory><cbc:ID>Z</cbc:ID><cbc:Percent>0</cbc:Percent>\n</cac:TaxCategory>",
        "<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>25</cbc:Percent>\n</cac:TaxCategory>",
    ):
        assert part in text
        text = text.replace(part, "")
    order = read(write(tmp_path, text.replace("23.75", "27.00").replace("158.75", "162.00")))
    assert order.lines[0].tax_rate == Fraction(1, 5)
    assert order.gross_minor == 16_200


def test_price_for_another_unit_than_the_ordered_one(tmp_path: Path) -> None:
    """300 cartons of 4 bottles at 0.25 for 3 bottles are 100.00."""
    text = ORDER.replace(">1.00</cbc:PriceAmount>", ">0.25</cbc:PriceAmount>")
    factor = "</cbc:BaseQuantity><cbc:OrderableUnitFactorRate>4</cbc:OrderableUnitFactorRate>"
    own = "<cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator>\n"
    own += '<cbc:Amount currencyID="EUR">5.00</cbc:Amount></cac:AllowanceCharge>'
    assert own in text
    text = text.replace(own, "").replace("</cbc:BaseQuantity>", factor).replace("105.00", "100.00")
    text = text.replace("135.00", "130.00").replace("23.75", "22.50").replace("158.75", "152.50")
    (line,) = read(write(tmp_path, text)).lines
    assert (line.net_minor, line.quantity * line.unit_price) == (10_000, Decimal("99.9999999999"))


def test_adjustment_without_category_takes_the_rate_that_the_stated_tax_shows(tmp_path: Path) -> None:
    """25% of 105.00, and of 30.00 of adjustments if the tax is 33.75; none of these if it is 26.25."""
    text = re.sub(r"<cac:TaxCategory>.*?</cac:TaxCategory>", "", ORDER, flags=re.DOTALL)
    for tax, payable, rate in (("33.75", "168.75", Fraction(1, 4)), ("26.25", "161.25", Fraction(0))):
        order = read(write(tmp_path, text.replace("23.75", tax).replace("158.75", payable)))
        assert {item.tax_rate for item in order.adjustments} == {rate}
        assert order.tax_minor == int(Decimal(tax) * 100)
    assert "totals.tax" in defects_of(write(tmp_path, text))


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]><Order>&j;</Order>"
)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (LAUGHS, "document type"),
        ('<!DOCTYPE o [<!ENTITY x SYSTEM "file:///etc/passwd">]><Order>&x;</Order>', "document type"),
        ('<!DOCTYPE o SYSTEM "http://127.0.0.1:9/evil.dtd"><Order/>', "document type"),
        ("<Order>&undefined;</Order>", "not well-formed"),
        ("<a>" * 5_000, "nested deeper"),
        ("<Order>", "not well-formed"),
        ("not xml", "not well-formed"),
        ("PK\x03\x04 a zip", "not well-formed"),
        ("<Order/>", "not a UBL 2 Order"),
        ('<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"/>', "a UBL Invoice"),
        ('<?xml version="1.0" encoding="utf-7"?><Order/>', "cannot be read"),
        ('<?xml version="1.0" encoding="no-such"?><Order/>', "encoding"),
    ],
)
def test_dangerous_or_foreign_xml_is_refused_at_once(tmp_path: Path, text: str, word: str) -> None:
    start = time.perf_counter()
    with pytest.raises(InputDefectsError) as caught:
        read(write(tmp_path, text))
    assert word in str(caught.value)
    assert time.perf_counter() - start < 2


def test_many_small_elements_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputDefectsError, match="elements"):
        read(write(tmp_path, "<Order>" + "<a/>" * 310_000 + "</Order>"))


def test_a_huge_file_of_a_pipe_is_cut_off(tmp_path: Path) -> None:
    """A pipe has no size to look at: reading stops at the limit."""
    import os
    import threading

    pipe = tmp_path / "order.xml"
    os.mkfifo(pipe)

    def feed() -> None:
        try:
            with pipe.open("wb") as out:
                out.write(b"<Order>" + b" " * (30 * 2**20))
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=feed, daemon=True)
    writer.start()
    with pytest.raises(InputDefectsError, match="20 MiB"):
        read(pipe)
    writer.join(timeout=10)


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the checkout")
@pytest.mark.parametrize(
    ("path", "currency", "net", "tax"),
    [
        ("ubl21/order/BII03 Order example 01.xml", "SEK", "6225", "100"),
        ("ubl21/order/UBL-Order-2.1-Example.xml", "SEK", "6225", "100"),
        ("ubl21/order/UBL-Order-2.0-Example-International.xml", "USD", "1000", "0"),
        ("peppol_ordering/order_use_cases/UC1_Order.xml", "EUR", "115", "28.75"),
        ("peppol_ordering/order_use_cases/UC2_Order.xml", "EUR", "700", "175"),
        ("peppol_ordering/order_use_cases/UC3_Order.xml", "EUR", "400", "0"),
        ("peppol_ordering/order_use_cases/UC4_Order.xml", "EUR", "50", "5"),
        ("peppol_ordering/order_use_cases/UC5_Order.xml", "SEK", "115", "28.75"),
        ("peppol_ordering/order_use_cases/UC6_Order.xml", "EUR", "400", "100"),
    ],
)
def test_published_order_is_read_to_its_stated_totals(path: str, currency: str, net: str, tax: str) -> None:
    order = read(DATA / path)
    assert order.currency == currency
    assert (Decimal(order.net_minor) / 100, Decimal(order.tax_minor) / 100) == (Decimal(net), Decimal(tax))


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the checkout")
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("ubl21/order/UBL-Order-2.0-Example.xml", {"lines[1].net"}),
        ("ubl21/order/CENBII-Order-minimal.xml", {"reference", "currency", "lines[1].unit_price"}),
        (
            "ubl21/order/CENBII-Order-maximal.xml",
            {"Amount", "LineExtensionAmount", "country", "lines[1].net"},
        ),
        ("peppol_ordering/Order_Example.xml", {"due_on", "lines[1].due_on", "lines[2].due_on", "totals.tax"}),
    ],
)
def test_published_order_that_contradicts_itself_is_refused(path: str, fields: set[str]) -> None:
    assert fields <= defects_of(DATA / path)


@pytest.mark.shared_data
@pytest.mark.skipif(not DATA.is_dir(), reason="the shared data sets are not beside the checkout")
def test_line_amounts_may_be_let_stand() -> None:
    order = read(DATA / "ubl21/order/UBL-Order-2.0-Example.xml", stated_amounts=True)
    assert (order.net_minor, order.lines[0].unit_price) == (10_000, 1)


def many_lines(tax: str, payable: str) -> str:
    """Ten lines of 0.98 at 19%: 0.19 of tax on each, 1.86 once for the rate."""
    start = ORDER.index("<cac:AllowanceCharge>")
    totals = (
        f'<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{tax}</cbc:TaxAmount></cac:TaxTotal>'
        "<cac:AnticipatedMonetaryTotal>"
        '<cbc:LineExtensionAmount currencyID="EUR">9.80</cbc:LineExtensionAmount>'
        f'<cbc:PayableAmount currencyID="EUR">{payable}</cbc:PayableAmount></cac:AnticipatedMonetaryTotal>'
    )
    lines = "".join(
        f'<cac:OrderLine><cac:LineItem><cbc:ID>{number}</cbc:ID><cbc:Quantity unitCode="EA">1</cbc:Quantity>'
        '<cbc:LineExtensionAmount currencyID="EUR">0.98</cbc:LineExtensionAmount>'
        '<cac:Price><cbc:PriceAmount currencyID="EUR">0.98</cbc:PriceAmount></cac:Price>'
        "<cac:Item><cbc:Name>Nail</cbc:Name><cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID>"
        "<cbc:Percent>19</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item></cac:LineItem></cac:OrderLine>"
        for number in range(1, 11)
    )
    return f"{ORDER[:start]}{totals}{lines}</Order>"


def test_tax_rounded_on_each_line_is_read_with_a_remark(tmp_path: Path) -> None:
    order = read(write(tmp_path, many_lines("1.90", "11.70")))
    assert (order.net_minor, order.tax_minor) == (980, 186)
    assert order.extra["remarks"] == ["tax is stated as 1.9, rounded on each line; by rate it is 1.86"]
    assert defects_of(write(tmp_path, many_lines("1.92", "11.72"))) == {"totals.tax", "totals.PayableAmount"}


def test_line_of_quantity_zero_is_left_out_with_a_remark(tmp_path: Path) -> None:
    empty = (
        '<cac:OrderLine><cac:LineItem><cbc:ID>2</cbc:ID><cbc:Quantity unitCode="EA">0</cbc:Quantity>'
        "<cac:Item><cbc:Name>Screw</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine></Order>"
    )
    order = read(write(tmp_path, ORDER.replace("</Order>", empty)))
    assert [line.product for line in order.lines] == ["Nail"]
    assert "line 2 orders a quantity of 0 and is left out" in order.extra["remarks"]


def test_negative_allowance_is_refused(tmp_path: Path) -> None:
    text = ORDER.replace('"EUR">10.00</cbc:Amount>', '"EUR">-10.00</cbc:Amount>')
    assert "adjustments[2].amount" in defects_of(write(tmp_path, text))
    line = ORDER.replace('"EUR">5.00</cbc:Amount>', '"EUR">-5.00</cbc:Amount>')
    assert "lines[1].adjustment" in defects_of(write(tmp_path, line))


def test_standard_rate_of_zero_is_told(tmp_path: Path) -> None:
    text = many_lines("0.00", "9.80").replace("<cbc:Percent>19<", "<cbc:Percent>0<")
    order = read(write(tmp_path, text))
    assert "line 1 has tax category S at 0% (Peppol T01-R030)" in order.extra["remarks"]


NUMBERS = """<cac:Party><cbc:EndpointID schemeID="0088">7300010000001</cbc:EndpointID>
<cac:PartyIdentification><cbc:ID schemeID="0088">5790000436057</cbc:ID></cac:PartyIdentification>
<cac:PartyTaxScheme><cbc:CompanyID>ATU12345678</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
</cac:PartyTaxScheme><cac:PartyTaxScheme><cbc:CompanyID>12/345</cbc:CompanyID><cac:TaxScheme><cbc:ID>TAX</cbc:ID>
</cac:TaxScheme></cac:PartyTaxScheme>
<cac:PartyLegalEntity><cbc:CompanyID schemeID="0007">FN123456a</cbc:CompanyID></cac:PartyLegalEntity>"""


def test_numbers_of_a_party_are_kept_apart_with_their_schemes(tmp_path: Path) -> None:
    buyer = read(write(tmp_path, ORDER.replace("<cac:Party>", NUMBERS, 1))).buyer
    assert (buyer.vat_number, buyer.tax_number) == ("ATU12345678", "12/345")
    assert (buyer.register_number, buyer.location_number) == ("0007:FN123456a", "0088:5790000436057")
    assert (buyer.endpoint, buyer.identifier) == ("0088:7300010000001", "0007:FN123456a")


def test_account_with_wrong_check_digits_is_refused(tmp_path: Path) -> None:
    account = "<cac:Party><cac:FinancialAccount><cbc:ID>{}</cbc:ID></cac:FinancialAccount>"
    right = ORDER.replace("<cac:Party>", account.format("DE89 3704 0044 0532 0130 00"), 1)
    assert read(write(tmp_path, right)).buyer.account == "DE89370400440532013000"
    wrong = ORDER.replace("<cac:Party>", account.format("DE89370400440532013001"), 1)
    assert defects_of(write(tmp_path, wrong)) == {"buyer.account"}
