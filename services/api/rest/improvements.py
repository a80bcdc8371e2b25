"""REST of improvements: what interviews agreed, followed up on the cards that come after."""

from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.auth import view_of
from services.api.core.improvements import StatedFollowUp, is_overdue
from services.api.flows.improvements import follow_up, read_card_improvements
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.api.store.people import read_tenant
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, Day, Instant, LongText, Model, SubjectText
from services.schema.days import local_day
from services.schema.shapes.improvements import Improvement
from services.schema.shapes.views import View
from services.schema.watch_words import ImprovementState

router = new_router()

State = Annotated[ImprovementState, Field(strict=False)]


class FollowUpIn(Model):
    """What became of a measure that an interview agreed."""

    cycle: Code
    """Whose interview agreed it."""
    number: Annotated[int, Field(ge=1, le=100)]
    """Its place there, from 1."""
    state: State
    owner: Code | None = None
    """Who does it; left out, whoever did before, at first the employee of the interview."""
    note: LongText | None = None

    def to_shape(self) -> StatedFollowUp:
        return StatedFollowUp(self.cycle, self.number, self.state, self.owner, self.note)


class ImprovementDocument(Model):
    """A measure of an interview that both have signed, and what became of it."""

    cycle: Code
    number: int
    what: str
    owner: SubjectText
    due_on: Day
    state: ImprovementState
    overdue: bool
    note: str | None
    followed_in: Code | None
    """The cycle on whose card it was looked at last; null where nobody has."""
    by: str | None
    """Null where the reader is not told of this person."""
    stated_at: Instant | None

    @classmethod
    def from_shape(cls, each: Improvement, view: View, today: date) -> "ImprovementDocument":
        last = each.last
        return cls(
            cycle=each.cycle,
            number=each.number,
            what=each.what,
            owner=str(each.owner),
            due_on=each.due_on,
            state=each.state,
            overdue=is_overdue(each, today),
            note=None if last is None else last.note,
            followed_in=None if last is None else last.followed_in,
            by=None if last is None or not view.names_person(last.person) else last.person,
            stated_at=None if last is None else last.stated_at,
        )


@router.get("/v1/scorecards/{id}/improvements", response_model=Listed[ImprovementDocument])
async def list_improvements(
    request: Request, id: CardId, caller: Asking, session: Reading
) -> Response:
    """What the interviews of this cycle and of those before agreed, and what became of it."""
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    view = await view_of(session, caller, at)
    today = local_day(at, (await read_tenant(session)).timezone)
    items = [
        ImprovementDocument.from_shape(each, view, today)
        for each in (await read_card_improvements(session, [card]))[card.id]
    ]
    page = Listed[ImprovementDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


@router.post("/v1/scorecards/{id}/improvements", status_code=201)
async def post_follow_up(
    id: CardId, stated: FollowUpIn, caller: Asking, session: Writing
) -> ImprovementDocument:
    """Follow up, on the card of a later cycle, what an interview agreed: done, open, or dropped.

    What is dropped is so by the other side than the subject's; overdue it raises an alert.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    made = await follow_up(session, id, stated.to_shape(), view=view, caller=caller, at=at)
    today = local_day(at, (await read_tenant(session)).timezone)
    return ImprovementDocument.from_shape(made, view, today)
