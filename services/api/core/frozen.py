"""Cards that are computed no more: their figures, and how they are stated as a cycle moves on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.api.core.documents import to_bytes
from services.api.core.scorecards import status_of
from services.schema.shapes.scorecards import Line, Score, Scorecard, Segment, SegmentScore
from services.schema.words import CycleStatus, LineStatus


def restate(card: Scorecard, *, status: CycleStatus, rank: int | None) -> Scorecard:
    """The same card while its cycle stands elsewhere: only status and rank are stated anew."""
    document = json.loads(card.document)
    state = status_of(status, read_score(card.document))
    stated = {**document, "status": state, "rank": rank}
    return replace(card, status=state, rank=rank, document=to_bytes(stated))


def read_score(document: bytes) -> Score:
    """The lines, totals, grade and segments that a card's document shows.

    What was reviewed and approved is what is paid: nothing is computed anew from facts.
    """
    shown = json.loads(document)
    total = _decimal(shown["total"])
    return Score(
        segments=tuple(
            _segment(each, _lines_of(number, shown["lines"]))
            for number, each in enumerate(shown["segments"], 1)
        ),
        mean=None,
        adjustments=(),
        adjusted=None,
        total=total,
        band=None,
        grade=shown["grade"],
        coefficient=_decimal(shown["coefficient"]),
    )


def _segment(shown: Mapping[str, Any], lines: tuple[Line, ...]) -> SegmentScore:
    segment = Segment(
        start=date.fromisoformat(shown["from"]),
        end=date.fromisoformat(shown["to"]),
        position=shown["position"],
        unit=shown["unit"],
        scheme=shown["scheme"],
        scheme_version=shown["scheme_version"],
    )
    total = _decimal(shown["total"])
    return SegmentScore(segment, lines=lines, sections=(), points=None, total=total, gates=())


def _lines_of(number: int, shown: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """The lines of a segment; where there is but one, no line names it."""
    return tuple(_line(each) for each in shown if each.get("segment", number) == number)


def _line(shown: Mapping[str, Any]) -> Line:
    """A line's figures; what the rule did on its way to them is not shown on a card."""
    return Line(
        section=shown["section"],
        item=shown["item"],
        indicator=shown["indicator"],
        value=_decimal(shown["value"]),
        target=_decimal(shown["target"]),
        attainment=_decimal(shown["attainment"]),
        score=_decimal(shown["score"]),
        weight=Decimal(shown["weight"]),
        points=_decimal(shown["points"]),
        status=LineStatus(shown["status"]),
        policy=None,
        step=None,
        before=None,
        after=None,
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
