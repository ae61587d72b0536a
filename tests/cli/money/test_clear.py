"""``net clear`` as firms type it, each in a folder of its own; the proof is checked without net too."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[3]
CHECKER = ROOT / "examples" / "check_clearing.py"
FIRMS = ("north", "mill", "dock")
OWED = [("north", "mill", "100.00"), ("mill", "dock", "80.00"), ("dock", "north", "70.00")]


def by(firm: str) -> list[str]:
    return ["--config", f"{firm}/net.toml", "--ledger", f"{firm}/net.db", "--on", "2026-12-01"]


def done(net: Net, *arguments: str) -> str:
    ran = net(*arguments)
    assert ran.code == 0, f"{arguments}\n{ran.out}{ran.err}"
    return ran.out


@pytest.fixture
def three(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    """Three firms that owe one another in a circle, and north has proposed to clear it."""
    monkeypatch.chdir(tmp_path)
    for firm in FIRMS:
        done(net, "init", *by(firm))
        done(net, "node", "keygen", "--to", f"{firm}.key", *by(firm))
    for firm in FIRMS:
        for other in FIRMS:
            if other != firm:
                done(net, "node", "trust", other, "--key-file", f"{other}.key", *by(firm))
    for debtor, creditor, much in OWED:
        done(net, "clear", "owe", creditor, much, "--due", "2026-12-20", *by(debtor))
    exchange(net)
    return net


def exchange(net: Net) -> None:
    for firm in FIRMS:
        Path(f"{firm}.json").unlink(missing_ok=True)
        done(net, "clear", "export", "--to", f"{firm}.json", *by(firm))
    for firm in FIRMS:
        done(net, "clear", "take", *(f"{other}.json" for other in FIRMS if other != firm), *by(firm))


def checked(file: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(CHECKER), file], capture_output=True, text=True)


def test_a_clearing_from_debts_to_books(three: Net) -> None:
    told = json.loads(done(three, "clear", "propose", "--to", "december", "--json", *by("north")))
    assert (told["total"], told["cleared"], told["form"]) == (
        "250.00",
        "210.00",
        "chain of bilateral set-offs",
    )
    for name in ("proposal", "for-us", "for-mill", "for-dock"):
        ran = checked(f"december/{name}.json")
        assert ran.stdout == "210.00 of 250.00 CNY is set off: this holds\n", ran.stderr
    for firm, file in (("north", "for-us"), ("mill", "for-mill"), ("dock", "for-dock")):
        assert "the proof holds" in done(three, "clear", "show", f"december/{file}.json", *by(firm))
        done(three, "clear", "sign", f"december/{file}.json", "--to", f"s-{firm}.json", *by(firm))
    early = three("clear", "execute", "december/proposal.json", "s-mill.json", "--to", "x.json", *by("north"))
    assert early.code == 8
    assert "not signed by" in early.err
    signatures = [f"s-{firm}.json" for firm in FIRMS]
    done(three, "clear", "execute", "december/proposal.json", *signatures, "--to", "d.json", *by("north"))
    for firm in FIRMS:
        assert "debts of 70.00 and claims of 70.00" in done(three, "clear", "execute", "d.json", *by(firm))
        done(three, "ledger", "verify", *by(firm)[:4])
    assert "(booked before)" in done(three, "clear", "execute", "d.json", *by("mill"))


def test_the_checker_finds_what_is_changed(three: Net) -> None:
    done(three, "clear", "propose", "--to", "december", *by("north"))
    document = json.loads(Path("december/for-mill.json").read_text())
    document["lines"][0]["line"][5] = "6999"
    Path("changed.json").write_text(json.dumps(document))
    ran = checked("changed.json")
    assert ran.returncode == 1
    assert "is not part of what is signed" in ran.stderr
    assert "it does not hold" in done(three, "clear", "show", "changed.json", *by("mill"))
    assert three("clear", "sign", "changed.json", "--to", "s.json", *by("mill")).code == 3


def test_a_pledged_claim_stays_out(three: Net) -> None:
    shown = json.loads(done(three, "clear", "show", "--json", *by("mill")))
    claim = next(one["debt"] for one in shown["debts"] if one["side"] == "owed to us by")
    done(three, "clear", "mark", claim[:6], "--status", "pledged", "--about", "harbour", *by("mill"))
    exchange(three)
    ran = three("clear", "propose", "--to", "december", *by("north"))
    assert ran.code == 3
    assert "nothing can be set off" in ran.err
    assert three("clear", "mark", claim[:6], "--status", "odd", *by("mill")).code == 2
    assert three("clear", "mark", "zz", "--status", "open", *by("mill")).code == 4


def test_a_dropped_proposal_frees_what_was_promised(three: Net) -> None:
    done(three, "clear", "propose", "--to", "december", *by("north"))
    done(three, "clear", "sign", "december/for-mill.json", "--to", "s.json", *by("mill"))
    assert "promised to the clearing" in done(three, "clear", "show", *by("mill"))
    done(three, "clear", "execute", "december/proposal.json", "--drop", "--to", "drop.json", *by("north"))
    done(three, "clear", "execute", "drop.json", *by("mill"))
    assert "promised to the clearing" not in done(three, "clear", "show", *by("mill"))


def test_files_that_are_none_are_told(three: Net) -> None:
    Path("odd.json").write_text("{}")
    Path("list.json").write_text("[]")
    Path("text.json").write_text("hello")
    assert three("clear", "execute", "odd.json", *by("north")).code == 2
    assert three("clear", "show", "list.json", *by("north")).code == 2
    assert three("clear", "take", "text.json", *by("north")).code == 2
    assert three("clear", "take", "nowhere.json", *by("north")).code == 4


def test_a_country_without_a_legal_form_is_refused(three: Net) -> None:
    ran = three("clear", "propose", "--country", "XX", "--to", "x", *by("north"))
    assert ran.code == 4
    assert "no legal form of a set-off is known in XX" in ran.err


@pytest.mark.parametrize("bad", ["X1", "yuan", "12"])
def test_a_currency_that_does_not_exist_is_wrong_usage_and_no_empty_clearing(net: Net, bad: str) -> None:
    assert net("init").code == 0
    assert net("node", "keygen").code == 0
    ran = net("clear", "propose", "--currency", bad, "--due-until", "2026-12-31", "--to", "december")
    assert ran.code == 2
    assert "ISO 4217" in ran.err
