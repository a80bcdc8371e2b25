"""Batches of rows: each is read by itself, and each that did not land is named (`api.md`, 2)."""

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from services.door.batches import BatchAnswer, RowAnswer
from services.door.problems import faults_of
from services.door.wire import Model
from services.schema.errors import Conflict, Fault, Invalid
from services.schema.ids import IdKind, new_id
from services.schema.words import Outcome

MOST_ROWS = 5000
"""Of one list that is put or posted: what is wrong is told row by row."""
Row = TypeVar("Row", bound=Model)
Verdict = Outcome | Invalid | Conflict
"""What became of a row, or what speaks against it."""


def read_rows(rows: Sequence[object], model: type[Row]) -> list[Row | Invalid]:
    """Each row as its model, or what is malformed in it."""
    return [_read_row(row, model) for row in rows]


def answer_batch(read: Sequence[object], verdicts: Sequence[Verdict]) -> BatchAnswer:
    """The answer to rows as they were read; the verdicts are those of the rows that could be."""
    judged = iter(verdicts)
    settled = [row if isinstance(row, Invalid) else next(judged) for row in read]
    answers = [
        _answer_row(number, verdict)
        for number, verdict in enumerate(settled, 1)
        if not isinstance(verdict, Outcome)
    ]
    counts = Counter(verdict for verdict in settled if isinstance(verdict, Outcome))
    return BatchAnswer(
        batch=new_id(IdKind.BATCH),
        received=len(settled),
        created=counts[Outcome.CREATED],
        updated=counts[Outcome.UPDATED],
        duplicate=counts[Outcome.DUPLICATE],
        stale=0,
        invalid=len(answers),
        conflict=0,
        rows=answers,
    )


def _read_row(row: object, model: type[Row]) -> Row | Invalid:
    try:
        return model.model_validate(row)
    except ValidationError as error:
        placed = ({**fault, "loc": ("body", *fault["loc"])} for fault in error.errors())
        faults = faults_of(placed)
        return Invalid(faults[0].code, faults[0].detail, faults)


def _answer_row(number: int, refusal: Invalid | Conflict) -> RowAnswer:
    """The first thing wrong: a row is mended and posted again."""
    fault = refusal.faults[0] if refusal.faults else Fault("", refusal.code, refusal.detail)
    return RowAnswer(
        row=number,
        outcome=Outcome.INVALID,
        code=fault.code,
        pointer=fault.pointer,
        detail=fault.detail,
    )
