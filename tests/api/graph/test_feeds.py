"""Feeds in the graph are those that ingest shows, whoever asks."""

from dataclasses import replace

import httpx
import time_machine

from services.ingest.app import create_app
from services.ingest.settings import IngestSettings
from tests.api.companies import Company, Json
from tests.api.graph.asking import CORE, ask, every, every_node, leaves, post, told
from tests.databases import TestDatabase
from tests.ingest.doors import BUYER_KEY

STOCK = {
    "source": "erp",
    "shop": "a",
    "day": "2026-10-31",
    "skus": 5,
    "modified_at": "2026-11-05T10:00:00+08:00",
}


async def test_the_graph_shows_the_feeds_that_ingest_shows(
    company: Company, database: TestDatabase
) -> None:
    shop = {"name": "a", "timezone": "Asia/Shanghai", "currency": "CNY", "kind": "online"}
    assert (await company.put("/v1/shops/a", shop)).status_code == 201
    settings = {"dsn": database.dsn("kaohe_ingest"), "buyer_key": BUYER_KEY}
    ingest = create_app(IngestSettings.model_validate(settings))
    async with (
        ingest.router.lifespan_context(ingest),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(ingest), base_url="http://kaohe.test"
        ) as client,
    ):
        with time_machine.travel("2026-11-22T08:00:00Z", tick=False):
            await _compare(company, replace(company, app=ingest, client=client))


async def _compare(company: Company, ingest: Company) -> None:
    later: Json = {**STOCK, "day": "2026-11-03"}
    for rows in ([STOCK, later], [{**STOCK, "shop": "nowhere", "source": "crm"}]):
        assert (await ingest.post("/v1/facts/stock", rows)).status_code == 200
    items = await every(ingest, "/v1/feeds?limit=1")
    nodes = await every_node(company, "feeds", "", 1)
    made = CORE.get_type("Feed")
    assert made is not None
    assert len(items) == 2
    for item, node in zip(items, nodes, strict=True):
        stated, answered = leaves(item, made), told(node)
        assert {name: answered.get(name, "nothing") for name in stated} == stated
    for period in ("2026-11", "2026-10", "2026-11-22"):
        items = await every(ingest, f"/v1/feeds?limit=1&period={period}")
        nodes = await every_node(company, "feeds", f'period: "{period}",', 1)
        assert [node["accepted"] for node in nodes] == [item["accepted"] for item in items]
        assert sum(item["accepted"] for item in items) == (0 if period == "2026-10" else 3)
    (feed,) = (item for item in items if item["shop"] == "a")
    assert feed["gaps"] == ["2026-11-01", "2026-11-02"]
    query = "query ($id: ID!) { node(id: $id) { ... on Feed { shop accepted } } }"
    assert await ask(company, query, {"id": feed["id"]}) == {"node": {"shop": "a", "accepted": 2}}
    await company.make_key("payroll", "payroll")
    body = (await post(company, "{ feeds { totalCount } }", key="payroll")).json()
    assert body["errors"][0]["extensions"] == {"code": "forbidden"}
