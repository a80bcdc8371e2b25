"""A shop's newest pair of tokens is kept sealed, and renewed by one program at a time."""

from dataclasses import dataclass
from datetime import datetime

from services.door.sealing import Keyring, Unopened
from services.ingest.flows.sealed import Opener, sealer_of
from services.ingest.sources.errors import NotPermitted
from services.ingest.sources.tokens import KeptPair, Tokens, print_of, read_pair
from services.ingest.store.accounts import (
    give_back_field,
    read_field,
    save_field,
    start_field,
    take_field,
)
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.accounts import AccountField, SealedField

_RENEWED = AccountField.RENEWED


@dataclass(frozen=True, slots=True)
class Turn:
    """What is kept of a shop, and whether it is ours to renew."""

    pair: Tokens
    is_ours: bool


async def find_pair(
    session: ReadSession, ring: Keyring, shop: str, consent: Tokens
) -> Tokens | None:
    """The pair that is kept; null where none is, or one of another consent."""
    kept = await read_field(session, shop, _RENEWED)
    if kept is None:
        return None
    try:
        pair = read_pair(Opener(ring, session.tenant).open(kept))
    except Unopened as error:
        raise NotPermitted(f"the shop's pair of tokens does not open: {error}") from error
    # Somebody has signed in anew: what was renewed before is of an older consent.
    return pair.tokens if pair.consent == print_of(consent) else None


async def keep_pair(
    session: WriteSession,
    ring: Keyring,
    shop: str,
    consent: Tokens,
    pair: Tokens,
    *,
    at: datetime,
) -> None:
    """Seal a pair in the place of the one before; nobody is renewing it any more."""
    await save_field(session, await _sealed(session, ring, shop, consent, pair, at=at))


async def take_turn(
    session: WriteSession,
    ring: Keyring,
    shop: str,
    consent: Tokens,
    used: str,
    *,
    at: datetime,
    until: datetime,
) -> Turn:
    """A newer pair than the one used, if there is one; else the turn to renew it, if it is free.

    Before anything is asked it is seen that a pair can be kept: one that is given and lost would
    lock the shop out. What is kept is read with the turn in hand: somebody may just have had it.
    """
    await start_field(session, await _sealed(session, ring, shop, consent, consent, at=at))
    is_ours = await take_field(session, shop, _RENEWED, at=at, until=until)
    kept = await find_pair(session, ring, shop, consent)
    if kept is None or kept.access == used:
        return Turn(kept or consent, is_ours)
    if is_ours:
        await give_back_field(session, shop, _RENEWED, until=until)
    return Turn(kept, is_ours=False)


async def take_over_pair(
    session: WriteSession,
    ring: Keyring,
    shop: str,
    consent: Tokens,
    pair: Tokens,
    *,
    at: datetime,
    until: datetime,
) -> None:
    """Seal a pair that stood in the clear, unless one of the same consent is kept by now."""
    sealed = await _sealed(session, ring, shop, consent, pair, at=at)
    if await start_field(session, sealed):
        return
    if await take_field(session, shop, _RENEWED, at=at, until=until):
        if await find_pair(session, ring, shop, consent) is None:
            await save_field(session, sealed)
        else:
            await give_back_field(session, shop, _RENEWED, until=until)


async def give_turn_back(session: WriteSession, shop: str, *, until: datetime) -> None:
    """Let others renew a pair that was ours until then."""
    await give_back_field(session, shop, _RENEWED, until=until)


async def _sealed(
    session: WriteSession,
    ring: Keyring,
    shop: str,
    consent: Tokens,
    pair: Tokens,
    *,
    at: datetime,
) -> SealedField:
    try:
        sealer = await sealer_of(session, ring, at=at)
    except Unopened as error:
        raise NotPermitted(f"the shop's pair of tokens cannot be kept: {error}") from error
    document = KeptPair(print_of(consent), pair).write()
    return sealer.seal(shop, _RENEWED, document, at=at)
