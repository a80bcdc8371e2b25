"""Local days and periods: on which day an instant falls, where months and years end."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from services.schema.errors import Invalid
from services.schema.words import Grain, WeekStart

_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_PART = re.compile(r"([0-9]{4})-(Q[1-4]|H[12])")
_YEAR = re.compile(r"[0-9]{4}")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_RANGE = re.compile(rf"({_DAY})/({_DAY})")
_ONE_DAY = re.compile(_DAY)
_MONTH_DAY = re.compile(r"[0-9]{2}-[0-9]{2}")

LONGEST_RANGE_DAYS = 3660
FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Periods begin in these years: far enough from the ends of what a date can be."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A tenant's own reading of time."""

    timezone: str
    """IANA name; says when a period of the tenant ends."""
    week_start: WeekStart
    fiscal_start: str
    """Month and day on which the fiscal year begins: `01-01`."""

    def first_of_year(self, year: int) -> date:
        """The first day of the fiscal year that is named by the year it begins in."""
        month, day = (int(part) for part in self.fiscal_start.split("-"))
        return date(year, month, day)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of local days under the name that callers use; the end is exclusive."""

    code: str
    """`2026-10`, `2026-Q4`, `2026-H2`, `2026`, a day, or `2026-10-28/2026-11-12`."""
    start: date
    end: date
    months: int | None
    """Whole months in the period; null where it is not made of months."""

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    def each_day(self) -> Iterator[date]:
        """Every day, first to last."""
        return (self.start + timedelta(days=number) for number in range(self.days))

    def ends_at(self, timezone: str) -> datetime:
        """The instant at which the period is over in a zone."""
        return start_of_day(self.end, timezone)


def local_day(instant: datetime, timezone: str) -> date:
    """The day on which an instant falls in a zone."""
    assert instant.tzinfo is not None, "an instant must carry its offset"
    return instant.astimezone(ZoneInfo(timezone)).date()


def start_of_day(day: date, timezone: str) -> datetime:
    """The first instant of a local day, in UTC; it exists even where midnight does not."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return midnight.astimezone(UTC)


def is_timezone(name: str) -> bool:
    """Whether a name is in the IANA data base."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def is_fiscal_start(text: str) -> bool:
    """Whether a month and day exist in every year, as the start of a fiscal year must."""
    if not _MONTH_DAY.fullmatch(text):
        return False
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        return False
    return True


def parse_day(text: str) -> date:
    """A day as `2026-10-31`."""
    if _ONE_DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            pass
    raise Invalid("day_invalid", f"{text!r} is not a day such as 2026-10-31.")


def parse_period(code: str, calendar: Calendar) -> Period:
    """The period of a code; quarters, halves and years are fiscal, months are calendar months."""
    if _YEAR.match(code) and not FIRST_YEAR <= int(code[:4]) <= LAST_YEAR:
        raise Invalid(
            "period_invalid", f"The period {code!r} is not of {FIRST_YEAR} to {LAST_YEAR}."
        )
    if match := _MONTH.fullmatch(code):
        start = date(int(match[1]), int(match[2]), 1)
        return _checked(code, start, add_months(start, 1), 1)
    if match := _PART.fullmatch(code):
        length = 3 if match[2][0] == "Q" else 6
        first = calendar.first_of_year(int(match[1]))
        offset = length * (int(match[2][1]) - 1)
        return _checked(code, add_months(first, offset), add_months(first, offset + length), length)
    if _YEAR.fullmatch(code):
        first = calendar.first_of_year(int(code))
        return _checked(code, first, add_months(first, 12), 12)
    if match := _RANGE.fullmatch(code):
        return _checked(code, parse_day(match[1]), parse_day(match[2]), None)
    if _ONE_DAY.fullmatch(code):
        day = parse_day(code)
        return _checked(code, day, day + timedelta(days=1), None)
    raise Invalid(
        "period_invalid",
        f"{code!r} is not a period such as 2026-10, 2026-Q4, 2026-H2, 2026 "
        "or 2026-10-28/2026-11-12.",
    )


def kept_period(code: str, start: date, end: date) -> Period:
    """A period whose days were settled before: the calendar may have changed since."""
    if match := _PART.fullmatch(code):
        return Period(code, start, end, 3 if match[2][0] == "Q" else 6)
    months = 1 if _MONTH.fullmatch(code) else 12 if _YEAR.fullmatch(code) else None
    return Period(code, start, end, months)


def add_months(day: date, months: int) -> date:
    """The same day so many months on; the last day of a month that is too short for it."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    last = (following - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def previous(period: Period, calendar: Calendar) -> Period:
    """The period of the same kind that ends where this one starts."""
    if period.months is None:
        start = period.start - timedelta(days=period.days)
        return Period(f"{start}/{period.start}", start, period.start, None)
    for year in (period.start.year - 1, period.start.year, period.start.year + 1):
        for code in _codes_of_year(period, year):
            candidate = parse_period(code, calendar)
            if candidate.end == period.start and candidate.months == period.months:
                return candidate
    raise Invalid("period_invalid", f"There is no period before {period.code}.")


