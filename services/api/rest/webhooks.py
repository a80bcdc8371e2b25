"""REST of webhooks: made, listed without their secrets, given others, enabled, taken away."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field, StringConstraints

from services.api.core.webhooks import SECRET_BYTES, secret_text
from services.api.flows.webhooks import create_webhook, enable, remove, rotate
from services.api.receivers import LONGEST_URL, Receivers
from services.api.rest.documents import bytes_of
from services.api.store.webhooks import read_page_of_webhooks, read_webhook
from services.door.pages import LIMIT, Cursor, Limit, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, ShownOnce, Writing, new_router
from services.door.wire import Instant, Model, Text
from services.schema.errors import Fault, Invalid, NotFound
from services.schema.ids import IdKind, new_id
from services.schema.shapes.webhooks import Webhook, WebhookEvent

router = new_router()

DAY_SECONDS = 86_400
OVERLAP_MAXIMUM_SECONDS = 30 * DAY_SECONDS
Address = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_URL)]
Events = Annotated[
    list[Annotated[WebhookEvent, Field(strict=False)]],
    Field(min_length=1, max_length=len(WebhookEvent)),
]


class WantedWebhook(Model):
    """Who wants to hear of what: an https address, and at least one event."""

    url: Address
    events: Events


class WebhookDocument(Model):
    """A webhook as it stands."""

    id: str
    url: str
    events: list[WebhookEvent]
    created_at: Instant
    previous_until: Instant | None
    """Until when deliveries are signed with the secret before the last rotation too."""
    failing_since: Instant | None
    disabled_at: Instant | None
    disabled_reason: str | None

    @classmethod
    def from_shape(cls, webhook: Webhook) -> "WebhookDocument":
        return cls(
            id=webhook.id,
            url=webhook.url,
            events=list(webhook.events),
            created_at=webhook.created_at,
            previous_until=webhook.previous_until,
            failing_since=webhook.failing_since,
            disabled_at=webhook.disabled_at,
            disabled_reason=webhook.disabled_reason,
        )


class WebhookWithSecret(WebhookDocument):
    """A webhook just made or given another secret; `secret` is shown this once, then null."""

    secret: str | None


class Rotation(Model):
    """For how long the secret that is replaced signs too: a day unless stated, 0 is no longer."""

    overlap_seconds: Annotated[int, Field(ge=0, le=OVERLAP_MAXIMUM_SECONDS)] = DAY_SECONDS


@router.post("/v1/webhooks", status_code=201, response_model=WebhookWithSecret)
async def post_webhook(
    request: Request, wanted: WantedWebhook, caller: Asking, session: Writing
) -> Response:
    """Have an address told of events. The secret that signs is shown once and kept sealed."""
    receivers: Receivers = request.app.state.receivers
    if (refusal := receivers.refusal_of(wanted.url)) is not None:
        raise Invalid("url_refused", refusal, [Fault("/url", "url_refused", refusal)])
    at = datetime.now(UTC)
    events = tuple(each for each in WebhookEvent if each in wanted.events)
    webhook = Webhook(new_id(IdKind.WEBHOOK), wanted.url, events, at)
    secret = secrets.token_bytes(SECRET_BYTES)
    await create_webhook(
        session, webhook, secret=secret, keyring=request.app.state.keyring, caller=caller, at=at
    )
    return _shown_once(webhook, secret, 201)


@router.get("/v1/webhooks")
async def list_webhooks(
    request: Request, session: Reading, limit: Limit = LIMIT, cursor: Cursor = None
) -> Listed[WebhookDocument]:
    """All webhooks, oldest first, also those disabled."""
    last = decode_cursor(request, cursor, 1)
    after = last[0] if last else None
    found, total = await read_page_of_webhooks(session, after=after, limit=limit + 1)
    return page_of(
        request,
        found,
        limit=limit,
        total=total,
        key=lambda webhook: [webhook.id],
        document=WebhookDocument.from_shape,
    )


@router.get("/v1/webhooks/{id}")
async def get_webhook(id: Text, session: Reading) -> WebhookDocument:
    """One webhook, and whether it is well."""
    webhook = await read_webhook(session, id)
    if webhook is None:
        raise NotFound("webhook")
    return WebhookDocument.from_shape(webhook)


@router.post("/v1/webhooks/{id}/rotate", response_model=WebhookWithSecret)
async def post_rotation(
    request: Request, id: Text, wanted: Rotation, caller: Asking, session: Writing
) -> Response:
    """Give a webhook another secret, shown once; for the overlap both sign."""
    secret = secrets.token_bytes(SECRET_BYTES)
    webhook = await rotate(
        session,
        id,
        secret=secret,
        overlap=timedelta(seconds=wanted.overlap_seconds),
        keyring=request.app.state.keyring,
        caller=caller,
        at=datetime.now(UTC),
    )
    return _shown_once(webhook, secret, 200)


@router.post("/v1/webhooks/{id}/enable")
async def post_enabling(id: Text, caller: Asking, session: Writing) -> WebhookDocument:
    """Have a disabled webhook called again; what still waits for it is sent."""
    return WebhookDocument.from_shape(
        await enable(session, id, caller=caller, at=datetime.now(UTC))
    )


@router.delete("/v1/webhooks/{id}", status_code=204)
async def remove_webhook(id: Text, caller: Asking, session: Writing) -> None:
    """Take a webhook away, with its deliveries; nothing more is sent from the commit on."""
    await remove(session, id, caller=caller, at=datetime.now(UTC))


def _shown_once(webhook: Webhook, secret: bytes, status: int) -> Response:
    document = WebhookDocument.from_shape(webhook).model_dump()
    shown = WebhookWithSecret(**document, secret=secret_text(secret))
    hidden = shown.model_copy(update={"secret": None})
    return ShownOnce(bytes_of(shown), status, kept=bytes_of(hidden))
