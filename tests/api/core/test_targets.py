"""Whose target holds, at which level, and what of it a part of the period has to reach."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.api.core.targets import SetTargets, owners_of, pro_rata, targets_in_force
from services.schema.days import Period
from services.schema.shapes.calendars import TargetCalendar, WeighedDays
from services.schema.shapes.people import Subject
from services.schema.shapes.schemes import Item
from services.schema.shapes.scorecards import Segment
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Scope, SubjectKind, TargetLevel
from tests.api.core.scoring import EMPLOYEE, RATIO, Document, flat, item, scheme_of

d = Decimal
BUDGET, CHALLENGE = TargetLevel.BUDGET, TargetLevel.CHALLENGE
OCTOBER = Period("2026-10", date(2026, 10, 1), date(2026, 11, 1), 1)
WHOLE = Segment(OCTOBER.start, OCTOBER.end, "guide", "north", "front", 1)
HALF = Segment(date(2026, 10, 1), date(2026, 10, 16), "guide", "north", "front", 1)
NORTH = Subject(SubjectKind.UNIT, "north")
PLAIN = TargetCalendar()
COMPANY = Subject(SubjectKind.COMPANY, "")
SHOP = Subject(SubjectKind.SHOP, "e-1")


def item_of(scope: Scope, target: Document | None) -> Item:
    return scheme_of(flat(item("a", "100", RATIO, scope=scope, target=target))).sections[0].items[0]


def in_force(
    stated: Item,
    set_targets: SetTargets,
    *,
    subject: Subject = EMPLOYEE,
    segment: Segment = WHOLE,
    held_against: tuple[Segment, ...] = (),
    additive: bool = False,
    calendar: TargetCalendar = PLAIN,
) -> dict[TargetLevel, TargetInForce]:
    return targets_in_force(
        stated,
        subject=subject,
        segment=segment,
        held_against=held_against or (segment,),
        period=OCTOBER,
        set_targets=set_targets,
        additive=additive,
        calendar=calendar,
    )


def key(
    subject: Subject, indicator: str = "a", period: str = "2026-10"
) -> tuple[Subject, str, str]:
    return (subject, indicator, period)


@pytest.mark.parametrize(
    ("scope", "unit", "owners"),
    [
        (Scope.OWN, "north", (EMPLOYEE,)),
        (Scope.SHOPS, "north", (EMPLOYEE,)),
        (Scope.UNIT, "north", (EMPLOYEE, NORTH)),
        (Scope.UNIT, None, (EMPLOYEE,)),
        (Scope.COMPANY, "north", (EMPLOYEE, COMPANY)),
    ],
)
def test_the_subject_s_own_comes_first(
    scope: Scope, unit: str | None, owners: tuple[Subject, ...]
) -> None:
    assert owners_of(scope, EMPLOYEE, unit) == owners


def test_a_unit_is_its_own_unit() -> None:
    assert owners_of(Scope.UNIT, NORTH, "north") == (NORTH,)


def test_a_set_target_is_the_subject_s_for_its_indicator_and_period_alone() -> None:
    own = item_of(Scope.OWN, {"kind": "set"})
    others: SetTargets = {
        key(SHOP): {BUDGET: d("1")},
        key(NORTH): {BUDGET: d("2")},
        key(COMPANY): {BUDGET: d("3")},
        key(EMPLOYEE, indicator="b"): {BUDGET: d("4")},
        key(EMPLOYEE, period="2026-11"): {BUDGET: d("5")},
        key(EMPLOYEE, period="2026-Q4"): {BUDGET: d("6")},
    }
    assert in_force(own, others) == {}
    found = in_force(own, {**others, key(EMPLOYEE): {BUDGET: d("100"), CHALLENGE: d("130")}})
    assert found == {
        BUDGET: TargetInForce(d("100"), d("100"), EMPLOYEE, 31, 31, d("31"), d("31")),
        CHALLENGE: TargetInForce(d("130"), d("130"), EMPLOYEE, 31, 31, d("31"), d("31")),
    }


def test_for_unit_and_company_the_one_set_for_them_stands_in() -> None:
    targets: SetTargets = {
        key(NORTH): {BUDGET: d("2"), CHALLENGE: d("4")},
        key(COMPANY): {BUDGET: d("3")},
    }
    of_unit = item_of(Scope.UNIT, {"kind": "set"})
    of_company = item_of(Scope.COMPANY, {"kind": "set"})
    assert {level: each.owner for level, each in in_force(of_unit, targets).items()} == {
        BUDGET: NORTH,
        CHALLENGE: NORTH,
    }
    assert in_force(of_company, targets)[BUDGET].value == d("3")
    # An own target takes the place of the other whole: no challenge of the unit beside it.
    own = {**targets, key(EMPLOYEE): {BUDGET: d("9")}}
    assert in_force(of_unit, own) == {
        BUDGET: TargetInForce(d("9"), d("9"), EMPLOYEE, 31, 31, d("31"), d("31"))
    }


def test_a_fixed_target_is_the_scheme_s_whatever_is_set() -> None:
    fixed = item_of(Scope.OWN, {"kind": "fixed", "value": "0.06", "challenge": "0.13"})
    assert in_force(fixed, {key(EMPLOYEE): {BUDGET: d("9")}}) == {
        BUDGET: TargetInForce(d("0.06"), d("0.06"), None, 31, 31, d("31"), d("31")),
        CHALLENGE: TargetInForce(d("0.13"), d("0.13"), None, 31, 31, d("31"), d("31")),
    }


def test_an_item_without_a_target_has_none() -> None:
    assert in_force(item_of(Scope.OWN, None), {key(EMPLOYEE): {BUDGET: d("9")}}) == {}


def test_requirement_21_additive_targets_are_pro_rata_by_days() -> None:
    stated = item_of(Scope.OWN, {"kind": "set"})
    targets: SetTargets = {key(EMPLOYEE): {BUDGET: d("1000")}}
    part = in_force(stated, targets, segment=HALF, additive=True)
    # 1000 x 15 / 31 = 483.870967...
    assert part == {
        BUDGET: TargetInForce(d("483.870968"), d("1000"), EMPLOYEE, 15, 31, d("15"), d("31"))
    }
    ratio = in_force(stated, targets, segment=HALF, additive=False)
    assert ratio == {
        BUDGET: TargetInForce(d("1000"), d("1000"), EMPLOYEE, 31, 31, d("31"), d("31"))
    }
    fixed = item_of(Scope.OWN, {"kind": "fixed", "value": "31"})
    assert in_force(fixed, {}, segment=HALF, additive=True)[BUDGET].value == d("15")


def test_a_value_of_the_whole_period_is_held_against_all_days_of_its_subject() -> None:
    """A value that was posted for October is of both parts of it, and of nobody's days away."""
    stated = item_of(Scope.OWN, {"kind": "set"})
    targets: SetTargets = {key(EMPLOYEE): {BUDGET: d("310")}}
    later = Segment(date(2026, 10, 20), date(2026, 11, 1), "host", "north", "front", 1)
    for segment in (HALF, later):
        part = in_force(stated, targets, segment=segment, held_against=(HALF, later), additive=True)
        assert part == {
            BUDGET: TargetInForce(d("270"), d("310"), EMPLOYEE, 27, 31, d("27"), d("31"))
        }
    ratio = in_force(stated, targets, segment=HALF, held_against=(HALF, later))
    assert ratio[BUDGET].value == d("310")


