"""REST of deliveries: what a webhook was sent, what came of each attempt, and sending it again."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import ConfigDict, Field

from services.api.flows.webhooks import replay
from services.api.store.deliveries import read_attempts, read_page_of_deliveries
from services.api.store.webhooks import read_webhook
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Instant, Model, Text
from services.schema.errors import NotFound
from services.schema.shapes.webhooks import Attempt, Delivery, DeliveryStatus, WebhookEvent

router = new_router()


class DeliveryQuery(Model):
    """Which deliveries to list, newest first."""

    # A query is text: its numbers and words are read from it.
    model_config = ConfigDict(strict=False)

    status: DeliveryStatus | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class AttemptDocument(Model):
    """What came of one attempt: a status of HTTP, or in `error` why there is none."""

    number: int
    at: Instant
    milliseconds: int
    status: int | None
    error: str | None


class DeliveryDocument(Model):
    """One event for one webhook; `id` is its `webhook-id`, `data` is what it tells."""

    id: str
    webhook: str
    event: WebhookEvent
    data: dict[str, str]
    happened_at: Instant
    status: DeliveryStatus
    next_attempt_at: Instant | None
    finished_at: Instant | None
    attempts: list[AttemptDocument]

    @classmethod
    def from_shape(cls, delivery: Delivery, attempts: Sequence[Attempt]) -> "DeliveryDocument":
        waits = delivery.status is DeliveryStatus.WAITING
        return cls(
            id=delivery.id,
            webhook=delivery.webhook,
            event=delivery.event,
            data=json.loads(delivery.data),
            happened_at=delivery.happened_at,
            status=delivery.status,
            next_attempt_at=delivery.due_at if waits else None,
            finished_at=delivery.finished_at,
            attempts=[
                AttemptDocument(
                    number=each.number,
                    at=each.at,
                    milliseconds=each.milliseconds,
                    status=each.status,
                    error=each.error,
                )
                for each in attempts
            ],
        )


@router.get("/v1/webhooks/{id}/deliveries")
async def list_deliveries(
    request: Request, id: Text, query: Annotated[DeliveryQuery, Query()], session: Reading
) -> Listed[DeliveryDocument]:
    """What a webhook was told or is to be told, each with every attempt."""
    if await read_webhook(session, id) is None:
        raise NotFound("webhook")
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_page_of_deliveries(
        session, id, query.status, after=last[0] if last else None, limit=query.limit + 1
    )
    attempts = await read_attempts(session, {each.id for each in found})
    return page_of(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda each: [each.id],
        document=lambda each: DeliveryDocument.from_shape(each, attempts.get(each.id, ())),
    )


@router.post("/v1/deliveries/{id}/replay")
async def post_replay(id: Text, caller: Asking, session: Writing) -> DeliveryDocument:
    """Send a delivery once more, under its own id and signed anew."""
    delivery = await replay(session, id, caller=caller, at=datetime.now(UTC))
    attempts = await read_attempts(session, {id})
    return DeliveryDocument.from_shape(delivery, attempts.get(id, ()))
