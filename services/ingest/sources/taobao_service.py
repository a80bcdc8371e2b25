"""How TOP's service desk is asked: what each account did by the day, for days that are over.

The counts are of a family of methods that TOP has withdrawn from most applications, and none of it
is open to all: it is asked only where a seller wants it. Evaluations alone may be refused.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from services.ingest.sources.errors import NotPermitted, Unreadable
from services.ingest.sources.reading import Reading, Row, days_that_end
from services.schema.days import start_of_day
from services.schema.shapes.feeds import Stream, Window

T = TypeVar("T")
Counts = dict[tuple[str, str], object]
"""By day and account."""

SERVICE = "service"
"""A seller may want the counts of service, which few applications are told."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_UNTOLD = _DAY + timedelta(minutes=10)
"""So long after a day nothing is told of what buyers gave on it; our clock may be ahead."""
# A week at most is told at once, and ninety days back; today's is not told at all.
STREAM = Stream(7 * _DAY, _UNTOLD + 12 * _HOUR, 6 * _HOUR, 89 * _DAY, 6 * _HOUR, maturity=_UNTOLD)
_AT_ONCE = 30
"""Accounts of which counts are asked."""

_SELLER = "taobao.user.seller.get"
_STAFF = "taobao.sellercenter.subusers.get"
_EVALUATIONS = "taobao.qianniu.kefueval.get"
_PREFIX = "cntaobao"
"""Stands before every account's name, in questions and in answers."""
_BY_SYSTEM = 2
"""Where an evaluation is from that nobody gave."""


@dataclass(frozen=True, slots=True)
class _Count:
    """A method that counts by day and account, and how its answer calls things."""

    method: str
    days: tuple[str, str]
    day: str
    accounts: tuple[str, str]
    account: str
    count: str


_REPLIED = _Count(
    "taobao.wangwang.eservice.receivenum.get",
    ("reply_stat_list_on_days", "reply_stat_on_day"),
    "reply_date",
    ("reply_stat_by_ids", "reply_stat_by_id"),
    "user_id",
    "reply_num",
)
_UNREPLIED = _Count(
    "taobao.wangwang.eservice.noreplynum.get",
    ("non_reply_stat_on_days", "non_reply_stat_on_day"),
    "nonreply_date",
    ("nonreply_stat_by_ids", "nonreply_stat_by_id"),
    "service_staff_id",
    "non_reply_num",
)
_WAITS = _Count(
    "taobao.wangwang.eservice.avgwaittime.get",
    ("waiting_time_list_on_days", "waiting_times_on_day"),
    "waiting_date",
    ("waiting_time_by_ids", "waiting_time_by_id"),
    "service_staff_id",
    "avg_waiting_times",
)


class Call(Protocol):
    """Asks a method, and gives the reading of its content."""

    async def __call__(
        self, method: str, params: Mapping[str, str], read: Callable[[dict[str, Any]], T]
    ) -> T: ...


async def read_service(call: Call, window: Window, at: datetime, *, timezone: str) -> Reading:
    """A row for every account and day of which something is told.

    What is told of nothing has no row: it is not nothing. Of what is told in part there is one,
    which the reader refuses, so that it is seen.
    """
    days = days_that_end(window, timezone)
    if not days:
        return Reading("service of no day", ())
    accounts = await _accounts(call)
    replied, unreplied, waits = [
        await _count(call, count, accounts, days) for count in (_REPLIED, _UNREPLIED, _WAITS)
    ]
    gone_by = [day for day in days if _end(day, timezone) <= at - _UNTOLD]
    marks = await _marks(call, accounts, gone_by)
    read_at = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {*replied, *unreplied, *(place for place, given in marks.items() if given)}
    rows = [
        {
            "number": f"{day}/{account}",
            "day": day,
            "staff": account,
            "replied": replied.get((day, account)),
            "unreplied": unreplied.get((day, account)),
            "avgTime": waits.get((day, account)),
            "marks": marks.get((day, account)),
            "readAt": read_at,
        }
        for day, account in sorted(told)
        if date.fromisoformat(day) in days
    ]
    return Reading(f"service {days[0]} to {days[-1]}", tuple(rows))


