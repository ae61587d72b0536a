"""What may stand in a text that is signed or handed to other programs: one grammar, asked everywhere.

A checkpoint is lines, a note key ``name+id+base64``, an export lines with separators: a name with a line
break in it could say what nobody signed. The same rules stand in the guards of both schemas.
"""

import re

from domain.errors import UsageError

LONGEST_ORIGIN = 64
_ORIGIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
LOOSE = "\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
"""Control characters, line and paragraph breaks, and what turns the direction of the text around it."""
_LOOSE = re.compile(f"[{LOOSE}]")
_CURRENCY = re.compile(r"[A-Z]{3}")


def is_origin(text: object) -> bool:
    """Whether it can name a ledger: a to z, 0 to 9, dots and hyphens inside, at most 64."""
    return (
        isinstance(text, str)
        and len(text) <= LONGEST_ORIGIN
        and ".." not in text
        and _ORIGIN.fullmatch(text) is not None
    )


def require_origin(text: str) -> str:
    """``text`` itself; ``UsageError`` when no ledger can be called so."""
    if not is_origin(text):
        raise UsageError(
            f"{text!r} cannot be the id of a ledger",
            f"use small letters a to z, digits, dots and hyphens inside, at most {LONGEST_ORIGIN} of them",
        )
    return text


def is_name(text: object) -> bool:
    """Whether it can name somebody or an account, in the letters of any script."""
    return isinstance(text, str) and text != "" and _LOOSE.search(text) is None


def is_key_name(text: object) -> bool:
    """Whether it can name whoever holds a key: a name without ``+``, which parts a note key."""
    return is_name(text) and "+" not in str(text) and str(text).strip() == text


def require_key_name(text: str) -> str:
    """``text`` itself; ``UsageError`` when no key can be called so."""
    if not is_key_name(text):
        raise UsageError(
            f"{text!r} cannot be the name of a key",
            "use letters of any script, without +, line breaks, control characters, or space at its ends",
        )
    return text


def is_currency_code(text: object) -> bool:
    """Whether it has the form of a code of ISO 4217."""
    return isinstance(text, str) and _CURRENCY.fullmatch(text) is not None
