"""From lines to the total and the grade: adjustments, gates, bands, several segments."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from services.api.core.scorecards import bounded_sum, score
from services.schema.shapes.schemes import Bounds
from services.schema.shapes.scorecards import Adjustment, Score
from tests.api.core.scoring import document, flat, item, scored, section, segment_input

d = Decimal

BOUNDED = {"minimum": "-10", "maximum": "5"}


def adjustment(points: str) -> Adjustment:
    return Adjustment(d(points), "a reason", "somebody")


@pytest.mark.parametrize(
    ("points", "total"),
    [
        ((), "80"),
        (("3",), "83"),
        (("3", "2"), "85"),
        (("3", "2.01"), "85"),
        (("-10",), "70"),
        (("-8", "-2.01"), "70"),
        (("9", "-9.5"), "79.5"),
    ],
)
def test_adjustments_are_bounded_in_sum(points: tuple[str, ...], total: str) -> None:
    stated = flat(item("a", "100"), adjustments=BOUNDED)
    card = scored(stated, {"a": "80"}, [adjustment(each) for each in points])
    assert (card.mean, card.adjusted, card.total) == (d("80"), d(total), d(total))


def test_a_total_is_never_below_0_and_without_bounds_nothing_is_adjusted() -> None:
    stated = flat(item("a", "100"), adjustments=BOUNDED)
    assert scored(stated, {"a": "3"}, [adjustment("-9")]).total == d("0")
    assert scored(flat(item("a", "100")), {"a": "3"}, [adjustment("-2")]).total == d("3")
    assert bounded_sum([adjustment("7")], Bounds(d("0"), d("5"))) == d("5")
    assert bounded_sum([adjustment("7")], None) == d("0")


def test_the_order_is_adjustments_then_caps_then_bands_then_gates_of_grade() -> None:
    stated = flat(
        item("a", "100"),
        adjustments=BOUNDED,
        gates=[
            {"when": {"item": "a", "at_least": "80"}, "then": {"cap": "89"}},
            {"when": {"item": "a", "at_least": "88"}, "then": {"grade": "C"}},
        ],
    )
    reward = [adjustment("5")]
    capped = scored(stated, {"a": "86"}, reward)
    # 86 and 5 are 91, an A; capped to 89 it is a B.
    assert (capped.adjusted, capped.total, capped.band) == (d("91"), d("89"), "B")
    assert (capped.grade, capped.coefficient) == ("B", d("1"))
    limited = scored(stated, {"a": "88"}, reward)
    assert (limited.total, limited.band, limited.grade) == (d("89"), "B", "C")
    assert limited.coefficient == d("0.6")
    free = scored(stated, {"a": "79.99"}, reward)
    assert (free.total, free.grade, free.segments[0].gates) == (d("84.99"), "B", ())
    # The segment's own total stays what the lines make of it.
    assert capped.segments[0].total == d("86")


def test_values_failed_fails_the_whole() -> None:
    stated = document(
        section("performance", "70", item("a", "100")),
        section("values", "30", item("b", "100")),
        full_mark="5",
        grades=[
            {"grade": "A", "from": "3.75", "coefficient": "1.5"},
            {"grade": "B", "from": "3.5", "coefficient": "1"},
            {"grade": "C", "from": "0", "coefficient": "0"},
        ],
        gates=[{"when": {"section": "values", "below": "3"}, "then": {"fail": True}}],
    )
    passed = scored(stated, {"a": "4.5", "b": "3"})
    assert (passed.total, passed.band, passed.grade) == (d("4.05"), "A", "A")
    failed = scored(stated, {"a": "4.5", "b": "2.9999"})
    # Shown as 3.00, the section has not failed: a gate reads what the card shows.
    assert failed.grade == "A"
    failed = scored(stated, {"a": "4.5", "b": "2.99"})
    assert (failed.total, failed.band, failed.grade) == (d("4.05"), "A", "C")
    assert failed.coefficient == d("0")


def test_a_grade_is_read_off_the_total_that_is_shown() -> None:
    stated = flat(item("a", "100"))
    assert scored(stated, {"a": "89.995"}).grade == "A"
    assert scored(stated, {"a": "89.9949"}).grade == "B"


def test_a_scheme_without_grades_has_a_total_alone() -> None:
    card = scored(flat(item("a", "100"), grades=[]), {"a": "80"})
    assert (card.total, card.band, card.grade, card.coefficient) == (d("80"), None, None, None)


def two_segments(first: str | None, second: str | None, **more: object) -> Score:
    """Fifteen days on one scheme and sixteen on another, as after a move on the 16th."""
    before = flat(
        item("a", "100"),
        gates=[{"when": {"item": "a", "below": "60"}, "then": {"cap": "50"}}],
        grades=[{"grade": "only", "from": "0", "coefficient": "9"}],
        adjustments={"minimum": "-100", "maximum": "100"},
    )
    after = flat(item("b", "100"), adjustments=BOUNDED, **more)
    return score(
        [
            segment_input(before, {"a": first}, days=15),
            segment_input(after, {"b": second}, days=16, after=15),
        ],
        [adjustment("20")],
    )


def test_requirement_21_two_segments_merge_by_days() -> None:
    card = two_segments("90", "80")
    assert sum(each.segment.days for each in card.segments) == 31
    assert card.segments[0].segment.end == card.segments[1].segment.start
    # (90 x 15 + 80 x 16) / 31 = 84.8387...; bounds and bands are the last scheme's.
    assert (card.mean, card.adjusted, card.total) == (d("84.84"), d("89.84"), d("89.84"))
    assert (card.grade, card.coefficient) == ("B", d("1"))


def test_a_cap_acts_inside_its_segment() -> None:
    card = two_segments("59", "80")
    assert (card.segments[0].points, card.segments[0].total) == (d("59"), d("50"))
    # (50 x 15 + 80 x 16) / 31 = 65.4838..., and the cap does not hold down the card.
    assert (card.mean, card.total, card.grade) == (d("65.48"), d("70.48"), "C")


def test_a_failure_in_any_segment_holds_for_the_card() -> None:
    fails = {"gates": [{"when": {"item": "b", "below": "80"}, "then": {"fail": True}}]}
    assert two_segments("100", "79.99", **fails).grade == "C"
    assert two_segments("100", "80", **fails).grade == "A"
    first = flat(
        item("a", "100"),
        gates=[{"when": {"item": "a", "at_least": "0"}, "then": {"fail": True}}],
    )
    card = score(
        [
            segment_input(first, {"a": "100"}, days=1),
            segment_input(flat(item("b", "100")), {"b": "100"}, days=30, after=1),
        ]
    )
    assert (card.total, card.band, card.grade) == (d("100"), "A", "C")


@pytest.mark.parametrize(("first", "second"), [(None, "80"), ("80", None), (None, None)])
def test_a_segment_without_a_total_leaves_the_card_without(
    first: str | None, second: str | None
) -> None:
    card = two_segments(first, second)
    assert (card.mean, card.adjusted, card.total, card.grade) == (None, None, None, None)


def test_a_card_without_a_segment_is_a_programmer_s_mistake() -> None:
    with pytest.raises(AssertionError, match="a card has a segment"):
        score([])


def test_a_segment_s_days_are_counted_with_their_end_left_out() -> None:
    given_segment = segment_input(flat(item("a", "100")), {"a": "1"}, days=31).segment
    assert given_segment.days == 31
    shorter = replace(given_segment, end=given_segment.end - timedelta(days=1))
    assert shorter.days == 30
