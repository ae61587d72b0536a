"""What somebody may have meant by a name that nobody knows."""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

FEW = 500
"""Among more names than this nothing is looked for: it would take longer than the answer is worth."""


def meant(name: str, known: Iterable[str]) -> str:
    """``did you mean currency? `` for ``curency``, with a blank behind it; empty where nothing is near."""
    folded = {one.casefold().replace("-", "_").replace(" ", "_"): one for one in known}
    wanted = name[:80].casefold().replace("-", "_").replace(" ", "_")
    near = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return f"did you mean {folded[near[0]]}? " if near else ""


def or_rather(name: str, known: Collection[str]) -> str:
    """``; did you mean desk-lamp?`` to put behind a reason; empty where nothing is near or names are many."""
    near = meant(name, known).rstrip() if len(known) <= FEW else ""
    return f"; {near}" if near else ""
