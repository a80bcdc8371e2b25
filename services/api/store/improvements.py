"""How improvements were followed up, each time that somebody looked, and what agreed them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on

from services.api.store.abouts import about_columns, about_of, among_abouts, among_subjects
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.improvements import FollowUp, Improvement
from services.schema.shapes.people import Subject
from services.schema.shapes.ratings import About
from services.schema.tables.improvements import improvements
from services.schema.tables.interviews import interviews
from services.schema.watch_words import ImprovementState


async def find_interviewed(
    session: ReadSession, subjects: Collection[Subject] | None, *, since: datetime | None
) -> set[About]:
    """The cards of which an interview was written: of subjects, or lately; null is any."""
    key = (interviews.c.cycle, interviews.c.subject_kind, interviews.c.subject)
    statement = select(*key).distinct().where(interviews.c.tenant_id == session.tenant)
    if subjects is not None:
        statement = statement.where(among_subjects(interviews, subjects))
    if since is not None:
        statement = statement.where(interviews.c.stated_at >= since)
    return {about_of(row) for row in await session.execute(statement)}


async def read_follow_ups(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, dict[int, FollowUp]]:
    """What holds of the improvements of these interviews, by their numbers; each is there."""
    key = (
        improvements.c.cycle,
        improvements.c.subject_kind,
        improvements.c.subject,
        improvements.c.number,
    )
    statement = (
        select(improvements)
        .ext(distinct_on(*key))
        .where(improvements.c.tenant_id == session.tenant, among_abouts(improvements, abouts))
        .order_by(*key, improvements.c.revision.desc())
    )
    found: dict[About, dict[int, FollowUp]] = defaultdict(dict)
    for row in await session.execute(statement):
        found[about_of(row)][row.number] = FollowUp(
            revision=row.revision,
            state=ImprovementState(row.state),
            owner=row.owner,
            note=row.note,
            followed_in=row.followed_in,
            person=row.person,
            author=row.author,
            stated_at=row.stated_at,
        )
    return {about: found.get(about, {}) for about in abouts}


async def insert_follow_up(session: WriteSession, improvement: Improvement, last: FollowUp) -> None:
    """Append what somebody found."""
    await session.execute(
        insert(improvements).values(
            **about_columns(session, (improvement.cycle, improvement.subject)),
            number=improvement.number,
            revision=last.revision,
            state=last.state,
            owner=last.owner,
            note=last.note,
            followed_in=last.followed_in,
            person=last.person,
            author=last.author,
            stated_at=last.stated_at,
        )
    )
