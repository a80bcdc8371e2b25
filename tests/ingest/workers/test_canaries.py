"""No buyer and no secret is found anywhere once their pages are read: canaries are planted in all.

Names, phones, addresses and ids of buyers in every row of every marketplace, and in what they say
when they refuse; then all tables, a dump of the database, logs, errors, exports and what is written
down of a company are searched, for them and for every secret that there is.
"""

import base64
import io
import json
import re
import sys
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from sqlalchemy import text

from sandbox.doors import credentials
from sandbox.faults import Fault
from sandbox.gateways import Answer, Asked
from sandbox.lives import midnight
from sandbox.shops import SHOP_OF
from services.api.receivers import Receivers
from services.api.store.deliveries import tell_webhooks
from services.api.workers.webhooks import WebhookWorker
from services.door.logs import configure_logs
from services.door.sealing import Keyring
from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from services.ingest.workers.desks import Desks
from services.ingest.workers.schedule import Schedule
from services.local.database import Server
from services.schema.db import Database
from services.schema.shapes.webhooks import WebhookEvent
from tests.api.companies import Company, Json, open_companies
from tests.api.receiving import OK, answer, receiving
from tests.databases import TestDatabase
from tests.figures import Figures, Wrong
from tests.ingest.searches import Search
from tests.ingest.worlds import (
    BUYER_KEY,
    BUYER_KEYS,
    FIRST,
    MASTER_KEY,
    Clock,
    sandboxes_on_loopback,
)

SHOPS = {
    "taobao": "tm-life",
    "jd": "jd-qinghe",
    "pinduoduo": "pdd-qinghe",
    "douyin": "dy-qinghe",
    "amazon": "az-qinghe",
    "shopify": "sp-qinghe",
    "woocommerce": "wc-qinghe",
}
NAME, PHONE, STREET, BUYER = "金丝雀姓名", "19912345678", "CanaryStreet7", "canarybuyer"
PLANTED = {
    "receiver_name": NAME,
    "receiver_phone": PHONE,
    "receiver_address": {"street": STREET, "lines": [STREET, NAME]},
    "buyer_message": f"call {NAME} at {PHONE}",
}
_NAMES = re.compile("收货人|张三|买家的名字")
_IDS = {
    "buyer_open_uid", "open_id_buyer", "xid_buyer", "pin", "doudian_open_id", "buyerEmail",
    "BuyerEmail", "customer_id",
}  # fmt: skip
_WORDS = {
    "msg", "sub_msg", "message", "error_msg", "zh_desc", "en_desc", "error_message", "detail",
}  # fmt: skip
_AMOUNTS = {
    "payment", "actualPay", "orderTotalPrice", "pay_amount", "order_amount", "total",
    "totalPriceSet", "proceeds", "OrderTotal",
}  # fmt: skip
"""In some rows these are nonsense, so that the rows are refused and kept."""


