"""What a story's companies make of what is stored: cards, pay and audit, by the api's own code.

Each has a keeper, who answers for its shops, and the guide whom some orders name. October is
published as soon as anybody looks, whatever has come by then; what comes later corrects its pay.
November stays live.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from services.api.flows.audit import verify_audit
from services.api.flows.live import mark_stale
from services.api.flows.settling import recompute_some, settle_populations, take_marks
from services.api.store.audit import read_head
from services.cli.operator import admin_key_of, recompute_tenant
from services.schema.db import Database
from services.schema.errors import Unavailable
from tests.databases import TestDatabase
from tests.real.doors import open_doors
from tests.real.tenants import Tenant
from tests.simulation.ledgers import GUIDE
from tests.simulation.postgres import TABLES, Owner

MONTHS = ("2026-10", "2026-11")
KEEPER = "keeper"
PEOPLE = (KEEPER, GUIDE)
RATE = Decimal(7)
"""Of a dollar in yuan, whatever the day."""
_MOST_LOOKS, _MOST_ATTEMPTS = 5, 20
_NOT_SCORED = {"id", "scorecard", "computed_at", "coverage", "provisional"}
"""What of a card goes by the clock (decision 0014)."""


def _item(code: str, indicator: str, scope: str) -> dict[str, Any]:
    rule = {"kind": "ratio", "floor": "0", "cap": "120"}
    return {"code": code, "indicator": indicator, "weight": "50", "scope": scope,
            "target": {"kind": "set"}, "rule": rule, "missing": "zero"}  # fmt: skip


def _plan(indicator: str) -> dict[str, Any]:
    """Pay of the whole amount, so that no rounding hides a cent."""
    return {"plan": "commission", "indicator": indicator, "bands": [{"from": "0", "rate": "1"}]}


_NAME = {"zh": "销售", "en": "Sales"}
_SCHEME = {
    "name": _NAME,
    "cycle": "month",
    "full_mark": "100",
    "sections": [
        {"code": "sales", "name": _NAME, "weight": "100",
         "items": [_item("shops", "net_sales", "shops"), _item("own", "gross_sales", "own")]}
    ],
    "grades": [{"grade": "A", "from": "0", "coefficient": "1"}],
    "pay": [_plan("net_sales"), _plan("gross_sales")],
}  # fmt: skip


class _Patient(httpx.AsyncBaseTransport):
    """Asks again where the answer is 503, as it says: other tests may need the whole machine."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        for _ in range(_MOST_ATTEMPTS):
            if answer.status_code != 503:
                break
            await asyncio.sleep(1)
            answer = await self._inner.handle_async_request(request)
        return answer


@dataclass(slots=True)
class _Known:
    """What was seen of a company, and may only grow."""

    keys: dict[str, str]
    feed: bytes = b""
    heads: dict[int, bytes] = field(default_factory=dict)
    """Digests of its audit's entries by number, kept elsewhere."""


class Appraisals:
    """Of all companies of one story; what is broken is told."""

    def __init__(self, database: TestDatabase, numbers: Mapping[str, int], folder: Path) -> None:
        self._database = database
        self._numbers = numbers
        self._folder = folder
        self._known: dict[int, _Known] = {}

    def settle_in(self, companies: Mapping[str, Sequence[str]]) -> None:
        """Before anything is stored."""
        asyncio.run(self._settle_in(companies))

    def look(self) -> list[str]:
        """October is published, or corrected; what was read before is as it was."""
        return asyncio.run(self._look(self._go_on))

    def look_at_last(self) -> list[str]:
        """After all is well: the same, and all of it is what the facts come to."""
        return asyncio.run(self._look(self._end))

    async def _settle_in(self, companies: Mapping[str, Sequence[str]]) -> None:
        async with open_doors(self._database, self._folder) as doors:
            doors.api._transport = _Patient(doors.api._transport)
            for code, number in self._numbers.items():
                _, key = await admin_key_of(self._database.dsn("kaohe_migrate"), code)
                tenant = Tenant(number, doors.api, doors.ingest, {"admin": key})
                for role in ("hr", "payroll"):
                    tenant.keys[role] = (await tenant.post("/v1/keys", {"role": role}))["key"]
                self._known[number] = _Known(tenant.keys)
                await _move_in(tenant, companies[code])

    async def _look(self, at: "Callable[[_Company], Coroutine[Any, Any, list[str]]]") -> list[str]:
        owner = Owner(self._database)
        store = Database(self._database.dsn("kaohe_api"), application="story")
        try:
            async with open_doors(self._database, self._folder) as doors:
                doors.api._transport = _Patient(doors.api._transport)
                found = []
                for number, known in self._known.items():
                    tenant = Tenant(number, doors.api, doors.ingest, known.keys)
                    company = _Company(tenant, known, store, owner)
                    found += [f"tenant {number}: {each}" for each in await at(company)]
        finally:
            await store.close()
            await owner.close()
        return found

    async def _go_on(self, company: "_Company") -> list[str]:
        await company.settle()
        await company.publish_or_correct()
        return [*await company.check_feed(), *await company.check_audit()]

    async def _end(self, company: "_Company") -> list[str]:
        found = await self._go_on(company)
        found += [*await company.check_sums(), *await company.check_cards()]
        store = Database(self._database.dsn("kaohe_migrate"), application="story")
        try:
            (published,) = await recompute_tenant(store, company.tenant.number)
        finally:
            await store.close()
        is_same = published.cards == len(PEOPLE) and not (published.drifts or published.unreadable)
        return found if is_same else [*found, f"P10: what was published drifts: {published}"]


