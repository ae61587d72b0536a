"""Names for the plain-text ledgers: one account name that beancount, hledger and ledger-cli all accept.

``lender:harbour`` and ``1310`` become ``Assets:Lender:Harbour:1310``. Two different accounts never
get one name: what the three tools do not allow is spelled ``X`` + hexadecimal code point + ``Z``, and
a capital X of the source is spelled that way too.
"""

import re
import string
from collections.abc import Mapping

_ROOTS = {"1": "Assets", "2": "Liabilities", "3": "Equity", "4": "Income", "5": "Expenses"}
_FIRST = frozenset(string.ascii_lowercase + string.digits) - {"x"}
_LATER = frozenset(string.ascii_letters + string.digits + "-") - {"X"}
_HARMLESS = str.maketrans(';|"\\', ",/'/")
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_LINK = re.compile(r"[A-Za-z0-9\-_/.]+")


def _spelled(character: str) -> str:
    return f"X{ord(character):X}Z"


def component(text: str) -> str:
    """One level of an account name; different texts give different components."""
    if not text:
        return "XZ"
    first = text[0].upper() if text[0] in _FIRST else _spelled(text[0])
    return first + "".join(letter if letter in _LATER else _spelled(letter) for letter in text[1:])


def account_name(entity: str, account: str, titles: Mapping[str, str]) -> str:
    """The full name; the first digit of the account's code says which of the five roots it hangs under.

    Codes outside 1 to 5 (memoranda such as orders received) hang under ``Equity:Memo``, so that they
    count in none of the four real totals. ``titles`` maps a code to its words, where known.
    """
    root = _ROOTS.get(account[:1], "Equity:Memo")
    title = _NO_WORD.sub("-", titles.get(account, "")).strip("-")
    code = component(account).replace("-", _spelled("-"))
    leaf = f"{code}-{title}" if title else code
    return ":".join((root, *(component(part) for part in entity.split(":")), leaf))


def one_line(text: str) -> str:
    """The text without line ends and other control characters, which would break a line-based file."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def payee(text: str) -> str:
    """The text as a description: no mark that a plain-text ledger reads as a comment or a separator."""
    return one_line(text).translate(_HARMLESS)


def is_link(text: str) -> bool:
    """Whether beancount can carry the text as a ``^link``."""
    return _LINK.fullmatch(text) is not None
