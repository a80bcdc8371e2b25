"""Webhooks as they are kept: their secrets sealed, apart from what is shown of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.webhooks import SealedSecrets, Webhook, WebhookEvent
from services.schema.tables.webhooks import webhooks


async def insert_webhook(session: WriteSession, webhook: Webhook, *, secret: bytes) -> None:
    """Keep a new webhook with its sealed secret."""
    await session.execute(
        insert(webhooks).values(
            tenant_id=session.tenant,
            id=webhook.id,
            url=webhook.url,
            events=list(webhook.events),
            secret=secret,
            created_at=webhook.created_at,
        )
    )


async def count_webhooks(session: ReadSession) -> int:
    where = webhooks.c.tenant_id == session.tenant
    return int(await session.scalar(select(func.count()).select_from(webhooks).where(where)))


async def read_webhook(session: ReadSession, webhook_id: str) -> Webhook | None:
    """A webhook of the session's tenant."""
    where = (webhooks.c.tenant_id == session.tenant, webhooks.c.id == webhook_id)
    row = (await session.execute(select(webhooks).where(*where))).one_or_none()
    return None if row is None else _webhook_from_row(row)


async def lock_webhook(session: WriteSession, webhook_id: str) -> Webhook | None:
    """The same, kept from being changed by others; events go on being put down for it."""
    where = (webhooks.c.tenant_id == session.tenant, webhooks.c.id == webhook_id)
    locked = select(webhooks).where(*where).with_for_update(key_share=True)
    row = (await session.execute(locked)).one_or_none()
    return None if row is None else _webhook_from_row(row)


async def read_sealed(session: ReadSession, webhook_id: str, *, at: datetime) -> Sequence[bytes]:
    """The sealed secrets that sign at an instant, the newest first."""
    statement = select(
        webhooks.c.secret, webhooks.c.previous_secret, webhooks.c.previous_until
    ).where(webhooks.c.tenant_id == session.tenant, webhooks.c.id == webhook_id)
    row = (await session.execute(statement)).one()
    if row.previous_secret is None or at >= row.previous_until:
        return (bytes(row.secret),)
    return (bytes(row.secret), bytes(row.previous_secret))


async def lock_sealed(session: WriteSession) -> list[SealedSecrets]:
    """All sealed secrets of the tenant, kept from being changed by others."""
    statement = (
        select(
            webhooks.c.id, webhooks.c.secret, webhooks.c.previous_secret, webhooks.c.previous_until
        )
        .where(webhooks.c.tenant_id == session.tenant)
        .order_by(webhooks.c.id)
        .with_for_update(key_share=True)
    )
    return [
        SealedSecrets(
            webhook=row.id,
            secret=bytes(row.secret),
            previous=None if row.previous_secret is None else bytes(row.previous_secret),
            previous_until=row.previous_until,
        )
        for row in await session.execute(statement)
    ]


async def state_sealed(session: WriteSession, sealed: SealedSecrets) -> None:
    """Keep the secrets of a webhook as they are sealed now."""
    await _update(
        session,
        sealed.webhook,
        secret=sealed.secret,
        previous_secret=sealed.previous,
        previous_until=sealed.previous_until,
    )


async def read_page_of_webhooks(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[Webhook], int]:
    """The next page of all webhooks, oldest first, and how many there are."""
    where = webhooks.c.tenant_id == session.tenant
    # An id begins with the time of its making.
    statement = select(webhooks).where(where).order_by(webhooks.c.id).limit(limit)
    if after is not None:
        statement = statement.where(webhooks.c.id > after)
    found = [_webhook_from_row(row) for row in await session.execute(statement)]
    return found, await count_webhooks(session)


async def delete_webhook(session: WriteSession, webhook_id: str) -> bool:
    """Take a webhook away with all its deliveries; whether there was one."""
    where = (webhooks.c.tenant_id == session.tenant, webhooks.c.id == webhook_id)
    return (await session.execute(delete(webhooks).where(*where))).rowcount == 1


async def rotate_secret(
    session: WriteSession, webhook_id: str, *, secret: bytes, previous_until: datetime
) -> None:
    """Give a webhook another secret; the one it had signs too until an instant."""
    await _update(
        session,
        webhook_id,
        previous_secret=webhooks.c.secret,
        previous_until=previous_until,
        secret=secret,
    )


async def state_health(
    session: WriteSession,
    webhook_id: str,
    *,
    failing_since: datetime | None,
    disabled_at: datetime | None = None,
    disabled_reason: str | None = None,
) -> None:
    """Say whether a webhook is failing, and whether it is called at all."""
    await _update(
        session,
        webhook_id,
        failing_since=failing_since,
        disabled_at=disabled_at,
        disabled_reason=disabled_reason,
    )


async def _update(session: WriteSession, webhook_id: str, **values: Any) -> None:
    where = (webhooks.c.tenant_id == session.tenant, webhooks.c.id == webhook_id)
    await session.execute(update(webhooks).where(*where).values(**values))


def _webhook_from_row(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        events=tuple(WebhookEvent(each) for each in row.events),
        created_at=row.created_at,
        previous_until=row.previous_until,
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
        disabled_reason=row.disabled_reason,
    )
