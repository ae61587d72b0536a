"""Where the terms of EN 16931 stand in a UN/CEFACT Cross Industry Invoice D16B (CEN/TS 16931-3-3)."""

from documents.bills.paper import Paper, group_of, specs
from documents.bills.persons import BUYER, SELLER
from documents.files.xml_tree import XmlElement

_TRADE = "SupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ApplicableHeaderTradeAgreement"
_DELIVERY = f"{_TRADE}/ApplicableHeaderTradeDelivery"
_SETTLEMENT = f"{_TRADE}/ApplicableHeaderTradeSettlement"
_LINE_AGREEMENT = "SpecifiedLineTradeAgreement"
_LINE_SETTLEMENT = "SpecifiedLineTradeSettlement"
_SUMS = f"{_SETTLEMENT}/SpecifiedTradeSettlementHeaderMonetarySummation"
_DAY = "DateTimeString"

_PERSON = """
  {id} ID | GlobalID
  {legal} Name
  {name} SpecifiedLegalOrganization/TradingBusinessName
  {register} SpecifiedLegalOrganization/ID
  {endpoint} URIUniversalCommunication/URIID
  {vat} SpecifiedTaxRegistration/ID[@schemeID=VA]
  {address} PostalTradeAddress
    {street} LineOne
    {more} LineTwo
    {line} LineThree
    {city} CityName
    {zone} PostcodeCode
    {region} CountrySubDivisionName
    {country} CountryID
  {contact} DefinedTradeContact
    {person} PersonName | DepartmentName
    {phone} TelephoneUniversalCommunication/CompleteNumber
    {mail} EmailURIUniversalCommunication/URIID
"""
TABLE = f"""
BT-24 ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID
BT-23 ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID
BT-1 ExchangedDocument/ID
BT-3 ExchangedDocument/TypeCode
BT-2 ExchangedDocument/IssueDateTime/{_DAY}
BT-22 ExchangedDocument/IncludedNote/Content
BT-21 ExchangedDocument/IncludedNote/SubjectCode
BT-10 {_AGREEMENT}/BuyerReference
BG-4 {_AGREEMENT}/SellerTradeParty
{_PERSON.format(**SELLER)}
  BT-32 SpecifiedTaxRegistration/ID[@schemeID=FC]
BG-7 {_AGREEMENT}/BuyerTradeParty
{_PERSON.format(**BUYER)}
BG-11 {_AGREEMENT}/SellerTaxRepresentativeTradeParty
  BT-62 Name
  BT-63 SpecifiedTaxRegistration/ID[@schemeID=VA]
  BG-12 PostalTradeAddress
    BT-69 CountryID
BT-13 {_AGREEMENT}/BuyerOrderReferencedDocument/IssuerAssignedID
BT-14 {_AGREEMENT}/SellerOrderReferencedDocument/IssuerAssignedID
BT-12 {_AGREEMENT}/ContractReferencedDocument/IssuerAssignedID
BT-11 {_AGREEMENT}/SpecifiedProcuringProject/ID
BT-17 {_AGREEMENT}/AdditionalReferencedDocument[TypeCode=50]/IssuerAssignedID
BT-18 {_AGREEMENT}/AdditionalReferencedDocument[TypeCode=130]/IssuerAssignedID
BG-24 {_AGREEMENT}/AdditionalReferencedDocument[TypeCode=916]
  BT-122 IssuerAssignedID
  BT-124 URIID
  BT-125 AttachmentBinaryObject
BG-13 {_DELIVERY}
  BT-72 ActualDeliverySupplyChainEvent/OccurrenceDateTime/{_DAY}
  BT-71 ShipToTradeParty/ID | ShipToTradeParty/GlobalID
  BG-15 ShipToTradeParty/PostalTradeAddress
    BT-77 CityName
    BT-78 PostcodeCode
    BT-80 CountryID
BT-16 {_DELIVERY}/DespatchAdviceReferencedDocument/IssuerAssignedID
BT-15 {_DELIVERY}/ReceivingAdviceReferencedDocument/IssuerAssignedID
CREDITOR {_SETTLEMENT}/CreditorReferenceID
BT-83 {_SETTLEMENT}/PaymentReference
BT-6 {_SETTLEMENT}/TaxCurrencyCode
BT-5 {_SETTLEMENT}/InvoiceCurrencyCode
BT-19 {_SETTLEMENT}/ReceivableSpecifiedTradeAccountingAccount/ID
BT-7 {_SETTLEMENT}/ApplicableTradeTax/TaxPointDate/DateString
BT-8 {_SETTLEMENT}/ApplicableTradeTax/DueDateTypeCode
BG-10 {_SETTLEMENT}/PayeeTradeParty
  BT-59 Name
  BT-60 ID | GlobalID
  BT-61 SpecifiedLegalOrganization/ID
BG-14 {_SETTLEMENT}/BillingSpecifiedPeriod
  BT-73 StartDateTime/{_DAY}
  BT-74 EndDateTime/{_DAY}
BG-3 {_SETTLEMENT}/InvoiceReferencedDocument
  BT-25 IssuerAssignedID
  BT-26 FormattedIssueDateTime/{_DAY}
BG-16 {_SETTLEMENT}/SpecifiedTradeSettlementPaymentMeans
  BT-81 TypeCode
  BG-17 PayeePartyCreditorFinancialAccount
    BT-84 IBANID | ProprietaryID
  BG-18 ApplicableTradeSettlementFinancialCard
    BT-87 ID
  BT-91 PayerPartyDebtorFinancialAccount/IBANID
  PAYERBANK PayerSpecifiedDebtorFinancialInstitution
  PAYEEBANK PayeeSpecifiedCreditorFinancialInstitution
BT-20 {_SETTLEMENT}/SpecifiedTradePaymentTerms/Description
BT-9 {_SETTLEMENT}/SpecifiedTradePaymentTerms/DueDateDateTime/{_DAY}
BT-89 {_SETTLEMENT}/SpecifiedTradePaymentTerms/DirectDebitMandateID
BG-20 {_SETTLEMENT}/SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=false,0]
  BT-92 ActualAmount
  BT-93 BasisAmount
  BT-94 CalculationPercent
  BT-95 CategoryTradeTax[TypeCode=VAT]/CategoryCode
  BT-96 CategoryTradeTax[TypeCode=VAT]/RateApplicablePercent
  BT-97 Reason
  BT-98 ReasonCode
BG-21 {_SETTLEMENT}/SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=true,1]
  BT-99 ActualAmount
  BT-100 BasisAmount
  BT-101 CalculationPercent
  BT-102 CategoryTradeTax[TypeCode=VAT]/CategoryCode
  BT-103 CategoryTradeTax[TypeCode=VAT]/RateApplicablePercent
  BT-104 Reason
  BT-105 ReasonCode
BG-22 {_SUMS}
  BT-106 LineTotalAmount
  BT-107 AllowanceTotalAmount
  BT-108 ChargeTotalAmount
  BT-109 TaxBasisTotalAmount
  BT-112 GrandTotalAmount
  BT-113 TotalPrepaidAmount
  BT-114 RoundingAmount
  BT-115 DuePayableAmount
TAX {_SUMS}/TaxTotalAmount
BG-23 {_SETTLEMENT}/ApplicableTradeTax
  BT-116 BasisAmount
  BT-117 CalculatedAmount
  BT-118 CategoryCode
  BT-119 RateApplicablePercent
  BT-120 ExemptionReason
  BT-121 ExemptionReasonCode
BG-25 {_TRADE}/IncludedSupplyChainTradeLineItem
  BT-126 AssociatedDocumentLineDocument/LineID
  BT-127 AssociatedDocumentLineDocument/IncludedNote/Content
  BT-129 SpecifiedLineTradeDelivery/BilledQuantity
  BT-131 {_LINE_SETTLEMENT}/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount
  BT-132 {_LINE_AGREEMENT}/BuyerOrderReferencedDocument/LineID
  BT-128 {_LINE_SETTLEMENT}/AdditionalReferencedDocument/IssuerAssignedID
  BG-OBJECT {_LINE_SETTLEMENT}/AdditionalReferencedDocument
    TYPE TypeCode
  BG-26 {_LINE_SETTLEMENT}/BillingSpecifiedPeriod
    BT-134 StartDateTime/{_DAY}
    BT-135 EndDateTime/{_DAY}
  BG-27 {_LINE_SETTLEMENT}/SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=false,0]
    BT-136 ActualAmount
    BT-137 BasisAmount
    BT-138 CalculationPercent
    BT-139 Reason
    BT-140 ReasonCode
  BG-28 {_LINE_SETTLEMENT}/SpecifiedTradeAllowanceCharge[ChargeIndicator/Indicator=true,1]
    BT-141 ActualAmount
    BT-142 BasisAmount
    BT-143 CalculationPercent
    BT-144 Reason
    BT-145 ReasonCode
  BT-146 {_LINE_AGREEMENT}/NetPriceProductTradePrice/ChargeAmount
  BT-149 {_LINE_AGREEMENT}/NetPriceProductTradePrice/BasisQuantity
  GROSSBASE {_LINE_AGREEMENT}/GrossPriceProductTradePrice/BasisQuantity
  BT-148 {_LINE_AGREEMENT}/GrossPriceProductTradePrice/ChargeAmount
  BG-PRICE {_LINE_AGREEMENT}/GrossPriceProductTradePrice/AppliedTradeAllowanceCharge
    SIGN ChargeIndicator/Indicator
    BT-147 ActualAmount
  BT-153 SpecifiedTradeProduct/Name
  BT-154 SpecifiedTradeProduct/Description
  BT-155 SpecifiedTradeProduct/SellerAssignedID
  BT-156 SpecifiedTradeProduct/BuyerAssignedID
  BT-157 SpecifiedTradeProduct/GlobalID
  BT-158 SpecifiedTradeProduct/DesignatedProductClassification/ClassCode
  BT-159 SpecifiedTradeProduct/OriginTradeCountry/ID
  BT-151 {_LINE_SETTLEMENT}/ApplicableTradeTax[TypeCode=VAT]/CategoryCode
  BT-152 {_LINE_SETTLEMENT}/ApplicableTradeTax[TypeCode=VAT]/RateApplicablePercent
  BG-32 SpecifiedTradeProduct/ApplicableProductCharacteristic
    BT-160 Description
    BT-161 Value
"""
_SPECS = specs(TABLE)


def cii_paper(root: XmlElement) -> Paper:
    """The terms of a Cross Industry Invoice."""
    return Paper("cii", root, group_of("", root, _SPECS))
