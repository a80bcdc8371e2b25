"""API keys as they are kept: the digest of a secret, never the secret."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import ApiKey
from services.schema.tables.people import api_keys
from services.schema.words import Role


async def insert_key(session: WriteSession, key: ApiKey, *, secret_sha256: bytes) -> None:
    await session.execute(
        insert(api_keys).values(
            tenant_id=session.tenant,
            id=key.id,
            secret_sha256=secret_sha256,
            role=key.role,
            employee=key.employee,
            created_at=key.created_at,
            expires_at=key.expires_at,
            revoked_at=key.revoked_at,
        )
    )


async def read_key(session: ReadSession, key_id: str) -> ApiKey | None:
    """A key of the session's tenant."""
    where = (api_keys.c.tenant_id == session.tenant, api_keys.c.id == key_id)
    row = (await session.execute(select(api_keys).where(*where))).one_or_none()
    return None if row is None else _key_from_row(row)


async def read_page_of_keys(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[ApiKey], int]:
    """The next page of all keys, oldest first, and how many there are."""
    where = api_keys.c.tenant_id == session.tenant
    total = await session.scalar(select(func.count()).select_from(api_keys).where(where))
    # An id begins with the time of its making.
    statement = select(api_keys).where(where).order_by(api_keys.c.id).limit(limit)
    if after is not None:
        statement = statement.where(api_keys.c.id > after)
    return [_key_from_row(row) for row in await session.execute(statement)], int(total)


async def revoke_key(session: WriteSession, key_id: str, *, at: datetime) -> bool:
    """Revoke a key for good; whether it was still good."""
    statement = (
        update(api_keys)
        .where(
            api_keys.c.tenant_id == session.tenant,
            api_keys.c.id == key_id,
            api_keys.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
    )
    return (await session.execute(statement)).rowcount == 1


async def renew_key(
    session: WriteSession, key_id: str, *, secret_sha256: bytes, previous_until: datetime
) -> None:
    """Give a key another secret; the one it had opens until an instant."""
    await session.execute(
        update(api_keys)
        .where(api_keys.c.tenant_id == session.tenant, api_keys.c.id == key_id)
        .values(
            previous_sha256=api_keys.c.secret_sha256,
            previous_until=previous_until,
            secret_sha256=secret_sha256,
        )
    )


def _key_from_row(row: Row[Any]) -> ApiKey:
    return ApiKey(
        id=row.id,
        role=Role(row.role),
        employee=row.employee,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        previous_until=row.previous_until,
    )
