"""Deliveries of webhooks as they are kept: put down with their event, claimed, tried, told of.

Instants here are by the database's own clock: what one process claims is another's in time.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, literal, select, update
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import insert as upsert

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.ids import IdKind, encode_id, new_id
from services.schema.shapes.webhooks import Attempt, Delivery, DeliveryStatus, WebhookEvent
from services.schema.tables.webhooks import UNTRIED, deliveries, delivery_attempts, webhooks

CHANNEL = "kaohe_webhooks"


async def tell_webhooks(
    session: WriteSession, event: WebhookEvent, things: Sequence[Mapping[str, str]]
) -> None:
    """Put down that something happened, for every webhook that wants to hear of it.

    Each thing is the ids that a receiver is told, and nothing else. It is part of the event's own
    transaction, and is sent after the commit.
    """
    if not things:
        return
    data = sorted(_text(each) for each in things)
    rows = [
        {
            "tenant_id": session.tenant,
            "id": new_id(IdKind.DELIVERY),
            "webhook": webhook,
            "event": event,
            "data": each,
            "status": DeliveryStatus.WAITING,
            "attempts": 0,
            "tries": 0,
        }
        for webhook in await _lock_wanting(session, event)
        for each in data
    ]
    if not rows:
        return
    statement = upsert(deliveries).values(happened_at=func.now(), due_at=func.now())
    # The row waits, locked until our commit, so that nobody is told before there is news.
    once = statement.on_conflict_do_update(
        index_elements=[deliveries.c.tenant_id, deliveries.c.webhook, deliveries.c.data],
        index_where=sql(UNTRIED),
        set_={"happened_at": statement.excluded.happened_at},
    )
    await session.execute_many(once, rows)
    await session.execute(select(func.pg_notify(CHANNEL, str(session.tenant))))


async def read_due_webhooks(session: ReadSession) -> list[str]:
    """The webhooks for which something is to be sent now."""
    due = exists().where(
        deliveries.c.tenant_id == session.tenant,
        deliveries.c.webhook == webhooks.c.id,
        deliveries.c.status == DeliveryStatus.WAITING,
        deliveries.c.due_at <= func.now(),
    )
    statement = select(webhooks.c.id).where(
        webhooks.c.tenant_id == session.tenant, webhooks.c.disabled_at.is_(None), due
    )
    return list((await session.execute(statement.order_by(webhooks.c.id))).scalars())


async def claim_due(
    session: WriteSession, webhook: str, *, most: int, lease: timedelta
) -> list[Delivery]:
    """Count an attempt of what is due for a webhook; after the lease it is anybody's again."""
    due = (
        select(deliveries.c.id)
        .where(
            deliveries.c.tenant_id == session.tenant,
            deliveries.c.webhook == webhook,
            deliveries.c.status == DeliveryStatus.WAITING,
            deliveries.c.due_at <= func.now(),
        )
        .order_by(deliveries.c.due_at, deliveries.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list((await session.execute(due)).scalars())
    claimed = (
        update(deliveries)
        .where(deliveries.c.tenant_id == session.tenant, among(deliveries.c.id, ids))
        .values(
            attempts=deliveries.c.attempts + 1,
            tries=deliveries.c.tries + 1,
            due_at=func.now() + lease,
        )
        .returning(deliveries)
    )
    rows = await session.execute(claimed)
    return sorted((_delivery_from_row(row) for row in rows), key=lambda each: each.id)


async def keep_attempt(
    session: WriteSession, delivery: str, attempt: Attempt, *, wait: timedelta | None
) -> None:
    """Put down what came of an attempt; `wait` is until the next one, null where it was the last.

    A delivery that others took up meanwhile, or that is gone, is left as it is.
    """
    where = (deliveries.c.tenant_id == session.tenant, deliveries.c.id == delivery)
    number = await session.scalar(select(deliveries.c.attempts).where(*where).with_for_update())
    if number is None:
        return
    await session.execute(
        insert(delivery_attempts).values(
            tenant_id=session.tenant,
            delivery=delivery,
            number=attempt.number,
            at=attempt.at,
            milliseconds=attempt.milliseconds,
            status=attempt.status,
            error=attempt.error,
        )
    )
    if number != attempt.number:
        return
    values: dict[str, object] = {"due_at": func.now() + wait} if wait is not None else {}
    if wait is None:
        good = attempt.error is None and attempt.status is not None and attempt.status < 300
        values["status"] = DeliveryStatus.DELIVERED if good else DeliveryStatus.FAILED
        values["finished_at"] = func.now()
    await session.execute(update(deliveries).where(*where).values(**values))


async def replay_delivery(session: WriteSession, delivery: str) -> None:
    """Have a delivery tried at once, and as often again as a new one."""
    await session.execute(
        update(deliveries)
        .where(deliveries.c.tenant_id == session.tenant, deliveries.c.id == delivery)
        .values(status=DeliveryStatus.WAITING, finished_at=None, due_at=func.now(), tries=0)
    )
    await session.execute(select(func.pg_notify(CHANNEL, str(session.tenant))))


async def lock_delivery(session: WriteSession, delivery: str) -> Delivery | None:
    """A delivery, kept from being tried or settled by others."""
    where = (deliveries.c.tenant_id == session.tenant, deliveries.c.id == delivery)
    row = (await session.execute(select(deliveries).where(*where).with_for_update())).one_or_none()
    return None if row is None else _delivery_from_row(row)


async def read_page_of_deliveries(
    session: ReadSession,
    webhook: str,
    status: DeliveryStatus | None,
    *,
    after: str | None,
    limit: int,
) -> tuple[list[Delivery], int]:
    """The next page of a webhook's deliveries, newest first, and how many there are."""
    where = [deliveries.c.tenant_id == session.tenant, deliveries.c.webhook == webhook]
    if status is not None:
        where.append(deliveries.c.status == status)
    total = await session.scalar(select(func.count()).select_from(deliveries).where(*where))
    statement = select(deliveries).where(*where).order_by(deliveries.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(deliveries.c.id < after)
    return [_delivery_from_row(row) for row in await session.execute(statement)], int(total)


async def read_attempts(
    session: ReadSession, ids: Collection[str]
) -> Mapping[str, Sequence[Attempt]]:
    """Every attempt at each of some deliveries, in order."""
    statement = (
        select(delivery_attempts)
        .where(
            delivery_attempts.c.tenant_id == session.tenant,
            among(delivery_attempts.c.delivery, ids),
        )
        .order_by(delivery_attempts.c.delivery, delivery_attempts.c.number)
    )
    found: dict[str, list[Attempt]] = defaultdict(list)
    for row in await session.execute(statement):
        attempt = Attempt(row.number, row.at, row.milliseconds, row.status, row.error)
        found[row.delivery].append(attempt)
    return found


async def drop_deliveries(session: WriteSession, *, before: datetime, most: int) -> int:
    """Forget deliveries of long ago with their attempts, so many at a time; gives how many."""
    old = (
        select(deliveries.c.id)
        .where(deliveries.c.tenant_id == session.tenant, deliveries.c.id < _first_id(before))
        .order_by(deliveries.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list((await session.execute(old)).scalars())
    where = (deliveries.c.tenant_id == session.tenant, among(deliveries.c.id, ids))
    return (await session.execute(delete(deliveries).where(*where))).rowcount


async def is_any_older(session: ReadSession, before: datetime) -> bool:
    """Whether there are deliveries to forget."""
    older = exists().where(
        deliveries.c.tenant_id == session.tenant, deliveries.c.id < _first_id(before)
    )
    return bool(await session.scalar(select(older)))


async def _lock_wanting(session: WriteSession, event: WebhookEvent) -> list[str]:
    """Who hears of an event; kept from being taken away, and from nothing else, until commit."""
    statement = (
        select(webhooks.c.id)
        .where(
            webhooks.c.tenant_id == session.tenant,
            webhooks.c.disabled_at.is_(None),
            literal(event.value) == webhooks.c.events.any_(),
        )
        .order_by(webhooks.c.id)
        .with_for_update(read=True, key_share=True)
    )
    return list((await session.execute(statement)).scalars())


def _first_id(moment: datetime) -> str:
    """What ids of deliveries made from a moment on are not below."""
    return encode_id(IdKind.DELIVERY, int(moment.timestamp() * 1000), bytes(10))


def _text(thing: Mapping[str, str]) -> str:
    return json.dumps(thing, ensure_ascii=False, separators=(",", ":"))


def _delivery_from_row(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        webhook=row.webhook,
        event=WebhookEvent(row.event),
        data=row.data,
        happened_at=row.happened_at,
        status=DeliveryStatus(row.status),
        due_at=row.due_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        tries=row.tries,
    )
