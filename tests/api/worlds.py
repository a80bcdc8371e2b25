"""A world for the matrix: two companies behind both doors, two units, three levels, all stages.

In each company the boss leads `shops` with `front` and `back` below, one lead is over each, and
agents work there. Codes of the second company begin with `x-`; to the first one it is foreign.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import httpx
from sqlalchemy import insert

from services.api.graph.context import GraphContext
from services.api.store.deliveries import tell_webhooks
from services.door.callers import read_claim
from services.door.limits import Allowance, Limits, Rate
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.schema.db import Database, WriteSession
from services.schema.ids import IdKind, new_id
from services.schema.shapes.webhooks import WebhookEvent
from services.schema.tables.people import jobs
from services.schema.words import Role
from tests.api.appraisals import (
    SCHEME,
    ask,
    move,
    open_cycle,
    person,
    publish_scheme,
    sell,
    set_targets,
)
from tests.api.awaiting import await_people, be_pulled, come_late, connect
from tests.api.companies import Company, Json, open_companies
from tests.api.contested import contest_and_rate
from tests.api.facts import Sale
from tests.api.watching import STANDARD, alarm, ask_around
from tests.databases import TestDatabase

FOREIGN = "x-"
ANONYMOUS = "anonymous"
UNITS = {"e-boss": "shops", "e-lead": "front", "e-own": "front", "e-mate": "front"}
"""Who works elsewhere than in `back`."""
SHOPS = {"front": "s-a", "back": "s-b"}
"""The shop that the people of a unit answer for; facts of it are theirs to see, whoever sold."""
_SELL_IN_FRONT = frozenset({"e-own", "e-mate"})
MANAGERS = {"e-lead": "e-boss", "e-rival": "e-boss", "e-own": "e-lead", "e-mate": "e-lead"}
SELVES = {
    Role.ADMIN: "e-admin",
    Role.HR: "e-hr",
    Role.LEAD: "e-lead",
    Role.EMPLOYEE: "e-own",
    Role.VIEWER: "e-view",
}
"""Who asks as each role; machines are nobody."""
PEOPLE = ("e-boss", *MANAGERS, "e-other", "e-third", "e-admin", "e-hr", "e-view")
STAGES = ("open", "closed", "review", "calibration", "approved", "published")
"""Of cycles that hold scorecards; each has one in the world, and the draft is beside them."""
_MUCH = Rate(10**9, 10**9)
UNBOUNDED = Allowance(
    key=_MUCH, tenant=_MUCH, strangers=_MUCH, at_once=10**9, graph=dict.fromkeys(Role, _MUCH)
)
_PERSONAL_ADMIN = "admin in person"
_SCHEME = SCHEME | {
    "distribution": {
        "shares": [
            {"grade": grade, "share": share}
            for grade, share in (("A", "20"), ("B", "70"), ("C", "10"))
        ],
        "minimum_population": 100,
        "tie_breakers": [],
    },
    "pay": [*SCHEME["pay"], {"plan": "adjustment", "minimum": "-100", "maximum": "100"}],
}  # fmt: skip


@dataclass
class World:
    """Two companies, and what is in them by kind, relation and stage."""

    ours: Company
    theirs: Company
    ingest: httpx.AsyncClient
    database: TestDatabase
    looker: asyncpg.Connection
    """May do anything: counts what all have written."""
    tables: list[str]
    paths_of_ingest: frozenset[str]
    things: dict[tuple[str, str], str] = field(default_factory=dict)
    """An id by kind and what it is about: an employee, a unit, a stage, or nothing."""

    def people(self, role: str) -> dict[str, str]:
        """Somebody in each relation to who asks as a role."""
        known = {"other": "e-other", "foreign": f"{FOREIGN}e-other"}
        if role in {each.value for each in SELVES}:
            known["own"] = SELVES[Role(role)]
        if role == Role.LEAD:
            known |= {"team": "e-mate", "above": "e-boss"}
        if role == Role.EMPLOYEE:
            known["above"] = "e-lead"
        return known

    def dsn(self, role: str) -> str:
        return self.database.dsn(role)

    async def digest(self) -> dict[str, str]:
        """Of each table, all tenants in it; first answers kept and readings noted aside."""
        parts = " UNION ALL ".join(
            f"SELECT '{table}', sum(hashtextextended(t::text, 0)::numeric) FROM {table} AS t"  # noqa: S608  from the catalogue
            for table in self.tables
        )
        return {name: str(kept) for name, kept in await self.looker.fetch(parts)}

    def context(self, role: str) -> GraphContext:
        """What a subscription of a role begins with."""
        claim = read_claim(f"Bearer {self.ours.keys[role]}", self.ours.app.state)
        return GraphContext(self.ours.app.state, claim)


@asynccontextmanager
async def open_world(database: TestDatabase) -> AsyncIterator[World]:
    """The world, on a database of its own."""
    settings = {"dsn": database.dsn("kaohe_ingest"), "buyer_key": "k" * 32, "master_key": "m" * 32}
    app = create_app(IngestSettings.model_validate({**settings, "environment": "development"}))
    looker = await asyncpg.connect(database.dsn("kaohe"))
    tables = await looker.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r' AND relname <> ALL($1) ORDER BY 1",
        ["replies", "readers"],
    )
    async with (
        open_companies(database, 2) as (ours, theirs),
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://kaohe.test"
        ) as client,
    ):
        routes = (route for router in app.state.routers for route in router.routes)
        paths = frozenset(str(getattr(route, "path_format", "")) for route in routes)
        # A matrix asks more in a minute than anybody may: how much is tried in tests of its own.
        for each in (ours.app, app):
            each.state.limits = Limits(UNBOUNDED)
        world = World(ours, theirs, client, database, looker, [row[0] for row in tables], paths)
        await _fill(world, ours, "")
        await _fill(world, theirs, FOREIGN)
        yield world
    await looker.close()


@asynccontextmanager
async def undone(
    world: World,
    watching: Callable[[WriteSession], AbstractAsyncContextManager[None]] = lambda _: nullcontext(),
) -> AsyncIterator[None]:
    """Writes of both doors end undone, so that every cell meets the same world.

    Each is watched inside its transaction.
    """
    async with _replaced(world, watching, _Undone):
        yield


@asynccontextmanager
async def watched(
    world: World, watching: Callable[[WriteSession], AbstractAsyncContextManager[None]]
) -> AsyncIterator[None]:
    """Writes of both doors are watched, and stay."""
    async with _replaced(world, watching, None):
        yield


@asynccontextmanager
async def _replaced(
    world: World,
    watching: Callable[[WriteSession], AbstractAsyncContextManager[None]],
    ending: type[Exception] | None,
) -> AsyncIterator[None]:
    apps = [world.ours.app, world.ingest._transport.app]  # type: ignore[attr-defined]
    kept = [app.state.database for app in apps]
    for app, database in zip(apps, kept, strict=True):
        app.state.database = _Watching(database, watching, ending)
    try:
        yield
    finally:
        for app, database in zip(apps, kept, strict=True):
            app.state.database = database


class _Undone(Exception):
    pass


class _Watching:
    """A database whose writing transactions are watched, and may end in an error: undone."""

    def __init__(
        self,
        database: Database,
        watching: Callable[[WriteSession], AbstractAsyncContextManager[None]],
        ending: type[Exception] | None,
    ) -> None:
        self._database = database
        self._watching = watching
        self._ending = ending

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    @asynccontextmanager
    async def write(self, tenant: int) -> AsyncIterator[Any]:
        try:
            async with self._database.write(tenant) as session:
                async with self._watching(session):
                    yield session
                if self._ending is not None:
                    raise self._ending
        except _Undone:
            return


async def _fill(world: World, company: Company, prefix: str) -> None:
    people = [f"{prefix}{code}" for code in PEOPLE]
    await _staff(company, prefix)
    for role in Role:
        code = SELVES.get(role)
        name = _PERSONAL_ADMIN if role is Role.ADMIN else role.value
        key_id = await company.make_key(name, role.value, code and f"{prefix}{code}")
        world.things["key", f"{prefix}{role}"] = key_id
    for noun in ("scheme", "ladder", "indicator", "measure", "standard"):
        world.things[noun, prefix] = f"{prefix}mine".replace("-", "_")
    await _define(company, prefix)
    await _hear(world, company, prefix)
    await set_targets(company, dict.fromkeys(people, "1000"))
    await set_targets(company, dict.fromkeys(people, "3000"), "2026-Q1")
    for order, day in (("so", 5), ("ex", 6)):
        sales = [
            Sale(
                id=f"{prefix}{code}-{order}",
                paid_on=date(2026, 1, day),
                shop=f"{prefix}{SHOPS['front' if code in _SELL_IN_FRONT else 'back']}",
                salesperson=f"{prefix}{code}",
                amount="500",
            )
            for code in PEOPLE
        ]
        await sell(company, *sales)
    await _post(world, company, prefix, people)
    await _appraise(world, company, prefix)
    for code in people:
        await company.make_key(code, "employee", code)
    await contest_and_rate(company, world.things, prefix, people)
    await await_people(company, world.things, prefix, people)
    for code in people:  # known to nobody from here on
        del company.keys[code]
    await come_late(company, world.things, prefix)
    await be_pulled(company, world.things, prefix, world.looker)
    await _state(world, company, prefix, people)
    await company.app.state.live.settle(company.number)
    # The first admin is nobody in person, and set all this up with another who published it; who
    # asks from here on is somebody.
    del company.keys["checker"]
    company.keys["admin"] = company.keys.pop(_PERSONAL_ADMIN)


async def _staff(company: Company, prefix: str) -> None:
    shop = {"name": "s", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    shop |= {"marketplace": "taobao"}
    await company.fill("shops", *({"code": f"{prefix}{code}", **shop} for code in SHOPS.values()))
    for code, parent, lead in (
        ("shops", None, "e-boss"),
        ("front", "shops", "e-lead"),
        ("back", "shops", "e-rival"),
    ):
        stated = {"name": code, "parent": parent and f"{prefix}{parent}", "lead": f"{prefix}{lead}"}
        await ask(company, "PUT", f"/v1/units/{prefix}{code}", stated)
    rows = []
    for code in PEOPLE:
        unit = UNITS.get(code, "back")
        shops = [f"{prefix}{SHOPS[unit]}"] if unit in SHOPS else []
        row = person("agent", f"{prefix}{unit}", shops=shops)
        manager = MANAGERS.get(code)
        row |= {"name": f"name of {code}", "manager": manager and f"{prefix}{manager}"}
        rows.append({"code": f"{prefix}{code}", **row})
    await company.fill("employees", *rows)


async def _define(company: Company, prefix: str) -> None:
    """A scheme, a ladder, an indicator, a measure and a standard of the company's own."""
    mine = f"{prefix}mine".replace("-", "_")
    await publish_scheme(company, mine, _SCHEME)
    await ask(company, "PUT", f"/v1/schemes/{mine}", _SCHEME | {"note": "the next version"})
    await ask(company, "POST", "/v1/ladders", {"code": mine, "template": "service_agent"})
    name = {"zh": "自", "en": "own"}
    await ask(company, "PUT", f"/v1/measures/{mine}", {"name": name, "unit": "count"})
    indicator = {"name": name, "formula": "paid_amount", "unit": "money", "better": "higher"}
    await ask(company, "PUT", f"/v1/indicators/{mine}", indicator)
    await ask(company, "PUT", f"/v1/standards/{mine}", STANDARD | {"at_most": "9"})


