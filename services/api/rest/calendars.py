"""REST of the target calendar: which days weigh more or less when a target is shared by days."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Request, Response
from pydantic import Field

from services.api.flows.calendars import put_target_calendar
from services.api.rest.documents import bytes_of, check_current, put_answer
from services.api.store.calendars import read_target_calendar
from services.door.etags import tagged
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import Day, DecimalText, Model, PartIn, Text
from services.schema.money import plain
from services.schema.shapes.calendars import TargetCalendar, WeighedDays

router = new_router()

MOST_STRETCHES = 2_000


class StatedStretch(Model):
    """Days from `from` until before `to`, and what each of them weighs."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    weight: PartIn
    note: Text | None = None

    def to_shape(self) -> WeighedDays:
        return WeighedDays(self.from_, self.to, self.weight, self.note)


class StatedCalendar(Model):
    """The days that weigh other than 1; all others weigh 1."""

    stretches: Annotated[list[StatedStretch], Field(max_length=MOST_STRETCHES)]


class StretchDocument(Model):
    """Days of one weight; `to` is exclusive, as every end."""

    from_: Annotated[Day, Field(alias="from")]
    to: Day
    weight: DecimalText
    note: str | None


class CalendarDocument(Model):
    """The target calendar, first day first."""

    stretches: list[StretchDocument]

    @classmethod
    def from_shape(cls, calendar: TargetCalendar) -> "CalendarDocument":
        stretches = [
            {"from": each.start, "to": each.end, "weight": plain(each.weight), "note": each.note}
            for each in calendar.stretches
        ]
        return cls.model_validate({"stretches": stretches})


@router.get("/v1/target-calendar", response_model=CalendarDocument)
async def get_target_calendar(request: Request, session: Reading) -> Response:
    calendar = await read_target_calendar(session)
    return tagged(request, bytes_of(CalendarDocument.from_shape(calendar)))


@router.put("/v1/target-calendar", response_model=CalendarDocument)
async def put_stated_calendar(
    request: Request, stated: StatedCalendar, caller: Asking, session: Writing
) -> Response:
    """Replace the calendar whole. Additive targets of whoever is there for a part of a cycle, and
    of each segment, are shared by the weights of the days instead of their number.
    """
    calendar = await put_target_calendar(
        session,
        [stretch.to_shape() for stretch in stated.stretches],
        permit=lambda current: check_current(request, CalendarDocument.from_shape(current)),
        caller=caller,
        at=datetime.now(UTC),
    )
    return put_answer(CalendarDocument.from_shape(calendar), created=False)
