"""Deliveries are taken up and settled; a webhook whose receiver fails for too long is disabled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.api.core.webhooks import (
    Told,
    next_wait,
    payload_of,
    reason_to_disable,
    signed_headers,
)
from services.api.flows.webhooks import open_secret
from services.api.store.audit import append_entry
from services.api.store.deliveries import claim_due, keep_attempt
from services.api.store.webhooks import lock_webhook, read_sealed, read_webhook, state_health
from services.door.sealing import Keyring, Unopened
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Caller
from services.schema.shapes.webhooks import Attempt, Delivery, Webhook
from services.schema.words import Role

AT_ONCE = 10
"""Deliveries of a webhook that are on their way together."""
LEASE = timedelta(seconds=90)
"""Longer than an attempt can take: whoever took a delivery up and was lost is not waited for."""

_log = structlog.get_logger("kaohe.webhooks")


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be sent to one webhook now."""

    url: str
    secrets: tuple[bytes, ...]
    """Empty where they do not open: then nothing can be sent."""
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one delivery's attempt."""

    delivery: Delivery
    at: datetime
    told: Told
    jitter_percent: int
    """Drawn at the edge: by how much more a wait is."""


async def take_up(
    session: WriteSession, webhook_id: str, keyring: Keyring | None, *, at: datetime
) -> Load | None:
    """Claim some of what is due for a webhook; null when nothing is, or nobody is to be called."""
    webhook = await read_webhook(session, webhook_id)
    if webhook is None or webhook.disabled_at is not None:
        return None
    claimed = await claim_due(session, webhook_id, most=AT_ONCE, lease=LEASE)
    if not claimed:
        return None
    secrets = await _open(session, webhook_id, keyring, at=at)
    return Load(webhook.url, secrets, tuple(claimed))


def message_of(delivery: Delivery, load: Load, *, at: datetime) -> tuple[dict[str, str], bytes]:
    """The headers and the body of an attempt that is made now."""
    body = payload_of(delivery.event, delivery.happened_at, delivery.data)
    return signed_headers(delivery.id, body, load.secrets, at=at), body


async def settle(session: WriteSession, webhook_id: str, sent: Sequence[Sent]) -> timedelta | None:
    """Put down what came of some attempts, and what that says of their webhook.

    Gives the wait until the first of them is due again; null where none will be. The webhook is
    locked before its deliveries, as by whoever takes it away with them.
    """
    webhook = await lock_webhook(session, webhook_id)
    if webhook is None:
        return None
    waits = []
    for each in sorted(sent, key=lambda one: one.delivery.id):
        attempt = Attempt(
            number=each.delivery.attempts,
            at=each.at,
            milliseconds=each.told.milliseconds,
            status=each.told.status,
            error=each.told.error,
        )
        wait = next_wait(each.delivery.tries, each.told, jitter_percent=each.jitter_percent)
        await keep_attempt(session, each.delivery.id, attempt, wait=wait)
        waits += [] if wait is None else [wait]
    if webhook.disabled_at is None:
        await _state_health(session, webhook, sent)
    return min(waits, default=None)


async def _state_health(session: WriteSession, webhook: Webhook, sent: Sequence[Sent]) -> None:
    """One success shows that a receiver is well; without one it has failed since the first."""
    failed = [each for each in sent if not each.told.is_taken]
    if len(failed) < len(sent):
        if webhook.failing_since is not None:
            await state_health(session, webhook.id, failing_since=None)
        return
    since = webhook.failing_since or min(each.at for each in failed)
    for each in failed:
        reason = reason_to_disable(each.told, since, at=each.at)
        if reason is not None:
            await _disable(session, webhook, reason, since=since, at=each.at)
            return
    if webhook.failing_since is None:
        await state_health(session, webhook.id, failing_since=since)


async def _disable(
    session: WriteSession, webhook: Webhook, reason: str, *, since: datetime, at: datetime
) -> None:
    await state_health(
        session, webhook.id, failing_since=since, disabled_at=at, disabled_reason=reason
    )
    _log.error("webhook.disabled", tenant=session.tenant, webhook=webhook.id, reason=reason)
    await append_entry(
        session,
        at=at,
        caller=Caller(session.tenant, Role.ADMIN, None, "system:webhooks"),
        action="webhook.disable",
        subject=f"webhook:{webhook.id}",
        detail={"reason": reason},
    )


async def _open(
    session: ReadSession, webhook_id: str, keyring: Keyring | None, *, at: datetime
) -> tuple[bytes, ...]:
    """The secrets that sign; one sealed under a key that is not known any more signs no longer."""
    secrets = []
    for sealed in await read_sealed(session, webhook_id, at=at):
        try:
            secrets.append(open_secret(session.tenant, webhook_id, sealed, keyring))
        except Unopened as error:
            where = {"tenant": session.tenant, "webhook": webhook_id}
            _log.error("webhook.sealed", **where, cause=str(error))
    return tuple(secrets)
