"""Revocations of tokens as they are kept: one of each subject, the newest."""

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from services.schema.db import ReadSession, WriteSession
from services.schema.shapes.people import TokenRevocation
from services.schema.tables.people import token_revocations


async def save_revocation(session: WriteSession, revocation: TokenRevocation) -> None:
    """Keep a revocation in place of an earlier one of the same subject, never a later one."""
    values = {
        "issued_before": revocation.issued_before,
        "reason": revocation.reason,
        "author": revocation.author,
    }
    statement = insert(token_revocations).values(
        tenant_id=session.tenant, subject=revocation.subject, **values
    )
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "subject"],
            set_=values,
            where=token_revocations.c.issued_before < revocation.issued_before,
        )
    )


async def read_page_of_revocations(
    session: ReadSession, *, after: str | None, limit: int
) -> tuple[list[TokenRevocation], int]:
    """The next page of the subjects whose tokens were revoked, and how many there are."""
    table = token_revocations
    where = table.c.tenant_id == session.tenant
    total = await session.scalar(select(func.count()).select_from(table).where(where))
    statement = select(table).where(where).order_by(table.c.subject).limit(limit)
    if after is not None:
        statement = statement.where(table.c.subject > after)
    rows = await session.execute(statement)
    found = [TokenRevocation(r.subject, r.issued_before, r.reason, r.author) for r in rows]
    return found, int(total)
