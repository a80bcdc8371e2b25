"""Graph of a card's revisions: how it stood in each, and what was published of it."""

from typing import Self

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.loaders import Revision
from services.api.graph.scalars import DecimalText, InstantText, instant_text
from services.schema.money import TOTAL_PLACES, fixed
from services.schema.shapes.people import parse_subject
from services.schema.words import ScorecardStatus


@strawberry.type(description="One revision of a scorecard, and what was published of it.")
class CardRevision:
    scorecard: strawberry.ID
    revision: int
    status: ScorecardStatus
    total: DecimalText | None
    grade: str | None
    computed_at: InstantText
    fingerprint: str
    result: strawberry.ID | None
    published_at: InstantText | None

    @classmethod
    def from_shape(cls, revision: Revision) -> Self:
        card, result = revision.card, revision.result
        total = None if card.total is None else fixed(card.total, TOTAL_PLACES)
        return cls(
            scorecard=strawberry.ID(card.id),
            revision=card.revision,
            status=card.status,
            total=None if total is None else DecimalText(total),
            grade=card.grade,
            computed_at=instant_text(card.computed_at),
            fingerprint=card.fingerprint,
            result=None if result is None else strawberry.ID(result.id),
            published_at=None if result is None else instant_text(result.published_at),
        )


async def history_of(context: GraphContext, cycle: str, subject: str) -> list[CardRevision] | None:
    """The revisions of a card that the caller sees, first to last."""
    context.authorize("REST GET /v1/scorecards/{id}/history")
    found = await context.loaders.revisions_by_card.load((cycle, parse_subject(subject)))
    return [CardRevision.from_shape(each) for each in found]
