"""What the two databases say differently, in the views and in the questions of verification."""

from dataclasses import dataclass

from domain.money import CURRENCY_EXPONENTS


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the two databases say differently."""

    records: str
    written: str
    summands: str

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


SQLITE = Dialect("record", "sequence", "balance")
POSTGRES = Dialect("placed_record", "written", "balance_part")


def _by_exponent() -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code, exponent in CURRENCY_EXPONENTS.items():
        found.setdefault(exponent, []).append(code)
    return found
