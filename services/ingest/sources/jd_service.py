"""How JD's service desk is asked: what each agent did by the day, for days that are over.

Its shapes are known from published software alone, and not every application is let in: it is asked
only where a seller wants it. JD has an agent's name of its own; who is meant, `people` says.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol, TypeVar

from services.ingest.sources.errors import Unreadable
from services.ingest.sources.reading import Reading, Row, days_that_end
from services.schema.shapes.feeds import Stream, Window

T = TypeVar("T")

SERVICE = "service"
"""A seller may want the counts of service, which not every application is told."""

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
# A week at most is told at once, and three months back; today's is not told at all.
STREAM = Stream(7 * _DAY, timedelta(0), 6 * _HOUR, 90 * _DAY, 6 * _HOUR)

_AGENTS = "jingdong.im.pop.groupinfo.get"
_REPLIED = "jingdong.im.pop.replystat.get"
_UNREPLIED = "jingdong.im.pop.unreplystat.get"
_WAIT = "jingdong.im.pop.consult.avgwaittime.get"
_MARKS = "jingdong.im.pop.evaluationstat.get"


class Call(Protocol):
    """Asks a method, and gives the reading of its content."""

    async def __call__(
        self, method: str, params: Mapping[str, object], read: Callable[[dict[str, Any]], T]
    ) -> T: ...


async def read_service(call: Call, window: Window, at: datetime, *, timezone: str) -> Reading:
    """A row for every agent and day of which it is told how many were replied to, or how many not.

    What is told of neither has no row: it is not nothing. Nor is what is told of one alone, which
    the reader refuses, so that it is seen.
    """
    days = days_that_end(window, timezone)
    if not days:
        return Reading("service of no day", ())
    span = {"startTime": _text(days[0]), "endTime": _text(days[-1])}
    agents = await call(_AGENTS, {}, _agents)
    listed = {**span, "waiter": agents}
    replied = await call(_REPLIED, listed, _counts) if agents else {}
    unreplied = await call(_UNREPLIED, listed, _counts) if agents else {}
    rows: list[Row] = []
    for agent in agents:
        marks = await call(_MARKS, {**span, "waiter": agent}, _marks)
        for day in days:
            place = day.isoformat(), agent
            if place in replied or place in unreplied:
                asked = {"waiter": agent, "date": _text(day)}
                rows.append(
                    {
                        "number": f"{day}/{agent}",
                        "day": day.isoformat(),
                        "waiter": agent,
                        "replied": replied.get(place),
                        "unreplied": unreplied.get(place),
                        "avgTime": await call(_WAIT, asked, _wait),
                        "marks": marks.get(place, []),
                        "readAt": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                    }
                )
    return Reading(f"service {days[0]} to {days[-1]}", tuple(rows))


def _agents(content: Mapping[str, Any]) -> list[str]:
    """The names of all agents of the shop, however they are wrapped."""
    group = content.get("popgroup")
    found = group.get("waiterList") if isinstance(group, dict) else None
    agents = [
        each if isinstance(each, str) else each.get("waiterId") or each.get("waiter")
        for each in _objects(found, texts=True)
    ]
    if not all(isinstance(agent, str) and agent for agent in agents):
        raise Unreadable(f"{_AGENTS} does not name its agents")
    return sorted(agents)


def _counts(content: Mapping[str, Any]) -> dict[tuple[str, str], object]:
    """What is counted, by day and agent."""
    rows = _objects(content.get("WaiterDailyStat"))
    return {_place(row): row.get("result") for row in rows}


def _marks(content: Mapping[str, Any]) -> dict[tuple[str, str], list[Row]]:
    """How often each mark was given, by day and agent."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in _objects(content.get("WaiterDailyEvaStat")):
        mark = {"score": row.get("score"), "count": row.get("count")}
        found.setdefault(_place(row), []).append(mark)
    return found


def _wait(content: Mapping[str, Any]) -> object:
    return content.get("avgTime")


def _place(row: Row) -> tuple[str, str]:
    return str(row.get("date"))[:10], str(row.get("waiter"))


def _objects(value: object, *, texts: bool = False) -> list[Any]:
    found = [] if value is None else value
    kinds = (dict, str) if texts else dict
    if not isinstance(found, list) or not all(isinstance(each, kinds) for each in found):
        raise Unreadable("what is told of service cannot be read")
    return found


def _text(day: date) -> str:
    return f"{day} 00:00:00"