async def _accounts(call: Call) -> list[str]:
    """The seller's own account, and all that work under it."""

    def read_seller(content: Mapping[str, Any]) -> str:
        user = content.get("user")
        return _name(user.get("nick") if isinstance(user, dict) else None)

    def read_staff(content: Mapping[str, Any]) -> list[str]:
        return [_name(row.get("nick")) for row in _objects(content, "subusers", "sub_user_info")]

    seller = await call(_SELLER, {"fields": "nick"}, read_seller)
    return sorted({seller, *await call(_STAFF, {"nick": seller}, read_staff)})


async def _count(
    call: Call, count: _Count, accounts: Sequence[str], days: Sequence[date]
) -> Counts:
    """What is counted; buyers who are named beside it are passed over."""

    def read(content: Mapping[str, Any]) -> Counts:
        return {
            (_day(told.get(count.day)), _name(row.get(count.account))): row.get(count.count)
            for told in _objects(content, *count.days)
            for row in _objects(told, *count.accounts)
        }

    span = {"start_date": f"{days[0]} 00:00:00", "end_date": f"{days[-1]} 23:59:59"}
    found: Counts = {}
    for group in _groups(accounts):
        ids = ",".join(_PREFIX + account for account in group)
        found |= await call(count.method, {**span, "service_staff_id": ids}, read)
    return found


async def _marks(
    call: Call, accounts: Sequence[str], days: Sequence[date]
) -> dict[tuple[str, str], list[Row]]:
    """How often each mark was given on days that have gone by.

    Nothing where this application is not told of them. Each account is asked about alone: an answer
    does not surely say whose an evaluation is.
    """
    if not days:
        return {}
    found: dict[tuple[str, str], list[Row]] = {
        (day.isoformat(), account): [] for day in days for account in accounts
    }
    span = {"btime": f"{days[0]:%Y%m%d}000000", "etime": f"{days[-1]:%Y%m%d}235959"}
    for account in accounts:
        try:
            given = await call(_EVALUATIONS, {**span, "query_ids": _PREFIX + account}, _evaluations)
        except NotPermitted:
            return {}
        for (day, score), count in sorted(given.items()):
            found.setdefault((day, account), []).append({"score": score, "count": count})
    return found


def _evaluations(content: Mapping[str, Any]) -> Counter[tuple[str, int]]:
    """How often each mark was given on each day; what a page tells twice was given once."""
    rows = {
        tuple(sorted((name, str(value)) for name, value in row.items())): row
        for row in _objects(content, "staff_eval_details", "eval_detail")
    }
    given: Counter[tuple[str, int]] = Counter()
    for row in rows.values():
        score, source = row.get("eval_code"), row.get("source")
        if type(score) is not int or type(source) is not int:
            raise Unreadable(f"{_EVALUATIONS} gives no mark")
        if source != _BY_SYSTEM:
            given[_day(row.get("eval_time")), score] += 1
    return given


def _end(day: date, timezone: str) -> datetime:
    return start_of_day(day + _DAY, timezone)


def _groups(accounts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(accounts), _AT_ONCE):
        yield accounts[start : start + _AT_ONCE]


def _objects(content: Mapping[str, Any], outer: str, inner: str) -> list[Row]:
    """A list in its two wrappers; an empty one is left out with them."""
    wrapper = content.get(outer, {})
    found = wrapper.get(inner, []) if isinstance(wrapper, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise Unreadable("what is told of service cannot be read")
    return found


def _name(value: object) -> str:
    """An account's, without what stands before it."""
    if not isinstance(value, str) or not value:
        raise Unreadable("what is told of service names no account")
    return value.removeprefix(_PREFIX)


def _day(value: object) -> str:
    text = str(value)[:10]
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise Unreadable("what is told of service is of no day") from error
