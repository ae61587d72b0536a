"""Who stood in for a buyer or a provider that did not pay."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Cover:
    """What guarantors paid and have not had back, by (facility, guarantor), and what insurers paid."""

    guaranteed: dict[tuple[str, str], int] = field(default_factory=dict)
    indemnified: int = 0
