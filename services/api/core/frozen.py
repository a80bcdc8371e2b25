"""Cards that are computed no more: their figures, and how they are stated as a cycle moves on."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.api.core.documents import to_bytes
from services.api.core.scorecards import status_of
from services.schema.shapes.indicators import Value
from services.schema.shapes.scorecards import Score, Scorecard, Segment, SegmentScore
from services.schema.words import CycleStatus, NoValue


def restate(card: Scorecard, *, status: CycleStatus, rank: int | None) -> Scorecard:
    """The same card while its cycle stands elsewhere: only status and rank are stated anew."""
    document = json.loads(card.document)
    state = status_of(status, read_score(card.document))
    stated = {**document, "status": state, "rank": rank}
    return replace(card, status=state, rank=rank, document=to_bytes(stated))


def read_score(document: bytes) -> Score:
    """The totals, grade and segments that a card's document shows; lines are not read again.

    What was reviewed and approved is what is paid: nothing is computed anew from facts.
    """
    shown = json.loads(document)
    total = _decimal(shown["total"])
    return Score(
        segments=tuple(_segment(each) for each in shown["segments"]),
        mean=None,
        adjustments=(),
        adjusted=None,
        total=total,
        band=None,
        grade=shown["grade"],
        coefficient=_decimal(shown["coefficient"]),
    )


def bases_document(bases: Mapping[str, Value]) -> bytes:
    """What commissions will be paid on, as it was when data closed."""
    return to_bytes(
        {
            indicator: {
                "value": None if base.value is None else format(base.value, "f"),
                "reason": base.reason,
            }
            for indicator, base in sorted(bases.items())
        }
    )


def read_bases(document: bytes) -> dict[str, Value]:
    """The values of a document of bases."""
    return {
        indicator: Value(
            _decimal(stated["value"]),
            None if stated["reason"] is None else NoValue(stated["reason"]),
        )
        for indicator, stated in json.loads(document).items()
    }


def _segment(shown: Mapping[str, Any]) -> SegmentScore:
    segment = Segment(
        start=date.fromisoformat(shown["from"]),
        end=date.fromisoformat(shown["to"]),
        position=shown["position"],
        unit=shown["unit"],
        scheme=shown["scheme"],
        scheme_version=shown["scheme_version"],
    )
    total = _decimal(shown["total"])
    return SegmentScore(segment, lines=(), sections=(), points=None, total=total, gates=())


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
