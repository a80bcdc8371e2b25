"""What marketplaces answered, without anything that names a buyer, for as long as it is kept."""

import gzip
from datetime import datetime

from sqlalchemy import delete, insert, or_, select

from services.schema.db import WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.tables.feeds import pages


async def add_page(
    session: WriteSession,
    *,
    feed: str,
    request: str,
    body: bytes,
    fetched_at: datetime,
    expires_at: datetime,
) -> None:
    """Keep an answer, packed."""
    await session.execute(
        insert(pages).values(
            tenant_id=session.tenant,
            id=new_id(IdKind.PAGE),
            feed=feed,
            request=request,
            body=gzip.compress(body, mtime=0),
            fetched_at=fetched_at,
            expires_at=expires_at,
        )
    )


async def drop_expired(
    session: WriteSession, *, at: datetime, fetched_before: datetime, limit: int
) -> int:
    """Forget some of the answers whose time is over, the oldest first; how many there were.

    Those fetched before an instant are over too: a shorter life holds for what is kept already.
    """
    over = (
        select(pages.c.id)
        .where(
            pages.c.tenant_id == session.tenant,
            or_(pages.c.expires_at <= at, pages.c.fetched_at <= fetched_before),
        )
        .order_by(pages.c.fetched_at, pages.c.id)
        .limit(limit)
        .scalar_subquery()
    )
    result = await session.execute(
        delete(pages).where(pages.c.tenant_id == session.tenant, pages.c.id.in_(over))
    )
    return result.rowcount