def test_requirement_21_days_that_weigh_more_have_more_of_the_target() -> None:
    """双11 and the day before weigh 8 and 3: 30 days of November weigh 39."""
    november = Period("2026-11", date(2026, 11, 1), date(2026, 12, 1), 1)
    calendar = TargetCalendar(
        (
            WeighedDays(date(2026, 11, 10), date(2026, 11, 11), d("3"), None),
            WeighedDays(date(2026, 11, 11), date(2026, 11, 12), d("8"), "双11"),
        )
    )
    stated = item_of(Scope.OWN, {"kind": "set"})

    def part(first: int, last: int, *, additive: bool = True) -> TargetInForce:
        start, end = date(2026, 11, first), date(2026, 11, last) + timedelta(days=1)
        segment = Segment(start, end, "guide", "north", "front", 1)
        return targets_in_force(
            stated,
            subject=EMPLOYEE,
            segment=segment,
            held_against=(segment,),
            period=november,
            set_targets={key(EMPLOYEE, period="2026-11"): {BUDGET: d("3900")}},
            additive=additive,
            calendar=calendar,
        )[BUDGET]

    assert part(1, 30) == TargetInForce(d("3900"), d("3900"), EMPLOYEE, 30, 30, d("39"), d("39"))
    # Who joins on the 15th is not given the target of the 11th: 16 of 39, where days say 16 of 30.
    assert part(15, 30) == TargetInForce(d("1600"), d("3900"), EMPLOYEE, 16, 30, d("16"), d("39"))
    assert part(1, 14).value == d("2300")
    assert part(11, 11).value == d("800")
    assert part(10, 10).value == d("300")
    assert part(12, 30).value + part(1, 11).value == d("3900")
    ratio = part(15, 30, additive=False)
    assert (ratio.value, ratio.days, ratio.weight) == (d("3900"), 30, d("39"))


@pytest.mark.parametrize(
    ("target", "days", "part"),
    [("31", 1, "1"), ("31", 31, "31"), ("1", 1, "0.032258"), ("1", 2, "0.064516")],
)
def test_pro_rata(target: str, days: int, part: str) -> None:
    assert pro_rata(d(target), days, 31) == d(part)


@pytest.mark.parametrize("days", [0, 32])
def test_a_part_has_a_day_and_no_more_than_the_whole(days: int) -> None:
    with pytest.raises(AssertionError, match="a part has a day"):
        pro_rata(d("1"), days, 31)
