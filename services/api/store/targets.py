"""Targets as they are kept: every revision; the highest holds for its whole period."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Text, func, insert, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Subject
from services.schema.shapes.targets import StatedTarget, Target
from services.schema.tables.targets import targets
from services.schema.words import SubjectKind, TargetLevel

TargetKey = tuple[Subject, str, str, TargetLevel]
"""Subject, indicator, period and level."""
_KEY = (
    targets.c.subject_kind,
    targets.c.subject,
    targets.c.indicator,
    targets.c.period,
    targets.c.level,
)


@dataclass(frozen=True, slots=True)
class TargetFilter:
    """Which targets a list shows; null is any."""

    subjects: Collection[Subject] | None = None
    indicator: str | None = None
    period: str | None = None
    history: bool = False
    """Whether older revisions are shown as well."""


async def read_targets(
    session: ReadSession,
    subjects: Collection[Subject],
    indicators: Collection[str],
    periods: Collection[str],
) -> dict[tuple[Subject, str, str], dict[TargetLevel, Decimal]]:
    """The values in force by subject, indicator and period, of each level that has one.

    One statement, however many are asked for. Periods are compared by their code.
    """
    statement = _in_force().where(
        targets.c.tenant_id == session.tenant,
        _of_subjects(subjects),
        among(targets.c.indicator, indicators),
        among(targets.c.period, periods),
    )
    found: dict[tuple[Subject, str, str], dict[TargetLevel, Decimal]] = defaultdict(dict)
    for row in await session.execute(statement):
        target = _target_from_row(row)
        found[target.subject, target.indicator, target.period][target.level] = target.value
    return dict(found)


async def read_current(session: ReadSession, keys: Sequence[TargetKey]) -> dict[TargetKey, Target]:
    """The revisions in force of just these targets."""
    statement = _in_force().where(
        targets.c.tenant_id == session.tenant,
        _of_subjects({subject for subject, *_ in keys}),
        among(targets.c.indicator, {indicator for _, indicator, _, _ in keys}),
        among(targets.c.period, {period for _, _, period, _ in keys}),
    )
    found = (_target_from_row(row) for row in await session.execute(statement))
    wanted = set(keys)
    return {key_of(target): target for target in found if key_of(target) in wanted}


async def read_page_of_targets(
    session: ReadSession,
    wanted: TargetFilter,
    *,
    after: tuple[str, str, str, str, str, int] | None,
    limit: int,
) -> tuple[list[Target], int]:
    """A list's next page in the order of its keys, and how many the list has."""
    where = _where(session, wanted)
    shown = select(targets).where(*where) if wanted.history else _in_force().where(*where)
    rows = shown.subquery()
    total = await session.scalar(select(func.count()).select_from(rows))
    order = [rows.c[column.name] for column in (*_KEY, targets.c.revision)]
    page = select(rows).order_by(*order).limit(limit)
    if after is not None:
        page = page.where(tuple_(*order) > tuple_(*(literal(value) for value in after)))
    return [_target_from_row(row) for row in await session.execute(page)], int(total)


async def insert_targets(session: WriteSession, made: Sequence[Target]) -> None:
    """Append revisions."""
    rows = [
        {
            "tenant_id": session.tenant,
            "subject_kind": target.subject.kind,
            "subject": target.subject.code,
            "indicator": target.indicator,
            "period": target.period,
            "level": target.level,
            "revision": target.revision,
            "value": target.value,
            "reason": target.reason,
            "author": target.author,
            "set_at": target.set_at,
        }
        for target in made
    ]
    await session.execute_many(insert(targets), rows)


def key_of(target: Target | StatedTarget) -> TargetKey:
    """What a target is known by, whatever its revision."""
    return target.subject, target.indicator, target.period, target.level


def among_subjects(
    kind: ColumnElement[str], code: ColumnElement[str], subjects: Collection[Subject]
) -> ColumnElement[bool]:
    """Whether two columns name one of the subjects: any number travel as two arrays."""
    listed = sorted(subjects)
    kinds = literal([subject.kind.value for subject in listed], ARRAY(Text))
    codes = literal([subject.code for subject in listed], ARRAY(Text))
    pairs = func.unnest(kinds, codes).table_valued("kind", "code").render_derived()
    return tuple_(kind, code).in_(select(pairs.c.kind, pairs.c.code))


def _in_force() -> Select[Any]:
    return select(targets).ext(distinct_on(*_KEY)).order_by(*_KEY, targets.c.revision.desc())


def _where(session: ReadSession, wanted: TargetFilter) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [targets.c.tenant_id == session.tenant]
    if wanted.subjects is not None:
        where.append(_of_subjects(wanted.subjects))
    if wanted.indicator is not None:
        where.append(targets.c.indicator == wanted.indicator)
    if wanted.period is not None:
        where.append(targets.c.period == wanted.period)
    return where


def _of_subjects(subjects: Collection[Subject]) -> ColumnElement[bool]:
    return among_subjects(targets.c.subject_kind, targets.c.subject, subjects)


def _target_from_row(row: Row[Any]) -> Target:
    return Target(
        subject=Subject(SubjectKind(row.subject_kind), row.subject),
        indicator=row.indicator,
        period=row.period,
        level=TargetLevel(row.level),
        value=row.value,
        reason=row.reason,
        author=row.author,
        set_at=row.set_at,
        revision=row.revision,
    )
