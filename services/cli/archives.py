"""Tenants as files: a zip with a table's rows as NDJSON in each member, and a manifest at its end.

Rows are written and read in pieces: a company of any size takes as much memory as a small one.
"""

import asyncio
import hashlib
import os
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from services.api.flows.archives import (
    OPERATORS,
    delete_all,
    find_deleted,
    note_deed,
    put_back,
    read_deeds,
    strike,
)
from services.api.store.archives import (
    copy_rows,
    read_at_work,
    read_name,
    read_registered,
    read_revision,
    read_tables,
    take_time,
)
from services.schema.db import Database, ReadSession
from services.schema.errors import Invalid, NotFound, Unavailable
from services.schema.shapes.archives import FORM, Copied, Manifest, Table
from services.schema.shapes.audit import Entry

MANIFEST = "manifest.json"
MANIFEST_LIMIT = 1 << 20
LINE_LIMIT = 1 << 28
"""Bytes of a row: more than any row that a door takes comes to."""
PIECE = 1 << 20
"""Bytes of rows that go into the database at once, and one row more."""
PATIENCE_SECONDS = 120
"""How long what services had begun may take, once a tenant is out of the register."""
_LOOK_SECONDS = 0.2
_MANIFEST = TypeAdapter(Manifest)


async def export_tenant(dsn: str, code: str, file: Path) -> Manifest:
    """Write a tenant down as it is at one moment; the file is there whole or not at all."""
    at = datetime.now(UTC)
    async with _opened(dsn) as database:
        number, created_at = await _registered(database, code)
        deed = {"tenant": number, "code": code}
        # In the tenant's own chain, so that its admin sees it, and in what is written down.
        await _note(database, number, "tenant.export", deed)
        await _note(database, OPERATORS, "tenant.export", deed)
        part = file.with_name(f"{file.name}.part")
        try:
            # What it holds is as secret as the database: for nobody else's eyes.
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w") as archive:
                async with database.read(number) as session:
                    await take_time(session)
                    manifest = Manifest(
                        FORM,
                        await read_revision(session),
                        number,
                        code,
                        created_at,
                        at,
                        tuple(
                            [await _write(session, archive, t) for t in await read_tables(session)]
                        ),
                    )
                archive.writestr(_member(MANIFEST), _MANIFEST.dump_json(manifest, indent=1))
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        await _note(database, OPERATORS, "tenant.exported", {**deed, **_summed(manifest)})
    return manifest


async def import_tenant(dsn: str, file: Path) -> Manifest:
    """Put a tenant back from a file, whole or not at all."""
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _read_manifest(archive)
            deed = {"tenant": manifest.tenant, "code": manifest.code, **_summed(manifest)}
            async with _opened(dsn) as database:
                await _note(database, OPERATORS, "tenant.import", deed)
                async with database.write(manifest.tenant) as session:
                    copied = {each.table: each for each in manifest.copied}
                    await put_back(
                        session,
                        manifest,
                        lambda table: _read(archive, copied[table.name]),
                        at=datetime.now(UTC),
                    )
                await _note(database, OPERATORS, "tenant.imported", deed)
    except (zipfile.BadZipFile, KeyError, EOFError, UnicodeDecodeError) as error:
        raise Invalid("archive_broken", f"The file is broken: {error}") from error
    return manifest


async def name_of(dsn: str, code: str) -> str:
    """What a tenant calls itself; its code where its settings are gone already."""
    async with _opened(dsn) as database:
        number = await _number_to_delete(database, code)
        async with database.read(number) as session:
            return await read_name(session) or code


async def delete_tenant(dsn: str, code: str) -> dict[str, int]:
    """Delete all that there is of a tenant; how many rows there were in each table.

    First the register forgets it: no service begins to write for it any more. What had begun is
    waited for; then its rows go, all in one transaction, which looks at every table. Said again it
    goes on where it broke off.
    """
    async with _opened(dsn) as database:
        number = await _number_to_delete(database, code)
        deed: dict[str, object] = {"tenant": number, "code": code}
        await _note(database, OPERATORS, "tenant.delete", deed)
        async with database.write(number) as session:
            await strike(session, at=datetime.now(UTC))
        await _wait_for_others(database)
        async with database.write(number) as session:
            counts = await delete_all(session)
        rows_of = {table: rows for table, rows in sorted(counts.items()) if rows}
        await _note(database, OPERATORS, "tenant.deleted", {**deed, "rows": rows_of})
    return rows_of


