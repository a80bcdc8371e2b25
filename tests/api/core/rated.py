"""Short ways to write what people rate: items, raters, marks."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from services.schema.shapes.scorecards import Mark
from services.schema.words import RaterRole
from tests.api.core.scoring import Document, item

LEVELS: list[Document] = [
    {"mark": "100", "text": {"zh": "优", "en": "excellent"}},
    {"mark": "60", "text": {"zh": "可", "en": "fair"}},
    {"mark": "0", "text": {"zh": "差", "en": "poor"}},
]
SELF_AND_MANAGER: list[Document] = [
    {"role": "self", "weight": "20"},
    {"role": "manager", "weight": "80"},
]


def rating(raters: Sequence[Document] = SELF_AND_MANAGER, **more: object) -> Document:
    return {"kind": "rating", "raters": list(raters), **more}


def ladder(*marks: str) -> Document:
    """A ladder with a behaviour for each mark."""
    behaviours = [{"zh": f"行为{at}", "en": f"behaviour {at}"} for at in range(1, len(marks) + 1)]
    return {"kind": "ladder", "behaviours": behaviours, "marks": list(marks)}


def rubric(*levels: Document) -> Document:
    return {"kind": "rubric", "levels": list(levels)}


def rated(code: str, weight: str, rule: Document, **more: object) -> Document:
    """An item that people rate: it has neither indicator nor target."""
    return {**item(code, weight, rule), "indicator": None, "target": None, **more}


def stated_mark(
    code: str,
    role: RaterRole | str,
    rater: str = "e-9",
    *,
    mark: str | None = None,
    level: int | None = None,
    behaviours: tuple[int, ...] | None = None,
) -> Mark:
    """What somebody stated of an item."""
    return Mark(
        item=code,
        role=RaterRole(role),
        rater=rater,
        mark=None if mark is None else Decimal(mark),
        level=level,
        behaviours=behaviours,
        comment=None,
        stated_at=datetime(2026, 11, 2, tzinfo=UTC),
    )
