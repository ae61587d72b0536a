"""Which adapters are installed: everything that any distribution names under ``net.providers``.

The built-in adapters use the same hook as outside ones. A checkout that is not installed has no
metadata, so there the hook is read from its own pyproject.toml.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

import tomli

from domain.errors import NotFoundError, UsageError
from providers.protocol import REQUIRED_VERBS, Adapter, Services

DISTRIBUTION = "net-trade"
GROUP = "net.providers"


def _of_checkout() -> dict[str, EntryPoint]:
    project = Path(__file__).resolve().parent.parent / "pyproject.toml"
    if not project.is_file():
        return {}
    tables = tomli.loads(project.read_text(encoding="utf-8")).get("project", {}).get("entry-points", {})
    return {name: EntryPoint(name, value, GROUP) for name, value in tables.get(GROUP, {}).items()}


@cache
def installed_adapters() -> Mapping[str, EntryPoint]:
    """Every installed adapter by name; an outsider's never replaces a built-in of the same name."""
    points = sorted(entry_points(group=GROUP), key=_is_ours)  # ours last, so that they stand
    return {**{point.name: point for point in points}, **_of_checkout()}


def _is_ours(point: EntryPoint) -> bool:
    return point.dist is not None and point.dist.name == DISTRIBUTION


def open_adapter(adapter: str, name: str, settings: Mapping[str, Any], services: Services) -> Any:
    """Whatever the adapter's hook gives for the provider; NotFoundError when none has that name."""
    point = installed_adapters().get(adapter)
    if point is None:
        known = ", ".join(sorted(installed_adapters()))
        raise NotFoundError(
            f"no adapter {adapter!r} is installed for provider {name}",
            f"installed are: {known}; an adapter is a package with an entry point in {GROUP!r}",
        )
    return point.load()(name, settings, services)


def connect_adapter(adapter: str, name: str, settings: Mapping[str, Any], services: Services) -> Adapter:
    """The provider ``name`` through the adapter; UsageError when that is no adapter at all."""
    found: Adapter = open_adapter(adapter, name, settings, services)
    missing = [verb.value for verb in REQUIRED_VERBS if not callable(getattr(found, verb.value, None))]
    if missing or not hasattr(found, "capabilities"):
        raise UsageError(
            f"adapter {adapter!r} lacks {', '.join(missing) or 'capabilities'}",
            f"run `net provider check {name}` to see every rule that it breaks",
        )
    return found
