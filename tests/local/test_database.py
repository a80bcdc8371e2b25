"""The embedded database under our own supervisor: real servers, really killed."""

import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from services.local import database
from services.local.accounts import Account, AccountFailed, account_for
from services.local.cluster import DatabaseFailed
from services.local.settings import LocalSettings

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")


@pytest.fixture
def place() -> Iterator[Path]:
    """As `var/postgres` of a clone: not closed to others, as pytest's own folders are."""
    folder = Path(tempfile.mkdtemp(prefix="kaohe-place-"))
    folder.chmod(0o755)
    yield folder / "postgres"
    database.remove(folder / "postgres", bin_folder=None)
    shutil.rmtree(folder)


def start(place: Path, *, durable: bool = False) -> database.Server:
    return database.start(place, bin_folder=None, durable=durable)


async def fetch(dsn: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_it_has_our_roles_and_nobody_else_comes_in(place: Path) -> None:
    server = start(place, durable=True)
    roles = await fetch(
        server.dsn(),
        """SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname LIKE 'kaohe\\_%'
           AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
           ORDER BY rolname""",
    )
    assert roles == [
        ("kaohe_api", True),
        ("kaohe_ingest", True),
        ("kaohe_migrate", True),
        ("kaohe_owner", False),
        ("kaohe_payroll", True),
    ]
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await fetch(server.dsn("kaohe_owner"), "SELECT 1")
    assert stat.S_IMODE(server.cluster.sockets.stat().st_mode) == 0o700
    settings = await fetch(
        server.dsn(),
        """SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync',
           'synchronous_commit', 'full_page_writes', 'data_checksums', 'TimeZone')
           ORDER BY name COLLATE "C" """,
    )
    assert settings == [
        ("TimeZone", "UTC"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("listen_addresses", ""),
        ("synchronous_commit", "on"),
    ]


@pytest.mark.parametrize(
    ("role", "statement", "lock"),
    [
        ("kaohe_api", "5s", "2s"),
        ("kaohe_ingest", "1min", "2s"),
        ("kaohe_payroll", "15s", "2s"),
        ("kaohe_migrate", "5s", "4s"),
    ],
)
async def test_each_role_has_its_deadlines(
    server: database.Server, role: str, statement: str, lock: str
) -> None:
    found = await fetch(
        server.dsn(role),
        """SELECT current_setting('statement_timeout'), current_setting('lock_timeout'),
           current_setting('idle_in_transaction_session_timeout'),
           current_setting('client_connection_check_interval'), session_user, current_user""",
    )
    acts_as = "kaohe_owner" if role == "kaohe_migrate" else role
    assert found == [(statement, lock, "10s", "5s", role, acts_as)]


async def test_only_ingest_makes_temporary_tables_and_only_the_owner_lasting_ones(
    server: database.Server,
) -> None:
    allowed = {}
    for role in ("kaohe_api", "kaohe_ingest", "kaohe_payroll", "kaohe_migrate"):
        for kind in ("TEMPORARY", "UNLOGGED"):
            statement = f"CREATE {kind} TABLE probe_{role} (); DROP TABLE probe_{role}"
            connection = await asyncpg.connect(server.dsn(role))
            try:
                await connection.execute(statement)
                allowed[role, kind] = True
            except asyncpg.InsufficientPrivilegeError:
                allowed[role, kind] = False
            finally:
                await connection.close()
    assert {key for key, may in allowed.items() if may} == {
        ("kaohe_ingest", "TEMPORARY"),
        ("kaohe_migrate", "UNLOGGED"),
    }


async def test_a_second_start_attaches(place: Path) -> None:
    first = start(place)
    second = start(place)
    assert second == first
    assert second.process_id() == first.process_id()
    second.stop()
    assert not first.is_alive()
    first.stop()  # nothing to do, nothing to complain of


def test_several_at_once_start_one(place: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        servers = list(pool.map(lambda _: start(place), range(4)))
    assert len({server.process_id() for server in servers}) == 1


async def test_what_was_committed_survives_a_killed_server(place: Path) -> None:
    server = start(place, durable=True)
    connection = await asyncpg.connect(server.dsn("kaohe_migrate"))
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS number")
    before = server.process_id()
    os.kill(before, signal.SIGKILL)
    connection.terminate()
    server = start(place, durable=True)
    assert server.process_id() != before
    assert await fetch(server.dsn("kaohe_migrate"), "SELECT number FROM kept") == [(42,)]


def test_a_killed_initdb_leaves_no_half_cluster(place: Path) -> None:
    (place / "data.new" / "base").mkdir(parents=True)
    (place / "data.new" / "PG_VERSION").write_text("18\n")
    assert start(place).is_alive()
    assert not (place / "data.new").exists()


def test_data_of_another_version_is_left_alone(place: Path) -> None:
    server = start(place)
    server.stop()
    version = server.cluster.data / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    with pytest.raises(DatabaseFailed, match="was made by PostgreSQL 14"):
        start(place)
    version.write_text(kept)
    assert start(place).is_alive()


async def test_a_copy_has_the_tables_and_the_grants(place: Path) -> None:
    server = start(place)
    await fetch(server.dsn("kaohe_migrate"), "CREATE TABLE mine ()")
    await fetch(server.dsn("kaohe_migrate"), "GRANT SELECT ON mine TO kaohe_api")
    server.make_database("copy", template="kaohe")
    assert await fetch(server.dsn("kaohe_api", "copy"), "SELECT count(*) FROM mine") == [(0,)]
    assert await fetch(
        server.dsn("kaohe_api", "copy"),
        """SELECT has_database_privilege('kaohe_ingest', 'copy', 'TEMPORARY'),
                  has_database_privilege('kaohe_api', 'copy', 'TEMPORARY')""",
    ) == [(True, False)]
    server.drop_database("copy")
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await fetch(server.dsn("kaohe_api", "copy"), "SELECT 1")


async def test_a_long_path_has_its_socket_elsewhere(place: Path) -> None:
    deep = place / ("long, and with a blank " * 5).strip()
    try:
        server = start(deep)
        assert server.cluster.sockets.parent == Path(tempfile.gettempdir())
        assert stat.S_IMODE(server.cluster.sockets.stat().st_mode) == 0o700
        assert await fetch(server.dsn("kaohe_api"), "SELECT 1") == [(1,)]
    finally:
        database.remove(deep, bin_folder=None)
    assert not server.cluster.sockets.exists()
    assert not deep.exists()


async def test_what_is_removed_is_gone(place: Path) -> None:
    server = start(place)
    database.remove(place, bin_folder=None)
    assert not place.exists()
    with pytest.raises(FileNotFoundError):
        await fetch(server.dsn(), "SELECT 1")
    database.remove(place, bin_folder=None)


async def test_it_is_ours_until_the_end(place: Path) -> None:
    settings = LocalSettings(var=place.parent)
    with database.opened(settings) as dsn_of:
        assert await fetch(dsn_of("kaohe_api"), "SELECT current_user") == [("kaohe_api",)]
        asks_again = start(place)
    assert not asks_again.is_alive()


def test_a_dsn_switches_the_supervisor_off(place: Path) -> None:
    settings = LocalSettings(var=place.parent, dsn=SecretStr("postgresql://db.example/kaohe"))
    with database.opened(settings) as dsn_of:
        assert dsn_of("kaohe_api") == "postgresql://kaohe_api@db.example/kaohe"
    assert not place.exists()


@root_only
def test_root_keeps_its_data_where_the_account_can_reach_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = start(tmp_path / "postgres")
    elsewhere = (tmp_path / "postgres" / "elsewhere").resolve()
    try:
        assert elsewhere.parent == Path("/var/lib/kaohe")
        assert server.cluster.folder == elsewhere
        assert (elsewhere / "data").stat().st_uid == server.cluster.account.uid != 0
        assert start(tmp_path / "postgres").process_id() == server.process_id()
    finally:
        database.remove(tmp_path / "postgres", bin_folder=None)
    assert not elsewhere.exists()


@root_only
def test_root_runs_the_server_as_the_owner_of_its_data(place: Path) -> None:
    place.mkdir()
    (place / "data").mkdir()
    os.chown(place / "data", 12345, 54321)
    assert account_for(place / "data") == Account(uid=12345, gid=54321)
    (place / "data").rmdir()


@root_only
def test_a_folder_of_another_account_is_not_taken_over(place: Path) -> None:
    place.mkdir()
    (place / "run").mkdir()
    os.chown(place / "run", 12345, 12345)
    with pytest.raises(AccountFailed, match="belongs to another account"):
        start(place)
    (place / "run").rmdir()