async def _hear(world: World, company: Company, prefix: str) -> None:
    """A webhook, and one thing that it is to be told."""
    wanted = {"url": "https://hooks.example/", "events": ["alert.raised"]}
    webhook = (await company.post("/v1/webhooks", wanted)).json()["id"]
    async with company.app.state.database.write(company.number) as session:
        await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])
    (delivery,) = (await company.get(f"/v1/webhooks/{webhook}/deliveries")).json()["items"]
    world.things["webhook", prefix] = webhook
    world.things["delivery", prefix] = delivery["id"]


async def _appraise(world: World, company: Company, prefix: str) -> None:
    """A cycle in each stage, and one that holds the people of `back` alone."""
    scheme = f"{prefix}mine".replace("-", "_")
    population = {"position": "agent"}
    for stage in STAGES:
        code = f"{prefix}{stage}"
        await open_cycle(company, code, scheme=scheme, population=population)
        await move(company, code, *STAGES[1 : STAGES.index(stage) + 1], reason="the matrix")
        world.things["cycle", code] = code
        if stage == "calibration":
            world.things["cycle", prefix] = code
        cards = await company.get(f"/v1/scorecards?cycle={code}&limit=500")
        for card in cards.json()["items"]:
            employee = card["subject"].removeprefix("employee:")
            world.things[f"scorecard {stage}", employee] = card["id"]
    back = {"position": "agent", "unit": f"{prefix}back"}
    await open_cycle(company, f"{prefix}back", scheme=scheme, population=back)
    draft = {"code": f"{prefix}draft", "scheme": scheme, "period": "2026-01", "population": back}
    await ask(company, "POST", "/v1/cycles", draft)
    for code in ("back", "draft"):
        world.things["cycle", f"{prefix}{code}"] = f"{prefix}{code}"
    results = await company.get("/v1/results?limit=500")
    for result in results.json()["items"]:
        world.things["result", result["subject"].removeprefix("employee:")] = result["id"]


