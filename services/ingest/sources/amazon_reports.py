"""Amazon's report of a day: how it is asked for, and what of it is told as which kind of fact.

A report is made when it is asked for, and few are made in an hour: what one says serves both kinds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from services.ingest.sources.amazon_calls import Calls, object_in, rows_in
from services.ingest.sources.client import Answer, Client, Question, unpacked
from services.ingest.sources.errors import SourceError, TryLater, Unreadable
from services.ingest.sources.passes import Unfinished
from services.ingest.sources.reading import Reading, Row, days_that_end, read_document
from services.schema.days import start_of_day
from services.schema.shapes.feeds import Stream, Window
from services.schema.words import FactKind

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_FILLING = 3 * _DAY
"""Visits and feedback of a day are counted for a while after it."""
# The last days are read again, for as long as they fill in.
STREAM = Stream(31 * _DAY, _FILLING, _HOUR, 730 * _DAY, _DAY / 4, maturity=_FILLING)

_COUNTERS = ("feedbackReceived", "negativeFeedbackReceived")
_OTHER = {FactKind.TRAFFIC: FactKind.MEASURES, FactKind.MEASURES: FactKind.TRAFFIC}
_REPORT = "GET_SALES_AND_TRAFFIC_REPORT"


@dataclass(frozen=True, slots=True)
class _Told:
    """What a report says of its day, and when it was read."""

    row: Row | None
    """Null for a day without anything."""
    at: datetime


@dataclass(slots=True)
class _Work:
    """Reports that were asked for, and the days that have been read."""

    numbers: dict[date, str] = field(default_factory=dict)
    told: dict[date, _Told] = field(default_factory=dict)


class _PlaceClosed(SourceError):
    """The address of a report's document has run out."""


class Reports:
    """Those of one seller on one marketplace."""

    def __init__(
        self,
        client: Client,
        calls: Calls,
        marketplace: str,
        timezone: str,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._client = client
        self._calls = calls
        self._marketplace = marketplace
        self._timezone = timezone
        self._now = now
        self._unfinished = Unfinished[_Work]()
        self._left: dict[tuple[FactKind, date], _Told] = {}
        """What was read for one kind and is still good for the other."""

    async def read(self, kind: FactKind, window: Window) -> Reading:
        """One report a day: what it says of articles is of its whole range."""
        work, window = self._unfinished.take_up(kind, window, _Work)
        days = days_that_end(window, self._timezone)
        for day in days:
            if day not in work.told and (left := self._take(kind, day)) is not None:
                work.told[day] = left
            if day not in work.told and day not in work.numbers:
                work.numbers[day] = await self._create_report(day)
        for day in days:
            if day not in work.told:
                row = await self._report(work, day)
                work.told[day] = self._left[_OTHER[kind], day] = _Told(row, self._now())
        self._unfinished.drop(kind, window)
        told = [row for day in days if (row := work.told[day].row) is not None]
        shown = f"{days[0]} to {days[-1]}" if days else "no day"
        rows = told if kind is FactKind.TRAFFIC else _counters(told)
        return Reading(f"{_REPORT} {shown}", tuple(rows), until=window.end)

    def _take(self, kind: FactKind, day: date) -> _Told | None:
        """What is left of a day for this kind: for an hour, for a day where nothing fills in."""
        at = self._now()
        self._left = {key: told for key, told in self._left.items() if at - told.at < _DAY}
        told = self._left.pop((kind, day), None)
        if told is None:
            return None
        stands = told.at >= start_of_day(day + _DAY, self._timezone) + _FILLING
        return told if stands or at - told.at < _HOUR else None

    async def _create_report(self, day: date) -> str:
        body = {
            "reportType": _REPORT,
            "marketplaceIds": [self._marketplace],
            "dataStartTime": f"{day}T00:00:00Z",
            "dataEndTime": f"{day}T00:00:00Z",
            "reportOptions": {"dateGranularity": "DAY", "asinGranularity": "PARENT"},
        }

        def read(document: Row) -> str:
            number = document.get("reportId")
            if not isinstance(number, str) or not number:
                raise Unreadable("a report that was asked for has no number")
            return number

        return await self._calls.call("createReport", "/reports/2021-06-30/reports", {}, read, body)

    async def _report(self, work: _Work, day: date) -> Row | None:
        path = f"/reports/2021-06-30/reports/{work.numbers[day]}"

        async def look() -> Row | None:
            report = await self._calls.call(
                "getReport", path, {}, lambda found: _with(found, "processingStatus")
            )
            waiting = report["processingStatus"] in {"IN_QUEUE", "IN_PROGRESS"}
            return None if waiting else report

        report = await self._client.look_until(look, what=f"the report of {day}")
        if report.get("processingStatus") == "CANCELLED":
            # So Amazon says that there is nothing to tell.
            return None
        if report.get("processingStatus") != "DONE":
            del work.numbers[day]
            raise TryLater(f"the report of {day} was not made")
        document = f"/reports/2021-06-30/documents/{report.get('reportDocumentId')}"
        for _ in range(2):
            try:
                return await self._read_document(document, day)
            except _PlaceClosed:
                # It was open for five minutes, and what went wrong took longer: a new one is told.
                continue
        raise TryLater(f"the report of {day} is not given out")

    async def _read_document(self, path: str, day: date) -> Row:
        place = await self._calls.call(
            "getReportDocument", path, {}, lambda found: _with(found, "url")
        )

        def read(answer: Answer) -> Row:
            if answer.status == 403:
                raise _PlaceClosed("a report's document is shown no longer")
            if answer.status != 200:
                raise Unreadable(f"a report's document answers with status {answer.status}")
            packed = place.get("compressionAlgorithm") == "GZIP"
            content = read_document(unpacked(answer.body) if packed else answer.body)
            read_at = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            return _day_of(content, day, read_at=read_at)

        return await self._client.ask(lambda: Question("GET", place["url"]), read)


def _counters(told: list[Row]) -> list[Row]:
    """A row for each counter of feedback that a day has; one that is left out is not zero."""
    return [
        {**row, "counter": name}
        for row in told
        for name in _COUNTERS
        if row["trafficByDate"].get(name) is not None
    ]


def _day_of(content: object, day: date, *, read_at: str) -> Row:
    """What a report says of its day."""
    for each in rows_in(content, "salesAndTrafficByDate"):
        if each.get("date") == day.isoformat():
            return {
                "day": day.isoformat(),
                "trafficByDate": object_in(each, "trafficByDate"),
                "readAt": read_at,
            }
    raise Unreadable(f"the report of {day} is about other days")


def _with(document: Row, name: str) -> Row:
    """An answer that says what it was asked for."""
    if not isinstance(document.get(name), str):
        raise Unreadable(f"the answer has no {name}")
    return document
