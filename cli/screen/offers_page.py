"""What lenders answered about an order: for programs, and as a table with every reason."""

from typing import TYPE_CHECKING, Any

from cli.screen.output import amount, table
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from finance.underwriting.credit_offer import CreditOffer
    from flows.credit.offers import Answers


def offers_document(found: "Answers", currency: str) -> dict[str, Any]:
    return {
        "order": found.order,
        "approved": found.approved,
        "offers": [_offer(product, offer, currency) for product, offer in found.offers],
        "looks_like": [{"order": match.order, "state": match.state} for match in found.near],
    }


def _offer(product: str, offer: "CreditOffer", currency: str) -> dict[str, Any]:
    def money(minor: int) -> str:
        return format_minor(minor, currency)

    return {
        "lender": offer.lender,
        "product": product,
        "approved": offer.approved,
        "amount": money(offer.amount_minor),
        "score": offer.score,
        "grade": offer.grade,
        "pd_annual": offer.pd_annual,
        "lgd": offer.lgd,
        "expected_loss": money(offer.expected_loss_minor),
        "floor": money(offer.floor_minor),
        "charged": money(offer.charged_minor),
        "surplus": money(offer.surplus_minor),
        "reasons": [
            {"code": reason.code, "reason": reason.text, "remedy": reason.remedy} for reason in offer.reasons
        ],
    }


def render_offers(screen: "Console", found: "Answers", currency: str) -> None:
    """A line an offer, then every reason with its way out, then the orders that look like this one."""
    rows = [
        (
            offer.lender,
            product,
            amount(offer.amount_minor, currency),
            f"{offer.score} {offer.grade}",
            amount(offer.expected_loss_minor, currency),
            amount(offer.floor_minor, currency),
            amount(offer.charged_minor, currency),
            "offers" if offer.approved else "refuses",
        )
        for product, offer in found.offers
    ]
    columns = ("lender", "product", currency, "score", "expected loss", "floor", "charges", "answer")
    screen.print(table("", columns, rows, right=f"{currency}, expected loss, floor, charges"))
    for product, offer in found.offers:
        for reason in offer.reasons:
            screen.print(f"{offer.lender} {product}: {reason.text}\n  way out: {reason.remedy}")
    for match in found.near:
        screen.print(f"looks like order {match.order} ({match.state}): same firms, amount and month")
