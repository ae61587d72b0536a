"""A proposal of a clearing: what every firm signs, what each firm is shown, and what proves it.

Every line (a debt and what of it is set off) is a leaf of a Merkle tree, salted so that nobody guesses it
from its neighbour's proof. A firm gets its own lines with their paths. It sees that its own sums add up, and
of each line that it is set off as far as the prices of its two firms ask. When every firm has seen that of
its own lines, the whole is proven to be the greatest (``finance/clearing/certificate.py``), and nobody saw
another's.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import orjson

from domain.errors import UsageError
from finance.clearing.debt import encoded, holds, parts
from trust.canonical import canonical_bytes
from trust.merkle import Frontier, inclusion_holds, inclusion_proof, leaf_hash

SCHEMA = "net.clearing/1"
VIEW_SCHEMA = "net.clearing-view/1"
WHOLE_SCHEMA = "net.clearing-whole/1"
SIGNATURE_SCHEMA = "net.clearing-signature/1"
DECISION_SCHEMA = "net.clearing-decision/1"
DROP_SCHEMA = "net.clearing-drop/1"

DEBT, CONSENT, BORROWED, PAID_OUT, CREDIT = "debt", "consent", "borrowed", "paid_out", "credit"

CIRCLES, PATHS, WITH_CREDIT = "circles", "paths", "credit"
WORTH = {
    CIRCLES: {DEBT: 1},
    PATHS: {DEBT: 1, CONSENT: -1},
    WITH_CREDIT: {DEBT: 2, BORROWED: 0, PAID_OUT: 0, CREDIT: -1},
}
"""By mode, what a minor unit of each kind of line is worth: another worth would prove another thing."""

Header = Mapping[str, Any]


class ClearingLine(NamedTuple):
    """One line: of ``most`` minor units from giver to taker, ``amount`` goes round.

    For a debt the giver is the debtor; for a consent the giver is the creditor that takes the taker as its
    new debtor; a facility gives what is borrowed and takes what it pays out for others. Each minor unit is
    worth ``value``; the prices are those of the two firms.
    """

    kind: str
    name: str
    giver: str
    taker: str
    most: int
    amount: int
    value: int
    giver_price: int
    taker_price: int
    salt: str

    def row(self) -> list[Any]:
        """What is hashed; amounts as text, since they may be beyond what JSON keeps."""
        return [
            self.kind, self.name, self.giver, self.taker, str(self.most), str(self.amount), self.value,
            self.giver_price, self.taker_price, self.salt,
        ]  # fmt: skip

    @property
    def leaf(self) -> bytes:
        return leaf_hash(orjson.dumps(self.row()))  # canonical as it is: a list of ASCII text and numbers

    @property
    def fault(self) -> str:
        """Why the line cannot be part of a proven clearing; empty when it can."""
        margin = self.value + self.giver_price - self.taker_price
        if not 0 <= self.amount <= self.most:
            return f"{self.amount} of {self.most} is below zero or beyond the whole"
        if (margin > 0 and self.amount != self.most) or (margin < 0 and self.amount):
            return "more could be cleared, or less should be, by the prices of its firms"
        return ""


def read_line(row: Sequence[Any]) -> ClearingLine:
    """UsageError for what is no line."""
    try:
        kind, name, giver, taker, most, amount, value, first, second, salt = row
        line = ClearingLine(kind, name, giver, taker, int(most), int(amount), value, first, second, salt)
        numbers = (value, first, second)
        if line.row() != list(row) or not all(type(number) is int for number in numbers):
            raise ValueError
    except (ValueError, TypeError):
        raise UsageError("this is no line of a clearing", "give the file as it was written") from None
    return line


def salt_of(secret: bytes, name: str) -> str:
    """What keeps a line from being guessed: known only to those who are shown the line."""
    return hmac.digest(secret, name.encode(), "sha256").hex()[:32]


class LineTree:
    """The Merkle tree over the lines' leaves, in their order; as a ``StoredTree`` it gives proofs."""

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._leaves = list(leaves)
        frontier = Frontier()
        self._nodes = [frontier.append(leaf) for leaf in self._leaves]
        self.root = frontier.root()

    def leaf(self, number: int) -> bytes:
        return self._leaves[number - 1]

    def node(self, number: int) -> bytes:
        return self._nodes[number - 1]

    def path(self, number: int) -> list[str]:
        """The proof of the line with that number, from 1, as hexadecimal text."""
        return [node.hex() for node in inclusion_proof(number, len(self._leaves), self)]


