"""Webhooks are made, given other secrets, enabled again and taken away; each is put down."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.deliveries import lock_delivery, replay_delivery
from services.api.store.webhooks import (
    count_webhooks,
    delete_webhook,
    insert_webhook,
    lock_sealed,
    lock_webhook,
    read_webhook,
    rotate_secret,
    state_health,
    state_sealed,
)
from services.door.sealing import Keyring, Unopened, seal, unseal
from services.schema.db import WriteSession
from services.schema.errors import Conflict, NotFound
from services.schema.shapes.people import Caller
from services.schema.shapes.webhooks import Delivery, Resealed, SealedSecrets, Webhook

MOST_WEBHOOKS = 20
"""Of a tenant: every event is put down once for each."""
WEBHOOKS = "webhooks"
"""The noun that is locked while one is made, and while secrets are sealed anew: none is sealed
under the old key meanwhile."""
_ID_LENGTH = len("mk_") + 16


async def create_webhook(
    session: WriteSession,
    webhook: Webhook,
    *,
    secret: bytes,
    keyring: Keyring | None,
    caller: Caller,
    at: datetime,
) -> None:
    """Keep a new webhook; it hears of what happens from the commit on."""
    await lock_noun(session, WEBHOOKS)
    sealed = _seal(session, webhook.id, secret, keyring)
    if await count_webhooks(session) >= MOST_WEBHOOKS:
        raise Conflict("too_many_webhooks", f"A company has at most {MOST_WEBHOOKS} webhooks.")
    await insert_webhook(session, webhook, secret=sealed)
    detail = {"url": webhook.url, "events": list(webhook.events)}
    await _put_down(session, webhook.id, "create", detail, caller=caller, at=at)


async def rotate(
    session: WriteSession,
    webhook_id: str,
    *,
    secret: bytes,
    overlap: timedelta,
    keyring: Keyring | None,
    caller: Caller,
    at: datetime,
) -> Webhook:
    """Give a webhook another secret; the one it has signs too for the overlap."""
    webhook = await lock_webhook(session, webhook_id)
    if webhook is None:
        raise NotFound("webhook")
    until = at + overlap
    sealed = _seal(session, webhook_id, secret, keyring)
    await rotate_secret(session, webhook_id, secret=sealed, previous_until=until)
    detail: dict[str, object] = {"previous_until": until.isoformat()}
    await _put_down(session, webhook_id, "rotate", detail, caller=caller, at=at)
    return replace(webhook, previous_until=until)


async def enable(
    session: WriteSession, webhook_id: str, *, caller: Caller, at: datetime
) -> Webhook:
    """Have a disabled webhook called again: with what still waits for it, and what is to come."""
    webhook = await lock_webhook(session, webhook_id)
    if webhook is None:
        raise NotFound("webhook")
    if webhook.disabled_at is None:
        return webhook
    await state_health(session, webhook_id, failing_since=None)
    await _put_down(session, webhook_id, "enable", {}, caller=caller, at=at)
    return replace(webhook, failing_since=None, disabled_at=None, disabled_reason=None)


async def remove(session: WriteSession, webhook_id: str, *, caller: Caller, at: datetime) -> None:
    """Take a webhook away with all that waits for it."""
    webhook = await read_webhook(session, webhook_id)
    if webhook is None or not await delete_webhook(session, webhook_id):
        raise NotFound("webhook")
    await _put_down(session, webhook_id, "delete", {"url": webhook.url}, caller=caller, at=at)


async def replay(
    session: WriteSession, delivery_id: str, *, caller: Caller, at: datetime
) -> Delivery:
    """Have a delivery sent once more under its own id, whatever became of it."""
    delivery = await lock_delivery(session, delivery_id)
    if delivery is None:
        raise NotFound("delivery")
    webhook = await read_webhook(session, delivery.webhook)
    if webhook is None or webhook.disabled_at is not None:
        raise Conflict("webhook_disabled", "Its webhook is disabled: enable that first.")
    await replay_delivery(session, delivery_id)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="delivery.replay",
        subject=f"delivery:{delivery_id}",
        detail={"webhook": webhook.id, "event": delivery.event},
    )
    again = await lock_delivery(session, delivery_id)
    assert again is not None, "a delivery that was locked is still there"
    return again


async def reseal(
    session: WriteSession, keyring: Keyring, *, caller: Caller, at: datetime
) -> Resealed | None:
    """Seal all secrets under the key that seals now; null where there is no webhook.

    What signs no more is forgotten. Whoever signs goes on: both keys open until this is committed.
    """
    await lock_noun(session, WEBHOOKS)
    kept = await lock_sealed(session)
    if not kept:
        return None
    secrets, shut = 0, []
    for each in kept:
        is_over = each.previous_until is not None and at >= each.previous_until
        lasting = replace(each, previous=None, previous_until=None) if is_over else each
        try:
            made, count = _resealed(session, lasting, keyring)
        except Unopened:
            shut.append(each.webhook)
            continue
        if made != each:
            await state_sealed(session, made)
        secrets += count
    detail: dict[str, object] = {
        "key": keyring.current().id,
        "secrets": secrets,
        "left": len(shut),
    }
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="webhook.reseal",
        subject="webhooks",
        detail=detail,
    )
    return Resealed(secrets, tuple(shut))


def open_secret(tenant: int, webhook_id: str, sealed: bytes, keyring: Keyring | None) -> bytes:
    """The secret of a webhook; raises Unopened where its key is not known."""
    if keyring is None:
        raise Unopened("no key is stated")
    key_id, rest = sealed[:_ID_LENGTH], sealed[_ID_LENGTH:]
    return unseal(keyring.find(key_id.decode("latin-1")).raw, rest, _place(tenant, webhook_id))


def _resealed(
    session: WriteSession, kept: SealedSecrets, keyring: Keyring
) -> tuple[SealedSecrets, int]:
    """Both secrets under the key that seals now, and how many of them were not; or Unopened."""
    key = keyring.current().id.encode()

    def under_it(sealed: bytes) -> bytes:
        if sealed.startswith(key):
            return sealed
        secret = open_secret(session.tenant, kept.webhook, sealed, keyring)
        return _seal(session, kept.webhook, secret, keyring)

    made = replace(
        kept,
        secret=under_it(kept.secret),
        previous=None if kept.previous is None else under_it(kept.previous),
    )
    return made, (made.secret != kept.secret) + (made.previous != kept.previous)


def _seal(session: WriteSession, webhook_id: str, secret: bytes, keyring: Keyring | None) -> bytes:
    """A secret sealed for its webhook, behind the id of the key that seals it."""
    if keyring is None:
        detail = "Secrets cannot be kept here: the operator has to state KAOHE_WEBHOOK_KEY."
        raise Conflict("webhook_key_missing", detail)
    key = keyring.current()
    return key.id.encode() + seal(key.raw, secret, _place(session.tenant, webhook_id))


def _place(tenant: int, webhook_id: str) -> tuple[str, ...]:
    return ("webhook", str(tenant), webhook_id)


async def _put_down(
    session: WriteSession,
    webhook_id: str,
    what: str,
    detail: Mapping[str, object],
    *,
    caller: Caller,
    at: datetime,
) -> None:
    await append_entry(
        session,
        at=at,
        caller=caller,
        action=f"webhook.{what}",
        subject=f"webhook:{webhook_id}",
        detail=detail,
    )
