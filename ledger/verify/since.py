"""Verify what is newer than a checkpoint: the time grows with what is new, not with the ledger.

What the checkpoint covers is held against its root by the stored nodes alone. Texts, hashes, the tree, legs
and signatures of all that came after are recomputed; what the database derived from them is not.
"""

from ledger.checkpoints import contradiction
from ledger.record.backend import Backend
from ledger.record.findings import ComparedCheckpoint, Flaw, Report
from ledger.store import Ledger
from ledger.verify.records import Row, SignedStretch, Stretch, check_stretch
from trust.merkle import Frontier, root_at
from trust.notes import Checkpoint

STRETCH = 1 << 13
LEFT_OUT = (
    "records up to {:,} were held against the checkpoint's root alone, and balances, slots and the schema"
    " were not looked at: net ledger verify does both"
)


def verify_since(ledger: Ledger, checkpoint: Checkpoint) -> Report:
    """Findings in what is newer than ``checkpoint``, or that it was made of another ledger."""
    report = Report(ledger_id=ledger.id, notes=[LEFT_OUT.format(checkpoint.size)])
    report.compared.append(ComparedCheckpoint(checkpoint.size, ""))
    if problem := contradiction(ledger, checkpoint):
        report.add([Flaw("checkpoint", f"checkpoint at record {checkpoint.size}", problem)])
        return report
    tree, size = ledger.backend.tree(), ledger.size()
    frontier = Frontier.at(checkpoint.size, tree)
    for start in range(checkpoint.size, size, STRETCH):
        _add_stretch(ledger, report, frontier, start, min(start + STRETCH, size))
    signed = _signed(ledger.backend, ledger.id, checkpoint.size)
    report.commands, report.root = signed.commands, root_at(size, tree)
    report.add(signed.findings)
    return report


def _add_stretch(ledger: Ledger, report: Report, frontier: Frontier, start: int, end: int) -> None:
    records, legs = _rows(ledger.backend, start, end)
    found: Stretch = check_stretch(ledger.id, start, end, records, legs, alone=False)
    for row in records:
        if frontier.append(bytes(row[8])) != row[9]:
            told = "its place in the tree does not fit: the tree was rebuilt or cut"
            found.findings.append(Flaw("tree", f"record {row[0]}", told))
    report.records += len(records)
    report.legs += found.legs
    report.add(found.findings)


def _rows(backend: Backend, start: int, end: int) -> tuple[list[Row], list[Row]]:
    """Records and legs as each database gives them to a whole verification."""
    from ledger.sqlite.backend import SqliteBackend

    if isinstance(backend, SqliteBackend):
        from ledger.verify.sqlite import stored_rows

        return stored_rows(backend.reader().connection, start, end)
    from ledger.postgres.backend import PostgresBackend
    from ledger.verify.postgres_walk import stored_rows as rows_on_server

    assert isinstance(backend, PostgresBackend)
    return rows_on_server(backend.reader().connection, start, end)


def _signed(backend: Backend, ledger_id: str, after: int) -> SignedStretch:
    from ledger.sqlite.backend import SqliteBackend

    if isinstance(backend, SqliteBackend):
        from ledger.verify.sqlite import signed_after

        return signed_after(backend.path, ledger_id, after)
    from ledger.postgres.backend import PostgresBackend
    from ledger.verify.postgres_walk import signed_after as signed_on_server

    assert isinstance(backend, PostgresBackend)
    return signed_on_server(backend.reader().connection, ledger_id, after)
