"""Graph of the interview after a result: what stands in the form, and who signed it."""

from typing import Self

import strawberry

from services.api.graph.context import GraphContext
from services.api.graph.scalars import DayText, InstantText, instant_text
from services.schema.shapes import interviews as shapes
from services.schema.shapes.views import View
from services.schema.words import InterviewPart


@strawberry.type(description="A measure for the time to come, or a goal; it has no weight.")
class Agreed:
    what: str
    due_on: DayText | None

    @classmethod
    def from_shape(cls, agreed: shapes.Agreed) -> Self:
        due = None if agreed.due_on is None else DayText(agreed.due_on.isoformat())
        return cls(what=agreed.what, due_on=due)


@strawberry.type(description="Who signed what stands in the form.")
class InterviewSignature:
    part: InterviewPart
    by: str | None = strawberry.field(description="Null where the caller is not told.")
    signed_at: InstantText


@strawberry.type(description="The form of the interview as it stands.")
class Interview:
    scorecard: str
    due_on: DayText | None = strawberry.field(description="Null before the result.")
    overdue: bool
    frozen: bool = strawberry.field(description="Both have signed.")
    succeeded: str | None
    to_improve: str | None
    cause: str | None
    training: str | None
    own_standing: str | None
    opinion: str | None
    help_wanted: str | None
    measures: list[Agreed]
    goals: list[Agreed]
    remarks: str | None
    signatures: list[InterviewSignature]
    entries: int

    @classmethod
    def from_shape(cls, interview: shapes.CardInterview, view: View) -> Self:
        texts = interview.answers.texts
        return cls(
            scorecard=interview.scorecard,
            due_on=None if interview.due_on is None else DayText(interview.due_on.isoformat()),
            overdue=interview.is_overdue,
            frozen=interview.is_frozen,
            succeeded=texts.get("succeeded"),
            to_improve=texts.get("to_improve"),
            cause=texts.get("cause"),
            training=texts.get("training"),
            own_standing=texts.get("own_standing"),
            opinion=texts.get("opinion"),
            help_wanted=texts.get("help_wanted"),
            measures=[Agreed.from_shape(each) for each in interview.answers.measures],
            goals=[Agreed.from_shape(each) for each in interview.answers.goals],
            remarks=texts.get("remarks"),
            signatures=[
                InterviewSignature(
                    part=part,
                    by=entry.person if view.names_person(entry.person) else None,
                    signed_at=instant_text(entry.stated_at),
                )
                for part in InterviewPart
                if (entry := interview.signatures.get(part)) is not None
            ],
            entries=len(interview.trail),
        )


async def interview_of(context: GraphContext, card: str) -> Interview | None:
    """The interview of a card that the caller sees."""
    context.authorize("REST GET /v1/scorecards/{id}/interview")
    found = await context.loaders.interview_by_card.load(card)
    return None if found is None else Interview.from_shape(found, await context.view())
