"""What Amazon counts of a day's feedback becomes two measures of the shop, and no rating."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.ingest.core.buyers import sealer
from services.ingest.core.fields import Unfit
from services.ingest.core.readers.amazon import number_of, read_fact, row_to_keep
from services.schema.shapes.facts import PostedMeasure
from services.schema.shapes.feeds import Known
from services.schema.words import FactKind
from tests.ingest.core.readers.test_amazon import NOTHING, ORIGIN, Row

MEASURES = FactKind.MEASURES


def counted(counter: object, counters: Row, at: str = "2026-11-06T01:00:00Z") -> Row:
    return {"day": "2026-11-05", "counter": counter, "trafficByDate": counters, "readAt": at}


def test_feedback_is_a_measure_of_the_shops_day() -> None:
    counters = {"feedbackReceived": 7, "negativeFeedbackReceived": Decimal("2.0")}
    numbers = {}
    for counter, measure, amount in (
        ("feedbackReceived", "feedback", 7),
        ("negativeFeedbackReceived", "negative_feedback", 2),
    ):
        row = counted(counter, counters)
        numbers[number_of(MEASURES, row)] = measure
        assert read_fact(MEASURES, row, ORIGIN, NOTHING) == PostedMeasure(
            source="amazon:az-1",
            shop="az-1",
            day=date(2026, 11, 5),
            measure=measure,
            amount=Decimal(amount),
            modified_at=datetime(2026, 11, 6, 1, tzinfo=UTC),
        )
        kept_row = row_to_keep({**row, "buyerName": "张三"}, ORIGIN, sealer(b"0" * 32, 1))
        assert read_fact(MEASURES, kept_row, ORIGIN, NOTHING) == read_fact(
            MEASURES, row, ORIGIN, NOTHING
        )
    assert numbers == {
        "2026-11-05/feedback": "feedback",
        "2026-11-05/negative_feedback": "negative_feedback",
    }


def test_feedback_of_a_day_comes_again_until_it_stands() -> None:
    name, number = "negativeFeedbackReceived", "2026-11-05/negative_feedback"
    first = read_fact(MEASURES, counted(name, {name: 0}), ORIGIN, NOTHING)
    assert isinstance(first, PostedMeasure)
    known = Known({}, {}, {}, {number: first})
    later = "2026-11-07T01:00:00Z"
    second = read_fact(MEASURES, counted(name, {name: 1}, later), ORIGIN, known)
    assert isinstance(second, PostedMeasure)
    assert second.amount == 1
    assert second.modified_at > first.modified_at
    assert read_fact(MEASURES, counted(name, {name: 0}, later), ORIGIN, known) == first


@pytest.mark.parametrize(
    ("counter", "count", "pointer"),
    [
        ("feedbackReceived", Decimal("1.5"), "/amount"),
        ("feedbackReceived", -1, "/amount"),
        ("feedbackReceived", "many", "/amount"),
        ("feedbackReceived", None, "/amount"),
        ("stars", 1, "/measure"),
        (None, 1, "/measure"),
    ],
)
def test_feedback_that_cannot_be_read_is_refused(counter: str, count: object, pointer: str) -> None:
    counters = {"feedbackReceived": count, "stars": 1}
    with pytest.raises(Unfit) as caught:
        read_fact(MEASURES, counted(counter, counters), ORIGIN, NOTHING)
    assert caught.value.pointer == pointer
