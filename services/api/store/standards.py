"""A tenant's own standards, every version of each, and the days that wait to be looked at."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, Row, delete, exists, func, literal, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert

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
    statement = insert(watched_days).on_conflict_do_update(
        index_elements=[watched_days.c.tenant_id, watched_days.c.day],
        set_={"marks": watched_days.c.marks + 1},
    )
    await session.execute_many(statement, rows)


async def has_watched_days(session: ReadSession) -> bool:
    """Whether any day waits."""
    waits = exists().where(watched_days.c.tenant_id == session.tenant)
    return bool(await session.scalar(select(waits)))


async def read_watched_days(session: ReadSession) -> dict[date, int]:
    """The days that wait, each with how often something came in."""
    statement = select(watched_days).where(watched_days.c.tenant_id == session.tenant)
    return {row.day: row.marks for row in await session.execute(statement)}


async def drop_watched_days(session: WriteSession, seen: Mapping[date, int]) -> None:
    """Let days wait no longer; one of which something came in since stays.

    Call it last: whoever marks a day waits for the end of the transaction that drops it.
    """
    days = sorted(seen)
    listed = (
        func.unnest(
            literal(days, ARRAY(Date)), literal([seen[day] for day in days], ARRAY(BigInteger))
        )
        .table_valued("day", "marks")
        .render_derived()
    )
    key = tuple_(watched_days.c.day, watched_days.c.marks)
    await session.execute(
        delete(watched_days).where(
            watched_days.c.tenant_id == session.tenant,
            key.in_(select(listed.c.day, listed.c.marks)),
        )
    )


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
