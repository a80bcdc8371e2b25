"""A tenant's own indicators, every version of each, and posted values, every revision of each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    Text,
    func,
    insert,
    literal,
    select,
    tuple_,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.indicators import OWN_FAMILY, Indicator, PostedValue
from services.schema.shapes.people import Subject
from services.schema.tables.indicators import indicator_values, own_indicators
from services.schema.words import Better, IndicatorUnit, SubjectKind

ValueKey = tuple[str, Subject, str]
"""Indicator, subject and period."""
_KEY = (
    indicator_values.c.indicator,
    indicator_values.c.subject_kind,
    indicator_values.c.subject,
    indicator_values.c.period,
)


@dataclass(frozen=True, slots=True)
class Revised:
    """A posted value in force and how often it was posted."""

    value: PostedValue
    revision: int


async def read_own_indicators(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Indicator]:
    """The tenant's own indicators as they are defined now, in the order of codes."""
    key = own_indicators.c.code
    statement = (
        select(own_indicators)
        .ext(distinct_on(key))
        .where(own_indicators.c.tenant_id == session.tenant)
        .order_by(key, own_indicators.c.version.desc())
    )
    if codes is not None:
        statement = statement.where(among(key, codes))
    return {row.code: _indicator_from_row(row) for row in await session.execute(statement)}


async def read_version_times(session: ReadSession, code: str) -> list[tuple[int, datetime]]:
    """Since when each version of an indicator holds, oldest first."""
    statement = (
        select(own_indicators.c.version, own_indicators.c.created_at)
        .where(own_indicators.c.tenant_id == session.tenant, own_indicators.c.code == code)
        .order_by(own_indicators.c.version)
    )
    return [(row.version, row.created_at) for row in await session.execute(statement)]


async def insert_indicator(session: WriteSession, indicator: Indicator, *, at: datetime) -> None:
    """Append a version of a definition."""
    await session.execute(
        insert(own_indicators).values(
            tenant_id=session.tenant,
            code=indicator.code,
            version=indicator.version,
            zh=indicator.zh,
            en=indicator.en,
            formula=indicator.formula,
            unit=indicator.unit,
            better=indicator.better,
            created_at=at,
        )
    )


async def read_posted(
    session: ReadSession,
    indicators: Collection[str],
    subjects: Collection[Subject],
    periods: Collection[str],
) -> dict[ValueKey, Revised]:
    """The posted values in force; one statement, however many are asked for."""
    if not (indicators and subjects and periods):
        return {}
    statement = _in_force().where(
        indicator_values.c.tenant_id == session.tenant,
        among(indicator_values.c.indicator, indicators),
        _of_subjects(subjects),
        among(indicator_values.c.period, periods),
    )
    found = (_revised_from_row(row) for row in await session.execute(statement))
    return {key_of(one.value): one for one in found}


async def read_last_posted(
    session: ReadSession, indicators: Collection[str], author: str
) -> datetime | None:
    """When somebody last posted a value of one of these indicators; null if never."""
    statement = select(func.max(indicator_values.c.posted_at)).where(
        indicator_values.c.tenant_id == session.tenant,
        among(indicator_values.c.indicator, indicators),
        indicator_values.c.author == author,
    )
    posted_at: datetime | None = await session.scalar(statement)
    return posted_at


async def insert_values(
    session: WriteSession, made: Sequence[Revised], *, author: str, at: datetime
) -> None:
    """Append revisions of posted values."""
    rows = [
        {
            "tenant_id": session.tenant,
            "indicator": one.value.indicator,
            "subject_kind": one.value.subject.kind,
            "subject": one.value.subject.code,
            "period": one.value.period,
            "revision": one.revision,
            "value": one.value.value,
            "source": one.value.source,
            "note": one.value.note,
            "author": author,
            "posted_at": at,
        }
        for one in made
    ]
    await session.execute_many(insert(indicator_values), rows)


def key_of(value: PostedValue) -> ValueKey:
    """What a posted value is known by, whatever its revision."""
    return value.indicator, value.subject, value.period


def _in_force() -> Select[Any]:
    newest = indicator_values.c.revision.desc()
    return select(indicator_values).ext(distinct_on(*_KEY)).order_by(*_KEY, newest)


def _of_subjects(subjects: Collection[Subject]) -> ColumnElement[bool]:
    """Any number of subjects travel as two arrays side by side."""
    listed = sorted(subjects)
    kinds = literal([subject.kind.value for subject in listed], ARRAY(Text))
    codes = literal([subject.code for subject in listed], ARRAY(Text))
    pairs = func.unnest(kinds, codes).table_valued("kind", "code").render_derived()
    key = tuple_(indicator_values.c.subject_kind, indicator_values.c.subject)
    return key.in_(select(pairs.c.kind, pairs.c.code))


def _indicator_from_row(row: Row[Any]) -> Indicator:
    return Indicator(
        code=row.code,
        zh=row.zh,
        en=row.en,
        formula=row.formula,
        unit=IndicatorUnit(row.unit),
        better=Better(row.better),
        version=row.version,
        family=OWN_FAMILY,
    )


def _revised_from_row(row: Row[Any]) -> Revised:
    value = PostedValue(
        indicator=row.indicator,
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        period=row.period,
        value=row.value,
        source=row.source,
        note=row.note,
    )
    return Revised(value, row.revision)
