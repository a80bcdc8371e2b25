"""What a backfill foretells of itself, beside what pretend feeds of unlike speed then take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import count

import pytest

from services.ingest.core.forecasts import Forecast, Outlook, Stand
from services.schema.words import FactKind

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
ORDERS, REFUNDS, RATINGS = FactKind.ORDERS, FactKind.REFUNDS, FactKind.RATINGS
AT_ONCE = 4
LOOK_SECONDS = 2


@dataclass(frozen=True)
class Pretend:
    """A feed that takes so many seconds where nobody is in its way, and lands in so many steps."""

    kind: FactKind
    seconds: float
    steps: int
    days: int = 180
    slows_to: float = 1
    """How much longer its last day takes than its first: a business that has grown."""

    def share_at(self, worked: float) -> Decimal:
        """What has landed after so many seconds of work."""
        gone, more = min(worked / self.seconds, 1), self.slows_to - 1
        # Days take 1 + more * x each; this is where the work on them has come to.
        done = gone if not more else ((1 + gone * (2 * more + more**2)) ** 0.5 - 1) / more
        return Decimal(int(done * self.steps + 1e-9)) / self.steps


def shop(*seconds: float) -> list[Pretend]:
    """A shop's orders, refunds and ratings, of which the last come all at once."""
    made = zip((ORDERS, REFUNDS, RATINGS), seconds, (120, 60, 1), strict=False)
    return [Pretend(kind, long, steps) for kind, long, steps in made]


def looks(
    feeds: Sequence[Pretend], *, shared: bool, before: float = 0
) -> Iterator[tuple[int, Outlook]]:
    """The outlook now and then until all is done; at most four feeds are read side by side.

    Where they share what they need, each of so many goes on that much slower. `before` is how many
    seconds of work were done on each before it was broken off.
    """
    worked = [before] * len(feeds)

    def standing() -> dict[str, Stand]:
        return {
            f"job_{place}": Stand(feed.kind, feed.days, share, share == 1)
            for place, feed in enumerate(feeds)
            for share in [feed.share_at(worked[place])]
        }

    forecast = Forecast(BEGUN, standing(), at_once=AT_ONCE)
    for second in count(0, LOOK_SECONDS):
        stands = standing()
        yield second, forecast.look(BEGUN + timedelta(seconds=second), stands)
        open_ = [place for place in range(len(feeds)) if not stands[f"job_{place}"].is_over]
        if not open_:
            return
        for place in open_[:AT_ONCE]:
            worked[place] += LOOK_SECONDS / (min(len(open_), AT_ONCE) if shared else 1)


def ratios(
    feeds: Sequence[Pretend], *, shared: bool, before: float = 0
) -> list[tuple[float, float | None]]:
    """At each share of the true time the foretold whole by the true one; null: nothing is told."""
    seen = list(looks(feeds, shared=shared, before=before))
    whole = seen[-1][0]
    return [
        (at / whole, None if told.left is None else (at + told.left.total_seconds()) / whole)
        for at, told in seen[:-1]
    ]


COMPANIES = {
    "one_feed": [Pretend(ORDERS, 400, 100)],
    "a_quick_feed_beside": shop(400, 80, 4),
    "feeds_alike": shop(400, 400, 4),
    "few_steps": [Pretend(ORDERS, 400, 12), Pretend(REFUNDS, 100, 6)],
    "two_shops_of_unlike_size": [*shop(600, 120, 4), *shop(60, 20, 4)],
    "more_than_fit": [feed for _ in range(8) for feed in shop(200, 60, 4)],
    "unlike_and_more_than_fit": [
        feed for size in (1, 3, 1, 2, 4, 1) for feed in shop(100 * size, 30 * size, 4)
    ],
    "longer_days_later": [replace(each, slows_to=2) for each in shop(400, 200, 4)],
}


@pytest.mark.parametrize("company", COMPANIES)
def test_from_a_quarter_on_it_is_within_a_half_of_the_truth(company: str) -> None:
    told = ratios(COMPANIES[company], shared=False)
    late = [(share, ratio) for share, ratio in told if share >= 0.25]
    assert [each for each in late if each[1] is None or not 1 / 1.5 <= each[1] <= 1.5] == []


@pytest.mark.parametrize("company", COMPANIES)
def test_who_may_yet_be_in_nobodys_way_is_told_a_longer_time(company: str) -> None:
    """What goes on faster when others are done cannot be seen before: it errs to the dark side."""
    told = ratios(COMPANIES[company], shared=True)
    late = [(share, ratio) for share, ratio in told if share >= 0.25]
    assert [each for each in late if each[1] is None or not 1 / 1.25 <= each[1] <= 1.75] == []


@pytest.mark.parametrize("shared", [{"shared": False}, {"shared": True}], ids=str)
@pytest.mark.parametrize("company", COMPANIES)
def test_it_is_never_far_too_bright(company: str, shared: dict[str, bool]) -> None:
    """Before enough is known it says nothing; what days to come hold nobody can know."""
    told = [ratio for _, ratio in ratios(COMPANIES[company], **shared)]
    assert told[0] is None
    least = 0.5 if company == "longer_days_later" else 0.6
    assert [ratio for ratio in told if ratio is not None and ratio < least] == []


@pytest.mark.parametrize("company", COMPANIES)
def test_the_bar_never_goes_back_and_is_full_at_the_end_alone(company: str) -> None:
    shares = [told.share for _, told in looks(COMPANIES[company], shared=True)]
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert all(share < 1 for share in shares[:-1])


