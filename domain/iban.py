"""Account numbers: an IBAN is checked by its country's length and by its check digits (ISO 13616, mod 97)."""

import re

_LENGTHS = (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 "
    "DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 "
    "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 "
    "MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 "
    "SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30 "
)
IBAN_LENGTHS = {word[:2]: int(word[2:]) for word in _LENGTHS.split()}
_SHAPE = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{0,30}", re.ASCII)
_NO_COUNTRY = re.compile(r"AA|Q[M-Z]|X[A-Z]|ZZ")
"""Codes that ISO 3166-1 never gives to a country; Kosovo uses XK by agreement."""


def account_written(account: str) -> str:
    """The account number without the blanks of a grouped IBAN; other numbers as they are."""
    packed = "".join(account.split()).upper()
    return packed if _SHAPE.fullmatch(packed) else account.strip()


def iban_fault(account: str) -> str:
    """What is wrong with a number that has the shape of an IBAN; empty when nothing, or when it is none.

    A number of a country without IBANs (CN, US) that begins with its letters is no IBAN.
    """
    number = account_written(account)
    if not _SHAPE.fullmatch(number):
        return ""
    length = IBAN_LENGTHS.get(number[:2])
    if length is None:
        stranger = _NO_COUNTRY.fullmatch(number[:2])
        return f"{number} is no IBAN: {number[:2]} is no country" if stranger else ""
    if len(number) != length:
        return f"{number} has {len(number)} characters, an IBAN of {number[:2]} has {length}"
    digits = "".join(str(int(letter, 36)) for letter in number[4:] + number[:4])
    return "" if int(digits) % 97 == 1 else f"{number} is no IBAN: its check digits do not fit"


def is_iban(account: str) -> bool:
    """Whether the number is a whole and right IBAN."""
    number = account_written(account)
    return bool(_SHAPE.fullmatch(number)) and number[:2] in IBAN_LENGTHS and not iban_fault(number)
