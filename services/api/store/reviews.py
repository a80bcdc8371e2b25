"""Reviews as they are kept: appended for a card, never changed."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import insert, select

from services.api.store.abouts import about_columns, about_of, among_abouts
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.ratings import About
from services.schema.shapes.reviews import Review
from services.schema.tables.reviews import reviews
from services.schema.words import Approver, ReviewDecision


async def insert_reviews(session: WriteSession, decided: Collection[tuple[About, Review]]) -> None:
    """Append decisions."""
    rows = [
        {
            **about_columns(session, about),
            "number": review.number,
            "part": review.part,
            "decision": review.decision,
            "comment": review.comment,
            "person": review.person,
            "author": review.author,
            "fingerprint": review.fingerprint,
            "decided_at": review.decided_at,
        }
        for about, review in decided
    ]
    await session.execute_many(insert(reviews), rows)


async def read_reviews(
    session: ReadSession, abouts: Collection[About]
) -> dict[About, tuple[Review, ...]]:
    """All that was decided of these cards, first to last; each of them is there."""
    statement = (
        select(reviews)
        .where(reviews.c.tenant_id == session.tenant, among_abouts(reviews, abouts))
        .order_by(reviews.c.cycle, reviews.c.subject_kind, reviews.c.subject, reviews.c.number)
    )
    found: dict[About, list[Review]] = defaultdict(list)
    for row in await session.execute(statement):
        found[about_of(row)].append(
            Review(
                number=row.number,
                part=Approver(row.part),
                decision=ReviewDecision(row.decision),
                comment=row.comment,
                person=row.person,
                author=row.author,
                fingerprint=row.fingerprint,
                decided_at=row.decided_at,
            )
        )
    return {about: tuple(found.get(about, ())) for about in abouts}
