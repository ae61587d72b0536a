"""Loops compiled to machine code, kept on disk where there is a place for them."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(**options: Any) -> Callable[[Loop], Loop]:
    """Compile a function at its first call. Where neither the installation nor a home can be written, nothing
    is kept, and each process compiles anew, some seconds once."""

    def wrap(function: Loop) -> Loop:
        try:
            found: Loop = numba.njit(cache=True, **options)(function)
        except RuntimeError:  # the library has no place to keep what it compiles
            found = numba.njit(**options)(function)
        return found

    return wrap