async def deeds(dsn: str) -> tuple[list[Entry], int | None]:
    """What was done to whole tenants, and the first entry that is bad, if one is."""
    async with _opened(dsn) as database, database.read(OPERATORS) as session:
        return await read_deeds(session)


async def _number_to_delete(database: Database, code: str) -> int:
    """Of one whose deletion broke off, else of a tenant that is there, else of one that was."""
    async with database.read(OPERATORS) as session:
        deleted = await find_deleted(session, code)
    async with database.register() as session:
        found = await read_registered(session, code)
    if deleted is not None and not deleted[1]:
        return deleted[0]
    if found is not None:
        return found[0]
    if deleted is None:
        raise NotFound("tenant")
    return deleted[0]


async def _wait_for_others(database: Database) -> None:
    """Until every transaction of our services that is open now has ended."""
    async with database.register() as session:
        begun = await read_at_work(session)
    until = time.monotonic() + PATIENCE_SECONDS
    while begun:
        if time.monotonic() > until:
            raise Unavailable("What services had begun does not end: say it again later.")
        await asyncio.sleep(_LOOK_SECONDS)
        async with database.register() as session:
            begun &= await read_at_work(session)


async def _write(session: ReadSession, archive: zipfile.ZipFile, table: Table) -> Copied:
    digest, lines = hashlib.sha256(), 0
    with archive.open(_member(_name_of(table.name)), "w", force_zip64=True) as member:

        async def take(piece: bytes) -> None:
            nonlocal lines
            digest.update(piece)
            lines += piece.count(b"\n")
            member.write(piece)

        rows = await copy_rows(session, table, take)
    assert rows == lines, f"{table.name}: {rows} rows on {lines} lines"
    return Copied(table.name, rows, digest.hexdigest())


def _read(archive: zipfile.ZipFile, copied: Copied) -> Iterator[list[str]]:
    """A table's rows in pieces; refuses what is not what was written, at its end."""
    digest, rows = hashlib.sha256(), 0
    piece: list[str] = []
    size = 0
    with archive.open(_name_of(copied.table)) as member:
        while line := member.readline(LINE_LIMIT):
            if not line.endswith(b"\n"):
                raise Invalid("archive_broken", f"{copied.table}: a row does not end.")
            digest.update(line)
            rows += 1
            size += len(line)
            piece.append(line.decode())
            if size >= PIECE:
                yield piece
                piece, size = [], 0
    if (rows, digest.hexdigest()) != (copied.rows, copied.sha256):
        raise Invalid(
            "archive_broken",
            f"{copied.table} is not what was written: {rows} rows, sha256 {digest.hexdigest()}.",
        )
    if piece:
        yield piece


def _read_manifest(archive: zipfile.ZipFile) -> Manifest:
    if archive.getinfo(MANIFEST).file_size > MANIFEST_LIMIT:
        raise Invalid("archive_broken", "The manifest is too long.")
    try:
        return _MANIFEST.validate_json(archive.read(MANIFEST))
    except ValidationError as error:
        raise Invalid("archive_broken", f"The manifest cannot be read: {error}") from error


def _member(name: str) -> zipfile.ZipInfo:
    """Without a time of its own: the manifest has it."""
    member = zipfile.ZipInfo(name)
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _name_of(table: str) -> str:
    return f"tables/{table}.ndjson"


def _summed(manifest: Manifest) -> dict[str, object]:
    """What a chain says of a file: enough to know it again."""
    said = hashlib.sha256(_MANIFEST.dump_json(manifest)).hexdigest()
    return {"rows": sum(copied.rows for copied in manifest.copied), "manifest_sha256": said}


async def _registered(database: Database, code: str) -> tuple[int, datetime]:
    async with database.register() as session:
        found = await read_registered(session, code)
    if found is None:
        raise NotFound("tenant")
    return found


async def _note(database: Database, chain: int, action: str, detail: dict[str, object]) -> None:
    async with database.write(chain) as session:
        await note_deed(session, action, detail, at=datetime.now(UTC))


@asynccontextmanager
async def _opened(dsn: str) -> AsyncIterator[Database]:
    database = Database(dsn, application="kaohe-operator", pool_size=2)
    try:
        yield database
    finally:
        await database.close()
