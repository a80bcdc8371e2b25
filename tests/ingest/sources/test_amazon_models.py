"""The connector and the sandbox's Amazon keep to Amazon's own models, and the connector speaks with
a server that they make.

Models and server come from the npm registry: the models as Amazon's own software has them, which
is all of their shapes and parameters. Only their examples stand in Amazon's repository alone:
`KAOHE_AMAZON_MODELS` names a folder with `orders_2026-01-01.json` and `ordersV0.json`.
"""

import asyncio
import json
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from sandbox.amazon.gateway import REAL_QUOTAS
from sandbox.gateways import Asked
from sandbox.lives import midnight
from services.ingest.core.readers.amazon import lacks_detail, number_of, read_fact
from services.ingest.sources.amazon import AmazonSource
from services.ingest.sources.amazon_calls import _ALLOWED, Forbidden
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.errors import Refused, TryLater, Unreadable
from services.ingest.sources.reading import Credential, read_document
from services.local.processes import free_port
from services.schema.shapes.facts import Order
from services.schema.shapes.feeds import Known, Origin, Window
from services.schema.words import FactKind, OrderStatus
from tests.amazon_models import Schema, document, faults_in, rates
from tests.ingest.sources.shops_of_amazon import WEEK, Amazon
from tests.packages import installed
from tests.sandbox.test_company import TODAY

PRISM = "@stoplight/prism-cli@5.16.0"
START_SECONDS = 60
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))
ORDERS, TRAFFIC, STOCK = FactKind.ORDERS, FactKind.TRAFFIC, FactKind.STOCK


def operation_of(asked: Asked) -> Schema | None:
    """What Amazon's models say of the place that is asked; null for a token or a file."""
    for place, methods in document()["paths"].items():
        pattern = re.sub(r"\{\w+\}", "[^/]+", place)
        if re.fullmatch(pattern, asked.path) and asked.method.lower() in methods:
            found: Schema = methods[asked.method.lower()]
            return found
    assert asked.path == "/auth/o2/token" or asked.path.startswith("/amazon-files/"), asked.path
    return None


def faults_of_question(asked: Asked, operation: Schema) -> list[str]:
    given = parse_qs(asked.query.decode())
    known = {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}
    faults = [f"{name} is unknown" for name in given.keys() - known.keys()]
    for name, each in known.items():
        if name not in given:
            faults += [f"{name} is missing"] if each["required"] else []
            continue
        (text,), schema = given[name], each["schema"]
        kind = schema.get("type")
        values: dict[str | None, object] = {"array": text.split(","), "boolean": text == "true"}
        if kind == "number":
            values["number"] = int(text)
        if schema.get("format") == "date-time":
            datetime.fromisoformat(text)
        faults += faults_in(values.get(kind, text), schema, name)
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        faults += faults_in(json.loads(asked.body), schema, "body")
    return faults


async def all_calls() -> Amazon:
    """A seller's shop that was asked for all that there is, the new way and the old."""
    seller = Amazon()
    day = Window(midnight(TODAY) - timedelta(days=1), midnight(TODAY))
    for kind, window in ((ORDERS, WEEK), (TRAFFIC, day), (STOCK, Window(day.end, seller.now))):
        await seller.source.read(kind, window)
    await seller.source.metrics(day)
    seller.source._only_old = True
    rows = (await seller.source.read(ORDERS, WEEK)).rows
    for row in rows[:20]:
        await seller.source.detail(ORDERS, row)
    return seller


async def test_every_question_and_every_answer_of_the_sandbox_is_as_amazons_models_say() -> None:
    """Each parameter, field, type and word; nothing that has to be there is missing."""
    seller = await all_calls()
    seen = set()
    for asked, answer in seller.calls:
        operation = operation_of(asked)
        if operation is None:
            continue
        seen.add(operation["operationId"])
        assert faults_of_question(asked, operation) == [], asked.path
        schema = operation["responses"][str(answer.status)]["content"]["application/json"]["schema"]
        assert faults_in(json.loads(answer.body), schema) == [], asked.path
    assert seen == REAL_QUOTAS.keys() == _ALLOWED.keys()


