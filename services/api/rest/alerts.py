"""REST of alerts: what went wrong for whom on which day, acknowledged and closed by people."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import ConfigDict, Field

from services.api.auth import view_of
from services.api.flows.alerts import take_in_hand
from services.api.rest.documents import bytes_of
from services.api.rest.indicators import period_of
from services.api.rest.scheme_documents import NameDocument
from services.api.rest.standards import plain_or_none
from services.api.store.alerts import AlertFilter, read_alert, read_page_of_alerts
from services.api.store.people import read_tenant
from services.door.etags import tagged
from services.door.pages import LIMIT, LIMIT_MAXIMUM, Listed, decode_cursor, page_of
from services.door.routes import Asking, Reading, Writing, new_router
from services.door.wire import (
    Code,
    Day,
    DecimalText,
    Instant,
    LongText,
    Model,
    PeriodCode,
    SubjectText,
)
from services.schema.errors import NotFound
from services.schema.money import plain
from services.schema.shapes.alerts import Alert, Handled
from services.schema.shapes.people import Caller, parse_subject
from services.schema.shapes.views import View
from services.schema.watch_words import AlertKind, AlertState

router = new_router()

AlertId = Annotated[str, Field(max_length=64)]


class AlertQuery(Model):
    """Which alerts to list, newest first."""

    # A query is text: its numbers and words are read from it.
    model_config = ConfigDict(strict=False)

    subject: SubjectText | None = None
    kind: AlertKind | None = None
    source: Code | None = None
    """The code of a standard, or the id of what is overdue."""
    state: AlertState | None = None
    period: PeriodCode | None = None
    """Of which days: a day, a month, a range."""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAXIMUM)] = LIMIT
    cursor: Annotated[str | None, Field(max_length=1000)] = None


class NoteIn(Model):
    """What is said when an alert is acknowledged."""

    note: LongText | None = None


class ClosureIn(Model):
    """What was done, or why nothing need be."""

    note: LongText


class HandledDocument(Model):
    """Who took an alert in hand, and what they say."""

    by: str | None
    """Null where the reader is not told of this person."""
    note: str | None
    at: Instant

    @classmethod
    def from_shape(cls, handled: Handled | None, view: View) -> "HandledDocument | None":
        if handled is None:
            return None
        by = handled.person if view.names_person(handled.person) else None
        return cls(by=by, note=handled.note, at=handled.at)


class BrokenBoundDocument(Model):
    """The value that broke a standard, the bound that it broke, and the value as it is by now."""

    indicator: str
    standard_version: int
    period: str
    value: DecimalText
    at_least: DecimalText | None
    at_most: DecimalText | None
    latest: DecimalText | None


class AlertDocument(Model):
    """An alert."""

    id: str
    kind: AlertKind
    source: str
    name: NameDocument
    subject: SubjectText
    day: Day
    since: Day
    """The first of the days in a row on which the same was broken."""
    measured: BrokenBoundDocument | None
    """Null where nothing is measured."""
    broken: bool
    """Whether it was still so when it was last looked at."""
    state: AlertState
    raised_at: Instant
    checked_at: Instant
    acknowledgement: HandledDocument | None
    closure: HandledDocument | None

    @classmethod
    def from_shape(cls, alert: Alert, view: View) -> "AlertDocument":
        breach, measured = alert.breach, alert.breach.measured
        return cls(
            id=alert.id,
            kind=breach.kind,
            source=breach.source,
            name=NameDocument(zh=breach.zh, en=breach.en),
            subject=str(breach.subject),
            day=breach.day,
            since=alert.since,
            measured=None
            if measured is None
            else BrokenBoundDocument(
                indicator=measured.indicator,
                standard_version=measured.version,
                period=measured.period,
                value=plain(measured.value),
                at_least=plain_or_none(measured.at_least),
                at_most=plain_or_none(measured.at_most),
                latest=plain_or_none(alert.latest),
            ),
            broken=alert.is_broken,
            state=alert.state,
            raised_at=alert.raised_at,
            checked_at=alert.checked_at,
            acknowledgement=HandledDocument.from_shape(alert.acknowledged, view),
            closure=HandledDocument.from_shape(alert.closed, view),
        )


@router.get("/v1/alerts")
async def list_alerts(
    request: Request, query: Annotated[AlertQuery, Query()], caller: Asking, session: Reading
) -> Listed[AlertDocument]:
    """The alerts about whom and what the caller sees, newest first."""
    view = await view_of(session, caller, datetime.now(UTC))
    subjects = view.subjects()
    if query.subject is not None:
        stated = parse_subject(query.subject)
        subjects = frozenset({stated}) if view.sees(stated) else frozenset()
    period = None
    if query.period is not None:
        period = period_of(query.period, (await read_tenant(session)).calendar)
    wanted = AlertFilter(
        subjects=subjects,
        kind=query.kind,
        source=query.source,
        state=query.state,
        start=None if period is None else period.start,
        end=None if period is None else period.end,
    )
    last = decode_cursor(request, query.cursor, 1)
    found, total = await read_page_of_alerts(
        session, wanted, after=last[0] if last else None, limit=query.limit + 1
    )
    return page_of(
        request,
        found,
        limit=query.limit,
        total=total,
        key=lambda alert: [alert.id],
        document=lambda alert: AlertDocument.from_shape(alert, view),
    )


@router.get("/v1/alerts/{id}", response_model=AlertDocument)
async def get_alert(request: Request, id: AlertId, caller: Asking, session: Reading) -> Response:
    view = await view_of(session, caller, datetime.now(UTC))
    alert = await read_alert(session, id)
    if alert is None or not view.sees(alert.breach.subject):
        raise NotFound("alert")
    return tagged(request, bytes_of(AlertDocument.from_shape(alert, view)))


@router.post("/v1/alerts/{id}/acknowledgement", status_code=201)
async def acknowledge_alert(
    id: AlertId, stated: NoteIn, caller: Asking, session: Writing
) -> AlertDocument:
    """Say that an alert was seen; the first who does is kept."""
    return await _take_in_hand(session, id, AlertState.ACKNOWLEDGED, stated.note, caller)


@router.post("/v1/alerts/{id}/closure", status_code=201)
async def close_alert(
    id: AlertId, stated: ClosureIn, caller: Asking, session: Writing
) -> AlertDocument:
    """Close an alert with what was done; whom it is about does not."""
    return await _take_in_hand(session, id, AlertState.CLOSED, stated.note, caller)


async def _take_in_hand(
    session: Writing, id: str, to: AlertState, note: str | None, caller: Caller
) -> AlertDocument:
    at = datetime.now(UTC)
    view = await view_of(session, caller, at)
    alert = await take_in_hand(session, id, to, note=note, view=view, caller=caller, at=at)
    return AlertDocument.from_shape(alert, view)
