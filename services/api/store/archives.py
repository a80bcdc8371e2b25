"""A whole tenant in SQL: the tables that the catalogue names, copied out, put back, emptied.

Nothing here lists a table: one that a later migration makes is taken along, and one that belongs
to no tenant is refused until somebody says whose it is.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from graphlib import TopologicalSorter

import asyncpg
from sqlalchemy import delete, exists, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Invalid
from services.schema.shapes.archives import Table
from services.schema.tables.people import counters, struck_tenants, tenant_settings, tenants

IMPORTED = "imported"
"""The counter that says when a tenant was put back, in microseconds: a feed that was read before
begins another epoch then (`store/payouts.py`)."""
UNOWNED = frozenset({"tenants", "struck_tenants", "alembic_version"})
"""Of nobody: the register, who stood in it before, and the version of the schema."""

_PATIENCE_SECONDS = 24 * 3600
"""For one statement on one table, however long it is: nobody waits for the operator's answer."""
# Control characters, which JSON never holds as they are: so COPY writes it as it is.
_DELIMITER, _QUOTE = "\x02", "\x01"

_TABLES = text("""
SELECT
    c.relname AS plain,
    quote_ident(c.relname) AS name,
    array_agg(quote_ident(a.attname) ORDER BY a.attnum) FILTER (WHERE a.attgenerated = '')
        AS columns,
    bool_or(a.attname = 'tenant_id') AS owned,
    (
        SELECT array_agg(quote_ident(k.attname) ORDER BY array_position(i.indkey, k.attnum))
        FROM pg_index AS i
        JOIN pg_attribute AS k ON k.attrelid = i.indrelid AND k.attnum = ANY (i.indkey)
        WHERE i.indrelid = c.oid AND i.indisprimary
    ) AS key
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
GROUP BY c.oid, c.relname
ORDER BY c.relname
""")
_REFERENCES = text("""
SELECT DISTINCT quote_ident(child.relname) AS child, quote_ident(parent.relname) AS parent
FROM pg_constraint AS f
JOIN pg_class AS child ON child.oid = f.conrelid
JOIN pg_class AS parent ON parent.oid = f.confrelid
WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace AND f.conrelid <> f.confrelid
ORDER BY 1, 2
""")
# Every transaction holds the lock of its own virtual number; of these, our services'.
_AT_WORK = text("""
SELECT l.virtualtransaction
FROM pg_locks AS l
JOIN pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'virtualxid' AND l.granted AND a.datname = current_database()
    AND a.usename IN ('kaohe_api', 'kaohe_ingest', 'kaohe_payroll')
""")


async def read_tables(session: ReadSession) -> list[Table]:
    """Every table with rows of tenants, each after those that its rows name."""
    found: dict[str, Table] = {}
    for row in await session.execute(_TABLES):
        if row.owned and row.key:
            found[row.name] = Table(row.name, tuple(row.columns), tuple(row.key))
        elif row.plain not in UNOWNED:
            raise Conflict("table_unowned", f"The table {row.plain} says of no row whose it is.")
    order: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(found, ()))
    for row in await session.execute(_REFERENCES):
        if row.child in found and row.parent in found:
            order.add(row.child, row.parent)
    return [found[name] for name in order.static_order()]


async def read_revision(session: ReadSession) -> str:
    """The version of the schema."""
    return str(await session.scalar(text("SELECT version_num FROM alembic_version")))


async def take_time(session: ReadSession) -> None:
    """Let this transaction last as long as it must: the limits of its role are for migrations."""
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        await session.execute(text(f"SET LOCAL {limit} = 0"))


async def copy_rows(
    session: ReadSession, table: Table, take: Callable[[bytes], Coroutine[None, None, None]]
) -> int:
    """Write down the tenant's rows of a table, piece by piece; gives how many there are."""
    driver = await session.driver()
    columns, key = ", ".join(table.columns), ", ".join(table.key)
    rows = f"SELECT {columns} FROM {table.name} WHERE tenant_id = {session.tenant:d} ORDER BY {key}"  # noqa: S608  names of the catalogue, quoted by it
    status = await driver.copy_from_query(
        f"SELECT row_to_json(each) FROM ({rows}) AS each",  # noqa: S608  the same
        output=take,
        format="csv",
        delimiter=_DELIMITER,
        quote=_QUOTE,
        timeout=_PATIENCE_SECONDS,
    )
    return int(status.split()[-1])


