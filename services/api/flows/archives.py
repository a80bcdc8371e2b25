"""A tenant is written down whole, put back whole, or deleted whole, by the operator as owner.

What the operator does to whole tenants is put down in a chain of its own, under a number that no
tenant has: it is there also when nothing of the tenant is.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from services.api.flows.audit import CHUNK, verify_audit
from services.api.store.archives import (
    count_rows,
    delete_rows,
    enter_tenant,
    insert_rows,
    is_registered,
    is_taken,
    mark_imported,
    permit_deletion,
    read_revision,
    read_tables,
    strike_tenant,
    take_time,
)
from services.api.store.audit import append_entry, read_entries
from services.schema.db import ReadSession, WriteSession
from services.schema.errors import Conflict, Invalid
from services.schema.shapes.archives import FORM, Manifest, Table
from services.schema.shapes.audit import Entry
from services.schema.shapes.people import Caller
from services.schema.words import Role

OPERATORS = 0
"""Whose chain tells of whole tenants: numbers of tenants begin at 1."""

Rows = Callable[[Table], Iterator[list[str]]]
"""The rows of a table in pieces, each row a JSON object; refuses what the manifest does not say."""


async def note_deed(
    session: WriteSession, action: str, detail: Mapping[str, object], *, at: datetime
) -> None:
    """Put down what the operator does to a tenant, in the chain whose session this is."""
    operator = Caller(session.tenant, Role.ADMIN, None, "system:operator")
    await append_entry(
        session, at=at, caller=operator, action=action, subject="tenant", detail=detail
    )


async def put_back(session: WriteSession, manifest: Manifest, rows: Rows, *, at: datetime) -> None:
    """Put a tenant back under its number, all of it or nothing; its audit is verified again."""
    assert session.tenant == manifest.tenant, "rows are of the tenant that the manifest names"
    await take_time(session)
    tables = await _tables_of(session, manifest)
    if await is_taken(session, manifest.code):
        raise Conflict(
            "tenant_there",
            f"This database has a tenant {manifest.code}, or another with the number "
            f"{manifest.tenant}: a tenant is put back into a database without it.",
        )
    if left := await _rows_left(session, tables):
        raise Conflict("tenant_there", f"Rows of a tenant with that number lie in {left}.")
    await enter_tenant(session, manifest.code, manifest.created_at)
    for table in tables:
        for piece in rows(table):
            await insert_rows(session, table, piece)
    await mark_imported(session, at=at)
    verification = await verify_audit(session)
    if verification.first_bad is not None:
        raise Invalid(
            "archive_broken", f"The audit is not whole: entry {verification.first_bad} is bad."
        )


async def strike(session: WriteSession, *, at: datetime) -> None:
    """Strike the session's tenant out: no service begins to write for it any more."""
    await strike_tenant(session, at=at)


async def delete_all(session: WriteSession) -> dict[str, int]:
    """Delete every row of the session's tenant; gives how many there were in each table.

    And see in every table of the catalogue that nothing is left.
    """
    await take_time(session)
    await permit_deletion(session)
    tables = await read_tables(session)
    deleted = {table.name: await delete_rows(session, table) for table in reversed(tables)}
    if left := await _rows_left(session, tables):
        raise Conflict("tenant_left", f"Rows are left in {left}: nothing of this pass is kept.")
    return deleted


async def read_deeds(session: ReadSession) -> tuple[list[Entry], int | None]:
    """What was done to whole tenants, and the first entry that is not what was written, if any."""
    assert session.tenant == OPERATORS, "the operator's chain is under its own number"
    verification = await verify_audit(session)
    entries: list[Entry] = []
    while page := await read_entries(session, after=len(entries), limit=CHUNK):
        entries += page
    return entries, verification.first_bad


async def find_deleted(session: ReadSession, code: str) -> tuple[int, bool] | None:
    """The number of a tenant that is out of the register, and whether its deletion came to an end.

    Of several that had a code: one whose deletion broke off, else the last.
    """
    entries, _ = await read_deeds(session)
    is_over: dict[int, bool] = {}
    for entry in entries:
        detail = json.loads(entry.deed.detail)
        if detail["code"] == code and entry.deed.action in {"tenant.delete", "tenant.deleted"}:
            is_over[int(detail["tenant"])] = entry.deed.action == "tenant.deleted"
    gone = [number for number in is_over if not await is_registered(session, number)]
    if not gone:
        return None
    number = next((each for each in gone if not is_over[each]), gone[-1])
    return number, is_over[number]


async def _tables_of(session: WriteSession, manifest: Manifest) -> list[Table]:
    """The tables to fill; refuses a file that another schema wrote."""
    revision = await read_revision(session)
    if manifest.form != FORM or manifest.revision != revision:
        raise Conflict(
            "archive_of_another_schema",
            f"The file is a {manifest.form} of schema {manifest.revision}, the database has "
            f"schema {revision}: put it back with the Kaohe that wrote it, then migrate.",
        )
    tables = await read_tables(session)
    named = sorted(copied.table for copied in manifest.copied)
    if named != sorted(table.name for table in tables):
        raise Invalid("archive_broken", "The file does not name the tables of its schema.")
    return tables


async def _rows_left(session: WriteSession, tables: list[Table]) -> str:
    left = [table.name for table in tables if await count_rows(session, table)]
    return ", ".join(left)
