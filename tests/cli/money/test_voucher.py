"""``net voucher`` between a buyer's register, its suppliers and two lenders, each in a folder of its own."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Net

FIRMS = ("buyer", "mill", "thread", "bank", "other")


def by(firm: str, on: str = "2026-12-01") -> list[str]:
    return ["--config", f"{firm}/net.toml", "--ledger", f"{firm}/net.db", "--on", on]


def done(net: Net, *arguments: str) -> str:
    ran = net(*arguments)
    assert ran.code == 0, f"{arguments}\n{ran.out}{ran.err}"
    return ran.out


@pytest.fixture
def chain(net: Net, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Net:
    """The buyer has signed what it owes mill, and made a voucher of it."""
    monkeypatch.chdir(tmp_path)
    for firm in FIRMS:
        done(net, "init", *by(firm))
        done(net, "node", "keygen", "--to", f"{firm}.key", *by(firm))
    for firm in FIRMS:
        for other in FIRMS:
            if other != firm and "buyer" in (firm, other):
                done(net, "node", "trust", other, "--key-file", f"{other}.key", *by(firm))
    done(
        net, "clear", "owe", "mill", "1130000.00", "--due", "2027-01-30", "--reference", "INV-7", *by("buyer")
    )
    done(net, "voucher", "issue", "V", "INV-7", *by("buyer"))
    return net


def test_a_voucher_down_a_chain_to_a_lender_and_back(chain: Net) -> None:
    done(chain, "voucher", "split", "V", "V1=730000.00", "V2=400000.00", *by("buyer"))
    done(chain, "voucher", "pass", "V2", "thread", "--by", "mill", "--evidence", "letter", *by("buyer"))
    done(chain, "voucher", "export", "V2", "--to", "v2.json", *by("buyer"))
    told = json.loads(
        done(chain, "voucher", "accept", "v2.json", "--rate", "5%", "--to", "b.json", "--json", *by("bank"))
    )
    assert (told["amount"], told["price"]) == ("400000.00", "396666.67")
    shown = json.loads(done(chain, "voucher", "finance", "b.json", "--json", *by("buyer")))
    one = shown["vouchers"][0]
    assert (one["voucher"], one["of"], one["holder"], one["state"]) == ("V2", "V", "bank", "financed")
    done(chain, "voucher", "redeem", "V2", *by("buyer", "2027-01-30"))
    assert "redeemed" in done(chain, "voucher", "show", *by("buyer"))


def test_a_second_pledge_exits_3_at_the_register_and_at_the_lender(chain: Net) -> None:
    done(chain, "voucher", "export", "V", "--to", "v.json", *by("buyer"))
    for lender in ("bank", "other"):
        done(chain, "voucher", "accept", "v.json", "--rate", "5%", "--to", f"{lender}.json", *by(lender))
    done(chain, "voucher", "finance", "bank.json", *by("buyer"))
    second = chain("voucher", "finance", "other.json", *by("buyer"))
    assert second.code == 3
    assert "financed" in second.err
    done(chain, "voucher", "export", "V", "--to", "again.json", *by("buyer"))
    assert chain("voucher", "accept", "again.json", "--rate", "5%", "--to", "x.json", *by("other")).code == 3


def test_more_than_is_confirmed_and_longer_than_the_rule_allows_exit_3(chain: Net) -> None:
    more = chain("voucher", "issue", "W", "INV-7", "--amount", "0.01", *by("buyer"))
    assert more.code == 3
    assert "confirmed and not issued yet" in more.err
    done(chain, "clear", "owe", "mill", "5.00", "--due", "2027-09-01", "--reference", "LONG", *by("buyer"))
    late = chain("voucher", "issue", "L", "LONG", *by("buyer"))
    assert late.code == 3
    assert "rule 77-six-months" in late.err
    done(chain, "voucher", "issue", "L", "LONG", "--long-term", *by("buyer"))


def test_gains_are_those_of_the_worked_example(net: Net) -> None:
    keep = ["mill=730000.00@8%", "thread=250000.00@12%", "dye=150000.00@15%"]
    options = [word for one in keep for word in ("--keep", one)]
    told = json.loads(done(net, "voucher", "gains", "--rate", "5%", "--days", "60", *options, "--json"))
    assert [one["saved"] for one in told["tiers"]] == ["3650.00", "2916.67", "2500.00", "9066.67"]
    assert (told["tiers"][3]["own_cost"], told["tiers"][3]["voucher_cost"]) == ("18483.33", "9416.67")
    assert net("voucher", "gains", "--rate", "odd", "--days", "60", "--keep", "a=1@5%").code == 2
    assert net("voucher", "gains", "--rate", "5%", "--days", "60", "--keep", "a=1").code == 2
