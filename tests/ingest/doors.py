"""Ingest's door over real PostgreSQL, with commits, and a key for each kind of caller."""

import gzip
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

import asyncpg
import httpx
from fastapi import FastAPI

from services.door.callers import make_key
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.schema.words import FactKind, Role
from tests.databases import TestDatabase
from tests.ingest.rows import Row
from tests.ingest.tenants import make_tenant, read_books

BUYER_KEY = "k" * 32
NDJSON = "application/x-ndjson"
_tenants = count(30_000)


@dataclass(frozen=True)
class Door:
    """One tenant before the door."""

    app: FastAPI
    client: httpx.AsyncClient
    owner: asyncpg.Connection
    tenant: int
    keys: dict[str, str]

    async def post(
        self,
        kind: FactKind,
        body: bytes,
        *,
        form: str = NDJSON,
        key: str = "erp",
        pack: bool = False,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.keys[key]}", "Content-Type": form}
        if pack:
            body, sent["Content-Encoding"] = gzip.compress(body), "gzip"
        path = f"/v1/facts/{kind}"
        return await self.client.post(path, content=body, headers=sent | (headers or {}))

    async def get(self, path: str, *, key: str = "erp", **query: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[key]}"}
        return await self.client.get(path, params=query, headers=headers)

    async def retry(self, row: str, *, key: str = "erp") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[key]}"}
        return await self.client.post(f"/v1/rejected/{row}/retry", headers=headers)

    async def add_key(self, name: str, role: Role, employee: str | None = None) -> None:
        key_id, shown, digest = make_key(self.tenant)
        await self.owner.execute(
            "INSERT INTO api_keys VALUES ($1, $2, $3, $4, $5, now())",
            self.tenant,
            key_id,
            digest,
            role.value,
            employee,
        )
        self.keys[name] = shown

    async def books(self) -> dict[str, list[str]]:
        return await read_books(self.owner, self.tenant)

    async def count(self, table: str) -> int:
        statement = f"SELECT count(*) FROM {table} WHERE tenant_id = $1"  # noqa: S608
        return int(await self.owner.fetchval(statement, self.tenant))


@asynccontextmanager
async def open_door(database: TestDatabase) -> AsyncIterator[Door]:
    """A new tenant with a key for the ERP; its rows stay, and nobody else's are seen."""
    app = create_app(
        IngestSettings.model_validate(
            {
                "dsn": database.dsn("kaohe_ingest"),
                "buyer_key": BUYER_KEY,
                "master_key": "m" * 32,
                "sandbox": "127.0.0.1:8100",
            }
        )
    )
    owner = await asyncpg.connect(database.dsn("kaohe"))
    tenant = next(_tenants)
    await make_tenant(owner, tenant)
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=transport, base_url="http://kaohe.test", timeout=120
            ) as client,
        ):
            door = Door(app, client, owner, tenant, {})
            await door.add_key("erp", Role.ERP)
            yield door
    finally:
        await owner.close()


def lines(*rows: Row) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def now() -> datetime:
    return datetime.now(UTC)