async def _move_in(tenant: Tenant, shops: Sequence[str]) -> None:
    rate = {"from": "USD", "to": "CNY", "day": "2026-01-01", "rate": str(RATE)}
    await tenant.put("/v1/rates", [rate])
    await tenant.put("/v1/units/ops", {"name": "ops"})
    for who, held in ((KEEPER, shops), (GUIDE, ())):
        shares = [{"shop": shop, "share": "100"} for shop in held]
        post = {"position": "seller", "unit": "ops", "shops": shares, "from": "2026-01-01"}
        await tenant.put(f"/v1/employees/{who}", {"name": who, "assignments": [post]})
    targets = [
        {"subject": f"employee:{who}", "indicator": indicator, "period": month,
         "level": "budget", "value": "5000"}
        for who in PEOPLE
        for indicator in ("net_sales", "gross_sales")
        for month in MONTHS
    ]  # fmt: skip
    await tenant.put("/v1/targets", targets)
    await tenant.put("/v1/schemes/seller", _SCHEME)
    await tenant.post("/v1/schemes/seller/publish", None)
    for month in MONTHS:
        population = {"position": "seller"}
        cycle = {"code": month, "scheme": "seller", "period": month, "population": population}
        await tenant.post("/v1/cycles", cycle)
        await tenant.post(f"/v1/cycles/{month}/moves", {"to": "open"})


@dataclass(frozen=True, slots=True)
class _Company:
    """One of them, while somebody looks."""

    tenant: Tenant
    known: _Known
    store: Database
    owner: Owner

    async def settle(self) -> None:
        """Whatever was marked is computed; a database that is busy is asked again."""
        for _ in range(_MOST_ATTEMPTS):
            with suppress(Unavailable):
                return await self._settle()
        return await self._settle()

    async def _settle(self) -> None:
        number, at = self.tenant.number, datetime.now(UTC)
        async with self.store.write(number) as session:
            await take_marks(session, at=at)
        async with self.store.write(number) as session:
            await settle_populations(session, at=at)
        cards = 1
        while cards:
            async with self.store.write(number) as session:
                cards = await recompute_some(session, at=at)

    async def publish_or_correct(self) -> None:
        october, _ = MONTHS
        cycle = await self.tenant.get(f"/v1/cycles/{october}")
        if cycle["status"] == "open":
            await self.tenant.move(october, "closed", "review", "approved", "published")
        for _ in range(_MOST_LOOKS):
            waiting = (await self.tenant.get("/v1/late-facts"))["items"]
            for case in waiting:
                body = {"decision": "accepted", "reason": "it came late"}
                # One proposes, another decides.
                for role in ("hr", "admin"):
                    path = f"/v1/late-facts/{case['id']}/decision"
                    await self.tenant.post(path, body, role=role)
            if not waiting:
                return
        raise AssertionError("late facts do not come to an end")

    async def check_feed(self) -> list[str]:
        """What payroll has read stays as it was, to the last byte."""
        read, before = await self._feed(), self.known.feed
        self.known.feed = read
        is_kept = read.startswith(before[: before.rindex(b"]")]) if before else True
        return [] if is_kept else ["P01: what was published is not as it was"]

    async def check_audit(self) -> list[str]:
        async with self.store.read(self.tenant.number) as session:
            verified = await verify_audit(session, self.known.heads)
            head = await read_head(session)
        assert head is not None
        self.known.heads[head.number] = head.digest
        return [] if verified.intact else [f"P07: the audit is not intact: {verified}"]

    async def check_sums(self) -> list[str]:
        """Pay of October and cards of November are what the facts come to, by hand."""
        october, november = MONTHS
        entries = json.loads(await self._feed())["items"]
        paid = dict.fromkeys(PEOPLE, Decimal(0))
        for entry in entries:
            paid[entry["employee"]] += Decimal(entry["amount"])
        by_hand = await self._by_hand()
        owed = {KEEPER: by_hand.owed(october), GUIDE: by_hand.named(october)}
        found = [
            f"S07: {who} is paid {amount}, and sold for {owed[who]}"
            for who, amount in paid.items()
            if amount != owed[who]
        ]
        cards = (await self.tenant.get("/v1/scorecards", cycle=november))["items"]
        for card in cards:
            who = card["subject"].removeprefix("employee:")
            values = {line["item"]: Decimal(line["value"] or 0) for line in card["lines"]}
            sold = {
                "shops": by_hand.net(november) if who == KEEPER else Decimal(0),
                "own": by_hand.named(november) if who == GUIDE else Decimal(0),
            }
            if values != sold:
                found.append(f"the card of {who} says {values}, the facts {sold}")
        return found if len(cards) == len(PEOPLE) else [*found, f"{len(cards)} cards of {november}"]

    async def check_cards(self) -> list[str]:
        """Deleted, and computed anew from measures in another order, they say the same."""
        before = await self._cards()
        number = self.tenant.number
        async with self.owner.moment() as connection:
            for _, table in TABLES.values():
                for statement in _SHUFFLED:
                    await connection.execute(statement.format(table=table, tenant=number))
            await connection.execute(_DELETED, number, MONTHS[1])
        async with self.store.write(number) as session:
            await mark_stale(session, employees=None, at=datetime.now(UTC))
        await self.settle()
        after = await self._cards()
        return [
            f"P11: the card of {who} says {after.get(who)}, before {before.get(who)}"
            for who in {*before, *after, *PEOPLE}
            if before.get(who) is None or before.get(who) != after.get(who)
        ]

    async def _cards(self) -> dict[str, object]:
        """The live cards by whose they are, without what goes by the clock."""
        rows = await self.owner.fetch(_LIVE, self.tenant.number, MONTHS[1])
        return {
            row["subject"]: (
                _scored(row["document"]),
                _scored(row["explanation"]),
                row["fingerprint"],
                row["total"],
                row["grade"],
            )
            for row in rows
        }

    async def _by_hand(self) -> "_ByHand":
        async with self.owner.moment() as connection:
            orders = await connection.fetch(_FACTS.format("order_facts"), self.tenant.number)
            refunds = await connection.fetch(_FACTS.format("refund_facts"), self.tenant.number)
        stated = {(row["source"], row["id"]): dict(row) for row in orders}
        return _ByHand(stated, [dict(row) for row in refunds])

    async def _feed(self) -> bytes:
        answer = await self.tenant.api.get(
            "/v1/payroll/entries",
            params={"after": "0", "limit": 1000},
            headers={"Authorization": f"Bearer {self.known.keys['payroll']}"},
        )
        assert answer.status_code == 200, answer.text
        return answer.content


