"""What the figures stand on: an embedded database that keeps its promises, and a made-up company.

Rows of people are laid directly: what is measured is what comes after them.
"""

import itertools
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg

from services.door.callers import make_key
from services.local import database
from services.local.settings import LocalSettings
from services.schema.migrate import migrate
from services.schema.words import Role

CURRENCY = "CNY"
TIMEZONE = "Asia/Shanghai"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """A migrated database of one figure's own, and its folder for what servers write."""

    server: database.Server
    name: str
    folder: Path

    def dsn(self, role: str = "kaohe") -> str:
        """Plain `kaohe` may do anything, the others what they may."""
        return self.server.dsn(role, self.name)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.dsn())
        try:
            yield connection
        finally:
            await connection.close()


@dataclass(frozen=True)
class Company:
    """A tenant with shops and employees, and one key for each role."""

    tenant: int
    shops: tuple[str, ...]
    employees: tuple[str, ...]
    keys: dict[Role, str]


@contextmanager
def start() -> Iterator[database.Server]:
    """A server with fsync on, in a folder that is forgotten at the end."""
    folder = Path(tempfile.mkdtemp(prefix="kaohe-bench-"))
    folder.chmod(0o755)  # the account that runs PostgreSQL passes through
    programs = LocalSettings().pg_bin
    try:
        server = database.start(folder, bin_folder=programs, durable=True)
        migrate(server.dsn("kaohe_migrate"))
        yield server
    finally:
        database.remove(folder, bin_folder=programs)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def lay(server: database.Server) -> Iterator[Ground]:
    """A copy of the migrated database for one figure."""
    name = f"kaohe_bench_{next(_numbers)}"
    server.make_database(name, template=database.DATABASE)
    with tempfile.TemporaryDirectory(prefix="kaohe-bench-") as folder:
        try:
            yield Ground(server, name, Path(folder))
        finally:
            server.drop_database(name)


async def make_company(
    connection: asyncpg.Connection, *, shops: int, employees: int, position: str = "seller"
) -> Company:
    """Shops by number, and employees who each answer for an equal share of the shops."""
    tenant = await connection.fetchval(
        "INSERT INTO tenants (code, created_at) VALUES ($1, now()) RETURNING id",
        f"bench-{secrets.token_hex(4)}",
    )
    await connection.execute(
        "INSERT INTO tenant_settings VALUES ($1, 'Bench', $2, $3, 'monday', '01-01')",
        *(tenant, CURRENCY, TIMEZONE),
    )
    company = Company(
        tenant,
        tuple(f"s-{number}" for number in range(1, shops + 1)),
        tuple(f"e-{number}" for number in range(1, employees + 1)),
        await _make_keys(connection, tenant),
    )
    await _add_people(connection, company, position)
    return company


async def _add_people(connection: asyncpg.Connection, company: Company, position: str) -> None:
    tenant = company.tenant
    await connection.copy_records_to_table(
        "shops",
        columns=("tenant_id", "code", "name", "timezone", "currency", "kind", "version"),
        records=[(tenant, code, code, TIMEZONE, CURRENCY, "online", 1) for code in company.shops],
    )
    await connection.execute(
        "INSERT INTO units (tenant_id, code, name, version) VALUES ($1, 'all', 'All', 1)", tenant
    )
    await connection.copy_records_to_table(
        "employees",
        columns=("tenant_id", "code", "name", "version"),
        records=[(tenant, code, code, 1) for code in company.employees],
    )
    await connection.copy_records_to_table(
        "assignments",
        columns=("tenant_id", "employee", "number", "position", "unit", "starts_on"),
        records=[
            (tenant, code, 1, position, "all", datetime(2020, 1, 1, tzinfo=UTC).date())
            for code in company.employees
        ],
    )


async def _make_keys(connection: asyncpg.Connection, tenant: int) -> dict[Role, str]:
    keys: dict[Role, str] = {}
    for role in (Role.ADMIN, Role.HR, Role.ERP, Role.PAYROLL, Role.VIEWER):
        key_id, text, digest = make_key(tenant)
        keys[role] = text
        await connection.execute(
            "INSERT INTO api_keys (tenant_id, id, secret_sha256, role, created_at)"
            " VALUES ($1, $2, $3, $4, now())",
            *(tenant, key_id, digest, role.value),
        )
    return keys