def test_what_is_wrong_is_seen() -> None:
    orders = document()["paths"]["/orders/2026-01-01/orders"]["get"]["responses"]["200"]
    schema = orders["content"]["application/json"]["schema"]
    order = {"orderId": 1, "createdTime": "", "lastUpdatedTime": "", "orderItems": [], "more": 0}
    order["fulfillment"] = {"fulfillmentStatus": "Shipped"}
    assert sorted(faults_in({"orders": [order]}, schema)) == [
        "/orders/0/fulfillment/fulfillmentStatus may not be Shipped",
        "/orders/0/more is unknown",
        "/orders/0/orderId is no string",
        "/orders/0/salesChannel is missing",
    ]


@pytest.mark.parametrize("told", [REAL_QUOTAS, _ALLOWED])
def test_rates_are_amazons_own(told: dict[str, tuple[str, int]]) -> None:
    known = rates()
    for name, (rate, burst) in told.items():
        calls, seconds, at_once = known[name]
        assert burst == at_once
        assert abs(Decimal(rate) - Decimal(calls) / seconds) <= Decimal("0.0001"), name


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that the models make."""
    file, port = tmp_path_factory.mktemp("models") / "models.json", free_port()
    file.write_text(json.dumps(document()), encoding="utf-8")
    command = [str(installed(PRISM) / "prism"), "mock", "--port", str(port), str(file)]
    address = f"http://127.0.0.1:{port}"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as process:
        try:
            until = time.monotonic() + START_SECONDS
            while True:
                try:
                    httpx.get(address)
                    break
                except httpx.TransportError:
                    assert time.monotonic() < until
                    time.sleep(0.2)
            yield address
        finally:
            process.terminate()


class Asking(httpx.AsyncBaseTransport):
    """Gives a token itself, which the models do not; may prefer another answer than a good one."""

    def __init__(self, prefer: str | None = None) -> None:
        self._inner = httpx.AsyncHTTPTransport()
        self._prefer = prefer
        self.asked: list[tuple[str, int, str | None]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/auth/o2/token":
            body = b'{"access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600}'
            return httpx.Response(200, stream=httpx.ByteStream(body))
        if self._prefer:
            request.headers["Prefer"] = self._prefer
        response = await self._inner.handle_async_request(request)
        rate = response.headers.get("x-amzn-RateLimit-Limit")
        self.asked.append((request.url.path, response.status_code, rate))
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def asking(
    address: str, prefer: str | None = None
) -> AsyncIterator[tuple[AmazonSource, Asking]]:
    async def no_sleep(_: float) -> None:
        await asyncio.sleep(0)

    transport = Asking(prefer)
    client = Client(
        [],
        Pace(1000, sleep=no_sleep),
        now=lambda: NOW,
        sandbox=[address.removeprefix("http://")],
        transport=transport,
    )
    credential = Credential(f"{address}/ATVPDKIKX0DER", "id", "secret", "Atzr|x")
    yield AmazonSource(client, credential, now=lambda: NOW), transport
    await client.close()


async def test_the_new_interface_is_asked_as_its_model_wants(server: str) -> None:
    """Our parameters pass; the rows are the model's own, and the token repeats for ever."""
    async with asking(server) as (source, transport):
        with pytest.raises(Unreadable, match="read already"):
            await source.read(ORDERS, DAY)
    assert [status for _, status, _ in transport.asked] == [200, 200]
    # The rate is the word for its type, and no number.
    assert {rate for *_, rate in transport.asked} == {"string"}
    page = source._orders.take_up(ORDERS, DAY, object)[0].changed  # type: ignore[arg-type]  # it is there
    assert page.rows
    assert all(number_of(ORDERS, row) for row in page.rows)


