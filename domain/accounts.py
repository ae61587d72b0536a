"""The accounts of the books, by name; a posting carries the code, as it stands in every ledger.

Plain strings and no enumeration: an account in another currency than its order's is the code with the
currency ("2110/CNY"), and a database writes an enumeration's name where the code belongs. What each account
is called, and whose books it stands in, says the chart (finance/books/chart.toml).
"""

from typing import Final


class Account:
    """The codes; the first digit says the kind."""

    # assets
    CASH: Final = "1010"
    RECEIVABLE: Final = "1210"
    DISPUTED: Final = "1215"
    FEE_RECEIVABLE: Final = "1220"
    PREPAYMENT: Final = "1230"
    PROVIDER_CLAIM: Final = "1240"
    CORRECTION_CLAIM: Final = "1245"
    DUE_FROM_FACTOR: Final = "1250"
    SUBROGATION: Final = "1260"
    DEFERRED_FINANCE_COST: Final = "1290"
    LOAN: Final = "1310"
    INTEREST_RECEIVABLE: Final = "1320"
    FACTORING_ADVANCE: Final = "1330"
    DISCOUNT_RECEIVABLE: Final = "1340"
    POOL_RESULT: Final = "1380"
    ALLOWANCE: Final = "1390"
    INVENTORY: Final = "1410"
    INPUT_TAX: Final = "1510"
    TAX_CREDIT: Final = "1520"
    EXCHANGE_CLEARING: Final = "1990"

    # liabilities
    PAYABLE: Final = "2110"
    NETWORK_FEE_PAYABLE: Final = "2120"
    VOUCHERS_ISSUED: Final = "2130"
    DEPOSIT: Final = "2210"
    BUYER_REFUND: Final = "2220"
    TRADER_REFUND: Final = "2230"
    CORRECTION_CREDIT: Final = "2250"
    FACTOR_RESERVE: Final = "2260"
    ORDER_LOAN: Final = "2310"
    INTEREST_PAYABLE: Final = "2320"
    RECOURSE_ADVANCE: Final = "2330"
    DISCOUNT_PAYABLE: Final = "2340"
    OWED_TO_GUARANTOR: Final = "2350"
    UNEARNED_FEE: Final = "2390"
    PROFIT_SHARE_PAYABLE: Final = "2410"
    REFERRAL_PAYABLE: Final = "2420"
    OUTPUT_TAX: Final = "2510"

    # equity
    RESIDUAL: Final = "3010"
    BROUGHT_IN: Final = "3020"
    SENIOR_UNITS: Final = "3110"
    JUNIOR_UNITS: Final = "3120"

    # income
    SALES: Final = "4010"
    INTEREST_INCOME: Final = "4110"
    FACTORING_INCOME: Final = "4120"
    FEE_INCOME: Final = "4130"
    LATE_CHARGE_INCOME: Final = "4140"
    RECOVERY: Final = "4150"
    NETWORK_FEE_INCOME: Final = "4210"
    BUYER_LATE_INTEREST: Final = "4310"
    CANCELLATION_INCOME: Final = "4510"
    EXCHANGE_REALISED: Final = "4710"
    EXCHANGE_UNREALISED: Final = "4720"
    TAX_COLLECTED: Final = "4810"
    DEBT_RELEASED: Final = "4910"
    INDEMNITY: Final = "4920"

    # expense
    COST_OF_SALES: Final = "5010"
    FULFILMENT: Final = "5020"
    NETWORK_FEE: Final = "5030"
    DAMAGES_GIVEN: Final = "5110"
    INTEREST: Final = "5210"
    LENDER_FEE: Final = "5220"
    FACTORING_COST: Final = "5230"
    LATE_CHARGE: Final = "5240"
    TAX_ON_FINANCE: Final = "5250"
    TAX_SURCHARGE: Final = "5310"
    REFERRAL: Final = "5410"
    PROFIT_SHARE: Final = "5420"
    IMPAIRMENT: Final = "5510"
    GUARANTEE_LOSS: Final = "5520"
    COLLECTION_COST: Final = "5610"
    CANCELLATION: Final = "5620"

    # memo: promises, not money
    ORDER_ACCEPTED: Final = "9110"
    ORDER_ACCEPTED_CONTRA: Final = "9119"
    SLOT_OWED: Final = "9210"
    SLOT_HELD: Final = "9219"
    UNDRAWN: Final = "9310"
    UNDRAWN_CONTRA: Final = "9319"
    GUARANTEE_GIVEN: Final = "9410"
    GUARANTEE_GIVEN_CONTRA: Final = "9419"


def is_memo(account: str) -> bool:
    """Whether it only notes what is promised; no money."""
    return account[0] == "9"


def is_result(account: str) -> bool:
    """Whether it is income or expense."""
    return account[0] in "45"


def in_currency(account: str, currency: str) -> str:
    """The account as it is named in the books; a currency of nothing is the order's."""
    return f"{account}/{currency}" if currency else account


def account_and_currency(account: str, home: str = "") -> tuple[str, str]:
    """The code and the currency of an account as the books name it; ``home`` stands for the order's."""
    code, _, currency = account.partition("/")
    return code, currency or home


def party_and_currency(name: str) -> tuple[str, str]:
    """A party of open claims and the currency they stand in; nothing for the order's own."""
    party, mark, currency = name.rpartition("/")
    return (party, currency) if mark and len(currency) == 3 and currency.isupper() else (name, "")
