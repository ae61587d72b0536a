"""Check a proposal of a clearing with the Python standard library and OpenSSL; nothing of net is used.

    python check_clearing.py december/for-north.json     what one firm is shown
    python check_clearing.py december/proposal.json      the whole, as an auditor is given it

Every debt is signed by its debtor, none is set off beyond itself, at every firm as much goes out as comes in,
and every line is set off as far as the prices of its two firms ask: then no greater set-off exists. Of a
firm's own file the same is checked for its lines, with the proof that they are part of what is signed.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

WORTH = {
    "circles": {"debt": 1},
    "paths": {"debt": 1, "consent": -1},
    "credit": {"debt": 2, "borrowed": 0, "paid_out": 0, "credit": -1},
}


def canonical(data: Any) -> bytes:
    """RFC 8785, for what these files hold: text, whole numbers, lists and objects with plain names."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def signed(key: str, content: Any, signature: str) -> bool:
    """Whether OpenSSL accepts the Ed25519 signature of the key over the content."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        raw = base64.b64decode(key.removeprefix("ed25519:"))
        (folder / "key").write_bytes(bytes.fromhex("302a300506032b6570032100") + raw)
        (folder / "text").write_bytes(canonical(content))
        (folder / "signature").write_bytes(base64.b64decode(signature))
        command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key -rawin -in text -sigfile signature"
        return subprocess.run(command.split(), cwd=folder, capture_output=True).returncode == 0


def leaf(row: list[Any]) -> bytes:
    return hashlib.sha256(b"\x00" + canonical(row)).digest()


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if len(leaves) == 1:
        return leaves[0]
    middle = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root_of(leaves[:middle]), root_of(leaves[middle:]))


def root_from(number: int, size: int, here: bytes, path: list[str]) -> bytes:
    """The root that a line's path leads to, RFC 9162 section 2.1.3.2; the number counts from 1."""
    index, last = number - 1, size - 1
    for sibling in map(bytes.fromhex, path):
        if index & 1 or index == last:
            here = node(sibling, here)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            here = node(here, sibling)
        index, last = index >> 1, last >> 1
    return here if last == 0 else b""


def line_faults(header: Any, row: list[Any]) -> list[str]:
    kind, name, _, _, most, amount, value, giver_price, taker_price, _ = row
    most, amount, margin = int(most), int(amount), value + giver_price - taker_price
    found = []
    if WORTH[header["mode"]].get(kind) != value:
        found.append(f"{name}: a worth that this clearing does not have")
    if not 0 <= amount <= most:
        found.append(f"{name}: set off beyond itself")
    if (margin > 0 and amount != most) or (margin < 0 and amount):
        found.append(f"{name}: not as far as the prices ask")
    return found


def sums(rows: list[list[Any]]) -> dict[str, int]:
    """What goes out at each firm less what comes in."""
    found: dict[str, int] = {}
    for _, _, giver, taker, _, amount, *_ in rows:
        found[giver] = found.get(giver, 0) + int(amount)
        found[taker] = found.get(taker, 0) - int(amount)
    return found


def price_faults(rows: list[list[Any]], lender: str) -> list[str]:
    prices: dict[str, set[int]] = {}
    for _, _, giver, taker, _, _, _, giver_price, taker_price, _ in rows:
        prices.setdefault(giver, set()).add(giver_price)
        prices.setdefault(taker, set()).add(taker_price)
    return [f"{firm}: several prices" for firm, some in prices.items() if len(some) > 1 and firm != lender]


def paper_faults(rows: list[list[Any]], papers: list[Any]) -> list[str]:
    """Debts and consents: signed, and those of the lines."""
    by_name = {hashlib.sha256(canonical(one["content"])).hexdigest()[:32]: one for one in papers}
    found = []
    for kind, name, giver, taker, *_ in rows:
        if kind not in ("debt", "consent"):
            continue
        paper = by_name.get(name)
        sides = ("debtor", "creditor") if kind == "debt" else ("creditor", "debtor")
        if paper is None or [paper["content"][side] for side in sides] != [giver, taker]:
            found.append(f"{name}: its paper is missing or another")
        elif not signed(giver, paper["content"], paper["signature"]):
            found.append(f"{name}: not signed")
    return found


def main(path: str) -> None:
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    header, lender = document["content"], document["content"]["lender"]
    whole = document["schema"] == "net.clearing-whole/1"
    rows = document["lines"] if whole else [one["line"] for one in document["lines"]]
    papers = [*document["debts"].values(), *document["consents"].values()] if whole else document["debts"]
    found = [fault for row in rows for fault in line_faults(header, row)]
    found += price_faults(rows, lender) + paper_faults(rows, papers)
    if not signed(header["coordinator"], header, document["signature"]):
        found.append("the coordinator did not sign it")
    root = header["root"]
    if whole:
        found += [f"{firm}: out is not in" for firm, rest in sums(rows).items() if rest]
        if root_of([leaf(row) for row in rows]).hex() != root:
            found.append("the lines are not those that are signed")
    else:
        if sums(rows).get(document["firm"], 0):
            found.append("what goes out is not what comes in")
        for one in document["lines"]:
            if root_from(one["number"], header["lines"], leaf(one["line"]), one["path"]).hex() != root:
                found.append(f"line {one['number']} is not part of what is signed")
    if found:
        sys.exit("\n".join(found))
    print(f"{header['cleared']} of {header['total']} {header['currency']} is set off: this holds")


if __name__ == "__main__":
    main(*sys.argv[1:])