def _scored(document: bytes) -> str:
    stated = {name: each for name, each in json.loads(document).items() if name not in _NOT_SCORED}
    return json.dumps(stated, sort_keys=True)


_FACTS = "SELECT * FROM {} WHERE tenant_id = $1"
_SHUFFLED = (
    "CREATE TEMP TABLE shuffled AS SELECT * FROM {table} WHERE tenant_id = {tenant}",
    "DELETE FROM {table} WHERE tenant_id = {tenant}",
    "INSERT INTO {table} SELECT * FROM shuffled ORDER BY random()",
    "DROP TABLE shuffled",
)
_DELETED = "DELETE FROM scorecards WHERE tenant_id = $1 AND cycle = $2"
_LIVE = "SELECT * FROM scorecards WHERE tenant_id = $1 AND cycle = $2"


@dataclass(frozen=True, slots=True)
class _ByHand:
    """What was sold in a month, from the facts and nothing else, in yuan."""

    orders: Mapping[tuple[str, str], Mapping[str, Any]]
    refunds: Sequence[Mapping[str, Any]]

    def net(self, month: str) -> Decimal:
        """Each refund on its own day."""
        return self._paid(month) - self._refunded(month, lambda row: row["refunded_on"])

    def owed(self, month: str) -> Decimal:
        """Each refund on the day of its order, where there is one."""
        return self._paid(month) - self._refunded(month, self._day_of_order)

    def named(self, month: str) -> Decimal:
        """What names the guide."""
        return self._paid(month, lambda row: row["salesperson"] == GUIDE)

    def _paid(
        self, month: str, is_meant: Callable[[Mapping[str, Any]], bool] = lambda _: True
    ) -> Decimal:
        rows = (row for row in self.orders.values() if is_meant(row))
        return sum(
            (_in_yuan(row, row["paid_amount"]) for row in rows if _is_in(row["paid_on"], month)),
            Decimal(0),
        )

    def _refunded(self, month: str, day_of: Callable[[Mapping[str, Any]], date | None]) -> Decimal:
        return sum(
            (
                _in_yuan(row, row["amount"])
                for row in self.refunds
                if row["status"] == "succeeded" and _is_in(day_of(row), month)
            ),
            Decimal(0),
        )

    def _day_of_order(self, refund: Mapping[str, Any]) -> date | None:
        order = self.orders.get((refund["source"], refund["order_id"]))
        day: date | None = refund["refunded_on"] if order is None else order["paid_on"]
        return day


def _is_in(day: date | None, month: str) -> bool:
    return day is not None and day.isoformat()[:7] == month


def _in_yuan(row: Mapping[str, Any], amount: Decimal) -> Decimal:
    return amount * RATE if row["currency"] == "USD" else amount