async def test_the_old_interface_is_asked_as_its_model_wants(server: str) -> None:
    async with asking(server) as (source, transport):
        source._only_old = True
        with pytest.raises(Unreadable, match="read already"):
            await source.read(ORDERS, DAY)
        row = {"AmazonOrderId": "902-1845936-5435065"}
        assert lacks_detail(ORDERS, row, Known({}, {}, {}))
        with pytest.raises(Unreadable, match="read already"):
            await source.detail(ORDERS, row)
        assert {status for _, status, _ in transport.asked} == {200}
        # Without its marketplace a question is refused by the model itself.
        before = len(transport.asked)
        with pytest.raises((Refused, Unreadable)):
            await source._calls.call("getOrders", "/orders/v0/orders", {}, dict)
    assert transport.asked[before][1] in {400, 422}


async def test_reports_stock_and_counts_are_asked_for_as_their_models_want(server: str) -> None:
    async with asking(server) as (source, transport):
        await source._reports._create_report(DAY.start.date())
        assert transport.asked[-1][1] == 202
        # The first word that a report may have is that there is nothing to tell.
        await source.read(TRAFFIC, Window(midnight(DAY.start.date()), NOW))
        with pytest.raises(Unreadable, match="read already"):
            await source.read(STOCK, Window(NOW, NOW + timedelta(hours=1)))
        (counted,) = await source.metrics(DAY)
        assert {"orderCount", "totalSales", "interval"} <= counted.keys()
    assert {status for _, status, _ in transport.asked} == {200, 202}


@pytest.mark.parametrize(
    ("code", "kind"), [("400", Refused), ("403", Forbidden), ("429", TryLater), ("503", TryLater)]
)
async def test_errors_of_the_models_are_what_they_mean(
    server: str, code: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bodies may carry rows beside the error: none of them is taken."""
    monkeypatch.setattr("services.ingest.sources.client.ATTEMPTS", 1)
    for operation, path, names in (
        ("searchOrders", "/orders/2026-01-01/orders", ("lastUpdatedAfter", "marketplaceIds")),
        ("getOrders", "/orders/v0/orders", ("LastUpdatedAfter", "MarketplaceIds")),
    ):
        params = dict(zip(names, ("2026-11-01T00:00:00Z", "A1"), strict=True))
        async with asking(server, f"code={code}") as (source, _):
            with pytest.raises(kind):
                await source._calls.call(operation, path, params, dict)


def published(model: str) -> list[dict[str, Any]]:
    """The orders in the answers that a model gives as examples to replay."""
    folder = os.environ.get("KAOHE_AMAZON_MODELS")
    if folder is None or not (Path(folder) / model).is_file():
        pytest.skip(f"KAOHE_AMAZON_MODELS names no folder with Amazon's {model}")
    models = read_document((Path(folder) / model).read_bytes())
    assert isinstance(models, dict)
    pairs = [
        pair
        for operations in models["paths"].values()
        for operation in operations.values()
        if isinstance(operation, dict)
        for answer in operation.get("responses", {}).values()
        for pair in answer.get("x-amzn-api-sandbox", {}).get("static", ())
    ]
    found: list[dict[str, Any]] = []
    for pair in pairs:
        content = pair["response"].get("payload") or pair["response"]
        if isinstance(content, dict):
            found += content.get("Orders") or content.get("orders") or []
            found += [content["order"]] if "order" in content else []
    return found


@pytest.mark.long
@pytest.mark.parametrize(("model", "count"), [("ordersV0.json", 4), ("orders_2026-01-01.json", 6)])
def test_every_order_that_amazon_publishes_is_read(model: str, count: int) -> None:
    rows = published(model)
    assert len(rows) >= count
    for row in rows:
        fact = read_fact(ORDERS, row, Origin("amazon:a", "a", {}), Known({}, {}, {}))
        assert isinstance(fact, Order)
        assert fact.id == number_of(ORDERS, row)
        if fact.status is OrderStatus.PAID:
            assert fact.paid_amount
            assert fact.paid_at == fact.created_at
        if "orderItems" in row:
            assert len(fact.lines) == len(row["orderItems"])
