"""How long a set-off with its proof takes beside the bare solver call, and how much memory.

``python bench/clearing.py`` takes graph_100k of the shared data (or as many drawn debts) and a million drawn
debts; processor time and wall time of the same run, in a process of its own each. ``ledgers`` goes from
signed debts in a ledger to a signed proposal, beside the signature library's own time for the same ones.
"""

import csv
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
GRAPH = ROOT.parent / "shared" / "data" / "clearing" / "graph_100k.csv"
SEED = 20261204


def drawn(debts: int, firms: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """Debtors and creditors by a heavy-tailed law, half a creditor's weight that as a debtor; log-normal."""
    rng = np.random.default_rng(SEED)
    owing = rng.pareto(1.3, firms) + 0.05
    owed = (owing + rng.pareto(1.3, firms) + 0.05) / 2
    debtor = rng.choice(firms, debts, p=owing / owing.sum())
    creditor = rng.choice(firms, debts, p=owed / owed.sum())
    while (same := debtor == creditor).any():
        creditor[same] = rng.choice(firms, int(same.sum()), p=owed / owed.sum())
    amount = np.maximum(1, np.round(np.exp(rng.normal(8.5, 1.4, debts)) * 100)).astype(np.int64)
    return firms, debtor, creditor, amount


def from_file(path: Path) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    number: dict[str, int] = {}
    debtor, creditor, amount = [], [], []
    with path.open() as file:
        for row in csv.DictReader(file):
            debtor.append(number.setdefault(row["debtor"], len(number)))
            creditor.append(number.setdefault(row["creditor"], len(number)))
            amount.append(int(row["amount"].replace(".", "")))
    return len(number), np.array(debtor), np.array(creditor), np.array(amount)


def bare(firms: int, debtor: np.ndarray, creditor: np.ndarray, amount: np.ndarray) -> int:
    """The library alone on the arrays as they are."""
    flow = import_module("ortools.graph.python.min_cost_flow").SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(debtor, creditor, amount, np.full(len(debtor), -1))
    flow.set_nodes_supplies(np.arange(firms), np.zeros(firms, dtype=np.int64))
    assert flow.solve() == flow.OPTIMAL
    return int(flow.flows(np.arange(len(debtor))).sum())


def ours(firms: int, debtor: np.ndarray, creditor: np.ndarray, amount: np.ndarray) -> int:
    from finance.clearing.circulation import circulation
    from finance.clearing.set_off import set_off

    return set_off(circulation(firms, debtor, creditor, amount)).cleared


def run(name: str) -> None:
    given = from_file(GRAPH) if name == "100k" and GRAPH.exists() else None
    given = given or (drawn(100_000, 15_000) if name == "100k" else drawn(1_000_000, 150_000))
    ours(*drawn(50_000, 5_000))  # the compiled search is compiled, or read from its cache, once
    taken = []
    for work in (bare, ours):
        cpu, wall = time.process_time(), time.perf_counter()
        cleared = work(*given)
        taken.append(time.process_time() - cpu)
        print(f"{name} {work.__name__}: cleared {cleared}, {taken[-1]:.2f} s of processor time,"
              f" {time.perf_counter() - wall:.2f} s in all")  # fmt: skip
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{name}: {taken[1] / taken[0]:.2f} times the bare call, at most {memory:.0f} MiB")


def from_ledgers() -> None:
    """Signed debts as the files of their debtors lie in a coordinator's ledger, to a signed proposal."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from finance.agreed.legal import shipped_law
    from flows.clearing.propose import ClearingAsked, propose
    from trust.keys import PublicKey

    given = from_file(GRAPH) if GRAPH.exists() else drawn(100_000, 15_000)
    ours(*drawn(50_000, 5_000))
    with tempfile.TemporaryDirectory() as name:
        ledger, firm, signed = _gathered(Path(name), given)
        papers = [(PublicKey(one.debt.debtor).raw, one.raw, one.signature) for one in signed]
        asked = ClearingAsked("CNY", DAY, date(2027, 12, 31), 7, "CN")
        cpu = time.process_time()
        known = {key: Ed25519PublicKey.from_public_bytes(key) for key in {key for key, _, _ in papers}}
        for key, raw, signature in papers:
            known[key].verify(signature, raw)
        checking = time.process_time() - cpu
        cpu = time.process_time()
        bare(*given)
        solving = time.process_time() - cpu
        cpu = time.process_time()
        made = propose(ledger, firm, asked, shipped_law())
        whole = time.process_time() - cpu
        print(
            f"ledgers: {len(papers)} signed debts, cleared {made.header['cleared']}; signatures alone"
            f" {checking:.2f} s, solver alone {solving:.2f} s, ours {whole:.2f} s: twice the solver and"
            f" {(whole - 2 * solving) / checking:.2f} times the signatures"
        )


DAY = date(2026, 12, 1)


def _gathered(
    folder: Path, given: tuple[int, np.ndarray, np.ndarray, np.ndarray]
) -> tuple[Any, Any, list[Any]]:
    from domain.posting import Entry
    from finance.clearing.debt import Obligation, content_id, signed_debt
    from flows.clearing.books import FILE
    from flows.clearing.debts import FILE_SCHEMA
    from flows.clearing.firm import Firm
    from ledger.store import create_ledger
    from trust.keys import Actor, SigningKey

    keys = [SigningKey.generate() for _ in range(given[0])]
    files: dict[int, list[Any]] = {}
    for number, (debtor, creditor, amount) in enumerate(
        zip(*(one.tolist() for one in given[1:]), strict=True)
    ):
        ends = keys[debtor].public.text, keys[creditor].public.text
        debt = Obligation(*ends, amount, "CNY", DAY, f"INV-{number}", DAY)
        files.setdefault(debtor, []).append(signed_debt(debt, keys[debtor]))
    actor = Actor.generate("coordinator")
    ledger = create_ledger(folder / "net.db", practice=False, actor=actor)
    entries = []
    for debtor, debts in files.items():
        content = {"schema": FILE_SCHEMA, "firm": keys[debtor].public.text, "on": DAY.isoformat(),
                   "checkpoint": "", "debts": [one.document() for one in debts], "marks": [],
                   "consents": []}  # fmt: skip
        body = {"file": {"content": content, "signature": ""}}
        entries.append(Entry(FILE, f"debt-file:{content_id(content)}", DAY, None, body))
    ledger.append(*entries)
    firm = Firm(SigningKey.generate(), {key.public.text: str(place) for place, key in enumerate(keys)})
    return ledger, firm, [one for debts in files.values() for one in debts]


if __name__ == "__main__":
    if sys.argv[1:] == ["ledgers"]:
        from_ledgers()
    elif len(sys.argv) > 1:
        run(sys.argv[1])
    else:
        for size in ("100k", "1m", "ledgers"):
            subprocess.run([sys.executable, __file__, size], check=True)
