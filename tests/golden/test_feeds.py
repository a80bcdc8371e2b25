"""What a release published is read from every later one as the same bytes, through its upgrade."""

import asyncio
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest

from services.cli.archives import import_tenant
from services.cli.operator import admin_key_of, recompute_tenant
from services.local.database import Server
from services.schema.db import Database
from services.schema.migrate import migrate
from services.schema.tables.people import struck_tenants
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.golden.releases import READ, Release, releases
from tests.real.doors import open_doors

Told = dict[str, bytes]


@contextmanager
def empty_database(server: Server, worker: str) -> Iterator[TestDatabase]:
    """Without a table: the release's own migrations come first."""
    name = f"kaohe_{worker}_golden"
    server.make_database(name)
    try:
        yield TestDatabase(server, name)
    finally:
        server.drop_database(name)


async def read_all(database: TestDatabase, folder: Path, key: str) -> tuple[Told, set[str]]:
    """What payroll reads from processes that were just started, and the epochs of its feed."""
    headers = {"Authorization": f"Bearer {key}"}
    async with open_doors(database, folder) as doors:
        answers = {path: await doors.api.get(path, headers=headers) for path in READ}
        verified = await doors.api.get("/v1/audit/verify", headers=headers)
    assert {answer.status_code for answer in answers.values()} == {200}
    assert verified.json()["first_bad"] is None
    epochs = {a.headers["kaohe-feed-epoch"] for p, a in answers.items() if "/entries" in p}
    return {path: answer.content for path, answer in answers.items()}, epochs


def revision_of(release: Release) -> str:
    with zipfile.ZipFile(release.file) as archive:
        return str(json.loads(archive.read("manifest.json"))["revision"])


def code_of(release: Release) -> str:
    with zipfile.ZipFile(release.file) as archive:
        return str(json.loads(archive.read("manifest.json"))["code"])


async def load_and_upgrade(release: Release, owner: str) -> None:
    """The release's own tables and company, brought up to date."""
    await asyncio.to_thread(migrate, owner, revision=revision_of(release))
    # It is put in by the program of today, which asks every database who is struck out of it.
    async with lending(owner, struck_tenants.name, "id integer, struck_at timestamptz"):
        await import_tenant(owner, release.file)
    await asyncio.to_thread(migrate, owner)


@asynccontextmanager
async def lending(owner: str, table: str, columns: str) -> AsyncIterator[None]:
    """A table that the release did not have, where it did not."""
    connection = await asyncpg.connect(owner)
    is_lent = await connection.fetchval("SELECT to_regclass($1) IS NULL", table)
    if is_lent:
        await connection.execute(f"CREATE TABLE {table} ({columns})")
    yield
    if is_lent:
        await connection.execute(f"DROP TABLE {table}")
    await connection.close()


def test_a_release_is_kept() -> None:
    kept = releases()
    assert kept
    for release in kept:
        assert release.answers().keys() == set(READ)
        entries = json.loads(release.answers()[READ[0]])["items"]
        assert {entry["kind"] for entry in entries} == {"result", "correction"}
        assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))


@pytest.mark.parametrize("release", releases(), ids=lambda release: release.name)
async def test_scenario_p01_a_releases_feed_is_the_same_bytes_for_ever(
    release: Release, server: Server, worker: str, tmp_path: Path, figure: Figures
) -> None:
    """Loaded as it was then, migrated, served, restarted, served again."""
    kept = release.answers()
    with empty_database(server, worker) as database:
        owner = database.dsn("kaohe_migrate")
        await load_and_upgrade(release, owner)
        _, key = await admin_key_of(owner, code_of(release))
        first, epochs = await read_all(database, tmp_path, key)
        again, epochs_again = await read_all(database, tmp_path, key)
    assert first.keys() == again.keys() == kept.keys()
    differing = [p for told in (first, again) for p in READ if told[p] != kept[p]]
    of = "answers read again, through a release's upgrade and a restart"
    figure("P01", Wrong.BYTES, differing, tried=2 * len(READ), of=of)
    assert epochs == epochs_again
    assert len(epochs) == 1


@pytest.mark.parametrize("release", releases(), ids=lambda release: release.name)
async def test_scenario_p10_a_releases_cards_come_out_the_same_from_this_code(
    release: Release, server: Server, worker: str, figure: Figures
) -> None:
    with empty_database(server, worker) as database:
        owner = database.dsn("kaohe_migrate")
        await load_and_upgrade(release, owner)
        number, _ = await admin_key_of(owner, code_of(release))
        operating = Database(owner, application="tests", pool_size=1)
        try:
            found = await recompute_tenant(operating, number)
        finally:
            await operating.close()
    assert [each.unreadable for each in found if each.unreadable] == []
    cards = sum(each.cards for each in found)
    differing = sum(each.drifts for each in found)
    figure("P10", Wrong.SCORES, differing, tried=cards, of="published cards, computed anew")
