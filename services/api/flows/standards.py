"""Standards are put, version after version, and held against days of which something came in."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.api.core.changes import change_of
from services.api.core.standards import (
    LOOK_BACK_DAYS,
    Places,
    answer,
    built_in_standards,
    check_standard,
    questions_of,
)
from services.api.flows.alerts import tell
from services.api.flows.indicators import known_indicators
from services.api.flows.values import read_values
from services.api.store.audit import append_entry
from services.api.store.counters import lock_noun
from services.api.store.people import read_employees, read_shops, read_tenant, read_units
from services.api.store.standards import (
    drop_watched_days,
    insert_standard,
    read_own_standards,
    read_watched_days,
    watch_days,
)
from services.schema.days import local_day
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.alerts import Alert
from services.schema.shapes.live import Mark
from services.schema.shapes.people import Caller
from services.schema.shapes.standards import Standard
from services.schema.words import Outcome

Permit = Callable[[Standard | None], None]
"""Sees the standard in force, once nobody else can change it, and may refuse the new one."""


async def known_standards(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Standard]:
    """The tenant's own standards and the built-in ones that it has not replaced, by code."""
    own = await read_own_standards(session, codes)
    built_in = built_in_standards()
    wanted = built_in if codes is None else set(codes) & built_in.keys()
    found = {code: built_in[code] for code in wanted} | own
    return dict(sorted(found.items()))


async def put_standard(
    session: WriteSession, stated: Standard, *, permit: Permit, caller: Caller, at: datetime
) -> tuple[Standard, Outcome]:
    """Put a standard in force: a new version, unless it says what the last one does.

    Today and the day before are looked at by it; alerts that were raised stay what they are.
    """
    check_standard(stated, await known_indicators(session), await _read_places(session))
    await lock_noun(session, "standards")
    before = (await known_standards(session, [stated.code])).get(stated.code)
    permit(before)
    if before is not None and replace(stated, version=before.version) == before:
        return before, Outcome.DUPLICATE
    made = replace(stated, version=before.version + 1 if before else 1)
    await insert_standard(session, made, author=caller.name, at=at)
    await watch_now(session, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="standard.put",
        subject=f"standard:{made.code}",
        detail=change_of(before, made),
    )
    return made, Outcome.UPDATED if before else Outcome.CREATED


async def watch_now(session: WriteSession, *, at: datetime) -> None:
    """Have today and the day before looked at."""
    today = local_day(at, (await read_tenant(session)).timezone)
    await watch_days(session, [today - timedelta(days=1), today])


async def watch_marked(session: WriteSession, marks: Collection[Mark], *, at: datetime) -> None:
    """Have the days looked at of which something came in, as far as that is news."""
    # By a clock of nowhere in particular: a day too many is left out when they are looked at.
    oldest = at.date() - timedelta(days=LOOK_BACK_DAYS + 1)
    await watch_days(session, {mark.day for mark in marks if mark.day >= oldest})


async def check_standards(session: WriteSession, *, at: datetime) -> list[Alert]:
    """Hold the days that wait against every standard; gives the alerts that were raised."""
    touched = await read_watched_days(session)
    if not touched:
        return []
    tenant = await read_tenant(session)
    standards = [each for each in (await known_standards(session)).values() if each.active]
    today: date = local_day(at, tenant.timezone)
    places = await _read_places(session)
    questions = await asyncio.to_thread(
        questions_of, standards, touched, places, today=today, calendar=tenant.calendar
    )
    wanted = {each.wanted for each in questions}
    wanted |= {each.basis for each in questions if each.basis is not None}
    found = await read_values(session, wanted, tenant=tenant)
    values = {one: explained.value for one, explained in found.items()}
    raised = await tell(session, [answer(each, values) for each in questions], at=at)
    await drop_watched_days(session, touched)
    return raised


async def _read_places(session: ReadSession) -> Places:
    return Places(
        employees=await read_employees(session),
        units=await read_units(session),
        shops=await read_shops(session),
    )
