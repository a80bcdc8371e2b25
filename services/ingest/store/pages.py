"""What marketplaces answered, without anything that names a buyer, for as long as it is kept."""

import gzip
from datetime import datetime

from sqlalchemy import delete, insert

from services.schema.db import WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.tables.facts import pages


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


async def drop_expired(session: WriteSession, *, at: datetime) -> int:
    """Forget the answers whose time is over; how many there were."""
    result = await session.execute(
        delete(pages).where(pages.c.tenant_id == session.tenant, pages.c.expires_at <= at)
    )
    return result.rowcount
