"""What somebody may have meant by a name that nobody knows."""

from collections.abc import Iterable
from difflib import get_close_matches


def meant(name: str, known: Iterable[str]) -> str:
    """``did you mean currency? `` for ``curency``, with a blank behind it; empty where nothing is near."""
    folded = {one.casefold().replace("-", "_").replace(" ", "_"): one for one in known}
    wanted = name[:80].casefold().replace("-", "_").replace(" ", "_")
    near = get_close_matches(wanted, folded, n=1, cutoff=0.6)
    return f"did you mean {folded[near[0]]}? " if near else ""
