"""How slots and credit lines are named in the calendar, so that planning and reserving mean the same."""

CREDIT = "credit"
"""The kind of a leg that holds a part of a lender's limit, beside the kinds of providers."""

CREDIT_PERIOD = "limit"
"""The one period of a credit line: a limit counts once, whatever the date."""


def slot_resource(provider: str, resource: str) -> str:
    """The calendar's name of a provider's resource."""
    return f"{provider}/{resource}"


def credit_resource(group: str) -> str:
    """The calendar's name of a lender's limit, or of a limit that several products share."""
    return f"credit:{group}"
