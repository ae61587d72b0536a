"""Whether every lender of a plan agrees to it, by rules of its own, before anything is held on it."""

from collections.abc import Mapping, Sequence
from datetime import date

from domain.errors import NoCreditError
from domain.network import Network
from domain.plan import Plan
from finance.underwriting.credit_offer import Reason
from flows.credit.contract import underwriting_of
from flows.desk.session import Session
from flows.orders.find import Placed

Refusing = dict[str, list[tuple[str, "Reason"]]]
"""By product: which lender refuses, and why."""

NO_RULES = frozenset({"conditions", "waterfall", "priorities", "pd_annual", "lgd", "pd_late"})
"""What a lender's table may say without answering by rules: conditions of a draw, ranks, loss rates."""

OF_THE_DRAW = "buyer_unconfirmed"
"""The buyer can confirm only what is reserved and accepted: a condition of the first draw, no refusal."""


def lenders_have_rules(network: Network) -> bool:
    """Whether any lender answers by rules of its own; one without any offers what the plan asks of it."""
    return any(set(underwriting_of(product, network)) - NO_RULES for product in network.products)


def refusals_of(session: Session, placed: Placed, plan: Plan, on: date) -> Refusing:
    """Ask every lender of the plan: by product, who refuses and why; empty when all agree."""
    if not lenders_have_rules(session.network):
        return {}
    from flows.credit.offers import request_offers

    answers = request_offers(
        session.ledger,
        placed,
        plan,
        session.network,
        registry_key=session.registry_key,
        on=on,
        look_alikes=False,
    )
    found: Refusing = {}
    for product, offer in answers.offers:
        for reason in offer.reasons:
            if reason.code != OF_THE_DRAW:
                found.setdefault(product, []).append((offer.lender, reason))
    return found


def no_credit(order: str, refused: Mapping[str, Sequence[tuple[str, Reason]]]) -> NoCreditError:
    """The error of an order that no plan can be made for once these lenders are left out."""
    reasons = [each for some in refused.values() for each in some]
    told = "; ".join(dict.fromkeys(f"{lender}: {reason.text}" for lender, reason in reasons))
    remedies = "; ".join(dict.fromkeys(reason.remedy for _, reason in reasons))
    return NoCreditError(f"order {order} has no credit: {told}", remedies)
