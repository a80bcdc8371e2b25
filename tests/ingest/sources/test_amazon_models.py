"""The connector speaks with a server that Amazon's own models make.

The server comes from the npm registry, the models from Amazon's own repository, which no registry
carries: `KAOHE_AMAZON_MODELS` names a folder with `orders_2026-01-01.json` and `ordersV0.json`.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.ingest.core.readers.amazon import lacks_detail, number_of, read_fact
from services.ingest.sources.amazon import AmazonSource
from services.ingest.sources.amazon_calls import Forbidden
from services.ingest.sources.client import Client, Pace
from services.ingest.sources.errors import Refused, TryLater, Unreadable
from services.ingest.sources.reading import Credential, read_document
from services.local.processes import free_port
from services.schema.shapes.facts import Order
from services.schema.shapes.feeds import Known, Origin, Window
from services.schema.words import FactKind, OrderStatus
from tests.packages import installed

PRISM = "@stoplight/prism-cli@5.16.0"
START_SECONDS = 60
NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
DAY = Window(NOW - timedelta(days=2), NOW - timedelta(days=1))

pytestmark = pytest.mark.long


def file_of(model: str) -> Path:
    folder = os.environ.get("KAOHE_AMAZON_MODELS")
    if folder is None or not (Path(folder) / model).is_file():
        pytest.skip(f"KAOHE_AMAZON_MODELS names no folder with Amazon's {model}")
    return Path(folder) / model


@asynccontextmanager
async def mock_of(model: str) -> AsyncIterator[str]:
    """The address of a server that a model makes."""
    path, port = file_of(model), free_port()
    process = await asyncio.create_subprocess_exec(
        str(installed(PRISM) / "prism"), "mock", "--port", str(port), str(path),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
            while True:
                try:
                    await client.get(address)
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.2)
        yield address
    finally:
        process.terminate()
        await process.wait()


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
    model: str, prefer: str | None = None
) -> AsyncIterator[tuple[AmazonSource, Asking]]:
    async def no_sleep(_: float) -> None: ...

    transport = Asking(prefer)
    async with mock_of(model) as address:
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


async def test_what_we_ask_is_what_the_model_of_2026_takes() -> None:
    """Our parameters pass; the rows are the model's own, and the token repeats for ever."""
    async with asking("orders_2026-01-01.json") as (source, transport):
        with pytest.raises(Unreadable, match="read already"):
            await source.read(FactKind.ORDERS, DAY)
    assert [status for _, status, _ in transport.asked] == [200, 200]
    # The rate is the word for its type, and no number.
    assert transport.asked[0][2] in {None, "string"}
    page = source._orders.take_up(FactKind.ORDERS, DAY, object)[0].changed  # type: ignore[arg-type]  # it is there
    assert page.rows
    assert all(number_of(FactKind.ORDERS, row) for row in page.rows)


@pytest.mark.parametrize(
    ("code", "kind"), [("400", Refused), ("403", Forbidden), ("429", TryLater), ("503", TryLater)]
)
async def test_errors_of_the_model_are_what_they_mean(
    code: str, kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their bodies may carry rows beside the error: none of them is taken."""
    monkeypatch.setattr("services.ingest.sources.client.ATTEMPTS", 1)
    async with asking("orders_2026-01-01.json", f"code={code}") as (source, _):
        with pytest.raises(kind):
            await source._calls.call(
                "searchOrders",
                "/orders/2026-01-01/orders",
                {"lastUpdatedAfter": "2026-11-01T00:00:00Z", "marketplaceIds": "A1"},
                dict,
            )


async def test_the_old_interface_is_asked_as_its_model_wants() -> None:
    async with asking("ordersV0.json") as (source, transport):
        source._only_old = True
        with pytest.raises(Unreadable, match="read already"):
            await source.read(FactKind.ORDERS, DAY)
        row = {"AmazonOrderId": "902-1845936-5435065"}
        assert lacks_detail(FactKind.ORDERS, row, Known({}, {}, {}))
        with pytest.raises(Unreadable, match="read already"):
            await source.detail(FactKind.ORDERS, row)
        # Without its marketplace a question is refused by the model itself.
        source._marketplace = ""
        source._orders.drop(FactKind.ORDERS, DAY)
        before = len(transport.asked)
        with pytest.raises((Refused, Unreadable, TryLater)):
            await source._calls.call("getOrders", "/orders/v0/orders", {}, dict)
    assert transport.asked[before][1] == 400


def published(model: str) -> list[dict[str, Any]]:
    """The orders in the answers that a model gives as examples to replay."""
    document = read_document(file_of(model).read_bytes())
    assert isinstance(document, dict)
    pairs = [
        pair
        for operations in document["paths"].values()
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


@pytest.mark.parametrize(("model", "count"), [("ordersV0.json", 4), ("orders_2026-01-01.json", 6)])
def test_every_order_that_amazon_publishes_is_read(model: str, count: int) -> None:
    rows = published(model)
    assert len(rows) >= count
    for row in rows:
        fact = read_fact(FactKind.ORDERS, row, Origin("amazon:a", "a", {}), Known({}, {}, {}))
        assert isinstance(fact, Order)
        assert fact.id == number_of(FactKind.ORDERS, row)
        if fact.status is OrderStatus.PAID:
            assert fact.paid_amount
            assert fact.paid_at == fact.created_at
        if "orderItems" in row:
            assert len(fact.lines) == len(row["orderItems"])
