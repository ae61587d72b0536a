"""Every example of every ``--help`` runs as it stands, in the situation that it speaks of.

Its answer in JSON is that of a process of its own, read from a pipe: so a compiled library that prints on
standard output past Python would be seen.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Net

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import answers  # noqa: E402
import commands as reference  # noqa: E402

UPDATE = "NET_ANSWERS=write python -m pytest tests/cli/test_examples.py"
LAMP = "net order run examples/lamp-order.toml"
ORDER = "PO-2026-0017"
SEVEN = (
    "net order new --reference PO-7 --buyer 'Nordic Light' --product desk-lamp --quantity 4000 --price 105.00"
    " --currency CNY --tax-rate 13% --destination Shanghai --country CN --issued 2026-03-02 --due 2026-05-30"
    " --payment '100% invoice+45'"
)
KEY = "ed25519:xIIKvvvsV1/hlediyiOWqDqs3lKZ84XnDenCCw9S/y0="


def until(day: str) -> list[str]:
    """The shipped example, played as planned up to the end of that day."""
    return [LAMP, f"net order advance {ORDER} --to {day} --as-planned"]


NOTICE = f"net finance confirm {ORDER} --condition assignment_notified --by registry --evidence n-1"
DELIVERED = until("2026-06-21")
PRACTICE = "net init --practice"
EUROS = [
    PRACTICE,
    "net order run examples/two-currencies/order.toml --config examples/two-currencies/network.toml",
    "net order advance PO-2026-0900 --to 2026-05-17 --as-planned",
]
RATES = [
    f"net rate record EUR {code} {rate} --on 2026-05-15 --source ECB"
    for code, rate in (("CNY", 8), ("USD", 1.25))
]

MILL = "--config mill/net.toml --ledger mill/net.db --on 2026-12-01"
DEBTS = [
    "net init", "net node keygen --to us.key", f"net init {MILL}", f"net node keygen --to mill.key {MILL}",
    "net node trust mill --key-file mill.key", f"net node trust us --key-file us.key {MILL}",
    "net clear owe mill 100.00 --due 2026-12-20 --reference INV-7 --on 2026-12-01",
    f"net clear owe us 60.00 --due 2026-12-20 --reference INV-8 {MILL}",
    "net clear export --to our.json --on 2026-12-01", f"net clear export --to mill-debts.json {MILL}",
]  # fmt: skip
PROPOSED = [
    *DEBTS, "net clear take mill-debts.json --on 2026-12-01", f"net clear take our.json {MILL}",
    "net clear propose --due-until 2026-12-31 --to december --on 2026-12-01",
]  # fmt: skip
ALL_SIGNED = [
    *PROPOSED, "net clear sign december/for-us.json --to we-sign.json --on 2026-12-01",
    f"net clear sign december/for-mill.json --to mill-signs.json {MILL}",
]  # fmt: skip
LEARNED = (
    "net learn late-payment --table examples/tables/receivables.csv --map examples/maps/receivables.toml"
)
LEAD_TIME = "net learn lead-time --table examples/tables/services.csv --map examples/maps/services.toml"
GLASS = SEVEN.replace("PO-7", "PO-8").replace("desk-lamp", "glass-lamp")
THREAD = "--config thread/net.toml --ledger thread/net.db"
VOUCHER = [
    *DEBTS, f"net init {THREAD}", f"net node keygen --to thread.key {THREAD}",
    "net node trust thread --key-file thread.key", "net voucher issue PO-7 INV-7 --on 2026-12-01",
]  # fmt: skip
PARTS = [*VOUCHER, "net voucher split PO-7 PO-7/1=60.00 PO-7/2=40.00 --on 2026-12-01"]
POOL = [
    "net init", "net pool open EAST --investor fund --investor insurer --senior-most 90% --on 2026-12-01",
    "net pool subscribe EAST fund 1500000.00 --layer junior --reference in-0 --on 2026-12-01",
    "net pool subscribe EAST insurer 8500000.00 --layer senior --reference in-00 --on 2026-12-01",
]  # fmt: skip

BEFORE: dict[str, list[str]] = {
    "net init": [],
    "net doctor": [],
    "net order new": [PRACTICE],
    "net order import": [PRACTICE],
    "net order confirm": [PRACTICE, f"{SEVEN} --draft"],
    "net order amend": [PRACTICE, SEVEN, "net order new --from examples/lamp-order.toml"],
    "net order run": [PRACTICE, SEVEN],
    "net order run examples/lamp-order.toml": [],
    "net order advance PO-7": [PRACTICE, SEVEN, "net order run PO-7"],
    "net order settle": [
        PRACTICE, SEVEN, "net order run PO-7", "net order advance PO-7 --to 2026-09-30 --as-planned",
    ],
    "net plan": [PRACTICE, SEVEN, LEARNED],
    "net batch run": [PRACTICE],
    "net route examples": [PRACTICE],
    "net learn": [PRACTICE],
    "net simulate": [PRACTICE],
    "net forecast table": [
        PRACTICE,
        f"{LEARNED} --out late.json",
    ],
    "net forecast order": [LAMP, LEARNED],
    "net forecast cash": [*until("2026-03-31"), LEARNED],
    "net forecast demand": [PRACTICE, GLASS],
    "net forecast providers": [PRACTICE, LEAD_TIME],
    "net order promise": [LAMP, LEAD_TIME],
    "net slot reserve": [PRACTICE, SEVEN, "net plan PO-7"],
    "net slot release": [PRACTICE, SEVEN, "net order run PO-7"],
    "net finance draw PO-2026-0017 pearl-factoring": [*until("2026-04-21"), f"{NOTICE} --on 2026-04-21"],
    "net finance default": until("2026-03-31"),
    "net finance guarantee": [
        *until("2026-03-06"), f"net milestone fail {ORDER} zhongshan-lamps --on 2026-03-25",
    ],
    "net finance transfer": until("2026-03-31"),
    "net milestone retract": [*DELIVERED, f"net payment receive {ORDER} 1130000.00 --on 2026-06-22"],
    "net milestone close": [
        *until("2026-04-19"), f"net milestone record {ORDER} delivery --quantity 9500 --on 2026-04-20",
    ],
    "net milestone record": until("2026-04-08"),
    "net payment": DELIVERED,
    "net payment make": until("2026-05-14"),
    "net payment dispute PO-2026-0017 --quantity 300": [
        *DELIVERED, f"net payment dispute {ORDER} --quantity 800 --on 2026-06-22",
    ],
    "net payment recover": [*DELIVERED, f"net payment insolvent {ORDER} --on 2026-06-22 --evidence court"],
    "net payment write-off": [*DELIVERED, f"net payment insolvent {ORDER} --on 2026-06-22 --evidence court"],
    "net payment change": [*EUROS, *RATES, "net finance draw PO-2026-0900 rhine-factoring --on 2026-05-18"],
    "net rate": [*EUROS, "net rate record EUR CNY 7.8342 --on 2026-04-09 --source ECB"],
    "net ledger revalue": [*EUROS, "net rate record EUR CNY 7.81 --on 2026-03-31 --source ECB"],
    "net bill": DELIVERED,
    "net invoice": DELIVERED,
    "net statement": DELIVERED,
    "net report": until("2026-12-31"),
    "net bank": DELIVERED,
    "net finance pack": [LAMP, "net node keygen"],
    "net pool": POOL,
    "net pool open": ["net init"],
    "net pool capital": DELIVERED,
    "net voucher": PARTS,
    "net voucher issue": VOUCHER[:-1],
    "net voucher split": VOUCHER,
    "net syndicate": [],
    "net clear": DEBTS,
    "net clear mark": PROPOSED,
    "net clear propose": PROPOSED[:-1],
    "net clear show": PROPOSED,
    "net clear sign": PROPOSED,
    "net clear execute december/proposal.json": ALL_SIGNED,
    "net clear execute decision.json": [
        *ALL_SIGNED,
        "net clear execute december/proposal.json we-sign.json mill-signs.json --to decision.json",
    ],
    "net ledger verify --since": [LAMP, "net ledger checkpoint --to friday.checkpoint"],
    "net ledger consistency": [
        LAMP, "net ledger checkpoint --to monday.checkpoint",
        "net ledger log", "net ledger checkpoint --to friday.checkpoint",
    ],
    "net ledger restore": [LAMP, "net ledger backup net-2026-03-31.db", "rm ../home/net/practice.db"],
}  # fmt: skip
"""What comes before an example: by the longest beginning of it that is named; else the shipped example."""

NOT_HERE = {
    "net learn lead-time": "needs 50 outcomes: tests/flows/forecast/test_outcomes.py",
    "net init --ledger postgresql://net@db/trade": "runs in tests/cli/books/test_postgres_ledger.py",
    "net ledger accept-loss": "needs a failover that lost records: tests/ledger/test_checkpoints.py",
    "net ledger withdraw": "needs another key that writes: tests/ledger/book/test_withdrawn_keys.py",
    "net ledger copy net.db postgresql://postgres@db.example/trade": "the same",
    "net order new": "asks in a terminal: tests/cli/trade/test_order.py",
    "net provider add factory": "asks in a terminal: tests/cli/screen/test_firm_dialogue.py",
    "net lender add": "asks in a terminal: tests/cli/screen/test_firm_dialogue.py",
    "net ledger log --follow": "never ends: tests/cli/books/test_ledger.py",
    "net node serve": "serves until it is stopped: tests/cli/network/test_node.py",
    "net node trust harbour-mill": "needs the other firm's key: tests/cli/network/test_node.py",
    "net node trust harbour-mill --key-file": "needs the other firm's key: test_guides.py, clearing",
    "net clear owe mill 500.00 --currency EUR": "as the example before it",
    "net voucher accept": "needs a register's word: tests/cli/money/test_voucher.py",
    "net voucher finance": "needs a lender's signature: the same",
    "net node keygen --replace": "needs a key that is there: tests/node/test_keys.py",
    "net node withdraw": "needs another firm's booking: tests/flows/shop/test_sold.py",
    "net node complete": "needs another firm's booking: the same",
    "net finance confirm PO-2026-0017 --signature": "needs the buyer: tests/flows/credit/test_claims.py",
    "net finance draw PO-2026-0017 harbour-order": "needs the buyer's signature: the same",
    "net finance enrol-buyer": "needs the buyer's key: the same",
    "net slot resolve PO-2026-0017 sandbox": "needs a firm that did not answer: test_slot_resolve.py",
    "net route --table": "needs the data that the case file names: tests/cli/trade/test_route.py",
    "net payment insurance": "needs insured debt: tests/finance/fold/test_misfortunes.py",
    "net payment clear": "needs a difference that a correction left: tests/flows/books/test_record.py",
}


def beginning(example: str, named: Mapping[str, object]) -> str | None:
    """The longest name that the example begins with."""
    return max((name for name in named if f"{example} ".startswith(f"{name} ")), key=len, default=None)


def every() -> Iterator[tuple[str, str]]:
    for path, command in reference.commands():
        for example in reference.examples(command):
            yield path, example


ALL = list(every())


ALONE = ("net order new", "net provider add factory", "net lender add")
"""Not run just as they stand; with more behind them they are."""


def runs_here(example: str) -> bool:
    name = beginning(example, NOT_HERE)
    return name is None or (name in ALONE and example != name)


HERE = [example for _, example in ALL if runs_here(example)]


def words(line: str) -> list[str]:
    """What ``net`` is given, without what the shell does with its output."""
    return shlex.split(line.split(" | ")[0].split(" > ")[0])[1:]


def process(line: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The line as a process of its own in the working directory, its output in pipes."""
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *words(line), *more],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def answered(line: str, *more: str) -> str:
    """What the process printed on standard output; nothing of it went wrong."""
    done = process(line, *more)
    assert done.returncode == 0, f"{line}\n{done.stdout[-500:]}\n{done.stderr}"
    return done.stdout


