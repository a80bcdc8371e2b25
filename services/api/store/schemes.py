"""Schemes as they are kept: one draft of each, and the versions that were published."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import Row, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.drafts import Draft, DraftReview, Published
from services.schema.tables.schemes import scheme_reviews, scheme_versions, schemes


async def read_draft(session: ReadSession, code: str) -> Draft | None:
    """The draft of a scheme."""
    statement = select(schemes).where(*_is_scheme(session, code))
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _draft_from_row(row)


async def lock_draft(session: WriteSession, code: str) -> Draft | None:
    """The draft of a scheme, which nobody else edits or publishes before this transaction ends."""
    statement = select(schemes).where(*_is_scheme(session, code)).with_for_update()
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _draft_from_row(row)


async def insert_draft(session: WriteSession, draft: Draft) -> bool:
    """Add a scheme; false where its code is taken."""
    statement = (
        insert(schemes)
        .values(
            tenant_id=session.tenant,
            code=draft.code,
            draft=draft.document,
            draft_version=draft.version,
            latest_version=draft.latest,
            template=draft.template,
            created_at=draft.changed_at,
            changed_at=draft.changed_at,
            writer=draft.writer,
        )
        .on_conflict_do_nothing()
        .returning(schemes.c.code)
    )
    return await session.scalar(statement) is not None


async def update_draft(session: WriteSession, draft: Draft) -> None:
    """Replace a scheme's draft, and say which version is the newest."""
    await session.execute(
        update(schemes)
        .where(*_is_scheme(session, draft.code))
        .values(
            draft=draft.document,
            draft_version=draft.version,
            latest_version=draft.latest,
            changed_at=draft.changed_at,
            writer=draft.writer,
        )
    )


async def insert_review(session: WriteSession, review: DraftReview) -> None:
    """Append a review of a draft as it stands."""
    await session.execute(
        insert(scheme_reviews).values(
            tenant_id=session.tenant,
            code=review.code,
            draft_version=review.draft,
            reviewer=review.reviewer,
            comment=review.comment,
            reviewed_at=review.reviewed_at,
        )
    )


async def read_reviews(
    session: ReadSession, code: str, drafts: Collection[int]
) -> dict[int, list[DraftReview]]:
    """The reviews of a scheme's drafts, oldest first, by the edit that was looked at."""
    order = scheme_reviews.c.reviewed_at, scheme_reviews.c.reviewer
    statement = (
        select(scheme_reviews)
        .where(
            scheme_reviews.c.tenant_id == session.tenant,
            scheme_reviews.c.code == code,
            scheme_reviews.c.draft_version.in_(sorted(drafts)),
        )
        .order_by(*order)
    )
    found: dict[int, list[DraftReview]] = defaultdict(list)
    for row in await session.execute(statement):
        found[row.draft_version].append(
            DraftReview(row.code, row.draft_version, row.reviewer, row.comment, row.reviewed_at)
        )
    return found


async def read_page_of_drafts(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[Draft], int]:
    """A list's next page in the order of codes, and how many schemes there are."""
    where = [schemes.c.tenant_id == session.tenant]
    total = await session.scalar(select(func.count()).select_from(schemes).where(*where))
    if after is not None:
        where.append(schemes.c.code > after)
    statement = select(schemes).where(*where).order_by(schemes.c.code).limit(limit)
    return [_draft_from_row(row) for row in await session.execute(statement)], int(total)


async def insert_published(session: WriteSession, published: Published) -> None:
    """Append a version; it never changes."""
    await session.execute(
        insert(scheme_versions).values(
            tenant_id=session.tenant,
            code=published.code,
            version=published.version,
            document=published.document,
            fingerprint=published.fingerprint,
            author=published.author,
            published_at=published.published_at,
            draft_version=published.draft,
            writer=published.writer,
            written_at=published.written_at,
            in_force_from=published.in_force_from,
        )
    )


async def read_published(session: ReadSession, code: str, version: int) -> Published | None:
    """One version of a scheme."""
    found = await read_versions(session, {(code, version)})
    return found.get((code, version))


async def find_version_in_force(session: ReadSession, code: str, day: date) -> Published | None:
    """The newest version that may score a period that begins on a day."""
    since = scheme_versions.c.in_force_from
    statement = (
        select(scheme_versions)
        .where(
            scheme_versions.c.tenant_id == session.tenant,
            scheme_versions.c.code == code,
            or_(since.is_(None), since <= day),
        )
        .order_by(scheme_versions.c.version.desc())
        .limit(1)
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None else _published_from_row(row)


async def read_page_of_versions(
    session: ReadSession, code: str, *, before: int | None, limit: int
) -> tuple[list[Published], int]:
    """A scheme's versions, newest first, and how many there are."""
    where = [scheme_versions.c.tenant_id == session.tenant, scheme_versions.c.code == code]
    total = await session.scalar(select(func.count()).select_from(scheme_versions).where(*where))
    if before is not None:
        where.append(scheme_versions.c.version < before)
    order = scheme_versions.c.version.desc()
    statement = select(scheme_versions).where(*where).order_by(order).limit(limit)
    return [_published_from_row(row) for row in await session.execute(statement)], int(total)


async def read_versions(
    session: ReadSession, wanted: Collection[tuple[str, int]]
) -> dict[tuple[str, int], Published]:
    """Versions by code and number, in one statement."""
    key = tuple_(scheme_versions.c.code, scheme_versions.c.version)
    statement = select(scheme_versions).where(
        scheme_versions.c.tenant_id == session.tenant, key.in_(sorted(wanted))
    )
    rows = await session.execute(statement)
    return {(row.code, row.version): _published_from_row(row) for row in rows}


async def read_page_of_published(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[Published], int]:
    """The newest version of each scheme that has one, in the order of codes, and their count."""
    newest = (
        schemes.c.tenant_id == session.tenant,
        schemes.c.latest_version.is_not(None),
    )
    total = await session.scalar(select(func.count()).select_from(schemes).where(*newest))
    join = (
        (scheme_versions.c.tenant_id == schemes.c.tenant_id)
        & (scheme_versions.c.code == schemes.c.code)
        & (scheme_versions.c.version == schemes.c.latest_version)
    )
    statement = select(scheme_versions).join(schemes, join).where(*newest)
    if after is not None:
        statement = statement.where(schemes.c.code > after)
    rows = await session.execute(statement.order_by(schemes.c.code).limit(limit))
    return [_published_from_row(row) for row in rows], int(total)


def _is_scheme(session: ReadSession, code: str) -> tuple[Any, Any]:
    return schemes.c.tenant_id == session.tenant, schemes.c.code == code


def _draft_from_row(row: Row[Any]) -> Draft:
    return Draft(
        code=row.code,
        document=row.draft,
        version=row.draft_version,
        latest=row.latest_version,
        template=row.template,
        changed_at=row.changed_at,
        writer=row.writer,
    )


def _published_from_row(row: Row[Any]) -> Published:
    return Published(
        code=row.code,
        version=row.version,
        document=row.document,
        fingerprint=row.fingerprint,
        author=row.author,
        published_at=row.published_at,
        draft=row.draft_version,
        writer=row.writer,
        written_at=row.written_at,
        in_force_from=row.in_force_from,
    )
