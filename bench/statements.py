"""What matching a bank statement books rightly, wrongly and only shows, by kind; what an entry costs.

``python bench/statements.py [COUNT]`` (default 6,000 entries in each format), then the time per entry with
1,000 and with 100,000 entries against 50,000 open orders, beside the reading of the same file.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.statement_entries import TABLE_MAP, Entry, Item, Made, camt, fits_table, table  # noqa: E402
from documents.statements.camt import read_camt  # noqa: E402
from documents.statements.csv_map import load_statement_map, read_statement_csv  # noqa: E402
from documents.statements.matching import Match, Matching, OpenItem, match  # noqa: E402
from documents.statements.statement import BankStatement  # noqa: E402

RIGHT, WRONG, SHOWN = "booked right", "booked wrong", "shown"


def open_items(items: Iterable[Item]) -> list[OpenItem]:
    return [
        OpenItem(item.order, f"item {place}", item.amount, "EUR", item.party, item.account, item.names)
        for place, item in enumerate(items)
    ]


def confusion(made: Made, entries: list[Entry], statements: list[BankStatement]) -> Counter[tuple[str, str]]:
    """How often each kind of entry was booked rightly, wrongly or shown."""
    booked: dict[int, Counter[str]] = {number: Counter() for number in range(len(entries))}
    for found in match([one for each in statements for one in each.entries], open_items(made.items)):
        number = int(found.entry.reference.partition("#")[0].removeprefix("R"))
        if isinstance(found, Match):
            for part in found.parts:
                booked[number][part.item.order] += part.amount_minor
    told: Counter[tuple[str, str]] = Counter()
    for number, entry in enumerate(entries):
        outcome = SHOWN if not booked[number] else RIGHT if booked[number] == entry.pays else WRONG
        told[entry.kind, outcome] += 1
    return told


def read(text: str, name: str) -> list[BankStatement]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_text(text, encoding="utf-8")
        if name.endswith(".xml"):
            return read_camt(path)
        (Path(folder) / "map.toml").write_text(TABLE_MAP, encoding="utf-8")
        return read_statement_csv(path, load_statement_map(Path(folder) / "map.toml"))


def formats(made: Made) -> dict[str, tuple[list[Entry], list[BankStatement]]]:
    plain = [entry for entry in made.entries if fits_table(entry)]
    return {
        "camt.053": (made.entries, read(camt(made.entries), "s.xml")),
        "camt.054": (made.entries, read(camt(made.entries, "054", "12"), "s.xml")),
        "table": (plain, read(table(plain), "s.csv")),
    }


def show(told: Counter[tuple[str, str]], certain: set[str]) -> None:
    for kind in sorted({kind for kind, _outcome in told}, key=lambda kind: (kind not in certain, kind)):
        cells = [told[kind, outcome] for outcome in (RIGHT, WRONG, SHOWN)]
        print(f"{kind:28}" + "".join(f"{cell:10,}" for cell in cells))
    sums = [sum(told[kind, outcome] for kind in certain) for outcome in (RIGHT, WRONG, SHOWN)]
    print(f"{'all with one right reading':28}" + "".join(f"{cell:10,}" for cell in sums))
    print(f"  {sums[0] / sum(sums):.1%} of them booked; booked wrong in all: "
          f"{sum(count for (_kind, outcome), count in told.items() if outcome == WRONG)}")  # fmt: skip


def cost(count: int, orders: int) -> tuple[float, float, float]:
    """Seconds to read the file, to make the index of what is open, and to match, for so many entries."""
    made = Made(1, count)
    items = made.items[:orders]
    filler = Made(2, orders)
    items += [
        Item(f"Z-{item.order}", f"Z{item.party}", f"Z{item.account}", item.amount, (f"Z-{item.order}",))
        for item in filler.items[: orders - len(items)]
    ]
    before = time.perf_counter()
    statements = read(camt(made.entries), "s.xml")
    parsed = time.perf_counter() - before
    entries = [one for each in statements for one in each.entries]
    opened = open_items(items)
    before = time.perf_counter()
    matching = Matching(opened)
    indexed = time.perf_counter() - before
    before = time.perf_counter()
    for entry in entries:
        matching.one(entry)
    return parsed, indexed, time.perf_counter() - before


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6_000
    made = Made(20261201, count)
    certain = {entry.kind for entry in made.entries if entry.pays}
    for name, (entries, statements) in formats(made).items():
        print(f"\n{name}: {len(entries):,} entries{'':8}{RIGHT:>14}{WRONG:>14}{SHOWN:>8}")
        show(confusion(made, entries, statements), certain)
    each = []
    for entries_count in (1_000, 100_000):
        parsed, indexed, matched = cost(entries_count, 50_000)
        each.append(matched / entries_count)
        print(
            f"{entries_count:7,} entries, 50,000 orders: read {parsed:.2f} s, index {indexed:.2f} s,"
            f" match {matched:.2f} s, {matched / entries_count * 1e6:.0f} µs an entry"
        )
    print(f"an entry of 100,000 costs {each[1] / each[0]:.2f} of one of 1,000")


if __name__ == "__main__":
    main()
