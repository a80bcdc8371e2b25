"""Units are put, and stay a tree; lists are asked for a unit with all below."""

from collections.abc import Collection, Sequence
from datetime import datetime

from services.api.core.attribution import Attribution
from services.api.core.people import faults_of_unit, scores_follow_unit
from services.api.flows.live import mark_stale
from services.api.flows.people import PEOPLE, Permit, Verdict, put_each, refuse
from services.api.store.audit import append_entries
from services.api.store.counters import lock_noun
from services.api.store.people import read_units
from services.api.store.units import save_units
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Caller, Unit


async def put_units(
    session: WriteSession,
    rows: Sequence[Unit],
    *,
    permit: Permit[Unit],
    caller: Caller,
    at: datetime,
) -> list[Verdict]:
    """Create or replace units one after another; the good ones land whatever the others are."""
    await lock_noun(session, PEOPLE)
    current = await read_units(session)
    permit(current)
    parents = {code: unit.parent for code, unit in current.items()}

    async def judge(unit: Unit, _before: Unit | None) -> None:
        refuse(faults_of_unit(unit, parents))
        parents[unit.code] = unit.parent

    puts = await put_each("unit", rows, current, judge)
    if puts.changed:
        await save_units(session, list(puts.changed.values()))
        if any(scores_follow_unit(before, after) for before, after in puts.steps):
            await mark_stale(session, employees=None, at=at)
        await append_entries(session, at=at, caller=caller, deeds=puts.deeds)
    return puts.verdicts


async def units_below(session: ReadSession, unit: str | None) -> Collection[str] | None:
    """A unit and all below it, for a filter; no unit is no filter."""
    if unit is None:
        return None
    return Attribution(await read_units(session), {}).tree([unit])