def digest_of(header: Header) -> str:
    """What all sign: the SHA-256 of the header, which holds the root over every line."""
    return sha256(canonical_bytes(header)).hexdigest()


def signature_content(digest: str, firm: str) -> dict[str, str]:
    return {"schema": SIGNATURE_SCHEMA, "digest": digest, "firm": firm}


def drop_content(digest: str, coordinator: str) -> dict[str, str]:
    return {"schema": DROP_SCHEMA, "digest": digest, "firm": coordinator}


# what one firm is shown -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClearingView:
    """A proposal as one firm sees it: the header, its own lines, and its own debts that stay out."""

    header: Header
    firm: str
    lines: tuple[ClearingLine, ...]
    proofs: tuple[tuple[int, tuple[str, ...]], ...]
    excluded: tuple[Mapping[str, Any], ...]
    debts: tuple[Mapping[str, Any], ...]
    signature: bytes

    @property
    def digest(self) -> str:
        return digest_of(self.header)

    def document(self) -> dict[str, Any]:
        return {
            "schema": VIEW_SCHEMA,
            "content": dict(self.header),
            "signature": encoded(self.signature),
            "firm": self.firm,
            "lines": [
                {"line": line.row(), "number": number, "path": list(path)}
                for line, (number, path) in zip(self.lines, self.proofs, strict=True)
            ],
            "debts": list(self.debts),
            "excluded": list(self.excluded),
        }


def read_view(document: Mapping[str, Any]) -> ClearingView:
    """UsageError for what is no view of a proposal; nothing is checked here but the form."""
    header, signature = parts(document)
    try:
        if document["schema"] != VIEW_SCHEMA or header["schema"] != SCHEMA:
            raise ValueError
        rows = document["lines"]
        return ClearingView(
            header,
            str(document["firm"]),
            tuple(read_line(row["line"]) for row in rows),
            tuple((int(row["number"]), tuple(row["path"])) for row in rows),
            tuple(document["excluded"]),
            tuple(document["debts"]),
            signature,
        )
    except (KeyError, TypeError, ValueError):
        raise UsageError("this is no proposal of a clearing", "give the file as it was written") from None


def view_faults(view: ClearingView) -> list[str]:
    """Everything that one firm can find wrong with a proposal, in words; empty when it may sign."""
    header, found = view.header, []
    if not holds(str(header["coordinator"]), header, view.signature):
        found.append("its coordinator did not sign it")
    for line, (number, path) in zip(view.lines, view.proofs, strict=True):
        if line.fault:
            found.append(f"line {number}: {line.fault}")
        if WORTH.get(str(header["mode"]), {}).get(line.kind) != line.value:
            found.append(f"line {number} is of a kind or worth that this clearing does not have")
        if view.firm not in (line.giver, line.taker):
            found.append(f"line {number} is another firm's")
        if not _included(header, line, number, path):
            found.append(f"line {number} is not part of what is signed")
    numbers = [number for number, _ in view.proofs]
    if len(set(numbers)) != len(numbers):
        found.append("a line is shown twice")
    if balance_of(view.firm, view.lines):
        found.append("the firm would owe more or less on balance than before")
    if view.firm != header.get("lender") and len(_own_prices(view)) > 1:
        found.append("the firm has two prices, so nothing is proven")
    return found


def _included(header: Header, line: ClearingLine, number: int, path: Sequence[str]) -> bool:
    try:
        nodes, root = [bytes.fromhex(node) for node in path], bytes.fromhex(str(header["root"]))
    except ValueError:
        return False
    return inclusion_holds(number, int(header["lines"]), line.leaf, nodes, root)


def _own_prices(view: ClearingView) -> set[int]:
    return {line.giver_price for line in view.lines if line.giver == view.firm} | {
        line.taker_price for line in view.lines if line.taker == view.firm
    }


def balance_of(firm: str, lines: Iterable[ClearingLine]) -> int:
    """What goes out at the firm less what comes in, over lines of every kind; minor units, zero if whole."""
    return sum(
        (line.amount if line.giver == firm else 0) - (line.amount if line.taker == firm else 0)
        for line in lines
    )


# the decision ------------------------------------------------------------------------------------


def decision_faults(header: Header, signatures: Mapping[str, bytes]) -> list[str]:
    """Which firms have not signed; empty when the clearing is decided."""
    digest = digest_of(header)
    return [
        firm
        for firm in header["firms"]
        if firm not in signatures or not holds(firm, signature_content(digest, firm), signatures[firm])
    ]
