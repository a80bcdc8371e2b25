"""Coverage: what is wanted of a feed, what is missing, and until when a score may still move."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.core.coverage import cover, coverage_to_wire, needs_of, span_of, told_coverage
from services.api.core.values import Prepared
from services.schema.days import start_of_day
from services.schema.shapes.coverage import WHOLE, Coverage, FeedDays, Gap, Need
from services.schema.words import FactKind, Scope
from tests.api.core.values import SHOP, prepared
from tests.api.facts import assignment, employee, person

ZONE = "Asia/Shanghai"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST = date(2026, 10, 1)
OCTOBER = [FIRST + n * DAY for n in range(31)]
END = date(2026, 11, 1)
ORDERS, TRAFFIC = FactKind.ORDERS, FactKind.TRAFFIC
NEED = Need(ORDERS, frozenset({"a"}), FIRST, END)
END_AT = start_of_day(END, ZONE)
AFTER = start_of_day(date(2026, 11, 5), ZONE)


def feed(**changes: object) -> FeedDays:
    """A pulled feed of shop `a` that has all of October."""
    made = FeedDays(
        feed="feed_1",
        shop="a",
        kind=ORDERS,
        source="tmall:a",
        is_pulled=True,
        timezone=ZONE,
        maturity=timedelta(0),
        first=FIRST,
        last=OCTOBER[-1],
        days=frozenset(OCTOBER),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the names are those of the fields


def without(*lost: date) -> frozenset[date]:
    return frozenset(OCTOBER) - set(lost)


def test_a_score_that_hangs_on_no_feed_is_whole_and_not_provisional() -> None:
    assert cover([], [feed()], at=AFTER) == WHOLE
    assert cover([NEED], [], at=AFTER) == WHOLE
    assert cover([NEED], [feed(shop="b"), feed(kind=TRAFFIC)], at=AFTER) == WHOLE


def test_all_days_are_the_whole_and_a_missing_one_never_rounds_away() -> None:
    whole = cover([NEED], [feed()], at=AFTER)
    assert whole == replace(WHOLE, feeds=1, wanted=31, complete=31, matures_at=END_AT)
    lacks = cover([NEED], [feed(days=without(OCTOBER[3], OCTOBER[9]))], at=AFTER)
    assert (lacks.wanted, lacks.complete) == (31, 29)
    assert lacks.share == Decimal("0.9354")  # 29/31 = 0.93548..., cut
    gap = Gap("feed_1", "a", ORDERS, "tmall:a", (OCTOBER[3], OCTOBER[9]), is_pulled=True)
    assert lacks.gaps == (gap,)
    assert lacks.look_again_at == AFTER + HOUR


def test_shops_and_kinds_count_as_far_as_they_are_needed() -> None:
    feeds = [feed(), feed(feed="feed_2", shop="b", days=frozenset())]
    assert cover([NEED], feeds, at=AFTER).share == 1
    of_both = replace(NEED, shops=frozenset({"a", "b"}))
    assert cover([of_both], feeds, at=AFTER).share == Decimal("0.5")
    assert cover([replace(NEED, shops=None)], feeds, at=AFTER).share == Decimal("0.5")
    # Two needs of the same days want them once.
    assert cover([NEED, of_both], feeds, at=AFTER).wanted == 62


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (start_of_day(date(2026, 10, 3), ZONE) + timedelta(hours=11, minutes=59), 1),
        (start_of_day(date(2026, 10, 3), ZONE) + timedelta(hours=12), 2),
        (start_of_day(FIRST, ZONE), 0),
    ],
)
def test_a_day_of_a_pulled_feed_is_missing_half_a_day_after_its_end(
    at: datetime, wanted: int
) -> None:
    found = cover([NEED], [feed(first=None, last=None, days=frozenset())], at=at)
    assert (found.wanted, found.complete) == (wanted, 0)
    assert found.share == Decimal(0 if wanted else 1)


def test_before_its_first_day_nothing_is_missing_of_a_feed() -> None:
    days = frozenset(OCTOBER[10:])
    found = cover([NEED], [feed(first=OCTOBER[10], days=days)], at=AFTER)
    assert (found.wanted, found.complete) == (21, 21)


def test_a_source_that_posts_is_wanted_up_to_the_last_day_on_which_it_was_heard() -> None:
    days = frozenset({OCTOBER[0], OCTOBER[1], OCTOBER[4]})
    found = cover([NEED], [feed(is_pulled=False, last=OCTOBER[4], days=days)], at=AFTER)
    assert (found.wanted, found.complete) == (5, 3)
    assert found.gaps[0].days == (OCTOBER[2], OCTOBER[3])


def test_requirement_12_a_score_is_provisional_until_the_lag_of_its_feeds_has_passed() -> None:
    end = start_of_day(END, ZONE)
    feeds = [feed(), feed(feed="feed_2", kind=TRAFFIC, maturity=3 * DAY)]
    traffic = Need(TRAFFIC, frozenset({"a"}), FIRST, END)

    def provisional(needs: list[Need], at: datetime) -> bool:
        return cover(needs, feeds, at=at).provisional

    second = timedelta(seconds=1)
    assert provisional([NEED], end - second)
    assert not provisional([NEED], end)
    assert provisional([NEED, traffic], end + 3 * DAY - second)
    assert not provisional([NEED, traffic], end + 3 * DAY)
    found = cover([NEED, traffic], feeds, at=end + DAY)
    assert found.matures_at == found.look_again_at == end + 3 * DAY


def test_it_is_looked_at_again_when_a_further_day_is_wanted() -> None:
    at = start_of_day(date(2026, 10, 10), ZONE) + 13 * HOUR
    days = frozenset(OCTOBER[:9])
    found = cover([NEED], [feed(last=OCTOBER[8], days=days)], at=at)
    assert (found.wanted, found.complete) == (9, 9)
    again = start_of_day(date(2026, 10, 11), ZONE) + 12 * HOUR
    assert found.look_again_at == again
    later = cover([NEED], [feed(last=OCTOBER[8], days=days)], at=again)
    assert (later.wanted, later.complete) == (10, 9)


@settings(max_examples=60)
@given(
    lost=st.sets(st.sampled_from(OCTOBER)),
    hours=st.integers(0, 50 * 24),
    pulled=st.booleans(),
)
def test_what_is_wanted_is_complete_or_a_gap_and_told_as_it_is(
    lost: set[date], hours: int, *, pulled: bool
) -> None:
    at = datetime(2026, 9, 28, tzinfo=UTC) + hours * HOUR
    found = cover([NEED], [feed(days=without(*lost), is_pulled=pulled)], at=at)
    missing = [day for gap in found.gaps for day in gap.days]
    assert found.wanted == found.complete + len(missing)
    assert (found.share == 1) == (not missing)
    told = told_coverage({"coverage": coverage_to_wire(found)})
    assert told == replace(found, look_again_at=None)


def test_what_is_looked_for_spans_all_needs() -> None:
    earlier = Need(TRAFFIC, None, date(2026, 9, 1), FIRST)
    assert span_of([NEED, earlier]) == (date(2026, 9, 1), END)


def test_an_explanation_of_before_tells_of_nothing_missing() -> None:
    assert told_coverage({}) == Coverage()


ANN = employee("ann", assignment("sales", {"b": "50"}))
SOLO = employee("solo", assignment("sales"))
SEPTEMBER = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("value", "needs"),
    [
        (prepared("visitors"), {Need(TRAFFIC, None, FIRST, END)}),
        (prepared("paid_amount", SHOP), {NEED}),
        # Of facts that name a person those of the shops that they answer for, or of any.
        (
            prepared("paid_amount", person("ann"), Scope.OWN, ANN),
            {Need(ORDERS, frozenset({"b"}), FIRST, END)},
        ),
        (
            prepared("paid_amount", person("ann"), Scope.SHOPS, ANN),
            {Need(ORDERS, frozenset({"b"}), FIRST, END)},
        ),
        (prepared("paid_amount", person("solo"), Scope.OWN, SOLO), {replace(NEED, shops=None)}),
        # The period before, where the formula looks at it.
        (
            prepared("paid_amount - previous(refund_amount)", SHOP),
            {NEED, Need(FactKind.REFUNDS, frozenset({"a"}), SEPTEMBER, FIRST)},
        ),
        (
            prepared("retained_buyers / previous(buyers)", SHOP),
            {NEED, Need(ORDERS, frozenset({"a"}), SEPTEMBER, FIRST)},
        ),
        # What people post by hand comes when it comes: no day of it is missing.
        (prepared("service_slips", SHOP), set()),
    ],
)
def test_what_days_of_which_facts_a_value_needs(value: Prepared, needs: set[Need]) -> None:
    assert needs_of([value]) == needs
    assert needs_of([value, prepared("paid_amount", SHOP)]) == needs | {NEED}
