"""REST of rewards and penalties in points: stated for a scorecard, listed, never edited."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import view_of
from services.api.flows.ratings import adjust_score
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.api.store.ratings import read_adjustments
from services.door.authors import Names, read_author_names
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import DecimalText, Instant, LongText, Model, PointsIn
from services.schema.money import plain
from services.schema.shapes.ratings import KeptAdjustment

router = new_router()


class PointsAdjustmentIn(Model):
    """A reward (above 0) or a penalty (below), or the one that is taken back; and why."""

    points: PointsIn | None = None
    withdraws: Annotated[str | None, Field(max_length=64)] = None
    reason: LongText

    @model_validator(mode="after")
    def _states_one(self) -> "PointsAdjustmentIn":
        if (self.points is None) == (self.withdraws is None):
            raise ValueError("either points or what it withdraws is expected")
        return self


class PointsAdjustmentDocument(Model):
    """A reward or a penalty in points; one that withdraws has the opposite ones."""

    id: str
    points: DecimalText
    reason: str
    author: str
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    stated_at: Instant
    withdraws: str | None

    @classmethod
    def from_shape(cls, kept: KeptAdjustment, names: Names) -> "PointsAdjustmentDocument":
        return cls(
            id=kept.id,
            points=plain(kept.points),
            reason=kept.reason,
            author=kept.author,
            author_name=names.get(kept.author),
            stated_at=kept.stated_at,
            withdraws=kept.withdraws,
        )


@router.post("/v1/scorecards/{id}/adjustments", status_code=201)
async def post_points(
    id: CardId, stated: PointsAdjustmentIn, caller: Asking, session: Writing
) -> PointsAdjustmentDocument:
    """Reward or penalise in points, from the cycle's opening until its review ends.

    Their sum is bounded by the scheme. Nothing is edited: it is withdrawn by one more.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    kept = await adjust_score(
        session,
        id,
        points=stated.points,
        withdraws=stated.withdraws,
        reason=stated.reason,
        view=view,
        caller=caller,
        at=at,
    )
    names = await read_author_names(session, [kept.author], view)
    return PointsAdjustmentDocument.from_shape(kept, names)


@router.get("/v1/scorecards/{id}/adjustments", response_model=Listed[PointsAdjustmentDocument])
async def list_points(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """All rewards and penalties of a card, oldest first: a hundred at most."""
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    about = (card.cycle, card.subject)
    found = (await read_adjustments(session, [about]))[about]
    view = await view_of(session, caller, at)
    names = await read_author_names(session, (each.author for each in found), view)
    items = [PointsAdjustmentDocument.from_shape(each, names) for each in found]
    page = Listed[PointsAdjustmentDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))
