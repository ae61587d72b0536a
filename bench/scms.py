"""A real delivery history the whole way: its orders on the network that the same records show.

``python bench/scms.py [--file CSV] [--margin 20] [--until settled] [--limit N]``. Reads the table by
``examples/maps/scms.toml``, makes the network as ``net provider observe`` does, with lenders made up in USD,
then runs every order with ``net batch run``, each as of its own issue date, and prints how many settled, how
fast, why the others were refused, and who earned what.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from documents.maps.order_map import load  # noqa: E402
from documents.orders.reading import stream  # noqa: E402
from domain.order import Order  # noqa: E402
from flows.many.observed_network import Observed  # noqa: E402

MAP = ROOT / "examples" / "maps" / "scms.toml"
TABLE = ROOT.parent / "shared" / "data" / "scms" / "delivery_history_to_2011.csv"
LEDGER = "scms.db"

LENDERS = """
[fee]
rate = "1%"
payment = [{ share = "100%", event = "buyer_payment" }]

[[lender]]
id = "supplier-finance"
name = "Supplier Finance"

[[lender.product]]
id = "purchase-order"
name = "Purchase-order finance"
role = "pre_shipment"
technique = "purchase_order"
advance_base = "cost"
advance_rate = "100%"
draw = "need"
price = { rate = "12%", day_count = "ACT/360" }
fee = [{ name = "commitment", basis = "limit", rate = "1%", taken = "cash", at_repayment = true }]
available_from = "booking"
repaid_on = "funding"
requires_take_out = true
tenor_days = 360

[[lender]]
id = "first-factor"
name = "First Factor"

[[lender.product]]
id = "factoring-85"
name = "Invoice factoring"
role = "take_out"
technique = "factoring"
advance_base = "invoice"
advance_rate = "85%"
draw = "full"
price = { rate = "9%", day_count = "ACT/360" }
fee = [{ name = "commission", basis = "face", rate = "0.5%", taken = "deducted" }]
available_from = "invoice"
available_days = 2
repaid_on = "buyer_payment"
tenor_days = 180

[[lender]]
id = "second-factor"
name = "Second Factor"

[[lender.product]]
id = "factoring-95"
name = "Invoice factoring, high advance"
role = "take_out"
technique = "factoring"
advance_base = "invoice"
advance_rate = "95%"
draw = "full"
price = { rate = "13%", day_count = "ACT/360" }
fee = [{ name = "commission", basis = "face", rate = "1%", taken = "deducted" }]
available_from = "invoice"
available_days = 2
repaid_on = "buyer_payment"
tenor_days = 180
"""


def read(table: Path) -> Iterator[Order]:
    return (item for item in stream(table, load(MAP)) if isinstance(item, Order))


def shortened(table: Path, limit: int, folder: Path) -> Path:
    """The first rows of the table, with its header."""
    short = folder / "short.csv"
    with table.open(encoding="utf-8", newline="") as source, short.open("w", newline="") as out:
        writer = csv.writer(out)
        for number, row in enumerate(csv.reader(source)):
            if number > limit:
                break
            writer.writerow(row)
    return short


def net(folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "cli", *arguments, "--ledger", str(folder / LEDGER)]


def environment(folder: Path) -> dict[str, str]:
    return dict(os.environ, XDG_DATA_HOME=str(folder), XDG_CONFIG_HOME=str(folder))


def run(table: Path, network: Path, folder: Path, until: str, workers: int) -> list[dict[str, Any]]:
    """Every order of the table, as ``net batch run`` tells it."""
    begin = net(folder, "init", "--practice")
    subprocess.run(begin, cwd=ROOT, env=environment(folder), check=True, stdout=subprocess.DEVNULL)
    command = net(folder, "batch", "run", str(table), "--map", str(MAP), "--config", str(network))
    command += ["--until", until, "--workers", str(workers), "--jsonl"]
    done = subprocess.run(command, cwd=ROOT, env=environment(folder), capture_output=True, text=True)
    if done.returncode not in (0, 9):
        raise SystemExit(done.stderr)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [item for item in found if item.get("schema") == "net.batch-order/1"]


def reason(item: dict[str, Any]) -> str:
    """The kind of a refusal: its words without days and figures."""
    words = str(item["message"]).split(":")[-1] if item["error"] == "InputDefectsError" else item["message"]
    return (
        f"{item['error']}: {' '.join(word for word in str(words).split() if not any(map(str.isdigit, word)))}"
    )


def tell(found: list[dict[str, Any]], seconds: float, orders: dict[str, Order], until: str) -> None:
    well = [item for item in found if not item["error"]]
    print(f"{len(found):,} rows: {len(well):,} {until}, {len(found) - len(well):,} refused")
    print(f"{len(found) / seconds:.1f} orders a second in {seconds:.1f} s")
    for why, count in Counter(reason(item) for item in found if item["error"]).most_common(12):
        print(f"  {count:5,}  {why[:120]}")
    net_minor = sum(orders[item["reference"]].net_minor for item in well if item["reference"] in orders)
    profit = sum(Fraction(item["profit"]) for item in well)
    print(f"orders worth {net_minor / 100:,.2f} USD, profit {float(profit):,.2f} USD", end="")
    print(f" ({float(profit * 10_000 / net_minor):.2f}%)" if net_minor else "")


def earned(folder: Path) -> None:
    """Who earned what of all settled orders, from the books in the ledger: factories and carriers in sum."""
    from flows.settlement.earnings import profits
    from ledger.store import open_ledger

    ledger = open_ledger(folder / LEDGER)
    try:
        for report in profits(ledger, date(2100, 1, 1)):
            sums: Counter[str] = Counter()
            for part in report.parts:
                grouped = part.kind in ("factory", "logistics")
                sums[part.kind if grouped else f"{part.kind}, {part.party}"] += part.amount_minor
            for kind, amount_minor in sums.most_common():
                share = Fraction(amount_minor * 100, report.net_minor or 1)
                print(f"  {kind:40} {amount_minor / 100:18,.2f} {float(share):7.2f}%")
            print(f"  {'orders, net':40} {report.net_minor / 100:18,.2f} {report.currency}")
    finally:
        ledger.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, default=TABLE)
    parser.add_argument(
        "--margin", type=Fraction, default=Fraction(20), help="percent under the price observed"
    )
    parser.add_argument("--until", choices=("reserved", "settled"), default="settled")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        table = shortened(asked.file, asked.limit, folder) if asked.limit else asked.file
        start = time.perf_counter()
        orders = {order.reference: order for order in read(table)}
        print(f"{len(orders):,} orders read in {time.perf_counter() - start:.1f} s")
        observed = Observed()
        observed.take(orders.values())
        network = folder / "observed.toml"
        network.write_text(observed.network("SCMS as observed", "US", asked.margin / 100) + LENDERS)
        start = time.perf_counter()
        found = run(table, network, folder, asked.until, asked.workers)
        tell(found, time.perf_counter() - start, orders, asked.until)
        if asked.until == "settled":
            earned(folder)


if __name__ == "__main__":
    main()
