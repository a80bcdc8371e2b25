"""The target calendar as it is kept: the stretches of days that weigh other than 1."""

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.tables.targets import weighed_days


async def read_target_calendar(session: ReadSession) -> TargetCalendar:
    """The calendar; without a stretch every day weighs 1."""
    statement = (
        select(weighed_days)
        .where(weighed_days.c.tenant_id == session.tenant)
        .order_by(weighed_days.c.starts_on)
    )
    return TargetCalendar(
        tuple(
            WeighedDays(row.starts_on, row.ends_on, row.weight, row.note)
            for row in await session.execute(statement)
        )
    )


async def replace_target_calendar(session: WriteSession, stretches: Sequence[WeighedDays]) -> None:
    """Keep these stretches and no others."""
    await session.execute(delete(weighed_days).where(weighed_days.c.tenant_id == session.tenant))
    rows = [
        {
            "tenant_id": session.tenant,
            "starts_on": each.start,
            "ends_on": each.end,
            "weight": each.weight,
            "note": each.note,
        }
        for each in stretches
    ]
    await session.execute_many(insert(weighed_days), rows)