async def insert_rows(session: WriteSession, table: Table, lines: Sequence[str]) -> None:
    """Put rows back as they were written down; refuses one that the table does not take."""
    driver = await session.driver()
    columns = ", ".join(table.columns)
    statement = (
        f"INSERT INTO {table.name} ({columns}) SELECT {columns} "  # noqa: S608  names of the catalogue
        f"FROM json_populate_recordset(NULL::{table.name}, $1::json)"
    )
    try:
        await driver.execute(statement, f"[{','.join(lines)}]", timeout=_PATIENCE_SECONDS)
    except (
        asyncpg.DataError,
        asyncpg.IntegrityConstraintViolationError,
        asyncpg.InsufficientPrivilegeError,
    ) as error:
        raise Invalid("archive_broken", f"{table.name} does not take a row: {error}") from error


async def delete_rows(session: WriteSession, table: Table) -> int:
    """Delete the tenant's rows of a table; gives how many there were."""
    driver = await session.driver()
    statement = f"DELETE FROM {table.name} WHERE tenant_id = $1"  # noqa: S608  a name of the catalogue
    status = await driver.execute(statement, session.tenant, timeout=_PATIENCE_SECONDS)
    return int(status.split()[-1])


async def count_rows(session: ReadSession, table: Table) -> int:
    """How many rows of the tenant a table has."""
    statement = text(f"SELECT count(*) FROM {table.name} WHERE tenant_id = :tenant")  # noqa: S608  a name of the catalogue
    return int(await session.scalar(statement, {"tenant": session.tenant}))


async def permit_deletion(session: WriteSession) -> None:
    """Tell the guards of what is append-only that this transaction deletes its tenant.

    They believe it of the tables' owner alone (`migrations/versions`, `refuse_change`).
    """
    await session.execute(text(f"SET LOCAL kaohe.deletes_tenant = '{session.tenant:d}'"))


async def read_at_work(session: ReadSession) -> frozenset[str]:
    """The transactions of our services that are open now in this database."""
    return frozenset((await session.execute(_AT_WORK)).scalars())


async def read_registered(session: ReadSession, code: str) -> tuple[int, datetime] | None:
    """The number of a tenant in the register, and since when it stands there."""
    row = (
        await session.execute(
            select(tenants.c.id, tenants.c.created_at).where(tenants.c.code == code)
        )
    ).one_or_none()
    return None if row is None else (int(row.id), row.created_at)


async def is_registered(session: ReadSession, number: int) -> bool:
    """Whether a number stands in the register."""
    return bool(await session.scalar(select(exists().where(tenants.c.id == number))))


async def read_name(session: ReadSession) -> str | None:
    """What the tenant calls itself; null once its settings are gone."""
    where = tenant_settings.c.tenant_id == session.tenant
    name: str | None = await session.scalar(select(tenant_settings.c.name).where(where))
    return name


async def is_taken(session: ReadSession, code: str) -> bool:
    """Whether the register has the session's number or a code already."""
    taken = exists().where((tenants.c.id == session.tenant) | (tenants.c.code == code))
    return bool(await session.scalar(select(taken)))


async def enter_tenant(session: WriteSession, code: str, created_at: datetime) -> None:
    """Enter the session's tenant into the register under its old number, which is given no more."""
    await session.execute(delete(struck_tenants).where(struck_tenants.c.id == session.tenant))
    await session.execute(
        insert(tenants).values(id=session.tenant, code=code, created_at=created_at)
    )
    await session.execute(
        text(
            "SELECT setval(name::regclass, :number) "
            "FROM pg_get_serial_sequence('tenants', 'id') AS name WHERE :number > nextval(name)"
        ),
        {"number": session.tenant},
    )


async def strike_tenant(session: WriteSession, *, at: datetime) -> None:
    """Strike the session's tenant out of the register; no service begins to write for it then."""
    struck = upsert(struck_tenants).values(id=session.tenant, struck_at=at)
    await session.execute(struck.on_conflict_do_nothing())
    await session.execute(delete(tenants).where(tenants.c.id == session.tenant))


async def mark_imported(session: WriteSession, *, at: datetime) -> None:
    """Begin another epoch of the tenant's feed."""
    moment = int(at.timestamp()) * 1_000_000 + at.microsecond
    made = upsert(counters).values(tenant_id=session.tenant, name=IMPORTED, value=moment)
    await session.execute(
        made.on_conflict_do_update(
            index_elements=[counters.c.tenant_id, counters.c.name], set_={"value": moment}
        )
    )
