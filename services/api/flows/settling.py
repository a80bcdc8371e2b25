"""Live scorecards are brought up to what was written, a moment after it was.

Marks come from ingest, by shop, unit, employee and day, and from our own changes of targets,
people and definitions, by card. Settling takes them in three steps, each a transaction of its own:
marks of ingest become marks on cards, populations are made whole, marked cards are computed.
"""

import asyncio
from datetime import datetime

from services.api.core.reach import pay_touched_by, touched_by
from services.api.flows.scorecards import compute_cards, read_setting, settle_population
from services.api.flows.standards import watch_marked
from services.api.store.cycles import clear_stale, lock_open_cycles, lock_stale_cycles
from services.api.store.late_facts import take_late
from services.api.store.live import (
    drop_marks,
    lock_settling,
    mark_due_looks,
    mark_reached,
    read_marks,
)
from services.api.store.scorecards import lock_stale_cards
from services.schema.db import WriteSession
from services.schema.words import SubjectKind

HELD_AT_ONCE = 100
"""Cards computed in one transaction: whoever has to mark one of them waits no longer than that."""


async def take_marks(session: WriteSession, *, at: datetime) -> int:
    """Turn ingest's marks into marks on the cards that they reach; gives how many there were."""
    await lock_settling(session)
    await mark_due_looks(session, at=at)
    marks = await read_marks(session)
    if marks:
        await mark_reached(session, await asyncio.to_thread(touched_by, marks), at=at)
        await watch_marked(session, marks, at=at)
        await drop_marks(session, marks)
    refunded = await take_late(session)
    if refunded:
        await mark_reached(session, await asyncio.to_thread(pay_touched_by, refunded), at=at)
    return len(marks) + len(refunded)


async def settle_populations(session: WriteSession, *, at: datetime) -> int:
    """Give cards to who joined the open cycles and take them from who left; counts the new ones."""
    await lock_settling(session)
    stale = await lock_stale_cycles(session)
    if not stale:
        return 0
    setting = await read_setting(session, stale)
    made = [await settle_population(session, cycle, setting, at=at) for cycle in stale]
    await clear_stale(session, [cycle.code for cycle in stale])
    return sum(made)


async def recompute_some(session: WriteSession, *, at: datetime) -> int:
    """Compute a batch of marked cards anew; gives how many it was, 0 when nothing can be done."""
    await lock_settling(session)
    cards = await lock_stale_cards(session, limit=HELD_AT_ONCE)
    cycles = await lock_open_cycles(session, {card.cycle for card in cards})
    free = [card for card in cards if card.cycle in cycles]
    if free:
        people = {card.subject.code for card in free if card.subject.kind is SubjectKind.EMPLOYEE}
        setting = await read_setting(session, cycles.values(), people)
        await compute_cards(session, free, cycles, setting, at=at)
    return len(free)