class Planter:
    """Puts canaries into all that a marketplace says."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._answer = answer
        self.served: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> Answer:
        answer = self._answer(asked)
        body = self._plant(answer.body)
        for canary in (NAME, PHONE, STREET, BUYER):
            self.served[canary] += _count(canary, body)
        return replace(answer, body=body)

    def _plant(self, body: bytes) -> bytes:
        try:
            return self._document(body)
        except ValueError:
            pass
        try:
            # A document in every line.
            return b"\n".join(self._document(line) for line in body.splitlines())
        except ValueError:
            return body

    def _document(self, body: bytes) -> bytes:
        return json.dumps(self._with(json.loads(body), is_row=False)).encode()

    def _with(self, value: Any, *, is_row: bool) -> Any:
        if isinstance(value, list):
            return [self._with(each, is_row=True) for each in value]
        if not isinstance(value, dict):
            return _NAMES.sub(NAME, value) if isinstance(value, str) else value
        made = {
            name: self._named(name, self._with(inner, is_row=is_row))
            for name, inner in value.items()
        }
        if is_row and _is_poisoned(value):
            made |= {name: "x" for name in made if name in _AMOUNTS}
        return {**made, **PLANTED} if is_row or len(made) > 4 else made

    def _named(self, name: str, value: Any) -> Any:
        if name in _IDS and value:
            return f"{BUYER}{value}"
        if name == "customer" and isinstance(value, dict) and value.get("id"):
            return {**value, "id": f"{value['id']}{BUYER}"}
        if name in {"phone", "mobile"} and isinstance(value, str):
            return PHONE
        if name in _WORDS and isinstance(value, str):
            return f"{value} {NAME} {PHONE}"
        return value


def _is_poisoned(row: dict[str, Any]) -> bool:
    number = next((row[n] for n in ("tid", "orderId", "order_sn", "order_id", "id") if n in row), 1)
    return zlib.crc32(str(number).encode()) % 2 == 0


def _count(canary: str, body: bytes) -> int:
    escaped = json.dumps(canary)[1:-1].encode()
    return body.count(escaped) + (body.count(canary.encode()) if escaped != canary.encode() else 0)


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """All lines of logs, whatever they are worth, of loggers that others have used before too."""
    lines = io.StringIO()
    configure_logs("DEBUG", file=lines)
    structlog.configure(cache_logger_on_first_use=False)
    with pytest.MonkeyPatch.context() as patched:
        for name, module in list(sys.modules.items()):
            if name.startswith("services.") and hasattr(module, "_log"):
                patched.setattr(module, "_log", structlog.get_logger())
        yield lines
    structlog.reset_defaults()


@asynccontextmanager
async def pooled(database: TestDatabase) -> AsyncIterator[Database]:
    pool = Database(database.dsn("kaohe_ingest"), application="test")
    try:
        yield pool
    finally:
        await pool.close()


def secrets_of(shops: list[dict[str, Any]]) -> list[str]:
    names = ("secret", "session", "refresh")
    return sorted({str(shop[name]) for shop in shops for name in names if shop.get(name)})


async def put_shops(company: Company) -> None:
    await company.fill(
        "shops",
        *(
            {
                "code": code,
                "name": code,
                "marketplace": SHOP_OF[code].marketplace,
                "timezone": "Asia/Shanghai",
                "currency": SHOP_OF[code].currency,
                "kind": "online",
            }
            for code in SHOPS.values()
        ),
    )


async def seal(client: httpx.AsyncClient, key: str, shops: list[dict[str, Any]]) -> list[str]:
    """Put the accounts through the door, and some that are refused; what it answered."""
    headers, answers = {"Authorization": f"Bearer {key}"}, []
    for shop in shops:
        path = f"/v1/shops/{shop['shop']}/account"
        stated = {k: v for k, v in shop.items() if k not in {"tenant", "shop"} and v}
        stated["since"] = FIRST.isoformat()
        for wrong in ({"secret": f"{shop['secret']} "}, {"gateway": "http://evil.example"}):
            answer = await client.put(path, json={**stated, **wrong}, headers=headers)
            assert answer.status_code == 422
            answers.append(answer.text)
        answer = await client.put(path, json=stated, headers=headers)
        assert answer.status_code == 200, answer.text
        answers.append(answer.text)
    return answers


async def post_badly(client: httpx.AsyncClient, key: str) -> list[str]:
    """What an ERP should not post, readable or not."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/x-ndjson"}
    order = {"source": "erp", "id": "1", "shop": "none", "buyer": BUYER, "status": "paid"}
    rows = [
        json.dumps({**order, **PLANTED}),
        json.dumps({**order, "buyer": {"name": NAME}, "lines": [PLANTED, NAME]}),
        json.dumps({**order, "id": {"phone": PHONE}}),
        f'{{"buyer": "{BUYER}", "name": "{NAME}", "phone": {PHONE}, "id": ',
        f'["{NAME}", {PHONE}]',
        f'"{NAME} {PHONE}"',
        f"{NAME} {PHONE} {STREET}",
    ]
    answers = []
    mapping = {
        "name": {"zh": "订单", "en": "orders"},
        "kind": "orders",
        "fields": {
            "id": {"column": "订单编号"},
            "buyer": {"column": "买家", "words": {"甲": "b-1"}},
            "shop": {"constant": "none"},
            "status": {"constant": "paid"},
            "paid_at": {"column": "付款时间"},
            "paid_amount": {"column": "实付"},
        },
    }
    put = await client.put(
        "/v1/mappings/canaries", json=mapping, headers={"Authorization": f"Bearer {key}"}
    )
    assert put.status_code == 201, put.text
    table = (
        f"订单编号,买家,收货人,手机,收货地址,付款时间,实付\n"
        f"1,{BUYER},{NAME},{PHONE},{STREET},2026-11-12 09:00:00,12\n"
        f"2,{BUYER},{NAME},{PHONE},{STREET},,x\n"
    )
    answer = await client.post(
        "/v1/facts/orders?mapping=canaries",
        content=table.encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "text/csv"},
    )
    assert answer.json()["invalid"] == 2, answer.text
    answers.append(answer.text)
    for row in rows:
        answer = await client.post("/v1/facts/orders", content=row.encode(), headers=headers)
        answers.append(answer.text)
    return answers


