"""Reports: what is due of a target by a day, what one tells of, and which come in time."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.api.core.calendars import make_calendar
from services.api.core.indicators import built_in_indicators
from services.api.core.measures import built_in_measures
from services.api.core.reports import (
    asked_of,
    chosen,
    counted_until,
    deadline_of,
    due_of,
    has_to_report,
    last_due_day,
    line_of,
    periods_to_count,
    punctuality_of,
)
from services.schema.days import Calendar, Period
from services.schema.shapes.calendars import WeighedDays
from services.schema.shapes.indicators import Value
from services.schema.shapes.next_steps import NoPace, Pace, PaceOf
from services.schema.shapes.people import Assignment, Employee, Subject
from services.schema.shapes.reports import Aim, Punctuality, PutDuty, ReportDuty, ReportLine
from services.schema.words import NoValue, Scope, SubjectKind, WeekStart

NOVEMBER = Period("2026-11", date(2026, 11, 1), date(2026, 12, 1), 1)
QUARTER = Period("2026-Q4", date(2026, 10, 1), date(2027, 1, 1), 3)
ANN = Subject(SubjectKind.EMPLOYEE, "ann")
PLAIN = make_calendar([])
SINGLES = make_calendar([WeighedDays(date(2026, 11, 11), date(2026, 11, 12), Decimal(11), None)])
AIM = Aim("net_sales", Scope.OWN, NOVEMBER, NOVEMBER.start, NOVEMBER.end, Decimal(3000))
DUTY = ReportDuty(
    positions=("agent",),
    weekdays=tuple(WeekStart)[:5],
    due_hours=10,
    starts_on=date(2026, 11, 3),
    version=1,
)
ZONE = "Asia/Shanghai"


def day(number: int) -> Period:
    start = date(2026, 11, number)
    return Period(f"{start}", start, start + timedelta(days=1), None)


@pytest.mark.parametrize(
    ("aim", "kind", "until", "due"),
    [
        (AIM, PaceOf.SUM, date(2026, 11, 1), None),
        (AIM, PaceOf.SUM, date(2026, 11, 2), "100"),
        (AIM, PaceOf.SUM, date(2026, 11, 11), "1000"),
        (AIM, PaceOf.SUM, date(2026, 12, 1), "3000"),
        (replace(AIM, target=Decimal(100)), PaceOf.SUM, date(2026, 11, 2), "3.333333"),
        (AIM, PaceOf.MEAN, date(2026, 11, 2), "3000"),
        (AIM, NoPace.POSTED, date(2026, 11, 30), None),
        (AIM, NoPace.POSTED, date(2026, 12, 1), "3000"),
        (replace(AIM, target=None), PaceOf.SUM, date(2026, 11, 2), None),
    ],
)
def test_a_sum_is_due_by_its_days_and_a_mean_on_any(
    aim: Aim, kind: PaceOf | NoPace, until: date, due: str | None
) -> None:
    assert due_of(aim, kind, PLAIN, until) == (None if due is None else Decimal(due))


def test_days_are_due_by_what_they_weigh() -> None:
    # Ten days of forty before the eleventh, which weighs eleven.
    found = [due_of(AIM, PaceOf.SUM, SINGLES, date(2026, 11, end)) for end in (11, 12)]
    assert found == [Decimal(750), Decimal(1575)]


def test_of_an_indicator_the_shortest_period_is_told_that_wants_anything() -> None:
    quarter = replace(AIM, period=QUARTER, target=Decimal(9000))
    plain = replace(AIM, target=None)
    orders = replace(plain, indicator="orders")
    assert chosen([quarter, orders, plain, AIM]) == (AIM, orders)
    assert chosen([plain, quarter]) == (quarter,)


def read(
    aim: Aim,
    report: Period,
    today: date,
    own: str | None,
    shops: str | None,
    *,
    counted: tuple[Scope, ...] = (Scope.OWN, Scope.SHOPS),
) -> ReportLine:
    ways = asked_of(
        aim,
        ANN,
        report,
        today=today,
        indicators=built_in_indicators(),
        measures=built_in_measures(),
    )
    stated = {Scope.OWN: own, Scope.SHOPS: shops}
    values = {
        one: Value(None, NoValue.NO_ROWS)
        if (told := stated[one.scope]) is None
        else Value(Decimal(told) * (one.end - one.start).days, None)
        for way in ways
        for one in way.each()
    }
    of_facts = [one for one in values if one.scope in counted]
    return line_of(ways, values, PLAIN, counted=of_facts, report=report, today=today)


def test_a_line_tells_the_day_the_period_so_far_and_where_it_leads() -> None:
    line = read(AIM, day(10), date(2026, 11, 20), "120", "999")
    assert line.scope is Scope.OWN
    assert [line.value, line.so_far, line.due] == [120, 1200, 1000]
    assert line.difference == 200
    pace = line.pace
    assert isinstance(pace, Pace)
    assert [pace.counted, pace.forecast] == [1200, 3600]


def test_of_a_day_that_runs_the_pace_is_of_those_before_it() -> None:
    line = read(AIM, day(10), date(2026, 11, 10), "120", None)
    assert isinstance(line.pace, Pace)
    assert [line.pace.counted, line.so_far] == [1080, 1200]
    early = read(AIM, day(7), date(2026, 11, 7), "120", None)
    assert early.pace is NoPace.TOO_FEW_DAYS


def test_of_whom_nobody_wants_anything_the_shops_stand_in_and_a_target_never_changes_scope() -> (
    None
):
    usual = replace(AIM, target=None)
    assert read(usual, day(10), date(2026, 11, 20), None, "50").scope is Scope.SHOPS
    assert read(usual, day(10), date(2026, 11, 20), "0", "50").scope is Scope.OWN
    nobody = read(AIM, day(10), date(2026, 11, 20), None, "50")
    # Nought of no fact that names them says nothing beside the facts of their shops.
    today = date(2026, 11, 20)
    assert read(usual, day(10), today, "0", "50", counted=(Scope.SHOPS,)).scope is Scope.SHOPS
    assert read(usual, day(10), today, "0", "0", counted=()).scope is Scope.OWN
    assert read(AIM, day(10), today, "0", "50", counted=(Scope.SHOPS,)).scope is Scope.OWN
    assert (nobody.scope, nobody.so_far, nobody.difference) == (Scope.OWN, None, None)
    assert nobody.pace is NoPace.NO_DATA


def test_before_the_first_day_of_an_aim_nothing_is_due() -> None:
    later = replace(AIM, start=date(2026, 11, 16))
    line = read(later, day(10), date(2026, 11, 20), "120", None)
    assert [line.value, line.so_far, line.due] == [120, None, None]


@pytest.mark.parametrize(
    ("at", "last"),
    [
        # In Shanghai the deadline of the 10th is 10:00 on the 11th.
        (datetime(2026, 11, 11, 1, 59, 59, tzinfo=UTC), date(2026, 11, 9)),
        (datetime(2026, 11, 11, 2, tzinfo=UTC), date(2026, 11, 10)),
        (datetime(2026, 11, 11, 15, 59, tzinfo=UTC), date(2026, 11, 10)),
    ],
)
def test_a_report_is_in_time_until_so_many_hours_after_its_day(at: datetime, last: date) -> None:
    assert last_due_day(DUTY, at, ZONE) == last
    assert deadline_of(DUTY, last, ZONE) <= at < deadline_of(DUTY, last + timedelta(1), ZONE)


def person(position: str, start: date, end: date | None = None) -> Employee:
    held = Assignment(position, "u", (), start, end)
    return Employee("ann", "Ann", None, None, None, (held,))


@pytest.mark.parametrize(
    ("employee", "number", "wanted"),
    [
        (person("agent", date(2020, 1, 1)), 2, False),
        (person("agent", date(2020, 1, 1)), 3, True),
        # The 6th is a Friday.
        (person("agent", date(2020, 1, 1)), 6, True),
        (person("agent", date(2020, 1, 1)), 7, False),
        (person("agent", date(2026, 11, 5)), 4, False),
        (person("agent", date(2026, 11, 5)), 5, True),
        (person("agent", date(2020, 1, 1), date(2026, 11, 5)), 5, False),
        (person("boss", date(2020, 1, 1)), 5, False),
    ],
)
def test_who_has_to_report_is_at_work_in_a_position_on_a_day_of_the_week(
    employee: Employee, number: int, *, wanted: bool
) -> None:
    assert has_to_report(DUTY, employee, date(2026, 11, number)) == wanted


def test_reports_are_counted_of_the_days_that_are_due_and_of_no_others() -> None:
    ann = person("agent", date(2020, 1, 1))
    # Due are the 3rd to 6th, the 9th and the 10th; on Saturday the 7th nobody had to.
    came = {date(2026, 11, number) for number in (2, 3, 4, 7, 9, 11)}
    found = punctuality_of(DUTY, ann, NOVEMBER, came, date(2026, 11, 10))
    assert found == Punctuality("2026-11", 6, 3, Decimal("0.5"))
    third = punctuality_of(DUTY, ann, NOVEMBER, came, date(2026, 11, 5))
    assert third.rate == Decimal("0.666667")
    none = punctuality_of(DUTY, ann, NOVEMBER, came, date(2026, 11, 2))
    assert none == Punctuality("2026-11", 0, 0, None)


CALENDAR = Calendar(ZONE, WeekStart.MONDAY, "01-01")
FIRST = PutDuty(DUTY, datetime(2026, 11, 2, tzinfo=UTC))
SECOND = PutDuty(replace(DUTY, due_hours=2, version=2), datetime(2026, 12, 20, tzinfo=UTC))


def counted(since: date, last: date, *duties: PutDuty) -> dict[str, int]:
    """The version of the duty by which each period is counted."""
    found = periods_to_count(duties, since, last, calendar=CALENDAR, timezone=ZONE)
    return {period.code: duty.version for period, duty in found}


def test_what_ended_since_the_last_count_is_counted_to_its_end() -> None:
    running = {"2026-12": 1, "2026-Q4": 1, "2026-H2": 1, "2026": 1}
    second = date(2026, 12, 2)
    assert counted(second - timedelta(1), second, FIRST) == running
    assert counted(date(2026, 11, 30), second, FIRST) == running
    assert counted(date(2026, 11, 29), second, FIRST) == {"2026-11": 1, **running}
    months = counted(date(2026, 11, 5), date(2027, 2, 3), FIRST)
    assert list(months) == [
        "2026-11", "2026-12", "2027-01", "2027-02",
        "2026-Q4", "2027-Q1", "2026-H2", "2027-H1", "2026", "2027",
    ]  # fmt: skip


def test_a_day_that_was_counted_is_counted_anew_where_the_last_due_one_moved_back() -> None:
    assert "2026-11" in counted(date(2026, 12, 3), date(2026, 11, 30), FIRST)


def test_a_period_that_is_over_is_counted_by_the_duty_of_its_last_deadline() -> None:
    duties = (FIRST, SECOND)
    found = counted(date(2026, 11, 5), date(2026, 12, 30), *duties)
    assert found == {"2026-11": 1, "2026-12": 2, "2026-Q4": 2, "2026-H2": 2, "2026": 2}
    # The deadline of the 30th of November was at 10:00 on the 1st, before the duty was said.
    late = PutDuty(DUTY, datetime(2026, 12, 1, 2, 0, 1, tzinfo=UTC))
    assert "2026-11" not in counted(date(2026, 11, 5), date(2026, 12, 30), late)
    just = PutDuty(DUTY, datetime(2026, 12, 1, 2, tzinfo=UTC))
    assert counted(date(2026, 11, 5), date(2026, 12, 30), just)["2026-11"] == 1


def test_until_when_was_counted_follows_from_when_rates_were_stated() -> None:
    noon = datetime(2026, 12, 20, 4, tzinfo=UTC)
    assert counted_until([FIRST, SECOND], noon, ZONE) == date(2026, 12, 19)
    # At 9:00 in Shanghai by the first duty the day before was not due, by the second it is.
    nine = datetime(2026, 12, 20, 1, tzinfo=UTC)
    assert counted_until([FIRST, SECOND], nine, ZONE) == date(2026, 12, 19)
    assert counted_until([FIRST], nine, ZONE) == date(2026, 12, 18)
    before = datetime(2026, 12, 10, 1, tzinfo=UTC)
    assert counted_until([FIRST, SECOND], before, ZONE) == date(2026, 12, 8)
    # Never: what was due before the duty was said was due of nobody.
    assert counted_until([FIRST, SECOND], None, ZONE) == date(2026, 10, 31)
