"""Amazon counts calls, and so do we: what is used up, by us or by others, is waited for."""

from datetime import timedelta

import pytest

from sandbox.amazon.gateway import REAL_QUOTAS
from sandbox.faults import Fault
from services.ingest.sources.allowances import Allowance
from services.ingest.sources.amazon import COMPLETED_AFTER
from services.ingest.sources.client import ATTEMPTS
from services.ingest.sources.errors import TooOften, TryLater
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_amazon import NOW, WEEK, Amazon

ORDERS, STOCK = FactKind.ORDERS, FactKind.STOCK


@pytest.fixture
def seller() -> Amazon:
    return Amazon()


async def test_pages_that_have_to_wait_are_read_on_from_where_they_stopped(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At three minutes a page: no page is asked for twice, and no window is lost to patience."""
    monkeypatch.setattr("sandbox.amazon.answers.PAGE", 20)
    seller.gateway.quotas = {**REAL_QUOTAS, "searchOrders": ("0.0056", 3)}
    seller.source = seller.make_source()
    seller.source._calls._allowances["searchOrders"] = Allowance("0.0056", 3, lambda: seller.now)
    window, waits, reading = WEEK, list[float](), None
    while reading is None:
        try:
            reading = await seller.source.read(ORDERS, window)
        except TryLater as error:
            waits.append(error.seconds or 0)
            seller.now += timedelta(seconds=waits[-1])
            # A feed's last window ends later at each attempt.
            window = Window(window.start, window.end + timedelta(seconds=waits[-1]))
    assert reading.until == WEEK.end < window.end
    found = [row["orderId"] for row in reading.rows if "completedTime" not in row]
    assert sorted(found) == seller.truth()
    assert all(60 < wait < 180 for wait in waits)
    back = Window(WEEK.start - COMPLETED_AFTER, WEEK.end - COMPLETED_AFTER)
    pages = sum(-(-len(seller.truth(each)) // 20) for each in (WEEK, back))
    assert seller.outcomes("searchOrders") == ["ok"] * pages
    assert len(waits) > 3


@pytest.mark.parametrize(
    ("stated", "wait"),
    [
        (None, 100),
        ("string", 100),
        ("", 100),
        ("0.5", 2),
        ("2", 0.5),
        ("0", 100),
        ("-1", 100),
        ("NaN", 100),
        ("１", 100),
    ],
)
def test_the_rate_is_a_text_that_may_be_no_number(stated: str | None, wait: float) -> None:
    allowance = Allowance("0.01", 2, lambda: NOW)
    assert [allowance.take(), allowance.take()] == [0, 0]
    allowance.learn(stated)
    assert allowance.take() == wait


def test_an_allowance_grows_back_and_no_further_than_it_was() -> None:
    now = [NOW]
    allowance = Allowance("0.5", 2, lambda: now[0])
    now[0] += timedelta(hours=1)
    assert [allowance.take() for _ in range(3)] == [0, 0, 2]
    now[0] += timedelta(seconds=1)
    assert allowance.take() == 1
    now[0] += timedelta(seconds=1)
    assert allowance.take() == 0
    now[0] -= timedelta(seconds=9)
    assert allowance.take() == 2
    now[0] += timedelta(seconds=1)
    allowance.used_up()
    assert allowance.take() == 2


async def test_a_quota_that_somebody_else_used_up_is_waited_for(seller: Amazon) -> None:
    """429 comes without the header that tells the rate, and with none of a time to wait."""
    seller.gateway.quotas = REAL_QUOTAS
    seller.gateway.trouble.add(Fault("throttle", method="searchOrders"))
    for _ in range(3):
        with pytest.raises(TryLater) as told:
            await seller.numbers()
        assert told.value.seconds == pytest.approx(178.6, abs=0.1)
    assert seller.outcomes("searchOrders") == ["throttle"]
    seller.now += timedelta(hours=1)
    assert await seller.numbers() == seller.truth()
    assert seller.slept == []


async def test_what_comes_back_soon_is_waited_for_at_once(seller: Amazon) -> None:
    seller.gateway.quotas, seller.gateway.closed = REAL_QUOTAS, {"searchOrders"}
    row = (await seller.source.read(ORDERS, WEEK)).rows[0]
    seller.gateway.trouble.add(Fault("throttle", method="getOrderItems"))
    assert (await seller.source.detail(ORDERS, row))["OrderItems"]
    assert seller.outcomes("getOrderItems") == ["throttle", "ok"]
    assert seller.slept == [2.0]


async def test_a_quota_that_others_use_up_again_and_again_is_left_to_the_schedule(
    seller: Amazon,
) -> None:
    taken = Fault("status", detail="429", times=99, method="getInventorySummaries")
    seller.gateway.trouble.add(taken)
    with pytest.raises(TooOften):
        await seller.source.read(STOCK, Window(NOW - timedelta(days=1), NOW))
    assert seller.outcomes("getInventorySummaries") == ["status"] * ATTEMPTS
