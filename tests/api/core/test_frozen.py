"""A card that is computed no more: its figures are read back, its state is stated anew."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from services.api.core.card_documents import card_document
from services.api.core.documents import to_bytes
from services.api.core.frozen import read_score, restate
from services.api.core.scorecards import score
from services.schema.shapes.people import Subject
from services.schema.shapes.scorecards import Scorecard
from services.schema.words import CycleStatus, LineStatus, ScorecardStatus, SubjectKind
from tests.api.core.chance import random_adjustments
from tests.api.core.scoring import head
from tests.api.core.written import random_segments

DOCUMENT = {
    "id": "sc_1",
    "status": "live",
    "total": "82.00",
    "grade": "乙",
    "coefficient": "1.2",
    "rank": None,
    "lines": [
        {
            "section": "all",
            "item": "sales",
            "indicator": "net_sales",
            "value": "1500.5",
            "target": "1000",
            "attainment": "1.5005",
            "score": "120",
            "weight": "60",
            "points": "72",
            "status": "ok",
        },
        {
            "section": "all",
            "item": "manners",
            "indicator": None,
            "value": None,
            "target": None,
            "attainment": None,
            "score": None,
            "weight": "40",
            "points": None,
            "status": "no_data",
        },
    ],
    "segments": [
        {
            "from": "2026-01-01",
            "to": "2026-02-01",
            "days": 31,
            "position": "agent",
            "unit": "front",
            "scheme": "sales",
            "scheme_version": 3,
            "total": "82.00",
        }
    ],
}
CARD = Scorecard(
    id="sc_1",
    cycle="jan",
    subject=Subject(SubjectKind.EMPLOYEE, "e-1"),
    revision=1,
    position="agent",
    unit="front",
    status=ScorecardStatus.LIVE,
    total=Decimal("82.00"),
    grade="乙",
    rank=None,
    document=to_bytes(DOCUMENT),
    explanation=b"{}",
    bases=None,
    fingerprint="sha256:0",
    computed_at=datetime(2026, 1, 1, tzinfo=UTC),
    stale_since=None,
    version=1,
)


@pytest.mark.parametrize(
    ("cycle", "status"),
    [
        (CycleStatus.OPEN, "live"),
        (CycleStatus.CLOSED, "in_review"),
        (CycleStatus.CALIBRATION, "in_review"),
        (CycleStatus.APPROVED, "approved"),
        (CycleStatus.PUBLISHED, "published"),
    ],
)
def test_only_status_and_rank_are_stated_anew(cycle: CycleStatus, status: str) -> None:
    stated = restate(CARD, status=cycle, rank=4)
    assert json.loads(stated.document) == {**DOCUMENT, "status": status, "rank": 4}
    assert list(json.loads(stated.document)) == list(DOCUMENT)
    assert (stated.status.value, stated.rank) == (status, 4)
    kept = {"status": CARD.status, "rank": CARD.rank, "document": CARD.document}
    assert replace(stated, **kept) == CARD  # type: ignore[arg-type]  # each of its own type


def test_a_card_without_a_total_stays_incomplete() -> None:
    document = to_bytes({**DOCUMENT, "total": None})
    stated = restate(replace(CARD, document=document), status=CycleStatus.CLOSED, rank=None)
    assert stated.status is ScorecardStatus.INCOMPLETE


def test_the_figures_are_those_that_were_shown() -> None:
    score = read_score(CARD.document)
    assert (score.total, score.grade, score.coefficient) == (Decimal("82.00"), "乙", Decimal("1.2"))
    (segment,) = score.segments
    assert (segment.segment.start, segment.segment.end) == (date(2026, 1, 1), date(2026, 2, 1))
    assert (segment.segment.scheme, segment.segment.scheme_version) == ("sales", 3)


def test_the_lines_are_those_that_were_shown() -> None:
    sales, manners = read_score(CARD.document).segments[0].lines
    assert (sales.item, sales.indicator, sales.status) == ("sales", "net_sales", LineStatus.OK)
    assert (sales.value, sales.target, sales.attainment) == (
        Decimal("1500.5"),
        Decimal(1000),
        Decimal("1.5005"),
    )
    assert (sales.score, sales.weight, sales.points) == (Decimal(120), Decimal(60), Decimal(72))
    assert (manners.indicator, manners.value, manners.attainment) == (None, None, None)
    assert (manners.score, manners.points, manners.status) == (None, None, LineStatus.NO_DATA)


def test_each_segment_has_its_own_lines() -> None:
    document = json.loads(CARD.document)
    document["segments"] *= 2
    document["lines"][0]["segment"], document["lines"][1]["segment"] = 2, 1
    first, second = read_score(to_bytes(document)).segments
    assert [line.item for line in first.lines] == ["manners"]
    assert [line.item for line in second.lines] == ["sales"]


@pytest.mark.parametrize("seed", range(20))
def test_what_is_read_is_what_was_shown_and_not_how_it_came_about(seed: int) -> None:
    chance = Random(seed)
    segments = random_segments(chance)
    made = score(segments, random_adjustments(chance))
    hidden: dict[str, Any] = {"policy": None, "step": None, "before": None, "after": None}
    shown = [
        replace(
            each,
            lines=tuple(replace(line, **hidden) for line in each.lines),
            sections=(),
            points=None,
            gates=(),
        )
        for each in made.segments
    ]
    assert read_score(card_document(head(segments), made)) == replace(
        made, segments=tuple(shown), mean=None, adjustments=(), adjusted=None, band=None
    )
