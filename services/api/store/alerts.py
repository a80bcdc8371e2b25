"""Alerts as they are kept, newest first, and what people made of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Date, Row, Text, func, insert, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY

from services.api.store.abouts import among_subjects
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.alerts import Alert, AlertKey, Breach, Handled, Measured
from services.schema.shapes.people import Subject
from services.schema.tables.alerts import alerts
from services.schema.watch_words import AlertKind, AlertState
from services.schema.words import SubjectKind

_KEY = ("kind", "source", "subject_kind", "subject", "day")


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts a list shows; null is any."""

    subjects: Collection[Subject] | None = None
    kind: AlertKind | None = None
    source: str | None = None
    state: AlertState | None = None
    start: date | None = None
    end: date | None = None
    """Of which days, the end exclusive."""


async def insert_alerts(session: WriteSession, raised: Sequence[Alert]) -> None:
    """Add alerts; of a breach, a subject and a day there is one, or the database refuses."""
    await session.execute_many(insert(alerts), [_row_of(session, each) for each in raised])


async def update_alert(session: WriteSession, alert: Alert) -> None:
    """Keep what became of an alert."""
    row = _row_of(session, alert)
    changing = {"latest", "is_broken", "checked_at"} | {
        name for name in row if name.startswith(("acknowledged_", "closed_"))
    }
    await session.execute(
        update(alerts)
        .where(alerts.c.tenant_id == session.tenant, alerts.c.id == alert.id)
        .values({name: row[name] for name in changing})
    )


async def read_alert(session: ReadSession, id: str) -> Alert | None:
    """An alert by its id."""
    where = (alerts.c.tenant_id == session.tenant, alerts.c.id == id)
    row = (await session.execute(select(alerts).where(*where))).one_or_none()
    return None if row is None else _alert_from_row(row)


async def read_alerts_of(session: ReadSession, keys: Collection[AlertKey]) -> dict[AlertKey, Alert]:
    """The alerts of these keys that there are; one statement for any number."""
    if not keys:
        return {}
    listed = sorted(keys)
    asked = (
        func.unnest(
            literal([kind.value for kind, *_ in listed], ARRAY(Text)),
            literal([source for _, source, *_ in listed], ARRAY(Text)),
            literal([subject.kind.value for _, _, subject, _ in listed], ARRAY(Text)),
            literal([subject.code for _, _, subject, _ in listed], ARRAY(Text)),
            literal([day for *_, day in listed], ARRAY(Date)),
        )
        .table_valued(*_KEY)
        .render_derived()
    )
    key = tuple_(*(alerts.c[name] for name in _KEY))
    statement = select(alerts).where(
        alerts.c.tenant_id == session.tenant, key.in_(select(*asked.c))
    )
    found = (_alert_from_row(row) for row in await session.execute(statement))
    return {each.breach.key: each for each in found}


async def read_broken_keys(session: ReadSession, kind: AlertKind) -> list[AlertKey]:
    """The keys of the alerts of a kind that are not closed and were still so when looked at."""
    statement = select(alerts).where(
        alerts.c.tenant_id == session.tenant,
        alerts.c.kind == kind,
        alerts.c.is_broken,
        alerts.c.closed_at.is_(None),
    )
    return [_alert_from_row(row).breach.key for row in await session.execute(statement)]


async def read_page_of_alerts(
    session: ReadSession, wanted: AlertFilter, *, after: str | None, limit: int
) -> tuple[list[Alert], int]:
    """A list's next page, newest first, and how many the list has."""
    where = _where(session, wanted)
    total = await session.scalar(select(func.count()).select_from(alerts).where(*where))
    statement = select(alerts).where(*where).order_by(alerts.c.id.desc()).limit(limit)
    if after is not None:
        statement = statement.where(alerts.c.id < after)
    return [_alert_from_row(row) for row in await session.execute(statement)], int(total)


def _where(session: ReadSession, wanted: AlertFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [alerts.c.tenant_id == session.tenant]
    if wanted.subjects is not None:
        where.append(among_subjects(alerts, wanted.subjects))
    if wanted.kind is not None:
        where.append(alerts.c.kind == wanted.kind)
    if wanted.source is not None:
        where.append(alerts.c.source == wanted.source)
    if wanted.start is not None:
        where.append(alerts.c.day >= wanted.start)
    if wanted.end is not None:
        where.append(alerts.c.day < wanted.end)
    if wanted.state is not None:
        is_closed = alerts.c.closed_at.is_not(None)
        where.append(is_closed if wanted.state is AlertState.CLOSED else ~is_closed)
        if wanted.state is AlertState.ACKNOWLEDGED:
            where.append(alerts.c.acknowledged_at.is_not(None))
        if wanted.state is AlertState.OPEN:
            where.append(alerts.c.acknowledged_at.is_(None))
    return where


def _row_of(session: WriteSession, alert: Alert) -> dict[str, object]:
    breach, measured = alert.breach, alert.breach.measured
    return {
        "tenant_id": session.tenant,
        "id": alert.id,
        "kind": breach.kind,
        "source": breach.source,
        "subject_kind": breach.subject.kind,
        "subject": breach.subject.code,
        "day": breach.day,
        "since": alert.since,
        "zh": breach.zh,
        "en": breach.en,
        "indicator": None if measured is None else measured.indicator,
        "version": None if measured is None else measured.version,
        "period": None if measured is None else measured.period,
        "value": None if measured is None else measured.value,
        "at_least": None if measured is None else measured.at_least,
        "at_most": None if measured is None else measured.at_most,
        "latest": alert.latest,
        "is_broken": alert.is_broken,
        "raised_at": alert.raised_at,
        "checked_at": alert.checked_at,
        **_handled_to_row("acknowledged", alert.acknowledged),
        **_handled_to_row("closed", alert.closed),
    }


def _handled_to_row(step: str, by: Handled | None) -> dict[str, object]:
    return {
        f"{step}_person": None if by is None else by.person,
        f"{step}_author": None if by is None else by.author,
        f"{step}_note": None if by is None else by.note,
        f"{step}_at": None if by is None else by.at,
    }


def _handled_from_row(row: Row[Any], step: str) -> Handled | None:
    person, author, note, at = (
        getattr(row, f"{step}_{name}") for name in ("person", "author", "note", "at")
    )
    return None if at is None else Handled(person, author, note, at)


def _alert_from_row(row: Row[Any]) -> Alert:
    measured = None
    if row.indicator is not None:
        measured = Measured(
            indicator=row.indicator,
            version=row.version,
            period=row.period,
            value=row.value,
            at_least=row.at_least,
            at_most=row.at_most,
        )
    return Alert(
        id=row.id,
        breach=Breach(
            kind=AlertKind(row.kind),
            source=row.source,
            subject=Subject(SubjectKind(row.subject_kind), row.subject),
            day=row.day,
            zh=row.zh,
            en=row.en,
            measured=measured,
        ),
        since=row.since,
        latest=row.latest,
        is_broken=row.is_broken,
        raised_at=row.raised_at,
        checked_at=row.checked_at,
        acknowledged=_handled_from_row(row, "acknowledged"),
        closed=_handled_from_row(row, "closed"),
    )