async def _post(world: World, company: Company, prefix: str, people: list[str]) -> None:
    """One order of each excluded, a row refused, the feed that it came by, and accounts."""
    headers = {"Authorization": f"Bearer {company.keys['admin']}"}
    for code in people:
        stated = {"source": "erp", "order": f"{code}-ex", "reason": "test", "note": "the matrix"}
        answer = await world.ingest.post("/v1/exclusions", json=stated, headers=headers)
        world.things["exclusion", code] = answer.json()["id"]
        world.things["order", code] = f"{code}-so"
    refused = [{"source": "erp", "shop": f"{prefix}{SHOPS['front']}"}]
    await world.ingest.post("/v1/facts/orders", json=refused, headers=headers)
    await connect(company, world.things, prefix, world.ingest, tuple(SHOPS.values()))
    for kind, path in (("rejected", "/v1/rejected"), ("feed", "/v1/feeds")):
        items = (await world.ingest.get(path, headers=headers)).json()["items"]
        world.things[kind, prefix] = items[0]["id"]


async def _state(world: World, company: Company, prefix: str, people: list[str]) -> None:
    """What is stated of people and of the company, and a job of each caller."""
    ladder = f"{prefix}mine".replace("-", "_")
    seen = [
        {"employee": code, "behaviour": "communication", "month": "2026-01", "holds": True}
        for code in people
    ]
    await ask(company, "POST", f"/v1/ladders/{ladder}/observations", seen)
    action = {"code": "call", "what": "call old buyers", "due_on": "2026-01-31"}
    whole = {"subject": "company", "indicator": ladder, "period": "2026-01"}
    await ask(company, "PUT", "/v1/targets", [{**whole, "value": "9"}])
    await ask(company, "PUT", "/v1/target-plans", {**whole, "mode": "scale", "actions": []})
    for code in people:
        plan: Json = {"subject": f"employee:{code}", "indicator": "net_sales"}
        plan |= {"period": "2026-01", "mode": "scale", "actions": [action | {"owner": code}]}
        await ask(company, "PUT", "/v1/target-plans", plan)
    world.things |= await alarm(company, people, ladder)
    world.things["survey", prefix] = ladder
    world.things |= await ask_around(company, ladder, people)
    month = {"month": "2026-01", "employees": None}
    await ask(company, "POST", f"/v1/ladders/{ladder}/assessments", month)
    async with company.owner.write(company.number) as session:
        for role in Role:
            job = new_id(IdKind.JOB)
            row = {
                "tenant_id": company.number,
                "id": job,
                "kind": "backfill",
                "status": "done",
                "progress": 1,
                "request": "{}",
                "result": "{}",
                "caller": f"key:{world.things['key', f'{prefix}{role}']}",
                "created_at": datetime.now(UTC),
            }
            await session.execute(insert(jobs).values(row))
            world.things["job", f"{prefix}{role}"] = job