@pytest.mark.parametrize("before", [50.0, 100.0])
@pytest.mark.parametrize("company", COMPANIES)
def test_what_was_broken_off_begins_where_it_stood_and_is_told_as_well(
    company: str, before: float
) -> None:
    """What was read before tells no pace: only what is read now does."""
    feeds = COMPANIES[company]
    told = ratios(feeds, shared=False, before=before)
    assert told[0][1] is None
    late = [(share, ratio) for share, ratio in told if share >= 0.25]
    assert [each for each in late if each[1] is None or not 1 / 1.5 <= each[1] <= 1.5] == []
    shares = [told.share for _, told in looks(feeds, shared=False, before=before)]
    stood = sum((feed.share_at(before) * feed.days for feed in feeds), Decimal(0))
    days = sum(feed.days for feed in feeds)
    assert shares[0] == (stood / days).quantize(Decimal("0.0001"), ROUND_DOWN) > 0
    assert shares == sorted(shares)
    assert all(share < 1 for share in shares[:-1])


def test_what_is_left_of_a_feed_that_stood_at_a_half_is_told_by_its_new_steps() -> None:
    """A tenth in ten seconds: forty for the rest, and a half and a tenth are read."""
    told = looks_each_ten_seconds("0.5", "0.6", "0.7")
    assert told == [
        Outlook(Decimal("0.5"), None),
        Outlook(Decimal("0.6"), timedelta(seconds=40)),
        Outlook(Decimal("0.7"), timedelta(seconds=30)),
    ]


def test_what_was_done_before_has_no_place_and_tells_no_pace() -> None:
    """Four feeds of a command that was broken off were done: the fifth is read at once."""
    stands = {name: stand("1", kind=REFUNDS, is_over=True) for name in "abcd"} | {"e": stand("0")}
    forecast = Forecast(BEGUN, stands, at_once=AT_ONCE)
    assert forecast.look(BEGUN, stands) == Outlook(Decimal("0.8"), None)
    told = forecast.look(BEGUN + timedelta(seconds=10), stands | {"e": stand("0.1")})
    assert told == Outlook(Decimal("0.82"), timedelta(seconds=90))


def test_a_quick_feed_that_is_done_tells_nothing_of_a_slow_one() -> None:
    """The share of feeds would say a half, and that no more than a second is left."""
    stands = {"a": stand("0", kind=RATINGS), "b": stand("0")}
    forecast = Forecast(BEGUN, stands, at_once=AT_ONCE)
    at = BEGUN + timedelta(seconds=1)
    stands["a"] = stand("1", kind=RATINGS, is_over=True)
    assert forecast.look(at, stands) == Outlook(Decimal(0), None)
    stands["b"] = stand("0.02")
    told = forecast.look(at + timedelta(seconds=19), stands)
    assert told == Outlook(Decimal("0.02"), timedelta(seconds=980))


def test_between_two_steps_what_is_left_runs_down_and_then_grows() -> None:
    told = told_each_ten_seconds("0", "0.1", "0.2", "0.2", "0.2", "0.2")
    # A step of ten seconds is gone; each that it is late counts for all to come, by its later half.
    assert told == [None, 90, 80, 70, 150, 230]


def test_a_feed_that_is_tried_again_is_told_from_its_new_beginning() -> None:
    told = told_each_ten_seconds("0", "0.4", "0.8", "0", "0.1", "0.2")
    assert told == [None, 15, 5, None, None, 80]


@pytest.mark.parametrize(("kind", "seconds"), [(ORDERS, 162.5), (RATINGS, 100)])
def test_what_waits_is_as_slow_as_the_slowest_of_its_kind(kind: FactKind, seconds: float) -> None:
    """Three of five feeds are half done after a hundred seconds, one is done, one waits.

    It takes two hundred if it is like the orders, a hundred if like the ratings: by itself as
    long as that, and a quarter of all that is left if each is in the others' way.
    """
    stands = {"a": stand("0.5"), "b": stand("0.5"), "c": stand("0.5", kind=REFUNDS)}
    stands["d"] = stand("1", kind=RATINGS, is_over=True)
    stands["e"] = stand("0", kind=kind)
    stood = {name: stand("0", kind=each.kind) for name, each in stands.items()}
    forecast = Forecast(BEGUN, stood, at_once=AT_ONCE)
    told = forecast.look(BEGUN + timedelta(seconds=100), stands)
    assert told.left == timedelta(seconds=seconds)


def test_a_feed_that_failed_is_over_and_waited_for_no_more() -> None:
    forecast = Forecast(BEGUN, {"a": stand("0")}, at_once=AT_ONCE)
    at = BEGUN + timedelta(seconds=10)
    assert forecast.look(at, {"a": stand("0.3", is_over=True)}) == Outlook(Decimal(1), timedelta(0))
    assert Forecast(BEGUN, {}, at_once=AT_ONCE).look(at, {}) == Outlook(Decimal(1), timedelta(0))


def stand(share: str, *, kind: FactKind = ORDERS, is_over: bool = False) -> Stand:
    return Stand(kind, 100, Decimal(share), is_over)


def told_each_ten_seconds(*shares: str) -> list[float | None]:
    """The seconds that are left for one feed."""
    return [
        None if outlook.left is None else outlook.left.total_seconds()
        for outlook in looks_each_ten_seconds(*shares)
    ]


def looks_each_ten_seconds(*shares: str) -> list[Outlook]:
    """What one feed foretells, which stands at the first share when that begins."""
    forecast = Forecast(BEGUN, {"a": stand(shares[0])}, at_once=AT_ONCE)
    return [
        forecast.look(BEGUN + timedelta(seconds=10 * place), {"a": stand(share)})
        for place, share in enumerate(shares)
    ]
