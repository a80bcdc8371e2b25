"""What Amazon gives for a while, and may or may not pack: names of pages, and files."""

from datetime import timedelta

import pytest

from sandbox.amazon import answers
from sandbox.amazon.answers import Asking, Content
from sandbox.daily import visits_of
from sandbox.faults import Fault
from sandbox.lives import midnight
from services.ingest.sources.client import ATTEMPTS
from services.ingest.sources.errors import Refused, TryLater
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_amazon import SHOP, WEEK, Amazon
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


async def test_a_report_is_read_packed_or_not(seller: Amazon) -> None:
    """Each file says of itself whether it is packed, and half of them are."""
    days = Window(midnight(TODAY) - timedelta(days=2), midnight(TODAY))
    rows = (await seller.source.read(TRAFFIC, days)).rows
    assert [row["trafficByDate"]["sessions"] for row in rows] == [
        visits_of(SHOP, TODAY - timedelta(days=days_ago), seller.now)[0] for days_ago in (2, 1)
    ]
    assert {report.is_packed for report in seller.gateway.reports.values()} == {True, False}


@pytest.fixture
def late(seller: Amazon, monkeypatch: pytest.MonkeyPatch) -> list[timedelta]:
    """How long it takes, each time that a place is told, until it is gone to."""
    waits: list[timedelta] = []
    told = answers.OPERATIONS["getReportDocument"]

    def tell(asking: Asking) -> Content:
        content = told(asking)
        if waits:
            seller.now += waits.pop()
        return content

    monkeypatch.setitem(answers.OPERATIONS, "getReportDocument", tell)
    return waits


async def test_a_place_that_closed_after_five_minutes_is_asked_for_anew(
    seller: Amazon, late: list[timedelta]
) -> None:
    day = Window(midnight(TODAY) - timedelta(days=1), midnight(TODAY))
    late.append(timedelta(minutes=5))
    assert len((await seller.source.read(TRAFFIC, day)).rows) == 1
    assert seller.outcomes("file") == ["ok"]
    seller.gateway.trouble.calls.clear()
    late.append(timedelta(minutes=5, seconds=1))
    assert len((await seller.source.read(TRAFFIC, day)).rows) == 1
    assert seller.outcomes("file") == ["AccessDenied", "ok"]
    assert seller.outcomes("getReportDocument") == ["ok", "ok"]
    assert seller.outcomes("createReport") == ["ok"]
    # One that is closed for good is left to the schedule, and the report is not made anew.
    late += [timedelta(minutes=6)] * 2
    with pytest.raises(TryLater, match="not given out"):
        await seller.source.read(TRAFFIC, day)
    assert len((await seller.source.read(TRAFFIC, day)).rows) == 1
    assert seller.outcomes("createReport") == ["ok"] * 2
