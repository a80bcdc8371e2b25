"""What a batch is answered with, row by row (`api.md`, section 2)."""

import json

from fastapi import Response

from services.door.batches import BatchAnswer
from services.ingest.flows.landing import RowFault, Tally
from services.schema.words import Outcome


class FileAnswer(BatchAnswer):
    """What became of a file."""

    days_stated: int
    """Days of shops of which it said something new, to be held against ours."""


def answer_batch(tally: Tally, days_stated: int | None = None) -> Response:
    """The answer, written without models: there may be a hundred thousand rows in it."""
    document: dict[str, object] = {
        "batch": tally.batch,
        "received": tally.received,
        **{outcome.value: tally.counts[outcome] for outcome in Outcome},
        "rows": [_answer_row(row) for row in tally.rows],
    }
    if days_stated is not None:
        document["days_stated"] = days_stated
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
