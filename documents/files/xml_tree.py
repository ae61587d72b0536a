"""XML from strangers as a plain tree: no document types, no entities, bounded in every direction.

The standard library's expat does the parsing. A document type declaration ends the reading at once, which
is before any entity could be declared; depth, elements and text are counted as they come.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.parsers import expat

from documents.files.findings import refuse
from documents.files.opening import DOCUMENT_BYTES, opened, too_large
from domain.errors import UsageError

DEPTH = 100
ELEMENTS = 300_000
TEXT = 100_000
"""Text of an element beyond this is dropped: only attachments are that long, and nothing here reads them."""
_CHUNK = 2**16
_NO_PARTS: "Mapping[str, Callable[[XmlElement, XmlElement], None]]" = {}


@dataclass(slots=True)
class XmlElement:
    """An element: local ``name``, the namespace it is in, its text, attributes and children."""

    name: str
    namespace: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: "list[XmlElement]" = field(default_factory=list)

    def each(self, *path: str) -> "Iterator[XmlElement]":
        """Every element at the path below this one."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.each(*path[1:])

    def first(self, *path: str) -> "XmlElement | None":
        return next(self.each(*path), None)

    def words(self, *path: str) -> str:
        """The text of the first element at the path, stripped; empty when there is none."""
        found = self.first(*path)
        return found.text.strip() if found else ""


class _Builder:
    def __init__(
        self,
        file: str,
        namespaces: frozenset[str],
        apart: "Mapping[str, Callable[[XmlElement, XmlElement], None]]" = _NO_PARTS,
    ) -> None:
        self.file = file
        self.apart = apart
        self.before: list[int] = []
        self.namespaces = namespaces
        self.root: XmlElement | None = None
        self.stack: list[XmlElement] = []
        self.elements = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.CharacterDataHandler = self.characters
        self.parser.StartDoctypeDeclHandler = self.doctype

    def refused(self, problem: str, remedy: str) -> UsageError:
        return refuse(self.file, self.parser.CurrentLineNumber, "file", problem, remedy)

    def doctype(self, *_details: object) -> None:
        problem = "declares a document type, which can hold entities"
        raise self.refused(problem, "remove the DOCTYPE; an honest document needs none")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        self.elements += 1
        if self.elements > ELEMENTS:
            raise self.refused(f"has more than {ELEMENTS:,} elements", "send it in parts")
        if len(self.stack) >= DEPTH:
            raise self.refused(f"is nested deeper than {DEPTH} levels", "send a flat document")
        known = not self.namespaces or namespace in self.namespaces
        node = XmlElement(local if known else name, namespace, self.parser.CurrentLineNumber, attributes)
        if self.stack:
            self.stack[-1].children.append(node)
        elif self.root is None:
            node.name = local
            self.root = node
        self.stack.append(node)
        if self.apart:
            self.before.append(self.elements)

    def end(self, _name: str) -> None:
        node = self.stack.pop()
        if not self.apart:
            return
        before = self.before.pop()
        if node.name in self.apart and self.stack:
            parent = self.stack[-1]
            self.apart[node.name](node, parent)
            parent.children.pop()
            self.elements = before - 1

    def characters(self, text: str) -> None:
        node = self.stack[-1]
        if len(node.text) < TEXT:
            node.text += text


def parse(
    path: Path,
    namespaces: frozenset[str] = frozenset(),
    *,
    apart: "Mapping[str, Callable[[XmlElement, XmlElement], None]]" = _NO_PARTS,
    limit: int = DOCUMENT_BYTES,
) -> XmlElement:
    """The root of the document; elements outside ``namespaces``, if any are given, match no name.

    Elements named in ``apart`` are given away, each with its parent, as soon as they end, and are not kept.
    """
    builder = _Builder(str(path), namespaces, apart)
    read = 0
    with opened(path) as file:
        if path.is_file() and path.stat().st_size > limit:
            raise too_large(path, path.stat().st_size, limit)
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            if read > limit:
                raise too_large(path, read, limit)
            _feed(builder, chunk, final=False)
    if not read:
        raise refuse(str(path), 0, "file", "is empty", "send the document itself")
    return _finished(builder)


def parse_content(content: bytes, name: str) -> XmlElement:
    """The root of a document in memory; ``name`` stands for the file in what is told."""
    builder = _Builder(name, frozenset())
    _feed(builder, content, final=False)
    return _finished(builder)


def _finished(builder: _Builder) -> XmlElement:
    _feed(builder, b"", final=True)
    if builder.root is None:
        raise refuse(builder.file, 0, "file", "has no element", "send the document itself")
    return builder.root


def _feed(builder: _Builder, chunk: bytes, *, final: bool) -> None:
    try:
        builder.parser.Parse(chunk, final)
    except expat.ExpatError as error:
        problem = f"is not well-formed XML: {expat.ErrorString(error.code)}"
        raise refuse(builder.file, error.lineno, "file", problem, "ask the sender for the document") from None
    except (LookupError, ValueError) as error:
        problem = f"cannot be read: {error}"
        raise refuse(builder.file, 1, "file", problem, "send it as UTF-8") from None
