"""The report of a day tells visits and feedback: it is made once for both, while it is good."""

from datetime import timedelta
from typing import Any

import pytest

from sandbox.amazon import rows
from sandbox.amazon.answers import Report
from sandbox.daily import feedback_of
from sandbox.lives import midnight
from services.ingest.sources.amazon import STREAMS
from services.schema.shapes.feeds import Window
from services.schema.words import FactKind
from tests.ingest.sources.shops_of_amazon import NOW, SHOP, Amazon
from tests.sandbox.test_company import TODAY

TRAFFIC, MEASURES = FactKind.TRAFFIC, FactKind.MEASURES
_DAY = timedelta(days=1)
DAYS = [TODAY - number * _DAY for number in (5, 4, 3, 2, 1)]
SPAN = Window(midnight(DAYS[0]), midnight(TODAY))
YESTERDAY = Window(midnight(DAYS[-1]), midnight(TODAY))


@pytest.fixture
def seller() -> Amazon:
    return Amazon()


def reports(seller: Amazon) -> int:
    return len(seller.outcomes("createReport"))


async def test_feedback_is_counted_by_the_day(seller: Amazon) -> None:
    reading = await seller.source.read(MEASURES, SPAN)
    told = {
        (row["day"], row["counter"]): row["trafficByDate"][row["counter"]] for row in reading.rows
    }
    assert told == {
        (day.isoformat(), name): count
        for day in DAYS
        for name, count in zip(
            ("feedbackReceived", "negativeFeedbackReceived"),
            feedback_of(SHOP, day, NOW),
            strict=True,
        )
    }
    assert sum(told.values()) > 0
    assert STREAMS[MEASURES] == STREAMS[TRAFFIC]


async def test_one_report_serves_both_kinds(seller: Amazon) -> None:
    feedback = await seller.source.read(MEASURES, SPAN)
    read_at = {row["readAt"] for row in feedback.rows}
    seller.now += timedelta(minutes=59)
    visits = await seller.source.read(TRAFFIC, SPAN)
    assert reports(seller) == len(DAYS)
    assert len(visits.rows) == len(feedback.rows) / 2 == len(DAYS)
    assert {row["readAt"] for row in visits.rows} == read_at
    # What was taken is taken: a second reading asks anew.
    await seller.source.read(TRAFFIC, SPAN)
    assert reports(seller) == 2 * len(DAYS)


@pytest.mark.parametrize(
    ("minutes", "made"),
    [
        # Two days stand, which ended three days before they were read; the others fill in.
        pytest.param(59, 0, id="within_the_hour"),
        pytest.param(60, 3, id="after_an_hour"),
        pytest.param(24 * 60 - 1, 3, id="within_a_day"),
        pytest.param(24 * 60, 5, id="after_a_day"),
    ],
)
async def test_a_day_that_fills_in_is_asked_for_again_after_an_hour(
    seller: Amazon, minutes: int, made: int
) -> None:
    await seller.source.read(TRAFFIC, SPAN)
    seller.now += timedelta(minutes=minutes)
    assert len((await seller.source.read(MEASURES, SPAN)).rows) == 2 * len(DAYS)
    assert reports(seller) == len(DAYS) + made


async def test_a_counter_that_is_left_out_is_not_zero(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seller who may not see feedback is told of visits all the same."""
    whole = rows.report_of

    def without(*args: Any) -> Any:
        report = whole(*args)
        traffic = report["salesAndTrafficByDate"][0]["trafficByDate"]
        del traffic["feedbackReceived"]
        traffic["negativeFeedbackReceived"] = None
        return report

    monkeypatch.setattr("sandbox.amazon.answers.report_of", without)
    assert (await seller.source.read(MEASURES, YESTERDAY)).rows == ()
    assert len((await seller.source.read(TRAFFIC, YESTERDAY)).rows) == 1


async def test_a_day_without_anything_is_told_to_neither(
    seller: Amazon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Report, "status", lambda _self, _at: "CANCELLED")
    for kind in (TRAFFIC, MEASURES):
        assert (await seller.source.read(kind, YESTERDAY)).rows == ()
    assert reports(seller) == 1
