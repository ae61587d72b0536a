"""Which resources can bind at all."""

import numpy as np

from routing.shared.allocation import Allocation


def scarce_resources(problem: Allocation) -> list[bool]:
    """True where the orders could together ask for more than the capacity.

    The most that an order can ask of a resource is its largest candidate there.
    """
    count = len(problem.resources)
    if not len(problem.use_amount):
        return [False] * count
    lengths = np.diff(problem.use_first)
    order = np.repeat(problem.owner, lengths)
    by = np.lexsort((problem.use_amount, problem.use_resource, order))
    resource, owner, amount = problem.use_resource[by], order[by], problem.use_amount[by]
    last = np.ones(len(by), dtype=np.bool_)
    last[:-1] = (resource[1:] != resource[:-1]) | (owner[1:] != owner[:-1])
    most = np.zeros(count, dtype=np.int64)
    np.add.at(most, resource[last], amount[last])
    return [bool(value) for value in most > problem.capacity]
