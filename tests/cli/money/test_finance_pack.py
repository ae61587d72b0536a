"""``net finance pack``: checked off line by the shipped checker, which refuses whatever was changed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
ORDER = "PO-2026-0017"


def done(net: Net, *arguments: str) -> str:
    ran = net(*arguments)
    assert ran.code == 0, f"{arguments}\n{ran.out}{ran.err}"
    return ran.out


def checked(*files: str) -> subprocess.CompletedProcess[str]:
    program = str(ROOT / "examples" / "check_pack.py")
    return subprocess.run([sys.executable, program, *files], capture_output=True, text=True)


@pytest.fixture
def pack(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped example, delivered and paid for, with one paper."""
    monkeypatch.chdir(tmp_path)
    Path("invoice.txt").write_text("an invoice")
    done(net, "order", "run", str(ROOT / "examples" / "lamp-order.toml"), "--on", "2026-03-02")
    done(net, "order", "advance", ORDER, "--to", "2026-04-21", "--as-planned")
    done(net, "finance", "confirm", ORDER, "--condition", "assignment_notified", "--by", "registry",
         "--evidence", "n-1", "--on", "2026-04-21")  # fmt: skip
    done(net, "order", "advance", ORDER, "--to", "2026-06-30", "--as-planned")
    done(net, "node", "keygen")
    told = json.loads(
        done(net, "finance", "pack", ORDER, "--paper", "invoice.txt", "--to", "pack.json", "--json",
             "--on", "2026-07-01")
    )  # fmt: skip
    assert (told["payments"], told["papers"]) == (1, 1)
    assert told["services"] >= 3
    return Path("pack.json")


def test_a_pack_is_checked_off_line(pack: Path) -> None:
    ran = checked(str(pack), ".")
    assert ran.returncode == 0, ran.stderr
    assert "the plan never falls below zero" in ran.stdout
    assert "1 of 1 payments came in time" in ran.stdout
    content = json.loads(pack.read_text())["content"]
    assert content["conditions"]["assignment_notified"]["evidence"] == "n-1"
    assert content["practice"]
    assert {record["kind"] for record in content["records"]} >= {"order", "plan", "finance-accepted"}


@pytest.mark.parametrize("place", ["history", "record", "proof", "signature", "paper"])
def test_a_pack_that_was_changed_is_refused(pack: Path, place: str) -> None:
    document = json.loads(pack.read_text())
    content = document["content"]
    match place:
        case "history":
            content["buyer"]["in_time"] = 99
        case "record":
            content["records"][0]["bytes"] = content["records"][0]["bytes"].replace("desk", "disk")
        case "proof":
            content["records"][0]["proof"] = content["records"][1]["proof"]
        case "signature":
            document["signature"] = document["signature"][::-1]
        case "paper":
            Path("invoice.txt").write_text("another")
    if place in ("record", "proof"):  # as if the firm itself had signed the change
        resign(document)
    pack.write_text(json.dumps(document))
    assert checked(str(pack), ".").returncode != 0


def resign(document: dict[str, object]) -> None:
    from hashlib import sha256

    from config.locations import config_directory
    from finance.clearing.debt import encoded, sign
    from flows.clearing.firm import firm_in
    from trust.canonical import canonical_bytes

    digest = sha256(canonical_bytes(document["content"])).hexdigest()
    document["sealed"] = {"schema": "net.finance-pack/1", "sha256": digest}
    key = firm_in(config_directory() / "keys").key
    document["signature"] = encoded(sign(document["sealed"], key))  # type: ignore[arg-type]


def test_an_order_without_a_plan_has_no_pack(
    net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done(net, "init", "--practice")
    done(net, "node", "keygen")
    assert net("finance", "pack", ORDER, "--to", "pack.json").code == 4
    done(net, "order", "new", "--from", str(ROOT / "examples" / "lamp-order.toml"))
    ran = net("finance", "pack", ORDER, "--to", "pack.json")
    assert ran.code == 4
    assert "has no plan yet" in ran.err
