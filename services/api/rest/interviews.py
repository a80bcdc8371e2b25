"""REST of the interview after a result: the form, written and signed by both sides."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.auth import view_of
from services.api.flows.interviews import read_card_interviews, write_interview
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.door.etags import PRIVATE, check_match, etag_of, tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Day, Instant, LongText, Model
from services.schema.shapes.interviews import (
    Agreed,
    CardInterview,
    InterviewEntry,
    StatedAnswers,
)
from services.schema.shapes.views import View
from services.schema.words import InterviewPart

router = new_router()

MOST_AGREED = 20


class AgreedDocument(Model):
    """A measure for the time to come, or a goal of one's own, which has no weight."""

    what: LongText
    due_on: Day | None = None

    def to_shape(self) -> Agreed:
        return Agreed(self.what, self.due_on)


class AgreedMeasureDocument(AgreedDocument):
    """A measure has a date."""

    due_on: Day


class InterviewIn(Model):
    """What somebody writes into the form; what is left out stays as it is."""

    succeeded: LongText | None = None
    to_improve: LongText | None = None
    cause: LongText | None = None
    training: LongText | None = None
    own_standing: LongText | None = None
    """This, `opinion` and `help_wanted` the employee alone answers."""
    opinion: LongText | None = None
    help_wanted: LongText | None = None
    measures: Annotated[list[AgreedMeasureDocument], Field(max_length=MOST_AGREED)] | None = None
    goals: Annotated[list[AgreedDocument], Field(max_length=MOST_AGREED)] | None = None
    remarks: LongText | None = None
    sign: bool = False
    """Sign all that then stands in the form."""

    def to_shape(self) -> StatedAnswers:
        lists = {"measures", "goals", "sign"}
        texts = self.model_dump(exclude=lists, exclude_none=True)
        measures, goals = (
            None if stated is None else tuple(each.to_shape() for each in stated)
            for stated in (self.measures, self.goals)
        )
        return StatedAnswers(texts, measures, goals, self.sign)


class SignatureOfInterviewDocument(Model):
    """Who signed what stands in the form, and when."""

    part: InterviewPart
    by: str | None
    """Null where the reader is not told of this person."""
    signed_at: Instant

    @classmethod
    def from_shape(cls, entry: InterviewEntry, view: View) -> "SignatureOfInterviewDocument":
        by = entry.person if view.names_person(entry.person) else None
        return cls(part=entry.part, by=by, signed_at=entry.stated_at)


class InterviewDocument(Model):
    """The form as it stands, and whose signatures it bears."""

    scorecard: str
    due_on: Day | None
    """Null before anything was published."""
    overdue: bool
    """Whether it is late and still to be held, or was held too late."""
    frozen: bool
    """Both have signed: nothing is changed any more."""
    succeeded: str | None
    to_improve: str | None
    cause: str | None
    training: str | None
    own_standing: str | None
    opinion: str | None
    help_wanted: str | None
    measures: list[AgreedMeasureDocument]
    goals: list[AgreedDocument]
    remarks: str | None
    signatures: list[SignatureOfInterviewDocument]
    entries: int
    """How often something was written or signed."""

    @classmethod
    def from_shape(cls, interview: CardInterview, view: View) -> "InterviewDocument":
        answers = interview.answers
        return cls(
            scorecard=interview.scorecard,
            due_on=interview.due_on,
            overdue=interview.is_overdue,
            frozen=interview.is_frozen,
            **{code: answers.texts.get(code) for code in TEXTS},
            measures=[
                AgreedMeasureDocument(what=each.what, due_on=each.due_on)
                for each in answers.measures
                if each.due_on is not None
            ],
            goals=[AgreedDocument(what=each.what, due_on=each.due_on) for each in answers.goals],
            signatures=[
                SignatureOfInterviewDocument.from_shape(interview.signatures[part], view)
                for part in InterviewPart
                if part in interview.signatures
            ],
            entries=len(interview.trail),
        )


TEXTS = tuple(
    name for name in InterviewIn.model_fields if name not in {"measures", "goals", "sign"}
)
"""The questions that are answered by a text."""


@router.post("/v1/scorecards/{id}/interview", status_code=201, response_model=InterviewDocument)
async def post_interview(
    request: Request, id: CardId, stated: InterviewIn, caller: Asking, session: Writing
) -> Response:
    """Write into the form of the interview that follows a result, or sign it.

    The employee and the nearest superior of the day hold it, each with a key of their own; HR where
    there is none. A change takes signatures away; with both it is frozen. An `If-Match` with the
    tag of the form refuses what the other has changed meanwhile.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    interview = await write_interview(
        session,
        id,
        stated.to_shape(),
        view=view,
        permit=lambda there: check_match(request, etag_of(_document(there, view))),
        caller=caller,
        at=at,
    )
    body = _document(interview, view)
    headers = {"ETag": etag_of(body), **PRIVATE}
    return Response(body, 201, headers=headers, media_type="application/json")


@router.get("/v1/scorecards/{id}/interview", response_model=InterviewDocument)
async def get_interview(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """The interview of a card: what stands in the form, who signed it, whether it is overdue."""
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    interview = (await read_card_interviews(session, [card], at=at))[card.id]
    return tagged(request, _document(interview, await view_of(session, caller, at)))


def _document(interview: CardInterview, view: View) -> bytes:
    return bytes_of(InterviewDocument.from_shape(interview, view))
