"""Compiled loops run where nothing can be kept on disk, too."""

from typing import Any

import numba
import pytest

from routing.solvers.compiled import compiled


def loop_from_nowhere() -> Any:
    """A function whose file and folder do not exist: the compiler finds no place beside it."""
    scope: dict[str, Any] = {}
    exec(compile("def twice(x):\n    return 2 * x", "/proc/nowhere/loop.py", "exec"), scope)
    return scope["twice"]


def test_a_loop_that_cannot_be_kept_is_compiled_all_the_same() -> None:
    with pytest.raises(RuntimeError):
        numba.njit(cache=True)(loop_from_nowhere())
    assert compiled()(loop_from_nowhere())(4) == 8
