"""Standards: whom one is for, which days it looks at, and on which side of a bound it is broken."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.standards import (
    LOOK_BACK_DAYS,
    Places,
    Question,
    answer,
    built_in_standards,
    check_standard,
    days_to_check,
    questions_of,
)
from services.schema.days import Calendar
from services.schema.errors import Conflict
from services.schema.shapes.indicators import Value, Wanted
from services.schema.shapes.people import Assignment, Employee, Subject
from services.schema.shapes.standards import Basis, Standard
from services.schema.words import CycleKind, NoValue, Scope, SubjectKind, WeekStart

CALENDAR = Calendar("Asia/Shanghai", WeekStart.MONDAY, "01-01")
TODAY = date(2026, 11, 20)
SHOP = Subject(SubjectKind.SHOP, "a")
STANDARD = Standard(
    code="returns",
    zh="退货",
    en="Returns",
    indicator="return_rate",
    subject_kind=SubjectKind.SHOP,
    subjects=None,
    scope=Scope.OWN,
    at_least=None,
    at_most=Decimal("0.05"),
    days=7,
    period=None,
    basis=Basis("orders", Decimal(20)),
    active=True,
    version=1,
)
FLOOR = replace(STANDARD, at_most=None, at_least=Decimal("0.9"))


def person(code: str, start: date, end: date | None = None) -> Employee:
    held = Assignment("agent", "u", (), start, end)
    return Employee(code, code, None, None, None, (held,))


PLACES = Places(
    employees={
        "e-1": person("e-1", date(2020, 1, 1)),
        "e-2": person("e-2", TODAY),
        "e-3": person("e-3", date(2020, 1, 1), TODAY),
    },
    units={"u"},
    shops={"a", "b"},
)


def ask(standard: Standard, *touched: date) -> list[Question]:
    return questions_of([standard], touched, PLACES, today=TODAY, calendar=CALENDAR)


def days(*numbers: int) -> list[date]:
    return [date(2026, 11, number) for number in numbers]


@pytest.mark.parametrize(
    ("changed", "touched", "checked"),
    [
        # A window of seven days holds a touched one on its own day and the six that follow.
        ({}, 15, days(15, 16, 17, 18, 19, 20)),
        ({}, 20, days(20)),
        ({}, 7, days(13)),
        ({}, 6, []),
        ({"days": 1}, 15, days(15)),
        ({"days": 1}, 12, []),
        ({"days": 1}, 13, days(13)),
        # What is not yet enough may still become so: the day that runs is left out.
        ({"days": 1, "at_most": None, "at_least": Decimal(1)}, 20, []),
        ({"days": 1, "at_most": None, "at_least": Decimal(1)}, 19, days(19)),
        ({"days": None, "period": CycleKind.MONTH}, 1, days(*range(13, 21))),
        ({"days": None, "period": CycleKind.MONTH}, 18, days(18, 19, 20)),
    ],
)
def test_the_days_looked_at_are_those_whose_value_hangs_on_what_came_in(
    changed: Mapping[str, object], touched: int, checked: list[date]
) -> None:
    standard = replace(STANDARD, **changed)  # type: ignore[arg-type]
    assert days_to_check(standard, [date(2026, 11, touched)], TODAY, CALENDAR) == checked


def test_what_came_in_before_the_period_says_nothing_of_it() -> None:
    standard = replace(STANDARD, days=None, period=CycleKind.QUARTER)
    assert days_to_check(standard, [date(2026, 9, 30)], TODAY, CALENDAR) == []
    whole = days_to_check(standard, [date(2026, 10, 1)], TODAY, CALENDAR)
    assert whole[0] == TODAY - timedelta(days=LOOK_BACK_DAYS)


def test_a_question_asks_for_its_stretch_and_for_its_basis_over_the_same() -> None:
    (_, question) = ask(STANDARD, TODAY)
    period = question.wanted.period
    assert (str(question.subject), question.day) == ("shop:b", TODAY)
    assert (period.code, period.days) == ("2026-11-14/2026-11-21", 7)
    assert question.basis is not None
    assert (question.basis.indicator, question.basis.period) == ("orders", period)
    (day, _) = ask(replace(STANDARD, days=1), TODAY)
    assert day.wanted.period.code == "2026-11-20"
    (month, _) = ask(replace(STANDARD, days=None, period=CycleKind.MONTH, basis=None), TODAY)
    assert month.basis is None
    assert (month.wanted.period.code, month.wanted.end) == ("2026-11", date(2026, 11, 21))


@pytest.mark.parametrize(
    ("kind", "subjects", "asked"),
    [
        (SubjectKind.SHOP, None, ["shop:a", "shop:b"]),
        (SubjectKind.SHOP, ("b", "gone"), ["shop:b"]),
        (SubjectKind.UNIT, None, ["unit:u"]),
        (SubjectKind.COMPANY, None, ["company"]),
        # Who begins on the day is at work, and who ended the day before is not.
        (SubjectKind.EMPLOYEE, None, ["employee:e-1", "employee:e-2"]),
    ],
)
def test_a_standard_is_for_whoever_of_its_kind_is_there(
    kind: SubjectKind, subjects: tuple[str, ...] | None, asked: list[str]
) -> None:
    standard = replace(STANDARD, subject_kind=kind, subjects=subjects)
    assert [str(each.subject) for each in ask(standard, TODAY)] == asked
    assert ask(replace(standard, active=False), TODAY) == []


@pytest.mark.parametrize(
    ("standard", "value", "basis", "broken"),
    [
        (STANDARD, "0.05", "20", False),
        (STANDARD, "0.050001", "20", True),
        (STANDARD, "0.050001", "19", False),
        (STANDARD, "0.050001", None, False),
        (replace(STANDARD, basis=None), "0.050001", None, True),
        (STANDARD, None, "20", False),
        (FLOOR, "0.9", "20", False),
        (FLOOR, "0.899999", "20", True),
        (FLOOR, None, "20", False),
    ],
)
def test_a_bound_is_broken_beyond_it_and_only_on_its_basis(
    standard: Standard, value: str | None, basis: str | None, *, broken: bool
) -> None:
    question = ask(standard, TODAY - timedelta(days=1))[0]
    values: dict[Wanted, Value] = {question.wanted: read(value)}
    if question.basis is not None:
        values[question.basis] = read(basis)
    check = answer(question, values)
    assert check.latest == (None if value is None else Decimal(value))
    assert (check.breach is not None) == broken
    if check.breach is not None and check.breach.measured is not None:
        assert check.breach.key == check.key
        assert check.breach.measured.value == check.latest
        assert check.breach.measured.period == question.wanted.period.code


def read(value: str | None) -> Value:
    return Value(None, NoValue.NO_ROWS) if value is None else Value(Decimal(value), None)


def test_a_standard_of_what_there_is_not_is_refused_at_each_place() -> None:
    known = built_in_indicators()
    check_standard(replace(STANDARD, subjects=("a", "b")), known, PLACES)
    wrong = replace(
        STANDARD, indicator="nothing", basis=Basis("nor_this", Decimal(1)), subjects=("a", "z")
    )
    with pytest.raises(Conflict) as refusal:
        check_standard(wrong, known, PLACES)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == [
        ("/indicator", "unknown_indicator"),
        ("/basis/indicator", "unknown_indicator"),
        ("/subjects/1", "unknown_shop"),
    ]


def test_the_built_in_standards_are_of_what_there_is() -> None:
    built_in = built_in_standards()
    assert {"return_rate", "average_response_seconds"} <= built_in.keys()
    for standard in built_in.values():
        check_standard(standard, built_in_indicators(), PLACES)
        assert (standard.at_least is None) != (standard.at_most is None)
    assert built_in["return_rate"].at_most == Decimal("0.05")
    assert built_in["average_response_seconds"].at_most == 30
