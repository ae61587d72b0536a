"""What can go wrong, one class each; ``exit_code`` is what the shell sees.

::

    NetError                        1  a bug of ours
    ├── UsageError                  2  wrong usage
    │   └── InputDefectsError       2  defects in a file, all of them at once
    ├── RefusedError                3  a rule of the trade refuses
    │   ├── OwnCashNeededError      3  no plan without the trader's own cash
    │   ├── AlreadyFinancedError    3  the order is financed elsewhere
    │   ├── StateError              3  the order's state does not allow it
    │   ├── StalePlanError          3  a quote, offer, limit or calendar changed since the plan
    │   └── KeyReusedError          3  same idempotency key, other content
    ├── NotFoundError               4  no such order, provider, file
    ├── UnavailableError            5  nobody has capacity or credit
    │   ├── NoCapacityError         5
    │   └── NoCreditError           5
    ├── UnreachableError            6  a provider or the disk did not do its part: safe to run again
    ├── LedgerBrokenError           7  the ledger does not add up: stop
    ├── WaitingError                8  an answer that only a person can give
    └── BatchRefusedError           9  a batch ended with some orders refused
"""

from collections.abc import Sequence
from dataclasses import dataclass


class NetError(Exception):
    """An error told to the user as ``error: message`` and, below it, ``hint: hint``."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(NetError):
    exit_code = 2


@dataclass(frozen=True, slots=True)
class Defect:
    """One thing wrong in one input file; ``line`` counts from 1, 0 where a format has no lines."""

    file: str
    line: int
    field: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.problem} ({self.remedy})"


class InputDefectsError(UsageError):
    """Every defect of a file, reported in one go; nothing was written."""

    def __init__(
        self,
        defects: Sequence[Defect],
        hint: str = "mend the lines named above and run it again; nothing was written",
    ) -> None:
        count = len(defects)
        lines = "\n".join(f"  {defect}" for defect in defects)
        super().__init__(f"{count} defect{'s' if count != 1 else ''} in the input\n{lines}", hint)
        self.defects = tuple(defects)


class RefusedError(NetError):
    exit_code = 3


class OwnCashNeededError(RefusedError):
    pass


class AlreadyFinancedError(RefusedError):
    pass


class StateError(RefusedError):
    pass


class StalePlanError(RefusedError):
    pass


class KeyReusedError(RefusedError):
    pass


class NotFoundError(NetError):
    exit_code = 4


class UnavailableError(NetError):
    exit_code = 5


class NoCapacityError(UnavailableError):
    pass


class NoCreditError(UnavailableError):
    pass


class UnreachableError(NetError):
    exit_code = 6


class LedgerBrokenError(NetError):
    exit_code = 7


class WaitingError(NetError):
    exit_code = 8


class BatchRefusedError(NetError):
    exit_code = 9
