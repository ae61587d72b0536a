"""Which orders an entry names: a reference that is the number, or the number as words of their own in a text.

Names are looked up, not searched for, so an entry costs the same whatever is open. A separator followed by
more of a number is no end of a word: ``1001`` stands neither in ``2025-1001-B`` nor in ``1001/77``.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import IntEnum

from documents.statements.parties import folded
from documents.statements.statement import StatementEntry

SHORTEST_IN_TEXT = 4
_STRONG = 6
_WORD = re.compile(r"[^\W_]+")
_DASHES = "-_\u2010\u2011\u2012\u2013\u2014\u2212"
_ANY_YEAR = re.compile(r"(19|20)\d\d")
_LOOSE_SUFFIX = 2
"""After a slash, so few letters or digits belong to the number before it (PO-77/B)."""


class Named(IntEnum):
    """How an entry names an order, the weaker first."""

    IN_TEXT = 1
    WHOLE = 2


class Names:
    """Every name of what is open, by its letters and digits."""

    def __init__(self, names: Iterable[tuple[str, int]]) -> None:
        """``names`` come with the place of the item that they belong to."""
        self.places: dict[str, list[int]] = {}
        self.words: dict[str, int] = {}
        self.shapes: set[str] = set()
        for name, place in names:
            wanted = folded(name)
            if not wanted:
                continue
            self.places.setdefault(wanted, []).append(place)
            self.words[wanted] = max(self.words.get(wanted, 0), len(_WORD.findall(_plain(name))))
            if is_strong(wanted):
                self.shapes.add(_shape(wanted))
        self.longest = max(map(len, self.places), default=0)

    def named(self, entry: StatementEntry) -> tuple[dict[str, Named], bool]:
        """The names that the entry gives, and whether it also gives one of our kind that is not open."""
        found: dict[str, Named] = {}
        foreign = False
        counters = {folded(one) for one in entry.counters}
        for text, whole in _texts(entry):
            wanted = folded(text)
            if whole and wanted in self.places and (is_strong(wanted) or wanted not in counters):
                found[wanted] = Named.WHOLE
                continue
            if whole and wanted in counters and not is_strong(wanted):
                continue
            for name, known in self._in_text(_plain(text)):
                foreign = foreign or not known
                if known:
                    found.setdefault(name, Named.IN_TEXT)
        inside = {name for name in found if any(name != other and name in other for other in found)}
        return {name: how for name, how in found.items() if name not in inside}, foreign

    def _in_text(self, text: str) -> Iterator[tuple[str, bool]]:
        """Names standing as words of their own, True; what has their shape and is not open, False."""
        words = list(_WORD.finditer(text))
        for first, word in enumerate(words):
            if not _begins(text, word.start()):
                continue
            name = ""
            for last in range(first, len(words)):
                name += words[last].group()
                if len(name) > self.longest:
                    break
                if len(name) < SHORTEST_IN_TEXT or not _ends(text, words[last].end()):
                    continue
                if name in self.places:
                    if is_strong(name) or last - first < self.words[name]:
                        yield name, True
                elif is_strong(name) and _shape(name) in self.shapes:
                    yield name, False


def _texts(entry: StatementEntry) -> Iterator[tuple[str, bool]]:
    for reference in (*entry.references, *entry.other_references):
        yield reference, True
    if entry.text:
        yield entry.text, True


def is_strong(name: str) -> bool:
    """Whether a name is long enough, with a letter and a digit, that a text does not hold it by chance."""
    return len(name) >= _STRONG and not name.isdigit() and not name.isalpha()


def is_year(name: str) -> bool:
    """A number that any text may hold as a year."""
    return _ANY_YEAR.fullmatch(name) is not None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).upper()


def _shape(name: str) -> str:
    """The name with every digit alike: ``PO-2026-0017`` and ``PO-2026-0099`` have one shape."""
    return re.sub(r"\d", "9", name)


def _begins(text: str, start: int) -> bool:
    """Whether a word begins here that is not the rest of a longer number."""
    if start < 2 or not text[start - 2].isalnum():
        return True
    mark, before = text[start - 1], text[start - 2]
    if mark in _DASHES:
        return _after_word(text, start)
    return not (mark in "/.,'#:" and before.isdigit() and text[start].isdigit())


def _after_word(text: str, start: int) -> bool:
    """A dash joins a name to a word (Invoice-PO-17), or to the rest of a number (A-PO-17, 2025-1001)."""
    before = text[: start - 1]
    word = re.search(r"[^\W_]*$", before)
    assert word is not None
    return word.group().isalpha() and len(word.group()) > _STRONG and text[start].isalpha()


def _ends(text: str, end: int) -> bool:
    """Whether a word ends here and no separator leads on to more of its number."""
    mark, after = text[end : end + 1], text[end + 1 : end + 2]
    if not after.isalnum():
        return True
    if mark in _DASHES:
        return False
    if mark in "/.,'#" and after.isdigit():
        return False
    if mark == "/":
        rest = _WORD.match(text, end + 1)
        return rest is None or len(rest.group()) > _LOOSE_SUFFIX
    return True