def typed(net: Net, line: str, *more: str) -> str:
    if line.startswith("rm "):
        Path(line.removeprefix("rm ")).unlink()
        return ""
    ran = net(*words(line), *more)
    assert ran.code == 0, f"{line}\n{ran.out[-500:]}\n{ran.err}"
    return ran.out


Shapes = dict[str, dict[str, set[str]]]


@pytest.fixture(scope="module")
def shapes() -> Iterator[Shapes]:
    """What was answered in JSON, by schema."""
    found: Shapes = {}
    yield found
    if os.environ.get("NET_ANSWERS") == "write":
        answers.TARGET.write_text(answers.page(found))


STREAMS = {
    path: True for path, command in reference.commands() for one in command.params if "--jsonl" in one.opts
}
"""Commands that also answer in one JSON object a line."""


def take_shapes(shapes: Shapes, printed: str) -> None:
    """Every document printed: one, or one a line; each names its schema."""
    try:
        documents = [json.loads(printed)]
    except ValueError:
        documents = [json.loads(line) for line in printed.splitlines()]
    for document in documents:
        places = shapes.setdefault(document.pop("schema"), {})
        for place, kind in answers.shape(document):
            places.setdefault(place, set()).add(kind)


@pytest.fixture(scope="module")
def made() -> dict[tuple[str, ...], Path]:
    """Homes in which what comes before was done already, by what it is."""
    return {}


