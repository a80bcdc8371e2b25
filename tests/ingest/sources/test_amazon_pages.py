"""What Amazon gives for a while, and may or may not pack: names of pages, and files."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sandbox.amazon import answers
from sandbox.amazon.answers import Asking, Content
from sandbox.faults import Fault
from sandbox.lives import midnight
from services.ingest.sources.client import ATTEMPTS
from services.ingest.sources.errors import Refused, TryLater
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_amazon import WEEK, Amazon
from tests.sandbox.test_company import TODAY

ORDERS, TRAFFIC = FactKind.ORDERS, FactKind.TRAFFIC


@pytest.fixture
def seller(monkeypatch: pytest.MonkeyPatch) -> Amazon:
    monkeypatch.setattr(answers, "PAGE", 20)
    return Amazon()


async def test_a_window_whose_next_page_has_lost_its_name_is_begun_anew(seller: Amazon) -> None:
    """A name is good for a day: who was away for longer would else be refused for ever."""
    fault = Fault("status", detail="503", times=ATTEMPTS, method="searchOrders", after=2)
    seller.gateway.trouble.add(fault)
    with pytest.raises(TryLater):
        await seller.source.read(ORDERS, WEEK)
    seller.now += timedelta(hours=25)
    with pytest.raises(Refused, match="InvalidInput"):
        await seller.source.read(ORDERS, WEEK)
    assert await seller.numbers() == seller.truth()


async def test_a_report_is_read_packed_or_not(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = Window(midnight(TODAY) - timedelta(days=1), midnight(TODAY))
    packed = await seller.source.read(TRAFFIC, day)
    told: Callable[[Asking], Content] = answers.OPERATIONS["getReportDocument"]

    def tell(asking: Asking) -> Content:
        content = told(asking)
        del content.document["compressionAlgorithm"]
        return content

    def leave(body: bytes, **_: Any) -> bytes:
        return body

    monkeypatch.setitem(answers.OPERATIONS, "getReportDocument", tell)
    monkeypatch.setattr("sandbox.amazon.answers.gzip.compress", leave)
    plain = await seller.source.read(TRAFFIC, day)
    assert [row["trafficByDate"] for row in plain.rows] == [
        row["trafficByDate"] for row in packed.rows
    ]
    assert len(plain.rows) == 1
