"""What is found wrong in a file while it is read, gathered so that all of it is told in one go."""

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.errors import Defect, InputDefectsError

DEFECTS_SHOWN = 500
"""Beyond this many the rest of a file is counted, not listed."""


def no_line(_field: str) -> int:
    return 0


@dataclass
class Findings:
    """The defects of one document; ``where`` gives the line on which a field stands, 0 if unknown."""

    file: str
    where: Callable[[str], int] = no_line
    defects: list[Defect] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, name: str, problem: str, remedy: str) -> None:
        if len(self.defects) < DEFECTS_SHOWN:
            self.defects.append(Defect(self.file, self.where(name), name, problem, remedy))
        elif len(self.defects) == DEFECTS_SHOWN:
            rest = f"more than {DEFECTS_SHOWN} defects; the rest are not listed"
            self.defects.append(Defect(self.file, 0, "file", rest, "mend these and run it again"))

    def remark(self, text: str) -> None:
        """Something read in one way that could be read in another; kept with the order."""
        self.remarks.append(text)

    def raise_any(self) -> None:
        if self.defects:
            raise InputDefectsError(self.defects)


def refuse(file: str, line: int, name: str, problem: str, remedy: str) -> InputDefectsError:
    """The error for a file that has one defect which ends the reading of it."""
    return InputDefectsError([Defect(file, line, name, problem, remedy)])
