"""The target calendar is put whole; what was shared out by it is computed anew."""

from collections.abc import Callable, Sequence
from datetime import datetime

from services.api.core.calendars import make_calendar
from services.api.core.changes import change_of
from services.api.flows.live import mark_stale
from services.api.store.audit import append_entry
from services.api.store.calendars import read_target_calendar, replace_target_calendar
from services.api.store.counters import lock_noun
from services.schema.db import WriteSession
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.shapes.people import Caller


async def put_target_calendar(
    session: WriteSession,
    stated: Sequence[WeighedDays],
    *,
    permit: Callable[[TargetCalendar], None],
    caller: Caller,
    at: datetime,
) -> TargetCalendar:
    """Replace the calendar; `permit` sees the one there is, and may refuse.

    Scorecards of open cycles follow, those whose data are closed do not.
    """
    calendar = make_calendar(stated)
    await lock_noun(session, "calendars")
    before = await read_target_calendar(session)
    permit(before)
    if calendar == before:
        return before
    await replace_target_calendar(session, calendar.stretches)
    await mark_stale(session, employees=None, at=at)
    await append_entry(
        session,
        at=at,
        caller=caller,
        action="target_calendar.update",
        subject="target_calendar",
        detail=change_of(before, calendar),
    )
    return calendar
