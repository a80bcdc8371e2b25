"""A company of its own behind the api's door, and a client for each kind of caller."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any
from unittest.mock import patch

import httpx
from fastapi import FastAPI
from sqlalchemy import text

from services.api.app import create_app
from services.api.flows.tenants import create_tenant
from services.api.settings import ApiSettings
from services.api.store.tenants import take_tenant_number
from services.api.workers.audit import AuditWorker
from services.api.workers.back_tests import BackTestWorker
from services.api.workers.live import LiveWorker
from services.api.workers.watch import WatchWorker
from services.api.workers.webhooks import WebhookWorker
from services.door.callers import make_key
from services.schema.db import Database
from services.schema.shapes.people import ApiKey, Tenant
from services.schema.words import Role, WeekStart
from tests.databases import TestDatabase

Json = Any
_numbers = count(1)


@dataclass(frozen=True)
class Company:
    """Asks as one of its keys; `admin` is there from the start."""

    app: FastAPI
    client: httpx.AsyncClient
    owner: Database
    number: int
    keys: dict[str, str]

    async def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        key: str = "admin",
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        sent = {"Authorization": f"Bearer {self.keys[key]}", **(headers or {})}
        if content is not None:
            return await self.client.request(method, path, content=content, headers=sent)
        return await self.client.request(method, path, json=body, headers=sent)

    async def get(self, path: str, *, key: str = "admin", **headers: str) -> httpx.Response:
        return await self.client.get(
            path, headers={"Authorization": f"Bearer {self.keys[key]}", **_named(headers)}
        )

    async def put(
        self, path: str, body: Json, *, key: str = "admin", **headers: str
    ) -> httpx.Response:
        return await self.ask("PUT", path, body, key=key, headers=_named(headers))

    async def post(
        self, path: str, body: Json, *, key: str = "admin", **headers: str
    ) -> httpx.Response:
        return await self.ask("POST", path, body, key=key, headers=_named(headers))

    async def fill(self, noun: str, *rows: Json) -> None:
        """Put many at once; none may be refused."""
        answer = await self.post(f"/v1/{noun}/batch", list(rows))
        assert answer.json()["rows"] == [], answer.text

    async def make_key(self, name: str, role: str, employee: str | None = None) -> str:
        """A key under a name of the test's; its id."""
        answer = await self.post("/v1/keys", {"role": role, "employee": employee})
        assert answer.status_code == 201, answer.text
        self.keys[name] = answer.json()["key"]
        key_id: str = answer.json()["id"]
        return key_id

    async def digest(self) -> str:
        """Of all that the company has written, kept answers aside: equal, nothing has changed."""
        tables = (
            "tenant_settings", "rates", "shops", "units", "employees", "assignments",
            "assignment_shops", "api_keys", "token_revocations", "targets", "audit", "jobs",
            "own_measures", "own_indicators", "indicator_values", "webhooks", "deliveries",
            "delivery_attempts",
        )  # fmt: skip
        parts = []
        async with self.owner.read(self.number) as session:
            for table in tables:
                rows = f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} AS t"  # noqa: S608  names of ours
                parts.append(f"{table} {await session.scalar(text(rows))}")
        return "\n".join(parts)


@asynccontextmanager
async def open_companies(database: TestDatabase, wanted: int) -> AsyncIterator[list[Company]]:
    """So many companies behind one app, each with its admin's key.

    Nothing is done in the background: it would look at the companies of all tests before.
    """
    async with _opened(database) as (app, client, owner):
        yield [await _make(app, client, owner) for _ in range(wanted)]


@asynccontextmanager
async def reopened(company: Company, database: TestDatabase) -> AsyncIterator[Company]:
    """A company that is there already, as a database has it: after a restart, or a restore."""
    async with _opened(database) as (app, client, owner):
        yield Company(app, client, owner, company.number, company.keys)


@asynccontextmanager
async def _opened(
    database: TestDatabase,
) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient, Database]]:
    app = create_app(
        ApiSettings.model_validate(
            {
                "dsn": database.dsn("kaohe_api"),
                "payroll_dsn": database.dsn("kaohe_payroll"),
                "environment": "development",
            }
        )
    )
    owner = Database(database.dsn("kaohe_migrate"), application="tests")
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with (
        _without_background(app),
        httpx.AsyncClient(transport=transport, base_url="http://kaohe.test") as client,
    ):
        yield app, client, owner
    await owner.close()


@asynccontextmanager
async def _without_background(app: FastAPI) -> AsyncIterator[None]:
    with (
        patch.object(LiveWorker, "running", lambda _: nullcontext()),
        patch.object(BackTestWorker, "running", lambda _: nullcontext()),
        patch.object(WatchWorker, "running", lambda _: nullcontext()),
        patch.object(WebhookWorker, "running", lambda _: nullcontext()),
        patch.object(AuditWorker, "running", lambda _: nullcontext()),
    ):
        async with app.router.lifespan_context(app):
            yield


async def _make(app: FastAPI, client: httpx.AsyncClient, owner: Database) -> Company:
    at = datetime.now(UTC)
    async with owner.write(0) as session:
        number = await take_tenant_number(session)
    key_id, shown, digest = make_key(number)
    tenant = Tenant(number, "试验", "CNY", "Asia/Shanghai", WeekStart.MONDAY, "01-01")
    async with owner.write(number) as session:
        await create_tenant(
            session,
            f"company-{number}-{next(_numbers)}",
            tenant,
            admin=ApiKey(key_id, Role.ADMIN, None, at, None, None),
            secret_sha256=digest,
            at=at,
        )
    return Company(app, client, owner, number, {"admin": shown})


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
