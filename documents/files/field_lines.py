"""On which line of a file a field stands."""

from collections.abc import Mapping


def nearest(lines: Mapping[str, int], name: str, default: int) -> int:
    """The line of the field, or of the closest table around it that has one."""
    while name:
        if name in lines:
            return lines[name]
        name = name.rpartition(".")[0] if "." in name else name.rpartition("[")[0]
    return default
