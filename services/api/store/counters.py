"""Numbers handed out without a gap; whoever takes one holds the counter until the commit."""

from sqlalchemy.dialects.postgresql import insert

from services.schema.db import WriteSession
from services.schema.tables.people import counters


async def take_numbers(session: WriteSession, name: str, count: int) -> range:
    """The next numbers of a counter, from 1; nobody else takes any before this transaction ends."""
    statement = (
        insert(counters)
        .values(tenant_id=session.tenant, name=name, value=count)
        .on_conflict_do_update(
            index_elements=[counters.c.tenant_id, counters.c.name],
            set_={"value": counters.c.value + count},
        )
        .returning(counters.c.value)
    )
    last = int(await session.scalar(statement))
    return range(last - count + 1, last + 1)


async def lock_noun(session: WriteSession, noun: str) -> None:
    """One writer of a noun at a time: what two read as sound, both could bend.

    The order of locks is the nouns' own before the audit's head, which is taken last.
    """
    await take_numbers(session, noun, 1)
