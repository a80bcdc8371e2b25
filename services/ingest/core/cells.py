"""What a cell of a file says: numbers as exports write them, Chinese days, durations, yes and no.

A cell is text; what it says is exact, or the cell is refused. Nothing is rounded.
"""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Context, Decimal, Inexact
from zoneinfo import ZoneInfo

from services.ingest.core.fields import Unfit
from services.schema.shapes.mappings import CellUnit, DayOrder

NOTHING = frozenset({"", "-", "--", "—", "——"})
"""What stands for nothing in every file."""
EXACT = Context(prec=4000, traps=[Inexact])
"""Wide enough for whatever numbers of cells are multiplied: that one is cut off is our mistake."""
SHOWN = 60
"""Characters of a cell that a refusal shows."""

_GUARDED = re.compile(r"""="([^"]*)"|'([0-9]+)""")
_NUMBER = re.compile(r"([+-]?)(?:([0-9]{1,20})|([0-9]{1,3}(?:,[0-9]{3}){1,6}))(?:\.([0-9]{1,18}))?")
_SCALES = {"%": -2, "‰": -3, "万": 4, "亿": 8}
_UNITS = {
    CellUnit.PERCENT: Decimal("0.01"),
    CellUnit.FEN: Decimal("0.01"),
    CellUnit.WAN: Decimal(10_000),
    CellUnit.MILLISECONDS: Decimal("0.001"),
    CellUnit.MINUTES: Decimal(60),
    CellUnit.HOURS: Decimal(3600),
}
_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9]):([0-5][0-9])")
_SHORT_CLOCK = re.compile(r"([0-9]{1,6}):([0-5][0-9])")
_SPOKEN = re.compile(
    r"(?:([0-9]{1,6})天)?(?:([0-9]{1,6})(?:小时|时))?"
    r"(?:([0-9]{1,6})(?:分钟|分))?(?:([0-9]{1,6}(?:\.[0-9]{1,4})?)秒)?"
)
_DAY = (
    r"(?:(?P<y>[0-9]{4})(?P<s>[-/.])(?P<m>[0-9]{1,2})(?P=s)(?P<d>[0-9]{1,2})"
    r"|(?P<Y>[0-9]{4})年(?P<M>[0-9]{1,2})月(?P<D>[0-9]{1,2})[日号]"
    r"|(?P<compact>[0-9]{8})"
    r"|(?P<a>[0-9]{1,2})(?P<t>[-/.])(?P<b>[0-9]{1,2})(?P=t)(?P<c>[0-9]{4}|[0-9]{2}))"
)
_TIME = (
    r"(?:(?P<h>[0-9]{1,2}):(?P<min>[0-9]{2})(?::(?P<sec>[0-9]{2})(?:\.(?P<part>[0-9]{1,6}))?)?"
    r"|(?P<H>[0-9]{1,2})[时点](?P<MIN>[0-9]{1,2})分(?:(?P<SEC>[0-9]{1,2})秒)?)"
)
_OFFSET = r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?"
_MOMENT = re.compile(rf"{_DAY}(?:(?:\s*T\s*|\s+|(?<=[日号])){_TIME}{_OFFSET})?")
_RANGE = re.compile(r"(.+?)\s*(?:~|～|至|到)\s*(.+)")
_FLAGS = {
    **dict.fromkeys(("是", "有", "y", "yes", "true", "1", "√"), True),
    **dict.fromkeys(("否", "无", "n", "no", "false", "0", "×"), False),
}


class Doubtful(str):
    """A number of a spreadsheet that may not be what was meant: no field takes it."""

    __slots__ = ()


def cell_text(cell: str) -> str:
    """A cell without what only pads it, or keeps a spreadsheet from reading a number in it."""
    if isinstance(cell, Doubtful):
        return cell
    text = cell.strip(" \t\r\n\u00a0\u3000\ufeff")
    guarded = _GUARDED.fullmatch(text)
    return text if guarded is None else guarded[1] or guarded[2] or ""


def heading(cell: str) -> str:
    """A heading as it is compared: width, case and spaces make no difference."""
    return "".join(unicodedata.normalize("NFKC", cell).casefold().split()).strip("\ufeff")


def shown(cell: str) -> str:
    """A cell in a sentence."""
    kept = cell.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")
    return f'"{kept[:SHOWN]}{"..." if len(kept) > SHOWN else ""}"'


