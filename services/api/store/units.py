"""Units as they are written and listed."""

from collections.abc import Sequence

from sqlalchemy.dialects.postgresql import insert

from services.api.store.people import read_page_of_codes, read_units
from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import Unit
from services.schema.tables.people import units


async def read_page_of_units(
    session: ReadSession, codes: frozenset[str] | None, *, after: str | None, limit: int
) -> tuple[list[Unit], int]:
    """The next page of the units of these codes, and how many there are; null codes are all."""
    page, total = await read_page_of_codes(session, units, codes, after=after, limit=limit)
    return list((await read_units(session, page)).values()), total


async def save_units(session: WriteSession, made: Sequence[Unit]) -> None:
    """Create or replace units, each once; a parent may come after its children."""
    rows = [
        {
            "tenant_id": session.tenant,
            "code": unit.code,
            "name": unit.name,
            "parent": unit.parent,
            "lead": unit.lead,
            "version": 1,
        }
        for unit in sorted(made, key=lambda unit: unit.code)
    ]
    statement = insert(units)
    await session.execute_many(
        statement.on_conflict_do_update(
            index_elements=[units.c.tenant_id, units.c.code],
            set_={
                "name": statement.excluded.name,
                "parent": statement.excluded.parent,
                "lead": statement.excluded.lead,
                "version": units.c.version + 1,
            },
        ),
        rows,
    )
