"""Units of measure as UN/ECE Recommendation 20 codes, which invoices must use."""

import re

_CODE = re.compile(r"[A-Z0-9]{2,3}")
_KNOWN = {
    "EA": "EA",
    "EACH": "EA",
    "PC": "H87",
    "PCS": "H87",
    "PIECE": "H87",
    "PIECES": "H87",
    "ST": "H87",
    "UNIT": "C62",
    "UNITS": "C62",
    "KG": "KGM",
    "G": "GRM",
    "T": "TNE",
    "M": "MTR",
    "M2": "MTK",
    "M3": "MTQ",
    "L": "LTR",
    "H": "HUR",
    "PK": "XPK",
    "PACK": "XPK",
    "BOX": "XBX",
    "BX": "XBX",
    "SET": "SET",
    "PAIR": "PR",
}
ONE = "C62"


def unit_code(unit: str) -> str:
    """The code for a unit; ``C62`` (one) for a word that has none."""
    word = unit.strip().upper()
    if word in _KNOWN:
        return _KNOWN[word]
    return word if _CODE.fullmatch(word) else ONE
