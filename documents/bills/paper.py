"""An invoice read into the terms of EN 16931 (``BT-31``, ``BG-25``), whatever syntax it is written in.

A syntax is a table: one line a term, indented below its group, with the path of its element. ``A | B`` are
alternatives, ``A[B/C=x]`` and ``A[B!=x]`` choose among siblings, ``A[@scheme=x]`` by an attribute; ``x,y``
is either.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from documents.files.xml_tree import XmlElement

_STEP = re.compile(r"([^/\[\]|]+)(?:\[([^=!\]]+)(?:(!?=)([^\]]*))?\])?")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)


class Term(str):
    """The text of a term, stripped, with the attributes of its element and the line on which it stands."""

    attributes: dict[str, str]
    line: int
    __slots__ = ("attributes", "line")

    def __new__(cls, node: XmlElement) -> "Term":
        made = super().__new__(cls, node.text.strip())
        made.attributes = node.attributes
        made.line = node.line
        return made

    @property
    def scheme(self) -> str:
        return self.attributes.get("schemeID", "").strip()


@dataclass(slots=True)
class Group:
    """The terms and groups that stand together, such as one line of an invoice."""

    name: str
    node: XmlElement
    terms: dict[str, list[Term]] = field(default_factory=dict)
    groups: "dict[str, list[Group]]" = field(default_factory=dict)

    def text(self, *path: str) -> str:
        """The first of a term, below the groups named before it; empty when it is not there."""
        return str(next(self.all(*path), ""))

    def all(self, *path: str) -> Iterator[Term]:
        """Every term of the name; all but the last name are groups on the way."""
        *groups, name = path
        for group in self.each(*groups):
            yield from group.terms.get(name, ())

    def each(self, *path: str) -> "Iterator[Group]":
        if not path:
            yield self
            return
        for group in self.groups.get(path[0], ()):
            yield from group.each(*path[1:])

    def first(self, *path: str) -> "Group | None":
        return next(self.each(*path), None)

    def has(self, path: str) -> bool:
        """Whether there is a term that says something, or a group, at ``BG-4/BT-27``."""
        names = path.split("/")
        if names[-1].startswith("BG"):
            return self.first(*names) is not None
        return any(self.all(*names))

    def number(self, *path: str) -> Decimal | None:
        """The term as a number; None when it is missing or none."""
        return number_of(self.text(*path))

    def amount(self, *path: str) -> Decimal:
        """The term as a number, zero when it is missing."""
        return self.number(*path) or Decimal(0)


@dataclass(slots=True)
class Paper:
    """A whole document: its syntax (``ubl`` or ``cii``), its kind, and its terms."""

    syntax: str
    root: XmlElement
    top: Group

    @property
    def is_credit_note(self) -> bool:
        return self.root.name == "CreditNote" or self.top.text("BT-3") in ("381", "261", "262", "396", "532")


def number_of(text: str) -> Decimal | None:
    """A plain decimal number; None for anything else."""
    try:
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    except InvalidOperation:
        return None


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    filter: tuple[str, ...] = ()
    wanted: str | None = None
    negated: bool = False

    def found(self, node: XmlElement) -> Iterator[XmlElement]:
        for child in node.children:
            if child.name == self.name and (not self.filter or self.fits(child)):
                yield child

    def fits(self, node: XmlElement) -> bool:
        values = list(_values(node, self.filter))
        if self.wanted is None:
            return bool(values)
        wanted = self.wanted.upper().split(",")
        return any(value.upper() in wanted for value in values) is not self.negated


def _values(node: XmlElement, path: tuple[str, ...]) -> Iterator[str]:
    if path[-1].startswith("@"):
        for found in node.each(*path[:-1]):
            if path[-1][1:] in found.attributes:
                yield found.attributes[path[-1][1:]].strip()
    else:
        yield from (found.text.strip() for found in node.each(*path))


@dataclass(slots=True)
class Spec:
    """Where a term or a group stands, and what is inside it."""

    name: str
    paths: tuple[tuple[_Step, ...], ...]
    inside: "list[Spec]" = field(default_factory=list)


def specs(table: str) -> list[Spec]:
    """The table of a syntax as data."""
    top = Spec("", ())
    stack = [(-1, top)]
    for row in filter(str.strip, table.splitlines()):
        depth = len(row) - len(row.lstrip())
        name, _, paths = row.strip().partition(" ")
        made = Spec(name, tuple(_path(path) for path in _alternatives(paths)))
        while stack[-1][0] >= depth:
            stack.pop()
        stack[-1][1].inside.append(made)
        stack.append((depth, made))
    return top.inside


def _alternatives(paths: str) -> list[str]:
    return [path.strip() for path in paths.split(" | ")]


def _path(text: str) -> tuple[_Step, ...]:
    steps = []
    for name, where, sign, wanted in _STEP.findall(text):
        filtered = tuple(where.split("/")) if where else ()
        steps.append(_Step(name, filtered, wanted if sign else None, sign == "!="))
    return tuple(steps)


def group_of(name: str, node: XmlElement, table: list[Spec]) -> Group:
    """What the table finds below the element."""
    made = Group(name, node)
    for spec in table:
        for path in spec.paths:
            for found in _at(node, path):
                if spec.name.startswith("BG"):
                    made.groups.setdefault(spec.name, []).append(group_of(spec.name, found, spec.inside))
                else:
                    made.terms.setdefault(spec.name, []).append(Term(found))
    return made


def _at(node: XmlElement, path: tuple[_Step, ...]) -> Iterator[XmlElement]:
    if not path:
        yield node
        return
    for found in path[0].found(node):
        yield from _at(found, path[1:])
