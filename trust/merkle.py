"""The Merkle tree of RFC 6962 section 2.1 over the ledger's records.

Beside each leaf the ledger keeps one node: the largest whole subtree that ends with that leaf. Record n
(counted from 1) ends whole subtrees of 1, 2, 4 ... up to ``n & -n`` leaves; the largest is stored, and every
other subtree of the tree is a few hashes away from stored ones. So appending costs two hashes on average, and
a root or a proof reads at most log2(n) squared nodes, however long the ledger is.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol


class StoredTree(Protocol):
    """Where leaves and nodes are read from; records count from 1."""

    def leaf(self, number: int) -> bytes: ...

    def node(self, number: int) -> bytes: ...


EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The whole subtrees at the right edge of a tree of ``size`` leaves, largest first."""

    __slots__ = ("peaks", "size")

    def __init__(self, size: int = 0, peaks: Sequence[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)

    @classmethod
    def at(cls, size: int, tree: StoredTree) -> "Frontier":
        return cls(size, [tree.node(end) for end in peak_ends(size)])

    def append(self, leaf: bytes) -> bytes:
        """Add a leaf; the node to store beside it."""
        node = self.node_for(leaf)
        self.accept(node)
        return node

    def node_for(self, leaf: bytes) -> bytes:
        """The node that ``leaf`` would get, leaving the frontier as it is."""
        node, count, place = leaf, self.size, -1
        while count & 1:
            node = node_hash(self.peaks[place], node)
            count, place = count >> 1, place - 1
        return node

    def accept(self, node: bytes) -> None:
        """Add the leaf whose node is ``node``."""
        self.size += 1
        merged = (self.size & -self.size).bit_length() - 1
        del self.peaks[len(self.peaks) - merged :]
        self.peaks.append(node)

    def root(self) -> bytes:
        return fold(self.peaks)

    def copy(self) -> "Frontier":
        return Frontier(self.size, self.peaks)


def fold(peaks: Sequence[bytes]) -> bytes:
    """The root over whole subtrees, largest first."""
    if not peaks:
        return EMPTY_ROOT
    root = peaks[-1]
    for peak in reversed(peaks[:-1]):
        root = node_hash(peak, root)
    return root


def peak_ends(size: int) -> list[int]:
    """The last leaf of each whole subtree at the right edge, largest subtree first."""
    ends = []
    while size:
        ends.append(size)
        size &= size - 1
    return ends[::-1]


def root_at(size: int, tree: StoredTree) -> bytes:
    return Frontier.at(size, tree).root()


def inclusion_proof(number: int, size: int, tree: StoredTree) -> list[bytes]:
    """RFC 6962 section 2.1.1: the path that proves record ``number`` (from 1) to be in a tree of ``size``."""
    if not 1 <= number <= size:
        raise ValueError(f"record {number} is not in a tree of {size}")
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _largest_power_below(end - start)
        if number <= middle:
            path.append(_range_hash(middle, end, tree))
            end = middle
        else:
            path.append(_range_hash(start, middle, tree))
            start = middle
    return path[::-1]


def inclusion_holds(number: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162 section 2.1.3.2, with ``number`` counted from 1."""
    if not 1 <= number <= size:
        return False
    index, last, node = number - 1, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def consistency_proof(old: int, new: int, tree: StoredTree) -> list[bytes]:
    """RFC 6962 section 2.1.2: proof that the tree of ``new`` leaves begins with that of ``old``."""
    if not 1 <= old <= new:
        raise ValueError(f"a tree of {new} cannot begin with one of {old}")
    path, start, end, whole = [], 0, new, True
    while old - start != end - start:
        middle = start + _largest_power_below(end - start)
        if old <= middle:
            path.append(_range_hash(middle, end, tree))
            end = middle
        else:
            path.append(_range_hash(start, middle, tree))
            start, whole = middle, False
    if not whole:
        path.append(_range_hash(start, end, tree))
    return path[::-1]


def _largest_power_below(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def _range_hash(start: int, end: int, tree: StoredTree) -> bytes:
    """The hash over leaves ``start`` (excluded) to ``end``, where ``start`` begins a subtree."""
    parts = []
    while (width := end - start) & (width - 1):
        middle = start + _largest_power_below(width)
        parts.append(_whole_subtree(start, middle, tree))
        start = middle
    parts.append(_whole_subtree(start, end, tree))
    return fold(parts)


def _whole_subtree(start: int, end: int, tree: StoredTree) -> bytes:
    width = end - start
    if width == end & -end:
        return tree.node(end)
    node, size = tree.leaf(end), 1
    while size < width:
        node = node_hash(tree.node(end - size), node)
        size *= 2
    return node
