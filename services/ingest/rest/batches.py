"""What a batch is answered with, row by row (`api.md`, section 2)."""

import json

from fastapi import Response

from services.door.wire import Model
from services.ingest.flows.landing import RowFault, Tally
from services.schema.words import Outcome


class RowAnswer(Model):
    """A row that was not created, updated or duplicate, and what speaks against it."""

    row: int
    """Counted from 1; the header of a table is none."""
    outcome: Outcome
    code: str
    pointer: str
    detail: str


class BatchAnswer(Model):
    """What became of a batch."""

    batch: str
    received: int
    created: int
    updated: int
    duplicate: int
    stale: int
    invalid: int
    conflict: int
    rows: list[RowAnswer]


def answer_batch(tally: Tally) -> Response:
    """The answer, written without models: there may be a hundred thousand rows in it."""
    document = {
        "batch": tally.batch,
        "received": tally.received,
        **{outcome.value: tally.counts[outcome] for outcome in Outcome},
        "rows": [_answer_row(row) for row in tally.rows],
    }
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(body, media_type="application/json")


def _answer_row(row: RowFault) -> dict[str, object]:
    return {
        "row": row.number,
        "outcome": row.outcome.value,
        "code": row.fault.code,
        "pointer": row.fault.pointer,
        "detail": row.fault.detail,
    }
