"""Clearing beyond circles: assignments with written consent, and the least credit that clears the rest.

A consent lets a firm owe a new debtor's creditor: A owes B and B owes C becomes A owes C. Credit from a
facility lets a firm pay before it is paid. Both are further arcs of the same problem, proven the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from finance.clearing.circulation import Circulation, Integers, circulation
from finance.clearing.set_off import proven


@dataclass(frozen=True, slots=True)
class Consent:
    """The creditor takes the debtor as its new one for up to ``most`` minor units, and the debtor agrees."""

    debtor: int
    creditor: int
    most: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """What of each debt ends, and what is owed anew under each consent; minor units.

    ``prices`` prove, over ``problem``, that no other use of the consents leaves less owed in all.
    """

    problem: Circulation
    flow: Integers
    owed_anew: Integers
    prices: Integers

    @property
    def cleared(self) -> int:
        """By how much less is owed in all."""
        return int(self.flow.sum() - self.owed_anew.sum())


def with_consents(
    debts: Circulation, consents: Sequence[Consent], before: Integers | None = None, solver: str = ""
) -> Assigned:
    """The set-off and assignments after which the least is owed; without consents, the plain set-off."""
    debtor, creditor, most = ([getattr(one, name) for one in consents] for name in Consent.__slots__)
    problem = circulation(
        debts.firms,
        np.append(debts.tail, np.array(creditor, dtype=np.int64)),
        np.append(debts.head, np.array(debtor, dtype=np.int64)),
        np.append(debts.capacity, np.array(most, dtype=np.int64)),
        np.append(np.ones_like(debts.value), -np.ones(len(consents), dtype=np.int64)),
    )
    flow, prices = proven(problem, _padded(before, len(consents)), solver)
    count = len(debts.tail)
    return Assigned(problem, flow[:count], flow[count:], prices)


@dataclass(frozen=True, slots=True)
class Credited:
    """What of each debt is paid or set off, what each firm borrows for it, and what each is paid in cash.

    ``credit`` is the sum of what is borrowed, the least with which so much can be cleared.
    """

    problem: Circulation
    flow: Integers
    borrowed: Integers
    paid_out: Integers
    prices: Integers

    @property
    def credit(self) -> int:
        return int(self.borrowed.sum())


def with_credit(
    debts: Circulation, most_of_firm: Integers, most: int, before: Integers | None = None, solver: str = ""
) -> Credited:
    """The most that can be cleared when a facility lends up to ``most`` in all and ``most_of_firm`` to each
    firm, and among those ways the one with the least credit.

    A debt cleared is worth two and credit costs one: a unit of credit passes the facility once and clears one
    debt at least, so nothing is cleared less for the sake of credit, and none is drawn for nothing.
    """
    firms, count = debts.firms, len(debts.tail)
    everyone = np.arange(firms, dtype=np.int64)
    takes, gives = np.full(firms, firms), np.full(firms, firms + 1)
    owed = np.zeros(firms, dtype=np.int64)
    np.add.at(owed, debts.head, debts.capacity)
    tail = np.concatenate([debts.tail, gives, everyone, [firms]])
    head = np.concatenate([debts.head, everyone, takes, [firms + 1]])
    capacity = np.concatenate([debts.capacity, most_of_firm, owed, [most]])
    value = np.concatenate([np.full(count, 2), np.zeros(2 * firms, dtype=np.int64), [-1]])
    problem = circulation(firms + 2, tail, head, capacity, value)
    flow, prices = proven(problem, _padded(before, 2 * firms + 1), solver)
    borrowed, paid_out = flow[count : count + firms], flow[count + firms : count + 2 * firms]
    return Credited(problem, flow[:count], borrowed, paid_out, prices)


def _padded(before: Integers | None, more: int) -> Integers | None:
    return None if before is None else np.append(before, np.zeros(more, dtype=np.int64))
