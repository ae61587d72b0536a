"""International bank account numbers (ISO 13616): what has their shape is checked, other accounts pass."""

import re

_SHAPE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]*", re.ASCII)
_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 "
    "DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 "
    "IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 "
    "MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 "
    "SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
)
_LENGTH = {entry[:2]: int(entry[2:]) for entry in _LENGTHS.split()}


def plain_account(text: str) -> str:
    """The account without the blanks that group an IBAN; any other account as it is."""
    plain = re.sub(r"\s", "", text).upper()
    return plain if _SHAPE.fullmatch(plain) else text.strip()


def account_problem(text: str) -> str:
    """What is wrong with an account number of the shape of an IBAN; empty for a right one and for others."""
    plain = plain_account(text)
    if not _SHAPE.fullmatch(plain):
        return ""
    length = _LENGTH.get(plain[:2])
    if length is None:
        return f"has the shape of an IBAN, but {plain[:2]} has none"
    if len(plain) != length:
        return f"is an IBAN of {len(plain)} characters; {plain[:2]} has {length}"
    digits = "".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])
    return "" if int(digits) % 97 == 1 else "is an IBAN whose check digits are wrong"