def year_before(period: Period, calendar: Calendar) -> Period:
    """The period of the same name a year earlier; of days, the same days of the calendar."""
    if period.months is not None:
        return parse_period(f"{int(period.code[:4]) - 1}{period.code[4:]}", calendar)
    start = add_months(period.start, -12)
    # By its last day: the 28th of February keeps its one day, whether the 29th follows or not.
    end = add_months(period.end - timedelta(days=1), -12) + timedelta(days=1)
    return parse_period(f"{start}/{end}", calendar)


def split(period: Period, grain: Grain, calendar: Calendar) -> tuple[Period, ...]:
    """The days, weeks or months of a period in order; at its edges weeks and months are cut."""
    parts: list[Period] = []
    start = period.start
    while start < period.end:
        natural = _next_start(start, grain, calendar)
        end = min(natural, period.end)
        parts.append(_part(start, end, grain))
        start = end
    return tuple(parts)


def period_around(day: date, months: int, calendar: Calendar) -> Period:
    """The month, quarter, half or year of so many months in which a day lies."""
    stand_in = Period("", day, day, months)
    for year in (day.year - 1, day.year, day.year + 1):
        for code in _codes_of_year(stand_in, year):
            period = parse_period(code, calendar)
            if day in period:
                return period
    raise Invalid("period_invalid", f"{day} lies in no period of {months} months.")


def periods_over(first: date, last: date, months: int, calendar: Calendar) -> Iterator[Period]:
    """The periods of so many months with a day from one to another, both included."""
    period = period_around(first, months, calendar)
    while period.start <= last:
        yield period
        period = period_around(period.end, months, calendar)


def _part(start: date, end: date, grain: Grain) -> Period:
    if grain is Grain.DAY:
        return Period(start.isoformat(), start, end, None)
    if grain is Grain.MONTH and start.day == 1 and end == add_months(start, 1):
        return Period(f"{start:%Y-%m}", start, end, 1)
    return Period(f"{start}/{end}", start, end, None)


def _next_start(start: date, grain: Grain, calendar: Calendar) -> date:
    if grain is Grain.DAY:
        return start + timedelta(days=1)
    if grain is Grain.MONTH:
        return add_months(start.replace(day=1), 1)
    first = list(WeekStart).index(calendar.week_start)
    return start + timedelta(days=7 - (start.weekday() - first) % 7)


def _codes_of_year(period: Period, year: int) -> tuple[str, ...]:
    """The codes of a year's periods that are of the same kind."""
    if period.months == 1:
        return tuple(f"{year}-{month:02}" for month in range(1, 13))
    if period.months == 3:
        return tuple(f"{year}-Q{number}" for number in range(1, 5))
    if period.months == 6:
        return (f"{year}-H1", f"{year}-H2")
    return (str(year),)


def _checked(code: str, start: date, end: date, months: int | None) -> Period:
    if not start < end:
        raise Invalid("period_invalid", f"The period {code} ends before it starts.")
    if (end - start).days > LONGEST_RANGE_DAYS:
        raise Invalid("period_invalid", f"The period {code} is longer than ten years.")
    return Period(code, start, end, months)
