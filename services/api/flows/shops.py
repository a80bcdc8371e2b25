"""Shops are put; facts hold one to the time zone and currency they were counted in."""

from collections.abc import Sequence
from datetime import datetime

from services.api.core.people import scores_follow_shop
from services.api.flows.live import mark_stale
from services.api.flows.people import PEOPLE, Permit, Verdict, put_each, refuse
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.people import read_shops
from services.api.store.shops import has_facts, save_shops
from services.schema.db import WriteSession
from services.schema.errors import Fault
from services.schema.shapes.people import Caller, Shop


async def put_shops(
    session: WriteSession,
    rows: Sequence[Shop],
    *,
    permit: Permit[Shop],
    caller: Caller,
    at: datetime,
) -> list[Verdict]:
    """Create or replace shops one after another; the good ones land whatever the others are."""
    await lock_noun(session, PEOPLE)
    current = await read_shops(session, {row.code for row in rows})
    permit(current)

    async def judge(shop: Shop, before: Shop | None) -> None:
        if before is not None:
            await _check_fixed(session, shop, before)

    puts = await put_each("shop", rows, current, judge)
    if puts.changed:
        await save_shops(session, list(puts.changed.values()))
        if any(scores_follow_shop(before, after) for before, after in puts.steps):
            await mark_stale(session, employees=None, at=at)
        await append_entries(session, at=at, caller=caller, deeds=puts.deeds)
    return puts.verdicts


async def _check_fixed(session: WriteSession, shop: Shop, before: Shop) -> None:
    """The days and amounts of facts are counted already, in the zone and currency they came in."""
    fixed = (("timezone", "time zone"), ("currency", "currency"))
    changed = [
        Fault(f"/{name}", "shop_in_use", f"There are facts of {shop.code}: its {word} is fixed.")
        for name, word in fixed
        if getattr(shop, name) != getattr(before, name)
    ]
    if changed and await has_facts(session, shop.code):
        refuse(changed)