async def hook(company: Company, search: Search) -> list[str]:
    """Two webhooks, one with two secrets, called and refused; what was answered of them since."""
    state = company.app.state
    answers: list[str] = []
    state.receivers = Receivers(plain=True, loopback=True)
    kept = timedelta(days=30)
    worker = WebhookWorker(state.database, state.keyring, state.receivers, kept=kept)
    search.look_for([state.keyring.current().raw, state.signing_key])
    async with receiving(answer(500, f"X-Said: {NAME}"), b"no HTTP", OK) as receiver:
        wanted = {"url": receiver.url, "events": ["alert.raised"]}
        await told_once(company, search, answers, "/v1/webhooks", wanted)
        made = await told_once(company, search, answers, "/v1/webhooks", wanted)
        await told_once(company, search, answers, f"/v1/webhooks/{made}/rotate", {})
        await raise_alert(company)
        for _ in range(3):
            await worker.deliver(company.number)
            async with company.owner.write(company.number) as session:
                await session.execute(text("UPDATE deliveries SET due_at = now()"))
        assert receiver.connections > 3
        signed = [head["webhook-signature"].split(" ") for head in receiver.headers]
        assert {len(each) for each in signed} == {1, 2}, "both secrets sign for a while"
    # A key that is not known any more opens nothing, and says so.
    lost = Keyring(lambda: [b"another"])
    await raise_alert(company)
    await WebhookWorker(state.database, lost, state.receivers, kept=kept).deliver(company.number)
    return answers


async def raise_alert(company: Company) -> None:
    async with company.app.state.database.write(company.number) as session:
        await tell_webhooks(session, WebhookEvent.ALERT_RAISED, [{"alert": "alr_1"}])


async def told_once(
    company: Company, search: Search, answers: list[str], path: str, body: Json
) -> str:
    """The webhook of which a secret was told; asked again, that is among the answers."""
    key = f"once-{len(answers)}"
    told = (await company.post(path, body, Idempotency_Key=key)).json()
    answers.append((await company.post(path, body, Idempotency_Key=key)).text)
    search.look_for([told["secret"], base64.b64decode(told["secret"].removeprefix("whsec_"))])
    webhook: str = told["id"]
    return webhook


