"""The tree of RFC 6962, checked against its own recursive definition."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.parts.verifier import consistency_holds
from trust.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_holds,
    inclusion_proof,
    leaf_hash,
    root_at,
)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word, over leaf hashes."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


class Kept:
    def __init__(self, count: int) -> None:
        self.frontier = Frontier()
        self.leaves = [leaf_hash(b"%d" % number) for number in range(count)]
        self.nodes = [self.frontier.append(leaf) for leaf in self.leaves]

    def leaf(self, number: int) -> bytes:
        return self.leaves[number - 1]

    def node(self, number: int) -> bytes:
        return self.nodes[number - 1]


KEPT = Kept(300)


def test_root_follows_the_definition_at_every_size() -> None:
    assert Frontier().root() == EMPTY_ROOT
    for size in range(1, 301):
        assert root_at(size, KEPT) == mth(KEPT.leaves[:size])


def test_root_of_known_answers() -> None:
    """The reference tree of certificate transparency: leaves '', 00, 10, 2021, 3031, ..."""
    inputs = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    frontier = Frontier()
    for text in inputs:
        frontier.append(leaf_hash(bytes.fromhex(text)))
    assert frontier.root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.integers(1, 300), st.integers(1, 300))
def test_inclusion_proof_holds_and_for_no_other_leaf(first: int, second: int) -> None:
    number, size = min(first, second), max(first, second)
    path, root = inclusion_proof(number, size, KEPT), root_at(size, KEPT)
    assert inclusion_holds(number, size, KEPT.leaf(number), path, root)
    assert not inclusion_holds(number, size, leaf_hash(b"other"), path, root)
    if size > 1:
        assert not inclusion_holds(number % size + 1, size, KEPT.leaf(number), path, root)


@given(st.integers(1, 300), st.integers(1, 300))
def test_consistency_proof_holds_and_for_no_other_root(first: int, second: int) -> None:
    old, new = min(first, second), max(first, second)
    path = consistency_proof(old, new, KEPT)
    old_root, new_root = root_at(old, KEPT), root_at(new, KEPT)
    assert consistency_holds(old, new, old_root, new_root, path)
    assert not consistency_holds(old, new, leaf_hash(b"other"), new_root, path)
    assert not consistency_holds(old, new, old_root, leaf_hash(b"other"), path)


@pytest.mark.parametrize(("number", "size"), [(0, 5), (6, 5)])
def test_inclusion_proof_refuses_what_is_not_in_the_tree(number: int, size: int) -> None:
    with pytest.raises(ValueError, match="not in a tree"):
        inclusion_proof(number, size, KEPT)
