"""Ratings, who is asked for them, and adjustments in points: appended for a card, never changed."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Row, Table, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from services.api.store.abouts import about_columns, about_of, among_abouts
from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import (
    About,
    Invitation,
    KeptAdjustment,
    KeptRating,
    Request,
)
from services.schema.shapes.scorecards import Mark
from services.schema.tables.cycles import cycles
from services.schema.tables.disputes import dispute_decisions, disputes
from services.schema.tables.ratings import adjustments, raters, ratings
from services.schema.tables.scorecards import scorecards
from services.schema.words import CycleStatus, DisputeAbout, RaterRole, SubjectKind

_ORDER = ("cycle", "subject_kind", "subject", "number")


async def insert_rating(session: WriteSession, about: About, kept: KeptRating) -> None:
    """Append a mark of a card."""
    stated = kept.stated
    await session.execute(
        insert(ratings).values(
            **about_columns(session, about),
            number=kept.number,
            id=kept.id,
            item=stated.item,
            role=stated.role,
            rater=stated.rater,
            mark=stated.mark,
            level=stated.level,
            behaviours=None if stated.behaviours is None else list(stated.behaviours),
            comment=stated.comment,
            author=kept.author,
            stated_at=stated.stated_at,
        )
    )


async def read_ratings(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[KeptRating]]:
    """All marks of these cards, first to last; after one that was contested what HR stated."""
    join = (dispute_decisions.c.tenant_id == disputes.c.tenant_id) & (
        dispute_decisions.c.dispute == disputes.c.id
    )
    decided = dispute_decisions.c.decided_at
    upheld = (
        select(
            disputes.c.named,
            disputes.c.id.label("upheld"),
            dispute_decisions.c.value.label("upheld_mark"),
            dispute_decisions.c.author.label("upheld_by"),
            decided.label("upheld_at"),
        )
        .join(dispute_decisions, join)
        .where(
            disputes.c.tenant_id == session.tenant,
            disputes.c.about == DisputeAbout.RATING,
            among_abouts(disputes, abouts),
            dispute_decisions.c.uphold,
        )
        .ext(distinct_on(disputes.c.named))
        .order_by(disputes.c.named, decided.desc(), disputes.c.id.desc())
        .subquery()
    )
    statement = (
        select(ratings, *(each for each in upheld.c if each.name != "named"))
        .outerjoin(upheld, upheld.c.named == ratings.c.id)
        .where(ratings.c.tenant_id == session.tenant, among_abouts(ratings, abouts))
        .order_by(*(ratings.c[name] for name in _ORDER))
    )
    found: dict[About, list[KeptRating]] = defaultdict(list)
    for row in await session.execute(statement):
        found[about_of(row)] += _ratings_from_row(row)
    return found


async def insert_adjustment(session: WriteSession, about: About, kept: KeptAdjustment) -> None:
    """Append a reward or a penalty of a card."""
    await session.execute(
        insert(adjustments).values(
            **about_columns(session, about),
            number=kept.number,
            id=kept.id,
            points=kept.points,
            reason=kept.reason,
            author=kept.author,
            stated_at=kept.stated_at,
            withdraws=kept.withdraws,
        )
    )


async def read_adjustments(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[KeptAdjustment]]:
    """All rewards and penalties of these cards, first to last."""
    found: dict[About, list[KeptAdjustment]] = defaultdict(list)
    for row in await _read(session, adjustments, abouts):
        found[about_of(row)].append(
            KeptAdjustment(
                id=row.id,
                number=row.number,
                points=row.points,
                reason=row.reason,
                author=row.author,
                stated_at=row.stated_at,
                withdraws=row.withdraws,
            )
        )
    return found


async def insert_invitation(session: WriteSession, about: About, invited: Invitation) -> bool:
    """Ask somebody to rate; false where they were asked before."""
    statement = upsert(raters).values(
        **about_columns(session, about),
        role=invited.role,
        employee=invited.employee,
        author=invited.author,
        invited_at=invited.invited_at,
    )
    made = await session.execute(statement.on_conflict_do_nothing().returning(raters.c.employee))
    return made.one_or_none() is not None


async def read_invitations(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, list[Invitation]]:
    """Who is asked to rate these cards, of each in the order of roles and codes."""
    statement = (
        select(raters)
        .where(raters.c.tenant_id == session.tenant, among_abouts(raters, abouts))
        .order_by(raters.c.role, raters.c.employee)
    )
    found: dict[About, list[Invitation]] = {about: [] for about in abouts}
    for row in await session.execute(statement):
        invited = Invitation(RaterRole(row.role), row.employee, row.author, row.invited_at)
        found[about_of(row)].append(invited)
    return found


async def read_requests(
    session: ReadSession, employee: str, statuses: Collection[CycleStatus]
) -> list[Request]:
    """What somebody is asked to rate in cycles of these stages, by cycle, subject and role."""
    statement = (
        select(raters.c.role, scorecards)
        .join(
            cycles,
            (cycles.c.tenant_id == raters.c.tenant_id) & (cycles.c.code == raters.c.cycle),
        )
        .join(
            scorecards,
            (scorecards.c.tenant_id == raters.c.tenant_id)
            & (scorecards.c.cycle == raters.c.cycle)
            & (scorecards.c.revision == cycles.c.revision)
            & (scorecards.c.subject_kind == raters.c.subject_kind)
            & (scorecards.c.subject == raters.c.subject),
        )
        .where(
            raters.c.tenant_id == session.tenant,
            raters.c.employee == employee,
            among(cycles.c.status, statuses),
        )
        .order_by(raters.c.cycle, raters.c.subject_kind, raters.c.subject, raters.c.role)
    )
    return [
        Request(
            scorecard=row.id,
            cycle=row.cycle,
            subject=Subject(SubjectKind(row.subject_kind), row.subject),
            role=RaterRole(row.role),
            document=row.document,
        )
        for row in await session.execute(statement)
    ]


async def _read(
    session: ReadSession, table: Table, abouts: Collection[About]
) -> Collection[Row[Any]]:
    statement = (
        select(table)
        .where(table.c.tenant_id == session.tenant, among_abouts(table, abouts))
        .order_by(*(table.c[name] for name in _ORDER))
    )
    return (await session.execute(statement)).all()


def _ratings_from_row(row: Row[Any]) -> Iterator[KeptRating]:
    mark = Mark(
        item=row.item,
        role=RaterRole(row.role),
        rater=row.rater,
        mark=row.mark,
        level=row.level,
        behaviours=None if row.behaviours is None else tuple(row.behaviours),
        comment=row.comment,
        stated_at=row.stated_at,
    )
    yield KeptRating(row.id, row.number, mark, row.author, row.upheld is not None)
    if row.upheld_mark is not None:
        stated = mark.restated(row.upheld_mark, row.upheld_at)
        yield KeptRating(row.upheld, row.number, stated, row.upheld_by, replaces=row.id)