async def test_scenario_x05_no_canary_is_found(
    fresh_database: TestDatabase,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    figure: Figures,
) -> None:
    for gateway in ("amazon", "shopify"):
        monkeypatch.setattr(f"sandbox.{gateway}.answers._MAKING", timedelta(0))
    clock = Clock(midnight(FIRST) + timedelta(days=1, hours=3))
    with logged() as lines, sandboxes_on_loopback(clock, FIRST) as (gateways, address):
        planters = {name: Planter(gateway.answer) for name, gateway in gateways.items()}
        for name, planter in planters.items():
            monkeypatch.setattr(gateways[name], "answer", planter)
        stated = credentials("acme", address, FIRST)["shops"]
        assert isinstance(stated, list)
        shops = [shop for shop in stated if shop["shop"] in SHOPS.values()]
        sandbox = address.partition("//")[2]
        ingest = create_app(
            IngestSettings.model_validate(
                {
                    "dsn": fresh_database.dsn("kaohe_ingest"),
                    "buyer_key": BUYER_KEY.decode(),
                    "master_key": MASTER_KEY.decode(),
                    "sandbox": sandbox,
                }
            )
        )
        ours = [MASTER_KEY.decode(), BUYER_KEY.decode()]
        search = Search([NAME, PHONE, STREET, BUYER, *ours, *secrets_of(shops)])
        async with (
            pooled(fresh_database) as pool,
            open_companies(fresh_database, 1) as (company,),
            ingest.router.lifespan_context(ingest),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(ingest), base_url="http://kaohe.test"
            ) as client,
        ):
            key = company.keys["admin"]
            await company.make_key("payroll", "payroll")
            search.look_for(each.rpartition("_")[2] for each in company.keys.values())
            await put_shops(company)
            answers = await seal(client, key, shops)
            answers += await post_badly(client, key)
            answers += await hook(company, search)
            ring = ingest.state.master_keys
            desks = Desks(pool, None, BUYER_KEYS, clock, ring=ring, sandbox=(sandbox,))
            schedule = Schedule(pool, desks, now=clock)
            problems = await schedule.pull_once()
            await check_that_it_was_planted(company, planters)
            for gateway in gateways.values():
                page = f"<html>{NAME} {PHONE} {STREET}</html>"
                gateway.trouble.add(Fault("garbage", times=9, detail=page))
                gateway.trouble.add(Fault("expired", times=9))
            clock.pass_by(hours=2)
            problems += await Schedule(pool, desks, now=clock).pull_once()
            assert len(problems) >= len(SHOPS)
            await desks.close()
            for each in (*answers, *problems):
                search.look("errors", each)
            await search.look_at_doors(ingest, client, key)
            await search.look_at_doors(company.app, company.client, key)
            await search.look_at_hooks(company)
            await search.look_at_facts(client, key)
            await search.look_at_tables(fresh_database.dsn("kaohe"))
            await search.look_at_archive(fresh_database.dsn("kaohe_migrate"), company, tmp_path)
            search.look_at_dump(server, fresh_database.dsn("kaohe"))
    for line in lines.getvalue().splitlines():
        search.look("lines", line)
    planted = sum(sum(planter.served.values()) for planter in planters.values())
    searched = ", ".join(f"{count} {what}" for what, count in sorted(search.looked.items()))
    of = f"tables, columns, answers and lines, after {planted} canaries"
    figure("X05", Wrong.LEAKS, search.found, tried=sum(search.looked.values()), of=of)
    wanted = {"tables": 60, "columns": 2000, "answers": 30, "lines": 50}
    for what, least in (wanted | {"dumped": 2000, "archived": 500}).items():
        assert search.looked[what] >= least, searched


async def check_that_it_was_planted(company: Company, planters: dict[str, Planter]) -> None:
    """Every marketplace has told of buyers, and of each something was kept and refused."""
    for name, planter in planters.items():
        assert planter.served[NAME] > 0, name
        assert planter.served[PHONE] > 0, name
        # Pinduoduo names its buyers by nothing that could be joined.
        assert (planter.served[BUYER] > 0) == (name != "pinduoduo"), name
    async with company.owner.read(company.number) as session:
        kept = await session.execute(
            text("SELECT f.shop, count(*) FROM pages JOIN feeds AS f ON f.id = feed GROUP BY 1")
        )
        assert {row.shop for row in kept} == set(SHOPS.values())
        refused = await session.execute(text("SELECT DISTINCT shop FROM rejected_rows"))
        assert {row.shop for row in refused} >= set(SHOPS.values())