@pytest.mark.parametrize("example", HERE)
def test_example_runs(
    example: str,
    net: Net,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: dict[tuple[str, ...], Path],
    shapes: Shapes,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    name = beginning(example, BEFORE)
    before = tuple(BEFORE[name] if name is not None else [LAMP])
    if before not in made:
        shutil.copytree(ROOT / "examples", tmp_path / "work" / "examples")
        monkeypatch.chdir(tmp_path / "work")
        for line in before:
            typed(net, line)
        made[before] = tmp_path_factory.mktemp("made")
        shutil.copytree(tmp_path, made[before], dirs_exist_ok=True)

    def again() -> None:
        monkeypatch.chdir(ROOT)
        for folder in ("work", "home"):
            shutil.rmtree(tmp_path / folder, ignore_errors=True)
        shutil.copytree(made[before], tmp_path, dirs_exist_ok=True)
        monkeypatch.chdir(tmp_path / "work")

    again()
    typed(net, example)
    if "--csv" in example or "ledger export" in example:
        return  # another program's format
    again()
    told: Shapes = {}
    take_shapes(told, answered(example, *([] if "--json" in example else ["--json"])))
    if beginning(example, STREAMS) and "--json" not in example:
        again()
        lines = answered(example, "--jsonl").splitlines()
        assert {type(json.loads(line)) for line in lines} == {dict}
    known = answers.documented(answers.TARGET.read_text()) if answers.TARGET.exists() else {}
    for schema, places in told.items():
        for place, kinds in places.items():
            shapes.setdefault(schema, {}).setdefault(place, set()).update(kinds)
        if os.environ.get("NET_ANSWERS") != "write":
            assert set(places) <= known.get(schema, set()), f"{schema}: run {UPDATE}"


def test_what_is_not_run_here_is_an_example_of_some_help() -> None:
    unknown = {name for name in NOT_HERE if not any(f"{one} ".startswith(f"{name} ") for _, one in ALL)}
    assert unknown == set()


SERVES = "net node serve"


@pytest.mark.parametrize(
    "path", sorted({path for path, _ in ALL} - {path for path, example in ALL if runs_here(example)})
)
def test_a_command_without_its_situation_still_keeps_standard_output_for_json(
    path: str,
    home: Path,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What cannot run here as it stands is refused: nothing on standard output, one object on the other."""
    monkeypatch.chdir(tmp_path)
    example = next(example for one, example in ALL if one == path)
    done = process(f"{example} --certificate nowhere.pem" if path == SERVES else example, "--json")
    assert done.returncode in range(2, 9), done.stderr
    assert done.stdout == ""
    if path != SERVES:  # it answers others, not the one who typed it
        assert json.loads(done.stderr.splitlines()[-1])["schema"].startswith("net.error/")


PRINTS_PAST_PYTHON = """
import ctypes, os
import cli.main

def load(name, load=cli.main.load):
    os.write(1, b"a banner\\n")
    ctypes.CDLL(None).printf(b"kept in a buffer until the end\\n")
    return load(name)

cli.main.load = load
cli.main.main()
"""


def test_what_a_compiled_library_prints_is_no_part_of_the_answer(
    home: Path,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PRINTS_PAST_PYTHON, "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(done.stdout)["schema"].startswith("net.doctor/")
    assert "a banner" in done.stderr
    assert "kept in a buffer" in done.stderr


def test_a_broken_example_is_found(net: Net) -> None:
    with pytest.raises(AssertionError, match="no such file"):
        typed(net, "net order new --from nowhere.toml")


def test_a_key_that_nobody_documented_is_found() -> None:
    told = answers.page({"net.x/1": {"on": {"date"}, "firms": {"list"}, "firms[].name": {"text"}}})
    known = answers.documented(told)["net.x/1"]
    places = dict(answers.shape({"on": "2026-03-02", "firms": [{"name": "a", "fee": None}]}))
    assert set(places) - known == {"firms[]", "firms[].fee"}
    assert places["on"] == "date"


def test_names_that_are_data_are_one_key() -> None:
    assert dict(answers.shape({"loop": {"CNY": "1", "EUR": "2"}})) == {"loop": "object", "loop.*": "text"}
