"""A tenant's secrets are sealed anew under another key, some at a time, while ingest goes on.

What is sealed says under which key, so that old and new open side by side until nothing is left
under the old one.
"""

from dataclasses import dataclass
from datetime import datetime

from services.door.audit import append_entry
from services.door.sealing import Keyring, Unopened
from services.ingest.flows.sealed import Opener, new_sealer, sealer_of
from services.ingest.store.accounts import (
    count_other_fields,
    drop_unused_keys,
    hold_newest_key,
    read_other_fields,
    reseal_field,
)
from services.schema.db import WriteSession
from services.schema.shapes.people import Caller

START = ("", "")


@dataclass(frozen=True, slots=True)
class Resealed:
    """How far a rotation has come with some fields."""

    last: tuple[str, str] | None
    """The place of the last one; null where there are no more."""
    fields: int
    shut: tuple[str, ...]
    """Shops with a field that does not open: it stays as it is."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation came to."""

    key: int
    fields: int
    left: int
    """Fields that are still sealed under another key."""
    dropped: int
    """Keys that are forgotten."""


async def begin_rotation(session: WriteSession, ring: Keyring, *, at: datetime) -> int | None:
    """Make the key that seals from now on; null for a tenant that has nothing sealed.

    Raises Unopened where the last one does not open: a key beside it would only hide that.
    """
    if await hold_newest_key(session) is None:
        return None
    await sealer_of(session, ring, at=at)
    return (await new_sealer(session, ring, at=at)).key.number


async def reseal_some(
    session: WriteSession,
    ring: Keyring,
    key: int,
    *,
    after: tuple[str, str],
    limit: int,
    at: datetime,
) -> Resealed:
    """Seal the next fields under the newest key; each opens before and after."""
    kept = await read_other_fields(session, key, after=after, limit=limit)
    if not kept:
        return Resealed(None, 0, ())
    sealer, opener = await sealer_of(session, ring, at=at), Opener(ring, session.tenant)
    shut = []
    for each in kept:
        try:
            secret = opener.open(each)
        except Unopened:
            shut.append(each.shop)
            continue
        await reseal_field(session, sealer.seal(each.shop, each.field, secret, at=each.set_at))
    last = (kept[-1].shop, kept[-1].field.value)
    return Resealed(last, len(kept) - len(shut), tuple(shut))


async def end_rotation(
    session: WriteSession, key: int, *, fields: int, caller: Caller, at: datetime
) -> Rotated:
    """Forget the keys under which nothing is left, and put down what was done."""
    left = await count_other_fields(session, key)
    dropped = await drop_unused_keys(session, key)
    detail = {"key": key, "fields": fields, "left": left, "dropped": dropped}
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="account.rotate",
        subject="accounts",
        detail=detail,
    )
    return Rotated(key, fields, left, dropped)
