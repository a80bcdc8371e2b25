"""A tenant's own mappings of files, as documents."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Text, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from services.schema.db import ReadSession, WriteSession
from services.schema.tables.mappings import file_mappings


async def read_mappings(
    session: ReadSession, codes: Collection[str] | None = None
) -> dict[str, str]:
    """The documents by code; null codes are all."""
    where = [file_mappings.c.tenant_id == session.tenant]
    if codes is not None:
        where.append(file_mappings.c.code == any_(literal(sorted(codes), ARRAY(Text))))
    statement = select(file_mappings.c.code, file_mappings.c.document).where(*where)
    rows = await session.execute(statement.order_by(file_mappings.c.code))
    return {row.code: row.document for row in rows}


async def save_mapping(
    session: WriteSession, code: str, document: str, *, author: str, at: datetime
) -> None:
    """Put it in the place of the one before."""
    values = {"document": document, "author": author, "stated_at": at}
    statement = insert(file_mappings).values(tenant_id=session.tenant, code=code, **values)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[file_mappings.c.tenant_id, file_mappings.c.code], set_=values
        )
    )
