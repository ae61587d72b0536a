"""The codes that an electronic invoice may hold, by list.

UN/CEFACT (document types 1001, tax points 2475, payment means 4461, allowances 5189, tax categories 5305,
item classes 7143, charges 7161, objects 1153, units of Recommendations 20 and 21), ISO 3166-1, ISO 4217,
ISO 6523 (register schemes), the address schemes of Peppol and the European list of reasons for exemption,
each as EN 16931 admits it (2026-04).
"""

import json
from functools import cache
from importlib import resources


@cache
def codes(name: str) -> frozenset[str]:
    """Every code of the list; KeyError for a list that does not exist."""
    return frozenset(_lists()[name].split())


@cache
def _lists() -> dict[str, str]:
    text = resources.files(__package__).joinpath("codes.json").read_text("utf-8")
    lists: dict[str, str] = json.loads(text)
    return lists


COUNTRIES_MEANT = {"UK": "GB", "EL": "GR"}
"""Codes that people write for a country, with the code of ISO 3166-1."""


def country_code(country: str) -> str:
    """The code of ISO 3166-1; what is none comes back as it is."""
    return COUNTRIES_MEANT.get(country, country)
