"""Both services on one database: the real apps, reached without a socket between."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi import FastAPI

from services.api.app import create_app as create_api
from services.api.flows.tenants import create_tenant
from services.api.settings import ApiSettings
from services.api.store.tenants import take_tenant_number
from services.door.callers import make_key
from services.ingest.app import create_app as create_ingest
from services.ingest.settings import IngestSettings
from services.schema.db import Database
from services.schema.shapes.people import ApiKey
from services.schema.shapes.people import Tenant as TenantShape
from services.schema.words import Role, WeekStart
from tests.databases import TestDatabase
from tests.real.tenants import Tenant

KEYS = ("hr", "erp", "payroll")
SECONDS = 120


@dataclass(frozen=True)
class Doors:
    """Clients of the api and of ingest."""

    owner: Database
    api: httpx.AsyncClient
    ingest: httpx.AsyncClient

    async def make_tenant(self, name: str, *, currency: str, timezone: str) -> Tenant:
        """A company with its first key from the operator, and the others by its own admin."""
        at = datetime.now(UTC)
        async with self.owner.write(0) as session:
            number = await take_tenant_number(session)
        key_id, admin, digest = make_key(number)
        async with self.owner.write(number) as session:
            await create_tenant(
                session,
                f"real-{number}",
                TenantShape(number, name, currency, timezone, WeekStart.MONDAY, "01-01"),
                admin=ApiKey(key_id, Role.ADMIN, None, at, None, None),
                secret_sha256=digest,
                at=at,
            )
        keys = {"admin": admin}
        tenant = Tenant(number, self.api, self.ingest, keys)
        for role in KEYS:
            keys[role] = (await tenant.post("/v1/keys", {"role": role}))["key"]
        return tenant


@asynccontextmanager
async def open_doors(database: TestDatabase, folder: Path) -> AsyncIterator[Doors]:
    """The apps with their own roles, for as long as the block lasts."""
    api = create_api(
        ApiSettings.model_validate(
            {"dsn": database.dsn("kaohe_api"), "payroll_dsn": database.dsn("kaohe_payroll")}
        )
    )
    ingest = create_ingest(
        IngestSettings.model_validate(
            {
                "dsn": database.dsn("kaohe_ingest"),
                "buyer_key_file": folder / "buyer.key",
            }
        )
    )
    owner = Database(database.dsn("kaohe_migrate"), application="tests")
    try:
        async with _client(api) as to_api, _client(ingest) as to_ingest:
            yield Doors(owner, to_api, to_ingest)
    finally:
        await owner.close()


@asynccontextmanager
async def _client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://kaohe.test", timeout=SECONDS
        ) as client,
    ):
        yield client
