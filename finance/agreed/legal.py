"""Legal form, country and who may take part, of a pool, a voucher or a set-off: rules as data, with names.

``legal.toml`` ships some; a file of the same shape adds to them or, under the same id, replaces them. A rule
looks at one field of what is stated and is broken where that field is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import tomli

from domain.errors import NotFoundError, RefusedError, UsageError

SHIPPED = Path(__file__).with_name("legal.toml")
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class LegalForm:
    """What something is in law; ``kind`` is set-off, pool or voucher."""

    kind: str
    country: str
    name: str
    law: str


@dataclass(frozen=True, slots=True)
class LegalRule:
    """One rule: the field is one of these values, or at most this; ``unless`` names a field that lifts it."""

    id: str
    kinds: tuple[str, ...]
    countries: tuple[str, ...]
    field: str
    says: str
    one_of: tuple[Any, ...] | None = None
    at_most: int | None = None
    unless: str = ""

    def counts_for(self, kind: str, country: str) -> bool:
        return kind in self.kinds and (EVERYWHERE in self.countries or country in self.countries)

    def is_kept(self, stated: Mapping[str, Any]) -> bool:
        if self.unless and stated.get(self.unless) is True:
            return True
        value = stated.get(self.field)
        if self.one_of is not None and not any(value is one or value == one for one in self.one_of):
            return False
        return self.at_most is None or (isinstance(value, int) and value <= self.at_most)


@dataclass(frozen=True, slots=True)
class Law:
    """The forms and rules in force here."""

    forms: tuple[LegalForm, ...]
    rules: tuple[LegalRule, ...]

    def form(self, kind: str, country: str) -> LegalForm:
        """NotFoundError where no form is known: nothing is offered without one."""
        for one in self.forms:
            if (one.kind, one.country) == (kind, country):
                return one
        known = ", ".join(one.country for one in self.forms if one.kind == kind)
        raise NotFoundError(
            f"no legal form of a {kind} is known in {country}",
            f"known are {known}; a file given with --rules adds more",
        )

    def broken(self, kind: str, country: str, stated: Mapping[str, Any]) -> list[LegalRule]:
        """Every rule that what is stated breaks."""
        return [rule for rule in self.rules if rule.counts_for(kind, country) and not rule.is_kept(stated)]

    def require(self, kind: str, country: str, stated: Mapping[str, Any]) -> LegalForm:
        """The form; RefusedError names every rule that is broken, by its id."""
        form = self.form(kind, country)
        broken = self.broken(kind, country, stated)
        if broken:
            told = "; ".join(f"{rule.says} (rule {rule.id})" for rule in broken)
            raise RefusedError(told, f"in {country} a {kind} is a {form.name}: {form.law}")
        return form


@cache
def shipped_law() -> Law:
    return read_law(SHIPPED)


def law_with(path: Path | None) -> Law:
    """The shipped law with a file's forms and rules added; the file's count where both have one."""
    if path is None:
        return shipped_law()
    shipped, given = shipped_law(), read_law(path)
    ids = {rule.id for rule in given.rules}
    return Law(
        (*given.forms, *shipped.forms),
        (*given.rules, *(rule for rule in shipped.rules if rule.id not in ids)),
    )


def read_law(path: Path) -> Law:
    """NotFoundError without the file, UsageError where it is none of this shape."""
    try:
        data = tomli.loads(path.read_text(encoding="utf-8"))
        forms = tuple(LegalForm(**one) for one in data.get("form", ()))
        return Law(forms, tuple(_rule(one) for one in data.get("rule", ())))
    except FileNotFoundError:
        raise NotFoundError(f"there is no file {path}", "name the file of your rules") from None
    except (tomli.TOMLDecodeError, UnicodeDecodeError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: {error}", f"write it as {SHIPPED.name}") from None


def _rule(one: Mapping[str, Any]) -> LegalRule:
    lists = {name: tuple(one[name]) for name in ("kinds", "countries", "one_of") if name in one}
    rule = LegalRule(**{**one, **lists})
    if rule.one_of is None and rule.at_most is None:
        raise ValueError(f"rule {rule.id} has neither one_of nor at_most")
    return rule
