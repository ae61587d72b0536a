"""Whether a set-off is one, and the greatest: checked from the debts, the flow and the prices alone.

Nothing here knows how the flow was found. Three things are looked at: no debt is set off beyond itself; at
every firm as much goes in as out; and the worth of all equals the bound that the prices prove, which no
circulation can pass (``finance/clearing/certificate.py`` says why). Sums are exact at any size.
"""

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]


def worth(value: Whole, flow: Whole) -> int:
    """The sum of value times flow, exact: flows of one value are added up first."""
    return sum(int(one) * int(flow[value == one].sum()) for one in np.unique(value).tolist())


def bound(tail: Whole, head: Whole, capacity: Whole, value: Whole, prices: Whole) -> int:
    """What no circulation within the capacities can be worth more than, by these prices."""
    margin = np.maximum(value + prices[tail] - prices[head], 0)
    sums: dict[int, int] = {}
    order = np.argsort(margin, kind="stable")
    kinds, first = np.unique(margin[order], return_index=True)
    for one, total in zip(
        kinds.tolist(), np.add.reduceat(capacity[order], first).tolist() if len(first) else [], strict=True
    ):
        sums[one] = total
    return sum(one * total for one, total in sums.items())


def faults(
    firms: int, tail: Whole, head: Whole, capacity: Whole, value: Whole, flow: Whole, prices: Whole
) -> list[str]:
    """Everything that is wrong with a set-off and its prices, in words; empty when it is proven."""
    found = []
    if not len(flow) == len(tail) == len(head) == len(capacity) == len(value) or len(prices) != firms:
        return ["the set-off and the debts are not of one length"]
    beyond = np.flatnonzero((flow < 0) | (flow > capacity))
    if len(beyond):
        found.append(f"{len(beyond)} debts are set off below zero or beyond their amount")
    moved = np.zeros(firms, dtype=np.int64)
    np.add.at(moved, tail, flow)
    np.subtract.at(moved, head, flow)
    changed = np.flatnonzero(moved)
    if len(changed):
        found.append(f"{len(changed)} firms would owe more or less on balance than before")
    reached, most = worth(value, flow), bound(tail, head, capacity, value, prices)
    if reached != most:
        found.append(f"{reached} is set off, the prices allow {most}: not proven to be the greatest")
    return found
