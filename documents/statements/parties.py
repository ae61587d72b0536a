"""Whose name stands on a bank entry: firms compared by the words of their names, found by index."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

_FORMS = (
    "ltd limited inc incorporated llc plc co company corp corporation gmbh mbh ag kg ohg sa sas sarl srl spa"
)
_FORMS += " bv nv ab as oy aps pty pte kk sl sro zoo the and und"
_LEGAL_FORMS = frozenset(_FORMS.split())
_CHINESE_FORMS = re.compile("(股份|责任)?有限(责任)?公司$|集团$|公司$")
_GENERIC_WORDS = (
    "bank commercial trading trade trader traders store stores shop shops home homes house group holding"
    " holdings international global general services service industries industrial industry enterprise"
    " enterprises products goods market markets retail wholesale logistics transport shipping freight express"
    " works factory network systems solutions supplies supply imports exports import export of de la le du"
    " des for et e y handel handels bau haus international city national first new east west north south"
    " central insurance office tax finance capital partners partner brothers sons"
)
_GENERIC = frozenset(_GENERIC_WORDS.split())
"""Words that many firms share: they say what a firm does, not which one it is."""


def folded(text: str) -> str:
    """Letters and digits only, in capitals, whatever the width, so that ``po 2026/17`` is ``PO-2026-17``."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).upper()


def words_of(name: str) -> frozenset[str]:
    """The words of a firm's name without its legal form."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = (_CHINESE_FORMS.sub("", word) for word in re.findall(r"\w+", letters.replace(".", "")))
    return frozenset(word for word in words if word) - _LEGAL_FORMS


def same_party(one: str, other: str) -> bool:
    """Whether two names are of one firm: the same words, or those of the shorter all stand in the longer.

    One shared word is a party only where it is the whole of both names, and words that many firms have
    (bank, trading, homes) say nothing by themselves.
    """
    return _same(words_of(one), words_of(other))


def _same(one: frozenset[str], other: frozenset[str]) -> bool:
    if not one or not other:
        return False
    if one == other:
        return True
    shared = one & other
    return len(shared) > 1 and shared in (one, other) and bool(shared - _GENERIC)


def akin(one: str, other: str) -> bool:
    """Whether two names share a word that is not generic: too little for a party, but no contradiction."""
    return bool((words_of(one) & words_of(other)) - _GENERIC)


class Parties:
    """Firms by number; ``alike`` finds those of a name without comparing it with each of them."""

    def __init__(self, names: Iterable[str]) -> None:
        self.numbers: dict[frozenset[str], int] = {}
        self.number_of_name: dict[str, int | None] = {}
        for name in names:
            if name not in self.number_of_name:
                words = words_of(name)
                self.number_of_name[name] = (
                    self.numbers.setdefault(words, len(self.numbers)) if words else None
                )
        self.all = list(self.numbers)
        counts = Counter(word for words in self.all for word in words)
        self.having: dict[str, list[int]] = {}
        self.led_by: dict[str, list[int]] = {}
        for number, words in enumerate(self.all):
            for word in words:
                self.having.setdefault(word, []).append(number)
            rarest = min(words, key=lambda word: (counts[word], word))
            self.led_by.setdefault(rarest, []).append(number)
        self.known: dict[str, frozenset[int]] = {}

    def alike(self, name: str) -> frozenset[int]:
        """Numbers of the firms that this name is of; answers are kept, since payers come again."""
        found = self.known.get(name)
        if found is None:
            words = words_of(name)
            found = frozenset(number for number in self._near(words) if _same(self.all[number], words))
            self.known[name] = found
        return found

    def _near(self, words: frozenset[str]) -> Iterator[int]:
        """Firms with all these words, and firms whose rarest word is among them."""
        if words in self.numbers:
            yield self.numbers[words]
        rare = sorted((len(self.having.get(word, ())), word) for word in words)
        if len(words) > 1 and rare[0][0]:
            yield from self.having[rare[0][1]]
        for word in words:
            yield from self.led_by.get(word, ())
