"""Schemes as they are kept: one draft of each, and the versions that were published."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.drafts import Draft, Published
from services.schema.tables.schemes import scheme_versions, schemes


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
        )
    )


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
        )
    )


async def read_published(session: ReadSession, code: str, version: int) -> Published | None:
    """One version of a scheme."""
    found = await read_versions(session, {(code, version)})
    return found.get((code, version))


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
    )


def _published_from_row(row: Row[Any]) -> Published:
    return Published(
        code=row.code,
        version=row.version,
        document=row.document,
        fingerprint=row.fingerprint,
        author=row.author,
        published_at=row.published_at,
    )
