"""On what terms each product lends on a chain: its ceiling, its limit, the day it opens."""

from domain.exchange import converted
from domain.money import round_minor
from domain.network import AdvanceBase, FinanceProduct, Role
from finance.pricing.cash import Abroad
from finance.pricing.credit import CreditTerms, credit_terms
from routing.chains.case import OrderCase
from routing.chains.chains import Chain
from routing.mixes.operating_flows import Figures
from routing.mixes.products import Products, free_limit
from routing.offers.exchange import scaled
from routing.offers.offers import EVENT_INDEX
from routing.offers.timetable import Timetable


class Lending:
    """``CreditTerms`` are remembered per ceiling, so that one product on many chains shares its interest."""

    def __init__(self, case: OrderCase, products: Products) -> None:
        self.case = case
        self.abroad = products.abroad
        self._caps: dict[str, int | None] = {}
        self._terms: dict[tuple[str, int], CreditTerms] = {}
        self._tables: dict[str, Timetable] = {}

    def cap(self, product: FinanceProduct) -> int | None:
        """What lender, group and product still allow for one order; None without any limit."""
        if product.id not in self._caps:
            lent = self.abroad.get(product.id)
            cap = free_limit(self.case, lent.product if lent else product)
            self._caps[product.id] = scaled(cap, lent.dealing.buy) if lent and cap is not None else cap
        return self._caps[product.id]

    def base(self, product: FinanceProduct, figures: Figures | None) -> int:
        """What the advance rate is taken of; without a chain only the order's own bases are known."""
        if figures is not None and product.advance_base is AdvanceBase.COST:
            return figures.factory_gross if product.role is Role.GUARANTEE else figures.cost_gross
        if figures is not None and product.advance_base is AdvanceBase.NLV:
            return figures.factory_net
        return self.case.face

    def terms(
        self, product: FinanceProduct, figures: Figures | None, opens: int | None = None
    ) -> CreditTerms:
        """With the day on which a take-out ``opens``, less what the buyer pays until then."""
        base = self.base(product, figures)
        if figures is not None and opens is not None and figures.early:
            base = max(0, min(base, self.case.face - figures.paid_by(opens)))
        found = self._terms.get((product.id, base))
        if found is None:
            ceiling = round_minor(base * product.advance_rate)
            cap = self.cap(product)
            if cap is not None:
                ceiling = min(ceiling, cap)
            found = self._terms[product.id, base] = credit_terms(product, ceiling, self.case.face)
        return found

    def lent_abroad(
        self, product: FinanceProduct, figures: Figures, opens: int | None = None
    ) -> Abroad | None:
        """How the product is used where it lends in another currency than the order's; else None."""
        lent = self.abroad.get(product.id)
        if lent is None:
            return None
        dealing = lent.dealing.moved(figures.exchange_up)
        ceiling = scaled(self.terms(product, figures, opens).ceiling, 1 / lent.dealing.buy)
        face = converted(self.case.face, 1 / lent.dealing.buy)
        terms = credit_terms(lent.product, ceiling, face)
        return Abroad(terms, dealing, figures.abroad.get(lent.product.currency, {}))

    def table(self, product: FinanceProduct) -> Timetable:
        found = self._tables.get(product.id)
        if found is None:
            lender = self.case.network.lender(product.lender)
            country = (lender.country if lender else "") or self.case.network.country
            found = self._tables[product.id] = self.case.index.timetables.country(country)
        return found

    def opens(self, product: FinanceProduct, chain: Chain) -> int:
        """The first day the facility can pay out: its event, its days after, a business day."""
        day = chain.events[EVENT_INDEX[product.available_from]] + product.available_days
        return self.table(product).next_working(day) if product.available_days else day
