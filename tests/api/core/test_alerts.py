"""Alerts: one for a breach, subject and day, however often and in whatever order it is seen."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.core.alerts import acknowledged, closed, keys_before, weigh
from services.schema.errors import Closed, Conflict, Forbidden
from services.schema.shapes.alerts import Alert, AlertKey, Breach, Check, Handled, Measured
from services.schema.shapes.people import Caller, Subject
from services.schema.watch_words import AlertKind, AlertState
from services.schema.words import Role, SubjectKind

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
DAY = date(2026, 11, 20)
SHOP = Subject(SubjectKind.SHOP, "a")
LEAD = Caller(1, Role.LEAD, "e-lead", "key:k")
BY = Handled("e-lead", "key:k", "seen", LATER)


def check(day: date = DAY, value: str | None = "0.06", *, broken: bool = True) -> Check:
    latest = None if value is None else Decimal(value)
    key = (AlertKind.STANDARD, "returns", SHOP, day)
    if not broken or latest is None:
        return Check(key, None, latest)
    measured = Measured("return_rate", 1, str(day), latest, None, Decimal("0.05"))
    return Check(key, Breach(*key, zh="退货", en="Returns", measured=measured), latest)


def alert(day: date = DAY, since: date | None = None) -> Alert:
    breach = check(day).breach
    assert breach is not None
    return Alert(
        id=f"alt_{day}",
        breach=breach,
        since=since or day,
        latest=Decimal("0.06"),
        is_broken=True,
        raised_at=AT,
        checked_at=AT,
        acknowledged=None,
        closed=None,
    )


def known(*alerts: Alert) -> dict[AlertKey, Alert]:
    return {each.breach.key: each for each in alerts}


def test_a_breach_is_news_once() -> None:
    raised = weigh([check()], {}, at=AT)
    assert [(news.breach, news.since) for news in raised.raised] == [(check().breach, DAY)]
    again = weigh([check()], known(alert()), at=LATER)
    assert (again.raised, again.changed) == ((), ())
    assert weigh([check(broken=False)], {}, at=AT).raised == ()


def test_looked_at_again_an_alert_says_what_became_of_it_and_keeps_what_it_said() -> None:
    (worse,) = weigh([check(value="0.07")], known(alert()), at=LATER).changed
    assert (worse.latest, worse.is_broken, worse.checked_at) == (Decimal("0.07"), True, LATER)
    assert worse.breach == alert().breach
    (better,) = weigh([check(value="0.04", broken=False)], known(alert()), at=LATER).changed
    assert (better.latest, better.is_broken) == (Decimal("0.04"), False)
    (gone,) = weigh([check(value=None)], known(alert()), at=LATER).changed
    assert (gone.latest, gone.is_broken) == (None, False)
    over = replace(alert(), closed=BY)
    assert weigh([check(value="0.07")], known(over), at=LATER).changed == ()


@pytest.mark.parametrize(
    ("before", "since"),
    [
        ([], DAY),
        ([alert(DAY - timedelta(days=1))], DAY - timedelta(days=1)),
        ([alert(DAY - timedelta(days=1), date(2026, 11, 1))], date(2026, 11, 1)),
        ([alert(DAY - timedelta(days=2))], DAY),
        ([replace(alert(DAY - timedelta(days=1)), is_broken=False)], DAY),
    ],
)
def test_days_in_a_row_are_counted_from_the_first(before: Sequence[Alert], since: date) -> None:
    (news,) = weigh([check()], known(*before), at=AT).raised
    assert news.since == since


def test_what_is_to_be_known_reaches_one_day_further_back() -> None:
    days = {day for *_, day in keys_before([check(), check(DAY - timedelta(days=5))])}
    assert days == {DAY - timedelta(days=back) for back in (0, 1, 5, 6)}


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 9)), st.permutations(range(10)))
def test_the_order_in_which_days_are_looked_at_matters_to_nobody(
    broken: set[int], order: list[int]
) -> None:
    checks = [check(DAY + timedelta(days=n), broken=n in broken) for n in range(10)]
    straight = weigh(checks, {}, at=AT)
    assert weigh([checks[n] for n in order], {}, at=AT) == straight
    assert {news.breach.day for news in straight.raised} == {
        DAY + timedelta(days=n) for n in broken
    }
    for news in straight.raised:
        run = (news.breach.day - news.since).days
        number = (news.since - DAY).days
        assert {number + k for k in range(run + 1)} <= broken
        assert number - 1 not in broken


def test_an_alert_is_acknowledged_once_and_closed_with_a_word() -> None:
    seen = acknowledged(alert(), BY)
    assert (alert().state, seen.state) == (AlertState.OPEN, AlertState.ACKNOWLEDGED)
    with pytest.raises(Conflict) as twice:
        acknowledged(seen, BY)
    assert twice.value.code == "acknowledged"
    over = closed(seen, BY, LEAD, is_own=False)
    assert (over.state, over.acknowledged, over.closed) == (AlertState.CLOSED, BY, BY)
    assert closed(alert(), BY, LEAD, is_own=False).state is AlertState.CLOSED
    with pytest.raises(Conflict) as silent:
        closed(seen, replace(BY, note=None), LEAD, is_own=False)
    assert silent.value.code == "note_missing"
    with pytest.raises(Closed):
        acknowledged(over, BY)
    with pytest.raises(Closed):
        closed(over, BY, LEAD, is_own=False)


def test_nobody_closes_an_alert_about_oneself_nor_without_standing_above() -> None:
    with pytest.raises(Forbidden):
        closed(alert(), BY, LEAD, is_own=True)
    with pytest.raises(Forbidden):
        closed(alert(), BY, replace(LEAD, role=Role.EMPLOYEE), is_own=False)
