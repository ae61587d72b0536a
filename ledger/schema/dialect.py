"""What the two databases say differently, in the views and in the questions of verification."""

from dataclasses import dataclass

from domain.money import CURRENCY_EXPONENTS


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases say differently."""

    records: str
    """The relation of records whose ``sequence`` is their place in the tree."""
    written: str
    """Its column that the other tables name a record by."""
    summands: str
    """The relation whose amounts add up to balances."""
    said: str
    """What verification reads of records: on PostgreSQL with the body parsed once (``told``)."""
    order: str
    """What the records of ``said`` are sorted by to be in the order of the tree."""

    def told(self, field: str, of: str = "") -> str:
        """A field of what a record of ``said`` tells, as the database reads it: text on PostgreSQL."""
        if self.said == "record":
            return f"json_extract({of}body, '$.body.{field}')"
        return f"{of}told->>'{field}'"

    def told_number(self, field: str) -> str:
        """The same of a number that is written as one."""
        return self.told(field) if self.said == "record" else f"({self.told(field)})::integer"

    def count_of_lines(self) -> str:
        """How many lines a hold has."""
        if self.said == "record":
            return "json_array_length(body, '$.body.lines')"
        return "jsonb_array_length(told->'lines')"

    def lines(self, of: str) -> str:
        """The lines of the record ``of`` as a relation beside it; ``line`` reads one."""
        if self.said == "record":
            return f"json_each({of}.body, '$.body.lines') AS part"
        return f"jsonb_array_elements({of}.told->'lines') WITH ORDINALITY AS part (line, at)"

    def is_line(self) -> str:
        """Whether a part of the lines is one: the guards of SQLite pass over a part that is none."""
        return "part.type = 'array'" if self.said == "record" else "true"

    def line(self, sign: str = "") -> str:
        """The number of a line from 0, its resource, its period and its quantity."""
        if self.said == "record":
            resource, period, quantity = (f"json_extract(part.value, '$[{n}]')" for n in range(3))
            return f"part.key, {resource}, {period}, {sign}CAST({quantity} AS INTEGER)"
        return f"at::integer - 1, line->>0, line->>1, {sign}(line->>2)::bigint"

    def top(self, field: str) -> str:
        """A field at the top of a record's body."""
        if self.records == "record":
            return f"json_extract(record.body, '$.{field}')"
        return f"(record.body::jsonb->>'{field}')"

    def identity(self) -> str:
        return "lower(hex(record.leaf))" if self.records == "record" else "encode(record.leaf, 'hex')"

    def amount(self, minor: str, currency: str) -> str:
        """Minor units as a decimal text with all the decimals of the currency."""
        cases = " ".join(
            f"WHEN {currency} IN ({', '.join(repr(code) for code in sorted(codes))})"
            f" THEN {self._decimal(minor, exponent)}"
            for exponent, codes in _by_exponent().items()
            if exponent != 2
        )
        return f"CASE {cases} ELSE {self._decimal(minor, 2)} END"

    def _decimal(self, minor: str, exponent: int) -> str:
        scale = 10**exponent
        whole = f"CASE WHEN {minor} < 0 THEN '-' ELSE '' END || CAST(ABS({minor}) / {scale} AS TEXT)"
        if not exponent:
            return whole
        rest = f"CAST({scale} + ABS({minor}) % {scale} AS TEXT)"
        return f"{whole} || '.' || substr({rest}, 2)"


SQLITE = Dialect("record", "sequence", "balance", "record", "sequence")
POSTGRES = Dialect("placed_record", "written", "balance_part", "said", "place, sequence")


def _by_exponent() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, exponent in CURRENCY_EXPONENTS.items():
        found.setdefault(exponent, []).append(code)
    return found
