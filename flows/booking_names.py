"""How the contract names what each leg of a plan books."""

from domain.plan import Plan


def booking_names(plan: Plan) -> list[str]:
    """One name per leg: the provider's id, numbered where it has several."""
    names: list[str] = []
    for leg in plan.legs:
        same = sum(1 for name in names if name.split("#")[0] == leg.provider)
        names.append(f"{leg.provider}#{same + 1}" if same else leg.provider)
    return names
