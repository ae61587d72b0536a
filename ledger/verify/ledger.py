"""Does the ledger add up, and is it the one that others hold checkpoints of?"""

from collections.abc import Sequence

from domain.errors import UnreachableError
from ledger.checkpoints import contradiction
from ledger.record.backend import Backend, Progress
from ledger.record.findings import ComparedCheckpoint, Flaw, Report
from ledger.store import Ledger
from trust.notes import Checkpoint


def verify_ledger(
    ledger: Ledger,
    checkpoints: Sequence[Checkpoint] = (),
    workers: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Recompute leaves, tree, legs, projections, schema and signatures; compare with ``checkpoints``.

    Only a checkpoint kept elsewhere shows a whole ledger rewritten, cut or put back from an old copy by
    somebody who holds an enrolled key. ``workers`` None is one process for each core.
    """
    report = _recomputed(ledger.backend, workers, progress)
    for checkpoint in checkpoints:
        try:
            problem = contradiction(ledger, checkpoint)
        except UnreachableError:
            raise
        except Exception as error:
            problem = f"cannot be compared: {error}"
        report.compared.append(ComparedCheckpoint(checkpoint.size, _written(ledger, checkpoint.size)))
        if problem:
            report.add([Flaw("checkpoint", f"checkpoint at record {checkpoint.size}", problem)])
    return report


def _written(ledger: Ledger, number: int) -> str:
    """When a record was written; empty for one that cannot be read."""
    try:
        record = ledger.record_by_sequence(number)
    except UnreachableError:
        raise
    except Exception:  # what is wrong with it is told elsewhere
        return ""
    return record.at if record else ""


def _recomputed(backend: Backend, workers: int | None, progress: Progress | None) -> Report:
    """As the kind of the backend wants it; its inspector is loaded alone, its driver with it."""
    from ledger.sqlite.backend import SqliteBackend

    if isinstance(backend, SqliteBackend):
        from ledger.verify.sqlite import verify_file

        return verify_file(backend.path, workers, progress)
    from ledger.postgres.backend import PostgresBackend
    from ledger.verify.postgres import verify_sealed

    assert isinstance(backend, PostgresBackend)
    return verify_sealed(backend, workers, progress)