def read_number(text: str, unit: CellUnit | None = None) -> Decimal:
    """`1,234.50`, `¥12`, `41.23%` (0.4123), `1.2万` (12000); `0:02:23` and `2分23秒` in seconds."""
    if unit is CellUnit.MINUTES_SECONDS and (clock := _SHORT_CLOCK.fullmatch(text)):
        return Decimal(int(clock[1]) * 60 + int(clock[2]))
    seconds = _seconds(text)
    if seconds is not None:
        return seconds
    bare = text.removeprefix("¥").removeprefix("￥").removesuffix("元").strip()
    scale = _SCALES.get(bare[-1:])
    match = _NUMBER.fullmatch(bare[:-1].rstrip() if scale is not None else bare)
    if match is None:
        raise Unfit("number_unread", f"{shown(text)} is no number.")
    sign, whole, grouped, places = match.groups()
    digits = whole or grouped.replace(",", "")
    number = Decimal(f"{'-' if sign == '-' else ''}{digits}.{places or '0'}")
    if scale is not None:
        return EXACT.multiply(number, Decimal(10) ** scale)
    factor = None if unit is None else _UNITS.get(unit)
    return number if factor is None else EXACT.multiply(number, factor)


def read_day(text: str, order: DayOrder, *, of_time: bool) -> date:
    """`2026-11-03`, `2026/11/3`, `2026.11.3`, `20261103`, `2026年11月3日`; others by their order.

    Midnight may follow, or any time where the day of a moment is meant. A range is a day if it
    begins and ends on it.
    """
    moment = _match(text, order)
    if moment is None:
        ends = _RANGE.fullmatch(text)
        days = [_match(end, order) for end in ends.groups()] if ends else []
        if len(days) == 2 and days[0] is not None and days[1] is not None:
            if days[0][0].date() == days[1][0].date():
                return days[0][0].date()
            raise Unfit("several_days", f"{shown(text)} are several days: a row is of one.")
        raise Unfit("day_unread", f"{shown(text)} is no day.")
    found, _, _ = moment
    if not of_time and (found.hour, found.minute, found.second, found.microsecond) != (0, 0, 0, 0):
        raise Unfit("day_unread", f"{shown(text)} is a moment, and a day is expected.")
    return found.date()


def read_instant(text: str, order: DayOrder, zone: ZoneInfo, *, of_day: bool) -> str:
    """A moment in RFC 3339; without an offset it is local time of the zone.

    A day without a time is one only where its first moment is meant.
    """
    moment = _match(text, order)
    if moment is None:
        raise Unfit("time_unread", f"{shown(text)} is no time.")
    found, offset, has_time = moment
    if not has_time and not of_day:
        raise Unfit("time_unread", f"{shown(text)} is a day without a time.")
    if offset is not None:
        return f"{found.isoformat()}{offset}"
    return found.replace(tzinfo=zone).isoformat()


def read_flag(text: str) -> bool:
    """Yes or no, in either language."""
    flag = _FLAGS.get(text.casefold())
    if flag is None:
        raise Unfit("flag_unread", f"{shown(text)} is neither yes nor no.")
    return flag


def _seconds(text: str) -> Decimal | None:
    """A duration that is written as one."""
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (int(part) for part in clock.groups())
        return Decimal(hours * 3600 + minutes * 60 + seconds)
    spoken = _SPOKEN.fullmatch(text) if text else None
    if spoken is None:
        return None
    days, hours_, minutes_, seconds_ = (Decimal(part or 0) for part in spoken.groups())
    return days * 86_400 + hours_ * 3600 + minutes_ * 60 + seconds_


def _match(text: str, order: DayOrder) -> tuple[datetime, str | None, bool] | None:
    """The local moment that a text states, its offset, and whether it states a time at all."""
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day = _day_of(found, order)
    hour = found["h"] or found["H"]
    if day is None:
        return None
    try:
        moment = datetime(*day)  # noqa: DTZ001  local time of whose zone, only its reader knows
        if hour is not None:
            moment = moment.replace(
                hour=int(hour),
                minute=int(found["min"] or found["MIN"]),
                second=int(found["sec"] or found["SEC"] or 0),
            )
    except ValueError:
        return None
    part = timedelta(microseconds=int((found["part"] or "0").ljust(6, "0")))
    return moment + part, found["offset"], hour is not None


def _day_of(found: re.Match[str], order: DayOrder) -> tuple[int, int, int] | None:
    if found["y"] or found["Y"]:
        named = (found["y"], found["m"], found["d"])
        year, month, day = named if found["y"] else (found["Y"], found["M"], found["D"])
    elif compact := found["compact"]:
        year, month, day = compact[:4], compact[4:6], compact[6:]
    elif order is DayOrder.YEAR_FIRST:
        return None
    else:
        first, second, year = found["a"], found["b"], found["c"]
        month, day = (first, second) if order is DayOrder.MONTH_FIRST else (second, first)
        year = year if len(year) == 4 else f"20{year}"
    return int(year), int(month), int(day)
