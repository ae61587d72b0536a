"""``net ledger verify, checkpoint, prove, consistency, backup, restore``: trust it, prove it, keep it."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import Asked, command
from cli.screen.output import answer, note, progress, table
from domain.errors import LedgerBrokenError, NetError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from flows.desk.session import Session
    from ledger.record.findings import Report
    from trust.notes import Checkpoint

Against = Annotated[
    list[Path] | None,
    typer.Option("--against", metavar="CHECKPOINT", help="A checkpoint kept elsewhere; may be repeated."),
]


EXAMPLES = {
    "verify": "net ledger verify\nnet ledger verify --since friday.checkpoint --json",
    "checkpoint": "net ledger checkpoint --to friday.checkpoint",
    "prove": "net ledger prove 4\nnet ledger prove order:PO-2026-0017 --to proofs/",
    "consistency": "net ledger consistency monday.checkpoint friday.checkpoint",
    "backup": "net ledger backup net-2026-03-31.db",
    "restore": "net ledger restore net-2026-03-31.db",
    "accept_loss": 'net ledger accept-loss "failover of 2026-03-31: the standby lacked the last minute"',
    "withdraw": (
        'net ledger withdraw ed25519:xIIKvvvsV1/hlediyiOWqDqs3lKZ84XnDenCCw9S/y0= "the laptop was stolen"'
    ),
    "enrol": "net ledger enrol anna ed25519:xIIKvvvsV1/hlediyiOWqDqs3lKZ84XnDenCCw9S/y0=",
}


def register(app: typer.Typer) -> None:
    """Add these commands to the group ``net ledger``."""
    for function in (verify, checkpoint, prove, consistency, backup, restore, accept_loss, enrol, withdraw):
        command(app, function.__name__.replace("_", "-"), example=EXAMPLES[function.__name__])(function)


def verify(
    asked: Asked,
    against: Against = None,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="CHECKPOINT", help="Only what is newer than it: quick, and less."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes; one for each core when not given.")
    ] = None,
) -> None:
    """Recompute everything the ledger says, and say in plain words what is wrong and where.

    Texts, hashes, the tree, legs, balances, slots, holds, guards, schema, signatures. The newest checkpoint
    kept beside your keys is always compared; --against compares others, such as one your lender keeps.
    Exit code 7 when anything is wrong.
    """
    from flows.overview.verified import note_verified

    with asked.session() as session:
        today = session.clock().date()
        report = _newer(session, since) if since else _verified(session, against or [], workers)
        if report.sound and since is None:
            note_verified(report.ledger_id, report.records, report.root.hex(), session.clock())
    document = _report_document(report)
    answer(asked, "ledger-verify", document, lambda screen: _show_report(screen, report, today))
    if not report.sound:
        count = len(report.findings) + report.left_out
        raise LedgerBrokenError(
            f"the ledger does not add up: {count} finding{'s' if count > 1 else ''}",
            "keep the ledger as it is; net ledger restore brings back a backup",
        )


def _newer(session: "Session", since: Path) -> "Report":
    from ledger.verify.since import verify_since

    return verify_since(session.ledger, _checkpoint_file(since))


def _verified(session: "Session", against: list[Path], workers: int | None) -> "Report":
    from ledger.checkpoints import held_checkpoint
    from ledger.verify.ledger import verify_ledger

    with progress("verify") as advance:
        told = _growing(advance)
        try:
            ledger = session.ledger
        except NetError as error:
            return _file_verified(session, workers, told, error)
        held = held_checkpoint(_held_folder(session), ledger.id)
        checkpoints = [_checkpoint_file(path) for path in against] + ([held] if held else [])
        return verify_ledger(ledger, checkpoints, workers, told)


def _file_verified(
    session: "Session", workers: int | None, told: "Callable[[int, int], None]", error: NetError
) -> "Report":
    """A file too damaged to be opened as a ledger is verified all the same."""
    from ledger.verify.sqlite import verify_file

    path = Path(str(session.ledger_url or "").removeprefix("sqlite:///"))
    if isinstance(error, NotFoundError) or not path.is_file():
        raise error
    return verify_file(path, workers, told)


def _growing(advance: "Callable[[int], None]") -> "Callable[[int, int], None]":
    done = 0

    def told(now: int, _total: int) -> None:
        nonlocal done
        advance(now - done)
        done = now

    return told


def _report_document(report: "Report") -> dict[str, Any]:
    return {
        "ledger": report.ledger_id,
        "sound": report.sound,
        "records": report.records,
        "legs": report.legs,
        "commands": report.commands,
        "root": report.root.hex(),
        "unsealed": report.unsealed,
        "checkpoints": [{"records": size, "written": written} for size, written in report.compared],
        "findings": [{"subject": f.subject, "place": f.place, "problem": f.problem} for f in report.findings],
        "findings_left_out": report.left_out,
        "notes": report.notes,
    }


def _compared(report: "Report", today: date) -> "Iterator[str]":
    """Which checkpoints the ledger was held against, and how old they are."""
    for size, written in report.compared:
        days = (today - date.fromisoformat(written[:10])).days if written else None
        age = (
            "" if days is None else " (today)" if days <= 0 else f" ({days} day{'s' if days > 1 else ''} old)"
        )
        yield f"compared with the checkpoint at record {size:,}{age}"
    if not report.compared:
        yield "compared with no checkpoint: that its tail was cut off would not show"


def _show_report(screen: "Console", report: "Report", today: date) -> None:
    for line in _compared(report, today):
        note(line)
    for told in report.notes:
        note(told)
    if report.findings:
        rows = [(finding.place, finding.problem) for finding in report.findings]
        screen.print(table("What is wrong", ("where", "what"), rows))
        if report.left_out:
            screen.print(f"and {report.left_out:,} more")
        return
    screen.print(
        f"sound: {report.records:,} records, {report.legs:,} legs, {report.commands:,} signed commands"
    )
    if report.unsealed:
        screen.print(f"committed, not yet sealed: {report.unsealed:,}")
    screen.print(f"root {report.root.hex()}")


def checkpoint(
    asked: Asked,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write it here too.")] = None,
) -> None:
    """Sign the ledger as it stands; give the checkpoint to those who should be able to hold you to it.

    It is refused when the ledger contradicts the one signed before. The newest is kept beside your keys,
    outside the database. The format is a C2SP checkpoint, a signed note.
    """
    from ledger.checkpoints import make_checkpoint
    from trust.durable import write_whole
    from trust.notes import verifier_key

    with asked.session() as session:
        made = make_checkpoint(session.ledger, session.actor, _held_folder(session))
        key = verifier_key(session.ledger.id, session.actor.key.public)
    if to is not None:
        write_whole(to, made.note.encode())
    document = {
        "ledger": made.origin,
        "records": made.size,
        "root": made.root.hex(),
        "note": made.note,
        "key": key,
    }

    def show(screen: "Console") -> None:
        screen.print(made.note, end="")
        note(f"\nwhoever checks it needs this key: {key}")

    answer(asked, "ledger-checkpoint", document, show)


def prove(
    asked: Asked,
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Number, key or start of its id.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where to write.")] = Path(),
) -> None:
    """Write the proof that a record is in the ledger, for someone who does not have this program.

    Two files: RECORD.json, the record's exact bytes, and RECORD.tlog-proof, a C2SP proof with a checkpoint.
    docs/reference/ledger-proofs.md shows how to check them with standard tools.
    """
    from ledger.checkpoints import find_record, make_checkpoint, prove_record, record_bytes
    from trust.durable import write_whole
    from trust.notes import verifier_key

    with asked.session() as session:
        found = find_record(session.ledger, record)
        newest = make_checkpoint(session.ledger, session.actor, _held_folder(session))
        proof = prove_record(session.ledger, found, newest)
        body = record_bytes(session.ledger, found)
        key = verifier_key(session.ledger.id, session.actor.key.public)
    text, proof_file = to / f"{found.sequence}.json", to / f"{found.sequence}.tlog-proof"
    write_whole(text, body)
    write_whole(proof_file, proof.encode())
    document = {
        "record": found.sequence, "id": found.record_id, "text": text, "proof": proof_file, "key": key,
    }  # fmt: skip

    def show(screen: "Console") -> None:
        screen.print(f"record {found.sequence}: {text} and {proof_file}")
        note(f"whoever checks it needs this key: {key}")

    answer(asked, "ledger-prove", document, show)


def consistency(
    asked: Asked,
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The older checkpoint.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The newer checkpoint.")],
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the proof here.")] = None,
) -> None:
    """Prove that nothing before checkpoint OLD changed up to checkpoint NEW.

    The proof is text as witnesses of the C2SP protocol take it: old N, the hashes, the new checkpoint.
    """
    from ledger.checkpoints import prove_consistency
    from trust.durable import write_whole

    before, after = _checkpoint_file(old), _checkpoint_file(new)
    with asked.session() as session:
        proof = prove_consistency(session.ledger, before, after)
    if to is not None:
        write_whole(to, proof.encode())
    document = {"old": before.size, "new": after.size, "proof": proof}

    def show(screen: "Console") -> None:
        screen.print(proof, end="")
        note(f"nothing before record {before.size} changed up to record {after.size}")

    answer(asked, "ledger-consistency", document, show)


def backup(
    asked: Asked, to: Annotated[Path, typer.Argument(metavar="FILE", help="The copy to write.")]
) -> None:
    """Copy the ledger while others may be writing, and verify the copy."""
    from ledger.moving.backup import backup as copy

    with asked.session() as session, progress("verify the copy") as advance:
        report = copy(session.ledger, to, _growing(advance))
    answer(
        asked,
        "ledger-backup",
        {"file": to, **_report_document(report)},
        lambda screen: screen.print(f"{to}: {report.records:,} records, verified, root {report.root.hex()}"),
    )


def restore(
    asked: Asked,
    source: Annotated[Path, typer.Argument(metavar="FILE", help="What net ledger backup wrote.")],
    older: Annotated[
        bool, typer.Option("--older", help="Also when records were written after the backup was taken.")
    ] = False,
) -> None:
    """Make the ledger from a backup that verifies; never over a ledger that is there.

    A backup older than the newest checkpoint kept beside your keys is refused: what was written since would
    be lost. --older accepts that; checkpoints signed later will not fit the restored ledger. On PostgreSQL
    give the URL of an empty database's owner; it goes on as the program's own role.
    """
    from ledger.checkpoints import held_checkpoint
    from ledger.store import open_ledger

    with asked.session() as session:
        with open_ledger(source) as ledger:
            held = held_checkpoint(_held_folder(session), ledger.id)
        checkpoints = [held] if held and not older else []
        with progress("verify the backup") as advance:
            target, report = _brought_back(asked, session, source, checkpoints, _growing(advance))
        if older and held is not None and report.records < held.size:
            note(
                "what was written since is lost: net ledger accept-loss REASON records that, before any write"
            )
    answer(
        asked,
        "ledger-restore",
        {"ledger_file": target, **_report_document(report)},
        lambda screen: screen.print(f"{target}: {report.records:,} records, root {report.root.hex()}"),
    )


def _brought_back(
    asked: Asked,
    session: "Session",
    source: Path,
    checkpoints: "list[Checkpoint]",
    told: "Callable[[int, int], None]",
) -> "tuple[str, Report]":
    """Where the ledger is now, as people may see it."""
    from config.locations import own_ledger
    from config.logins import save_login, shown_url
    from ledger.moving.backup import restore, restore_to_server
    from ledger.store import is_postgres

    url = asked.ledger or session.ledger_url or str(own_ledger())
    if is_postgres(url):
        report, made = restore_to_server(source, url, checkpoints, told)
        save_login(session.keys_folder, made)
        return shown_url(made), report
    place = Path(str(session.ledger_url or own_ledger()).removeprefix("sqlite:///"))
    return str(place), restore(source, place, checkpoints, told)


def accept_loss(
    asked: Asked,
    reason: Annotated[
        str, typer.Argument(metavar="REASON", help="What happened, for those who read it later.")
    ],
) -> None:
    """Go on with a ledger that lacks records which a checkpoint was signed over, and record that it does.

    After a failover to a server that had not got everything, or with an old copy in its place, every write is
    refused. This records what is lost and why, keeps the checkpoint of what was there beside your keys, and
    signs the ledger as it stands. Whoever holds the older checkpoint can still show what is missing.
    """
    from ledger.checkpoints import accept_loss as accept

    with asked.session() as session:
        made = accept(session.ledger, session.actor, _held_folder(session), reason)
    answer(
        asked,
        "ledger-accept-loss",
        {"ledger": made.origin, "records": made.size, "root": made.root.hex(), "note": made.note},
        lambda screen: screen.print(f"recorded; the ledger goes on from record {made.size:,}"),
    )


def enrol(
    asked: Asked,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, for people.")],
    key: Annotated[str, typer.Argument(metavar="KEY", help="Their public key: ed25519:...")],
) -> None:
    """Let another person or machine write to this ledger with a key of their own.

    Their `net` tells them their key when it is refused. From then on what they write counts as signed.
    """
    from trust.keys import PublicKey

    with asked.session() as session, session.ledger.write() as transaction:
        transaction.enrol_actor(name, PublicKey(key))
    answer(
        asked,
        "ledger-enrol",
        {"name": name, "key": key},
        lambda screen: screen.print(f"{name} may write: {key}"),
    )


def withdraw(
    asked: Asked,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The public key: ed25519:...")],
    reason: Annotated[str, typer.Argument(metavar="REASON", help="Why, for those who read it later.")],
    replaced_by: Annotated[
        str | None,
        typer.Option(
            "--replaced-by", metavar="KEY", help="The key that writes under the same name from now."
        ),
    ] = None,
) -> None:
    """Let a key write no more: it was lost, stolen, or its holder left.

    What it signed before stays; what it signs from now on is refused, and net ledger verify finds it.
    """
    from trust.keys import PublicKey

    with asked.session() as session, session.ledger.write() as transaction:
        session.ledger.backend.keep_writers_out()
        new = PublicKey(replaced_by) if replaced_by else None
        transaction.withdraw_actor(PublicKey(key), reason, new)
    answer(
        asked,
        "ledger-withdraw",
        {"key": key, "reason": reason, "replaced_by": replaced_by},
        lambda screen: screen.print(f"writes no more: {key}"),
    )


def _held_folder(session: "Session") -> Path:
    return session.keys_folder / "checkpoints"


def _checkpoint_file(path: Path) -> "Checkpoint":
    from ledger.checkpoints import read_checkpoint

    try:
        return read_checkpoint(path)
    except FileNotFoundError:
        hint = "net ledger checkpoint --to FILE writes one"
        raise NotFoundError(f"there is no checkpoint at {path}", hint) from None
