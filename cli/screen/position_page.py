"""Where an order's money stands: its facilities and bookings, for programs and as two tables."""

from typing import TYPE_CHECKING, Any

from cli.screen.output import amount, table
from domain.money import format_minor

if TYPE_CHECKING:
    from rich.console import Console

    from finance.books.booking_account import BookingAccount
    from finance.books.debt import Debt
    from finance.books.position import Position


def position_document(position: "Position") -> dict[str, Any]:
    currency = position.contract.currency
    return {
        "order": position.contract.order,
        "currency": currency,
        "cash": format_minor(position.cash, currency),
        "facilities": [_facility(name, debt, currency) for name, debt in position.debts.items()],
        "bookings": [_booking(name, account, position) for name, account in position.accounts.items()],
    }


def _facility(name: str, debt: "Debt", home: str) -> dict[str, Any]:
    from finance.agreed.contract import Rank
    from finance.sides.lenders import undrawn

    currency = debt.currency or home
    ranks = (Rank.PENALTY, Rank.FEE, Rank.INTEREST, Rank.PRINCIPAL)
    return {
        "facility": name,
        "role": debt.facility.role.value,
        "currency": currency,
        "limit": format_minor(debt.facility.limit_minor, currency),
        "drawn": format_minor(debt.drawn, currency),
        "undrawn": format_minor(undrawn(debt), currency),
        "due_on": debt.due_on,
        "owed": {rank.value: format_minor(debt.owed(rank), currency) for rank in ranks},
        "lenders": [
            {
                "lender": share.lender,
                "share": share.share,
                "principal": format_minor(debt.owed_to(share.lender, Rank.PRINCIPAL), currency),
            }
            for share in debt.facility.shares
        ],
    }


def _booking(name: str, account: "BookingAccount", position: "Position") -> dict[str, Any]:
    currency = account.currency or position.contract.currency
    return {
        "booking": name,
        "currency": currency,
        "price": format_minor(account.booking.gross_minor, currency),
        "billed": format_minor(account.billed, currency),
        "paid": format_minor(account.paid, currency),
        "due": format_minor(_owed_now(account, position), currency),
    }


def _owed_now(account: "BookingAccount", position: "Position") -> int:
    return max(position.due_now(account) - account.paid, 0)


def render_position(screen: "Console", position: "Position") -> None:
    home = position.contract.currency
    render_facilities(screen, position)
    booked = [
        (
            name,
            _money(account.booking.gross_minor, account.currency, home),
            _money(account.billed, account.currency, home),
            _money(account.paid, account.currency, home),
            _money(_owed_now(account, position), account.currency, home),
        )
        for name, account in position.accounts.items()
    ]
    columns = ("booking", "price", "billed", "paid", "owed now")
    screen.print(table("Bookings", columns, booked, right="price, billed, paid, owed now"))
    screen.print(f"in the order's account: {_money(position.cash, '', home)} {home}")


def render_facilities(screen: "Console", position: "Position") -> None:
    from finance.agreed.contract import Rank
    from finance.sides.lenders import undrawn

    home = position.contract.currency
    rows = [
        (
            name,
            ", ".join(debt.lenders()),
            _money(debt.facility.limit_minor, debt.currency, home),
            _money(undrawn(debt), debt.currency, home),
            _money(debt.owed(Rank.PRINCIPAL), debt.currency, home),
            _money(debt.claim - debt.owed(Rank.PRINCIPAL), debt.currency, home),
            debt.due_on or "",
        )
        for name, debt in position.debts.items()
    ]
    columns = ("facility", "lenders", "limit", "undrawn", "principal", "interest\nand fees", "due")
    right = "limit, undrawn, principal, interest\nand fees"
    screen.print(table("Facilities", columns, rows, right=right, spare="lenders, limit"))


def _money(minor: int, currency: str, home: str) -> str:
    """With its currency where that is not the order's."""
    return amount(minor, home) if currency in ("", home) else f"{amount(minor, currency)} {currency}"
