"""Check an evidence pack with the Python standard library and OpenSSL; nothing of net is used.

    python check_pack.py pack.json [FOLDER OF THE PAPERS]

The firm's signature; every record's proof under the signed checkpoint; the plan's money added up again, which
never falls below zero; the buyer's signature where there is one; papers by their hashes. Compare firm and
verifier key with what the firm gave you by another way: whoever holds those keys is who speaks.
"""

import base64
import contextlib
import hashlib
import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import check_clearing
import check_proof


def record_of(entry: Any, verifier_key: str) -> Any:
    """The record in its own bytes, proven to be in the signed ledger."""
    with tempfile.TemporaryDirectory() as name:
        record, proof = Path(name) / "record", Path(name) / "proof"
        record.write_text(entry["bytes"], encoding="utf-8")
        proof.write_text(entry["proof"], encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            check_proof.main(str(record), str(proof), verifier_key)
    return json.loads(entry["bytes"])


def require_money(plan: Any) -> None:
    """The plan's flows, day by day, what comes in first: the balance is never below zero."""
    balance = 0
    for flow in sorted(plan["flows"], key=lambda one: (one["on"], -int(one["amount_minor"]))):
        balance += int(flow["amount_minor"])
        if balance < 0:
            sys.exit(f"the plan is short of {-balance} minor units on {flow['on']}")


def require_confirmation(content: Any) -> str:
    """The buyer's own signature over the order's hash, where the pack has one."""
    said = content["conditions"].get("buyer_confirmed")
    if not said or "signature" not in said:
        return "the buyer has not signed"
    if said["order_hash"] != content["order_hash"]:
        sys.exit("the buyer signed another order")
    statement = {"type": "net.order-confirmation/1", "order": said["order_hash"]}
    signature = base64.b64encode(bytes.fromhex(said["signature"])).decode()
    if not check_clearing.signed(said["public_key"], statement, signature):
        sys.exit("the buyer's signature does not hold")
    return "the buyer has signed"


def require_papers(papers: Any, folder: Path) -> None:
    for one in papers:
        found = hashlib.sha256((folder / one["name"]).read_bytes()).hexdigest()
        if found != one["sha256"]:
            sys.exit(f"{one['name']} is not the paper that the pack names")


def main(path: str, folder: str = "") -> None:
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    content, sealed = document["content"], document["sealed"]
    digest = hashlib.sha256(check_clearing.canonical(content)).hexdigest()
    if sealed != {"schema": "net.finance-pack/1", "sha256": digest}:
        sys.exit("the pack was changed after it was signed")
    if not check_clearing.signed(content["firm"], sealed, document["signature"]):
        sys.exit("the firm did not sign this pack")
    records = [record_of(entry, content["verifier_key"]) for entry in content["records"]]
    if any(record["order"] != content["order"] for record in records):
        sys.exit("a record is of another order")
    plans = [record["body"]["plan"] for record in records if record["kind"] == "plan"]
    if len(plans) != 1 or not any(record["kind"] == "order" for record in records):
        sys.exit("order or plan is missing")
    require_money(plans[0])
    told = require_confirmation(content)
    if folder:
        require_papers(content["papers"], Path(folder))
    buyer, ledger = content["buyer"], content["ledger"]
    print(f"order {content['order']}: {len(records)} records are in ledger {ledger}, as signed")
    print(f"the plan never falls below zero; {told}")
    print(f"{buyer['in_time']} of {buyer['ended']} payments came in time")
    print(f"{len(content['claims'])} claims, {len(content['papers'])} papers")
    if content["practice"]:
        print("the ledger says that it is for practice only")


if __name__ == "__main__":
    main(*sys.argv[1:])
