"""A tenant's own standards, every version of each, and the days that wait to be looked at."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.standards import Basis, Standard
from services.schema.tables.standards import standards, watched_days
from services.schema.words import CycleKind, Scope, SubjectKind


async def read_own_standards(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Standard]:
    """The tenant's own standards as they are in force, in the order of codes; null is all."""
    statement = (
        select(standards)
        .ext(distinct_on(standards.c.code))
        .where(standards.c.tenant_id == session.tenant)
        .order_by(standards.c.code, standards.c.version.desc())
    )
    if codes is not None:
        statement = statement.where(among(standards.c.code, codes))
    return {row.code: _standard_from_row(row) for row in await session.execute(statement)}


async def insert_standard(
    session: WriteSession, standard: Standard, *, author: str, at: datetime
) -> None:
    """Append a version of a standard."""
    basis = standard.basis
    await session.execute(
        insert(standards).values(
            tenant_id=session.tenant,
            code=standard.code,
            version=standard.version,
            zh=standard.zh,
            en=standard.en,
            indicator=standard.indicator,
            subject_kind=standard.subject_kind,
            subjects=None if standard.subjects is None else list(standard.subjects),
            scope=standard.scope,
            at_least=standard.at_least,
            at_most=standard.at_most,
            days=standard.days,
            period=standard.period,
            basis_indicator=None if basis is None else basis.indicator,
            basis_at_least=None if basis is None else basis.at_least,
            active=standard.active,
            author=author,
            made_at=at,
        )
    )


async def watch_days(session: WriteSession, days: Iterable[date]) -> None:
    """Have days looked at; in their order, so that two who do so never wait for each other."""
    rows = [{"tenant_id": session.tenant, "day": day} for day in sorted(set(days))]
    await session.execute_many(insert(watched_days).on_conflict_do_nothing(), rows)


async def has_watched_days(session: ReadSession) -> bool:
    """Whether any day waits."""
    waits = exists().where(watched_days.c.tenant_id == session.tenant)
    return bool(await session.scalar(select(waits)))


async def take_watched_days(session: WriteSession) -> set[date]:
    """The days that wait, which from here on wait no longer."""
    statement = delete(watched_days).where(watched_days.c.tenant_id == session.tenant)
    return set((await session.execute(statement.returning(watched_days.c.day))).scalars())


async def try_lock_watch(session: WriteSession) -> bool:
    """Whether nobody else looks at this tenant just now; the lock ends with the transaction."""
    lock = func.pg_try_advisory_xact_lock(_WATCHING, session.tenant)
    return bool(await session.scalar(select(lock)))


_WATCHING = 0x7761
"""The first half of the advisory lock: "wa"."""


def _standard_from_row(row: Row[Any]) -> Standard:
    basis = None
    if row.basis_indicator is not None:
        basis = Basis(row.basis_indicator, row.basis_at_least)
    return Standard(
        code=row.code,
        zh=row.zh,
        en=row.en,
        indicator=row.indicator,
        subject_kind=SubjectKind(row.subject_kind),
        subjects=None if row.subjects is None else tuple(row.subjects),
        scope=Scope(row.scope),
        at_least=row.at_least,
        at_most=row.at_most,
        days=row.days,
        period=None if row.period is None else CycleKind(row.period),
        basis=basis,
        active=row.active,
        version=row.version,
    )
