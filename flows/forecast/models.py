"""Models kept as records: learned once from stated data, found again by subject, never changed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from domain.errors import NotFoundError, UsageError
from domain.posting import Entry
from domain.record_kinds import RecordKey, RecordKind
from finance.forecast.model import Forecast, LatenessModel, foresee, from_record, learn, to_record
from finance.forecast.outcomes import Outcome
from flows.desk.forecasts import newest_model
from flows.desk.session import Session
from flows.forecast.outcomes import ledger_outcomes, table_outcomes
from ledger.book.reading import Reading


@dataclass(frozen=True, slots=True)
class Learned:
    """A model and where it is kept: the key of its record in the ledger, or none."""

    model: LatenessModel
    record: Mapping[str, Any]
    key: str


def learn_from_table(subject: str, tables: Sequence[Path], map_file: Path, until: date | None) -> Learned:
    """A model of what tables show; ``until`` is the last day in them where none is given."""
    outcomes = table_outcomes(tables, map_file)
    return _learned(subject, outcomes, until or last_day(outcomes))


def learn_from_ledger(session: Session, subject: str, until: date | None) -> Learned:
    """A model of the ledger's own orders, up to the session's day where no other is given."""
    day = until or session.on
    return _learned(subject, ledger_outcomes(session.ledger, subject, day), day)


def _learned(subject: str, outcomes: Sequence[Outcome], until: date) -> Learned:
    model = learn(subject, outcomes, until)
    record = to_record(model)
    return Learned(
        model,
        record,
        RecordKey.model_learned(subject, until.isoformat(), model.version, model.data_digest[:16]),
    )


def last_day(outcomes: Sequence[Outcome]) -> date:
    """The last day of which a table speaks: nothing in it was known later."""
    days = [day for one in outcomes for day in (one.asked_on, one.ended_on) if day is not None]
    if not days:
        raise UsageError("the table has no rows", "give one that has")
    return max(days)


def keep(session: Session, learned: Learned) -> None:
    """Record the model in the ledger; the same model again changes nothing."""
    entry = Entry(
        RecordKind.MODEL_LEARNED, learned.key, learned.model.until, None, {"model": dict(learned.record)}
    )
    with session.ledger.write() as transaction:
        transaction.append(entry)


def write_model(learned: Learned, file: Path) -> None:
    """The record as a file, one line a field, the same bytes for the same data."""
    file.write_text(json.dumps(learned.record, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")


def read_model(file: Path) -> LatenessModel:
    """The model in a file; UsageError when it holds none."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {file}", "net learn makes one with --out FILE") from None
    except (ValueError, OSError) as error:
        raise UsageError(f"{file} holds no model: {error}", "net learn makes one with --out FILE") from None
    try:
        return from_record(found)
    except (KeyError, TypeError, AttributeError):
        raise UsageError(f"{file} holds no model", "net learn makes one with --out FILE") from None


def find_model(reading: Reading, subject: str, on: date) -> LatenessModel:
    """The newest model as of a day; NotFoundError when none was learned."""
    found = newest_model(reading, subject, on)
    if found is None:
        raise NotFoundError(f"no model of {subject} was learned yet", f"net learn {subject} learns one")
    return found


def foresee_table(
    model: LatenessModel, table: Path, map_file: Path, history: Sequence[Path], since: date | None
) -> list[Forecast]:
    """A forecast of each row of the table, each as of its own day, resting on history and earlier rows."""
    outcomes = table_outcomes([*history, table], map_file)
    wanted = {one.id for one in table_outcomes([table], map_file)}
    _check(model, outcomes)
    return [
        one
        for one in foresee(model, outcomes)
        if one.outcome.id in wanted and (since is None or one.outcome.asked_on >= since)
    ]


def _check(model: LatenessModel, outcomes: Sequence[Outcome]) -> None:
    shape = {(len(one.groups), len(one.known)) for one in outcomes}
    if shape - {(model.levels, model.words)}:
        raise UsageError(
            f"the model knows {model.levels} groups and {model.words} words, the map has others",
            "use the map that it was learned with",
        )
