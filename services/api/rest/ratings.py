"""REST of what people state for a scorecard: marks, and who is asked for them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, model_validator

from services.api.auth import reach_of, view_of
from services.api.core.raters import count_rated, shown_to
from services.api.flows.ratings import invite_rater, state_rating
from services.api.rest.documents import bytes_of
from services.api.rest.scorecards import CardId, find_visible
from services.api.store.ratings import read_invitations, read_ratings
from services.door.authors import Names, read_author_names
from services.door.etags import tagged
from services.door.pages import Listed
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Code, DecimalText, Instant, LongText, Model, ScoreIn
from services.schema.money import plain
from services.schema.shapes.people import Caller
from services.schema.shapes.ratings import Invitation, ShownRating, StatedMark
from services.schema.words import RaterRole, Role

router = new_router()

NAMES_TOLD = frozenset({Role.ADMIN, Role.HR})
"""Whoever else reads marks is not told who of the unnamed roles gave them."""
MOST_BEHAVIOURS = 50


class RatingIn(Model):
    """A mark, a level or the behaviours that hold, of an item in a role."""

    item: Code
    role: Annotated[RaterRole, Field(strict=False)]
    mark: ScoreIn | None = None
    level: Annotated[int, Field(ge=0, le=MOST_BEHAVIOURS)] | None = None
    """As the rule lists them, from 1; of a ladder how high, 0 for none."""
    behaviours: (
        Annotated[list[Annotated[int, Field(ge=1)]], Field(max_length=MOST_BEHAVIOURS)] | None
    ) = None
    """Of a ladder: which hold, where those below one of them may not."""
    comment: LongText | None = None
    rater: Code | None = None
    """Of customers, branches, supervisors and third parties: for whom HR enters the mark."""

    @model_validator(mode="after")
    def _states_one(self) -> "RatingIn":
        stated = [each for each in (self.mark, self.level, self.behaviours) if each is not None]
        if len(stated) != 1:
            raise ValueError("a mark, a level or behaviours are expected, one of them")
        if self.behaviours is not None and len(set(self.behaviours)) < len(self.behaviours):
            raise ValueError("a behaviour stands there twice")
        return self

    def to_shape(self) -> StatedMark:
        return StatedMark(
            item=self.item,
            role=self.role,
            mark=self.mark,
            level=self.level,
            behaviours=None if self.behaviours is None else tuple(sorted(self.behaviours)),
            comment=self.comment,
            rater=self.rater,
        )


class RatingDocument(Model):
    """A mark as far as the reader may know it."""

    id: str | None
    """Null where the rater stays unnamed."""
    item: Code
    role: RaterRole
    rater: str | None
    mark: DecimalText | None
    level: int | None
    behaviours: list[int] | None
    comment: str | None
    author: str | None
    author_name: str | None
    """The person's, or of a key of nobody's its role; null where the reader is not told."""
    stated_at: Instant | None
    holds: bool
    """Whether it counts: the rater has not stated another since."""
    withheld: bool
    """Whether what was given is not told because too few of the role have rated."""

    @classmethod
    def from_shape(cls, shown: ShownRating, names: Names) -> "RatingDocument":
        return cls(
            id=shown.id,
            item=shown.item,
            role=shown.role,
            rater=shown.rater,
            mark=_plain(shown.mark),
            level=shown.level,
            behaviours=None if shown.behaviours is None else list(shown.behaviours),
            comment=shown.comment,
            author=shown.author,
            author_name=None if shown.author is None else names.get(shown.author),
            stated_at=shown.stated_at,
            holds=shown.holds,
            withheld=shown.withheld,
        )


class InvitationIn(Model):
    """Whom to ask, in which role."""

    role: Annotated[RaterRole, Field(strict=False)]
    employee: Code


class InvitationDocument(Model):
    """Somebody who is asked to rate, by whom, and whether they have."""

    role: RaterRole
    employee: Code
    author: str
    author_name: str | None
    """As of a mark."""
    invited_at: Instant
    items: int
    """How many items they have rated in this role."""

    @classmethod
    def from_shape(cls, invited: Invitation, items: int, names: Names) -> "InvitationDocument":
        return cls(
            role=invited.role,
            employee=invited.employee,
            author=invited.author,
            author_name=names.get(invited.author),
            invited_at=invited.invited_at,
            items=items,
        )


@router.post("/v1/scorecards/{id}/ratings", status_code=201)
async def post_rating(
    id: CardId, stated: RatingIn, caller: Asking, session: Writing
) -> RatingDocument:
    """Rate an item, from the cycle's opening until its review ends; the last of a rater holds.

    Nothing is edited. Oneself rates as `self`, who leads or manages as `manager`, HR as `hr`, in
    all other roles whoever was asked; for people outside HR may enter what they gave.
    """
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    kept = await state_rating(
        session,
        id,
        stated.to_shape(),
        view=view,
        reach=await reach_of(session, caller, at),
        caller=caller,
        at=at,
    )
    (shown,) = shown_to([kept], sees_names=True, own=None)
    names = await read_author_names(session, [shown.author], view)
    return RatingDocument.from_shape(shown, names)


@router.get("/v1/scorecards/{id}/ratings", response_model=Listed[RatingDocument])
async def list_ratings(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """All marks of a card with what replaced them; of the unnamed roles those that hold.

    Who gave these is told to HR alone, and what they gave only where three or more of a role have.
    """
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    about = (card.cycle, card.subject)
    found = (await read_ratings(session, [about]))[about]
    shown = shown_to(found, sees_names=sees_names(caller), own=caller.employee)
    view = await view_of(session, caller, at)
    names = await read_author_names(session, (each.author for each in shown), view)
    items = [RatingDocument.from_shape(each, names) for each in shown]
    page = Listed[RatingDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


@router.post("/v1/scorecards/{id}/raters", status_code=201)
async def post_rater(
    id: CardId, stated: InvitationIn, caller: Asking, session: Writing
) -> InvitationDocument:
    """Ask somebody to rate a card as a peer, a member or in another role of a 360°."""
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    invited = await invite_rater(
        session,
        id,
        role=stated.role,
        employee=stated.employee,
        view=view,
        caller=caller,
        at=at,
    )
    names = await read_author_names(session, [invited.author], view)
    return InvitationDocument.from_shape(invited, 0, names)


@router.get("/v1/scorecards/{id}/raters", response_model=Listed[InvitationDocument])
async def list_raters(request: Request, id: CardId, caller: Asking, session: Reading) -> Response:
    """Who is asked to rate a card, and how many items each has rated."""
    at = datetime.now(UTC)
    card = await find_visible(session, id, caller, at=at)
    about = (card.cycle, card.subject)
    rated = (await read_ratings(session, [about]))[about]
    invited = (await read_invitations(session, [about]))[about]
    view = await view_of(session, caller, at)
    names = await read_author_names(session, (each.author for each in invited), view)
    items = [
        InvitationDocument.from_shape(each, count_rated(rated, each.role, each.employee), names)
        for each in invited
    ]
    page = Listed[InvitationDocument](items=items, total=len(items), next_cursor=None)
    return tagged(request, bytes_of(page))


def sees_names(caller: Caller) -> bool:
    """Whether a reader is told who gave a mark in a role that stays unnamed."""
    return caller.role in NAMES_TOLD


def _plain(mark: Decimal | None) -> str | None:
    return None if mark is None else plain(mark)
