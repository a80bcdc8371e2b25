"""Webhooks: where a company's own systems hear that something changed, and what became of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class WebhookEvent(StrEnum):
    """What can be heard of."""

    # `api.md`, section 8
    SCORECARD_CHANGED = "scorecard.changed"
    CYCLE_MOVED = "cycle.moved"
    RESULT_PUBLISHED = "result.published"
    RESULT_CORRECTED = "result.corrected"
    ALERT_RAISED = "alert.raised"


class DeliveryStatus(StrEnum):
    """What became of a delivery."""

    WAITING = "waiting"
    """For its first attempt, or the next."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """After the last attempt; it can be replayed."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that hears of some events; its secrets are kept sealed, apart from it."""

    id: str
    url: str
    events: tuple[WebhookEvent, ...]
    created_at: datetime
    previous_until: datetime | None = None
    """Until when deliveries are signed with the secret before the last rotation too."""
    failing_since: datetime | None = None
    """When the first attempt failed after which none succeeded."""
    disabled_at: datetime | None = None
    disabled_reason: str | None = None


@dataclass(frozen=True, slots=True)
class SealedSecrets:
    """What a webhook signs with, as it is kept."""

    webhook: str
    secret: bytes
    previous: bytes | None
    previous_until: datetime | None


@dataclass(frozen=True, slots=True)
class Resealed:
    """What came of sealing a company's secrets anew."""

    secrets: int
    """Sealed under the key that seals now, which they were not before."""
    shut: tuple[str, ...]
    """Webhooks with a secret that does not open: they stay as they are."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook: the outbox and the log are the same rows."""

    id: str
    """Also its `webhook-id`: the same at every attempt."""
    webhook: str
    event: WebhookEvent
    data: str
    """A JSON object of ids, as it is sent."""
    happened_at: datetime
    status: DeliveryStatus
    due_at: datetime
    """When it is tried next, while it waits."""
    finished_at: datetime | None
    attempts: int
    """All that were made of it."""
    tries: int
    """Of these, since it was last asked for: a replay begins anew."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What came of one attempt: a status of HTTP, or why there is none."""

    number: int
    at: datetime
    milliseconds: int
    status: int | None
    error: str | None
