"""A tenant's own measures: names under which amounts may be posted besides the built-in ones."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.api.store.people import among
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.measures import Adds, Measure
from services.schema.tables.indicators import own_measures
from services.schema.words import FactKind, IndicatorUnit


async def read_own_measures(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, Measure]:
    """The tenant's own measures by code, in the order of codes; null codes are all."""
    statement = select(own_measures).where(own_measures.c.tenant_id == session.tenant)
    if codes is not None:
        statement = statement.where(among(own_measures.c.code, codes))
    rows = await session.execute(statement.order_by(own_measures.c.code))
    return {
        row.code: Measure(
            code=row.code,
            kind=FactKind.MEASURES,
            adds=Adds.POSTED,
            unit=IndicatorUnit(row.unit),
            zh=row.zh,
            en=row.en,
            day="stated",
            built_in=False,
        )
        for row in rows
    }


async def save_own_measure(session: WriteSession, measure: Measure, *, at: datetime) -> None:
    """Create a measure of the tenant's own, or name it anew."""
    statement = insert(own_measures).values(
        tenant_id=session.tenant,
        code=measure.code,
        zh=measure.zh,
        en=measure.en,
        unit=measure.unit,
        created_at=at,
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[own_measures.c.tenant_id, own_measures.c.code],
            set_={name: statement.excluded[name] for name in ("zh", "en", "unit")},
        )
    )
