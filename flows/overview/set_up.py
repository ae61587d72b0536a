"""What comes next before there is an order: the firms that are still missing, then the first order."""

from flows.desk.session import Session
from flows.overview.next_step import NextStep

EXAMPLE = "examples/lamp-order.toml"
EXAMPLE_DAY = "2026-03-02"


def set_up_step(session: Session) -> NextStep:
    """A maker, a carrier and a lender are needed before an order can be planned; then the order itself."""
    network = session.network
    kinds = {provider.kind for provider in network.providers}
    for kind, told in (("factory", "who makes the goods"), ("logistics", "who carries them")):
        if kind not in kinds:
            return NextStep(("provider", "add", kind), told)
    if not network.lenders:
        return NextStep(("lender", "add"), "whose money the orders stand on")
    if session.ledger_url is not None and session.ledger.practice and _no_orders(session):
        return NextStep(("order", "run", EXAMPLE, "--on", EXAMPLE_DAY), "the order of the worked example")
    return NextStep(("order", "new"), "a buyer's order")


def _no_orders(session: Session) -> bool:
    return next(session.ledger.orders(limit=1), None) is None
