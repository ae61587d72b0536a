"""Where the terms of EN 16931 stand in a UBL 2.1 Invoice or CreditNote (CEN/TS 16931-3-2)."""

from documents.bills.paper import Paper, group_of, specs
from documents.bills.persons import BUYER, SELLER
from documents.files.xml_tree import XmlElement

_PERSON = """
  {endpoint} EndpointID
  {id} PartyIdentification/ID[@schemeID!=SEPA]
  {name} PartyName/Name
  {address} PostalAddress
    {street} StreetName
    {more} AdditionalStreetName
    {line} AddressLine/Line
    {city} CityName
    {zone} PostalZone
    {region} CountrySubentity
    {country} Country/IdentificationCode
  {vat} PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID
  {legal} PartyLegalEntity/RegistrationName
  {register} PartyLegalEntity/CompanyID
  {contact} Contact
    {person} Name
    {phone} Telephone
    {mail} ElectronicMail
"""
TABLE = f"""
BT-24 CustomizationID
BT-23 ProfileID
BT-1 ID
BT-2 IssueDate
BT-9 DueDate | PaymentMeans/PaymentDueDate
BT-3 InvoiceTypeCode | CreditNoteTypeCode
BT-22 Note
BT-7 TaxPointDate
BT-5 DocumentCurrencyCode
BT-6 TaxCurrencyCode
BT-19 AccountingCost
BT-10 BuyerReference
BG-14 InvoicePeriod
  BT-73 StartDate
  BT-74 EndDate
  BT-8 DescriptionCode
BT-13 OrderReference/ID
BT-14 OrderReference/SalesOrderID
BG-3 BillingReference/InvoiceDocumentReference
  BT-25 ID
  BT-26 IssueDate
BT-16 DespatchDocumentReference/ID
BT-15 ReceiptDocumentReference/ID
BT-17 OriginatorDocumentReference/ID
BT-12 ContractDocumentReference/ID
BT-18 AdditionalDocumentReference[DocumentTypeCode=130]/ID
BG-24 AdditionalDocumentReference[DocumentTypeCode!=130]
  BT-122 ID
  BT-124 Attachment/ExternalReference/URI
  BT-125 Attachment/EmbeddedDocumentBinaryObject
BG-4 AccountingSupplierParty/Party
{_PERSON.format(**SELLER)}
  BT-90 PartyIdentification/ID[@schemeID=SEPA]
  BT-32 PartyTaxScheme[TaxScheme/ID!=VAT]/CompanyID
BG-7 AccountingCustomerParty/Party
{_PERSON.format(**BUYER)}
BG-10 PayeeParty
  BT-59 PartyName/Name
  BT-60 PartyIdentification/ID[@schemeID!=SEPA]
  BT-90 PartyIdentification/ID[@schemeID=SEPA]
  BT-61 PartyLegalEntity/CompanyID
BG-11 TaxRepresentativeParty
  BT-62 PartyName/Name
  BT-63 PartyTaxScheme[TaxScheme/ID=VAT]/CompanyID
  BG-12 PostalAddress
    BT-69 Country/IdentificationCode
BG-13 Delivery
  BT-72 ActualDeliveryDate
  BT-71 DeliveryLocation/ID
  BG-15 DeliveryLocation/Address
    BT-77 CityName
    BT-78 PostalZone
    BT-80 Country/IdentificationCode
BG-16 PaymentMeans
  BT-81 PaymentMeansCode
  BT-83 PaymentID
  BG-17 PayeeFinancialAccount
    BT-84 ID
  BG-18 CardAccount
    BT-87 PrimaryAccountNumberID
  BG-19 PaymentMandate
    BT-89 ID
    BT-91 PayerFinancialAccount/ID
BT-20 PaymentTerms/Note
BG-20 AllowanceCharge[ChargeIndicator=false,0]
  BT-92 Amount
  BT-93 BaseAmount
  BT-94 MultiplierFactorNumeric
  BT-95 TaxCategory/ID
  BT-96 TaxCategory/Percent
  BT-97 AllowanceChargeReason
  BT-98 AllowanceChargeReasonCode
BG-21 AllowanceCharge[ChargeIndicator=true,1]
  BT-99 Amount
  BT-100 BaseAmount
  BT-101 MultiplierFactorNumeric
  BT-102 TaxCategory/ID
  BT-103 TaxCategory/Percent
  BT-104 AllowanceChargeReason
  BT-105 AllowanceChargeReasonCode
BG-22 LegalMonetaryTotal
  BT-106 LineExtensionAmount
  BT-107 AllowanceTotalAmount
  BT-108 ChargeTotalAmount
  BT-109 TaxExclusiveAmount
  BT-112 TaxInclusiveAmount
  BT-113 PrepaidAmount
  BT-114 PayableRoundingAmount
  BT-115 PayableAmount
TAX TaxTotal/TaxAmount
BG-TAX TaxTotal
  TAX TaxAmount
  BG-23 TaxSubtotal
    BT-117 TaxAmount
BG-23 TaxTotal/TaxSubtotal
  BT-116 TaxableAmount
  BT-117 TaxAmount
  BT-118 TaxCategory/ID
  BT-119 TaxCategory/Percent
  BT-120 TaxCategory/TaxExemptionReason
  BT-121 TaxCategory/TaxExemptionReasonCode
BG-25 InvoiceLine | CreditNoteLine
  BT-126 ID
  BT-127 Note
  BT-129 InvoicedQuantity | CreditedQuantity
  BT-131 LineExtensionAmount
  BT-132 OrderLineReference/LineID
  BT-133 AccountingCost
  BG-26 InvoicePeriod
    BT-134 StartDate
    BT-135 EndDate
  BT-128 DocumentReference[DocumentTypeCode=130]/ID
  BG-OBJECT DocumentReference
    TYPE DocumentTypeCode
  BG-27 AllowanceCharge[ChargeIndicator=false,0]
    BT-136 Amount
    BT-137 BaseAmount
    BT-138 MultiplierFactorNumeric
    BT-139 AllowanceChargeReason
    BT-140 AllowanceChargeReasonCode
  BG-28 AllowanceCharge[ChargeIndicator=true,1]
    BT-141 Amount
    BT-142 BaseAmount
    BT-143 MultiplierFactorNumeric
    BT-144 AllowanceChargeReason
    BT-145 AllowanceChargeReasonCode
  BT-146 Price/PriceAmount
  BT-149 Price/BaseQuantity
  BG-PRICE Price/AllowanceCharge
    SIGN ChargeIndicator
    BT-147 Amount
    BT-148 BaseAmount
  BT-153 Item/Name
  BT-154 Item/Description
  BT-155 Item/SellersItemIdentification/ID
  BT-156 Item/BuyersItemIdentification/ID
  BT-157 Item/StandardItemIdentification/ID
  BT-158 Item/CommodityClassification/ItemClassificationCode
  BT-159 Item/OriginCountry/IdentificationCode
  BT-151 Item/ClassifiedTaxCategory/ID
  BT-152 Item/ClassifiedTaxCategory/Percent
  BG-32 Item/AdditionalItemProperty
    BT-160 Name
    BT-161 Value
"""
_SPECS = specs(TABLE)


def ubl_paper(root: XmlElement) -> Paper:
    """The terms of a UBL invoice or credit note."""
    return Paper("ubl", root, group_of("", root, _SPECS))
