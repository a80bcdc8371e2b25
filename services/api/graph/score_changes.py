"""Graph of score changes: a card against an earlier one, split by line, as REST tells it."""

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.documents import parse, read_document
from services.api.graph.loaders import Against
from services.api.graph.scalars import DecimalText
from services.api.graph.schemes import Name
from services.schema.shapes.score_changes import Cause, ChangedPart
from services.schema.words import ScorecardStatus

for _word in (Cause, ChangedPart):
    strawberry.enum(_word, description=_word.__doc__)


@strawberry.type(description="One of two cards that are held against each other.")
class ComparedCard:
    id: strawberry.ID
    cycle: str
    revision: int
    status: ScorecardStatus
    scheme: str
    scheme_version: int
    total: DecimalText | None
    grade: str | None


@strawberry.type(description="A line as it stood in one of the cards.")
class LineThen:
    value: DecimalText | None
    target: DecimalText | None
    score: DecimalText | None
    weight: DecimalText | None
    points: DecimalText


@strawberry.type(description="What of a line's part one cause did.")
class ChangeCause:
    cause: Cause
    part: DecimalText


@strawberry.type(description="What one item did to the total; its causes sum to its part.")
class LineChange:
    item: str
    indicator: str | None
    before: LineThen | None
    after: LineThen | None
    part: DecimalText
    causes: list[ChangeCause]


@strawberry.type(description="Something that differs and is nobody's performance.")
class ChangeMark:
    what: ChangedPart
    item: str | None
    before: str | None
    after: str | None


@strawberry.type(description="A change of a total whose parts sum to it exactly.")
class ScoreChange:
    before: ComparedCard
    after: ComparedCard
    reason: str | None = strawberry.field(description="`incomplete`: one of them has no total.")
    change: DecimalText | None
    adjustments: DecimalText | None
    gates: DecimalText | None
    rounding: DecimalText | None
    lines: list[LineChange]
    marks: list[ChangeMark]
    words: Name


async def change_of_card(
    context: GraphContext, card_id: str, against: str | None
) -> ScoreChange | None:
    """The change of a card that the caller sees already; null where nothing stands before it."""
    context.authorize("REST GET /v1/scorecards/{id}/change")
    await context.settle()
    document = await context.loaders.change_by_card.load(Against(card_id, against))
    return None if document is None else read_document(ScoreChange, parse(document))
