"""What the pay of a card asks for as data close, and how it is kept."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.api.core.cards import CardPlan, Setting, new_card
from services.api.core.pay_bases import (
    basis_document,
    basis_of,
    lines_paid_on,
    paid_as_stated,
    pay_wanted,
    read_basis,
)
from services.schema.days import kept_period
from services.schema.shapes.calendars import TargetCalendar
from services.schema.shapes.cycles import Cycle, Population
from services.schema.shapes.indicators import Value, Wanted
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.people import Assignment, Employee, Subject, Tenant, Unit
from services.schema.shapes.scorecards import Segment, Stated, StatedValue
from services.schema.words import CycleStatus, NoValue, Scope, SubjectKind, WeekStart
from tests.api.core.paying import placed
from tests.api.core.scoring import Document, flat, item, scheme_of

d = Decimal
FIRST, MIDDLE, END = date(2026, 10, 1), date(2026, 10, 16), date(2026, 11, 1)
PERIOD = kept_period("2026-10", FIRST, END)
CYCLE = Cycle(
    "oct", "lead", 1, PERIOD, Population(), "Asia/Shanghai", 0, CycleStatus.OPEN, 1, 1, None, None
)
UNITS = {"front": Unit("front", "front", None, "boss"), "far": Unit("far", "far", None, None)}
COMMISSION: Document = {"plan": "commission", "indicator": "sales", "rate": "0.1"}
CAPACITY: Document = {"plan": "leader_capacity", "indicator": "profit"}
ALLOWANCE: Document = {
    "plan": "level_allowance",
    "ladder": "service",
    "amounts": [{"level": "gold", "amount": "1"}],
}


def person(code: str, unit: str, manager: str | None = None) -> Employee:
    return Employee(code, code, manager, None, None, (Assignment("x", unit, (), FIRST, None),))


PEOPLE = {
    each.code: each
    for each in (
        person("boss", "front"),
        person("e-1", "front"),
        person("e-2", "far", "chief"),
        person("chief", "far"),
    )
}


def wanted_of(leader: str, *plans: Document, scope: str = "own") -> tuple[CardPlan, Setting]:
    stated = flat(item("sales", "100", scope=scope), pay=list(plans))
    segments = tuple(
        Segment(start, end, "x", "front", "lead", 1)
        for start, end in ((date(2026, 10, 3), MIDDLE), (MIDDLE, END))
    )
    subject = Subject(SubjectKind.EMPLOYEE, leader)
    card = new_card(CYCLE, subject, tenant=1, at=datetime(2026, 10, 1, tzinfo=UTC))
    setting = Setting(
        tenant=Tenant(1, "t", "CNY", "Asia/Shanghai", WeekStart.MONDAY, "01-01"),
        units=UNITS,
        employees=PEOPLE,
        cycles=(CYCLE,),
        schemes={("lead", 1): scheme_of(stated)},
        indicators={},
        calendar=TargetCalendar(),
    )
    return CardPlan(card, CYCLE, segments), setting


def over(indicator: str, kind: SubjectKind, code: str, scope: Scope) -> Wanted:
    return Wanted(indicator, Subject(kind, code), scope, PERIOD, date(2026, 10, 3), END)


def test_a_commission_asks_for_its_indicator_over_all_days_of_the_card() -> None:
    wanted = pay_wanted(*wanted_of("e-1", COMMISSION))
    assert wanted.bases == {"sales": over("sales", SubjectKind.EMPLOYEE, "e-1", Scope.OWN)}
    assert (wanted.outputs, wanted.members, wanted.ladders) == ({}, (), frozenset())


def test_a_commission_has_the_scope_of_the_item_with_its_indicator() -> None:
    wanted = pay_wanted(*wanted_of("e-1", COMMISSION, scope="shops"))
    assert wanted.bases["sales"].scope is Scope.SHOPS
    other = {**COMMISSION, "indicator": "profit"}
    assert pay_wanted(*wanted_of("e-1", other, scope="shops")).bases["profit"].scope is Scope.OWN


def test_a_team_s_output_is_that_of_the_units_led() -> None:
    wanted = pay_wanted(*wanted_of("boss", CAPACITY))
    team = over("profit", SubjectKind.UNIT, "front", Scope.UNIT)
    assert wanted.outputs == {"profit": {"unit:front": team}}
    assert list(wanted.values()) == [team]
    assert wanted.members == ()


def test_who_leads_no_unit_has_the_output_that_names_the_members() -> None:
    wanted = pay_wanted(*wanted_of("chief", CAPACITY))
    team = over("profit", SubjectKind.EMPLOYEE, "e-2", Scope.OWN)
    assert wanted.outputs == {"profit": {"employee:e-2": team}}
    assert pay_wanted(*wanted_of("e-2", CAPACITY)).outputs == {"profit": {}}


def test_the_members_are_those_of_the_last_day_of_the_period() -> None:
    plan, setting = wanted_of("boss", {"plan": "leader_mean"})
    assert pay_wanted(plan, setting).members == ("e-1",)
    (held,) = PEOPLE["e-1"].assignments
    for end, members in ((END, ("e-1",)), (date(2026, 10, 31), ())):
        moved = replace(PEOPLE["e-1"], assignments=(replace(held, end=end),))
        people = {**PEOPLE, "e-1": moved}
        assert pay_wanted(plan, replace(setting, employees=people)).members == members


def test_the_basis_holds_what_was_asked_for() -> None:
    wanted = pay_wanted(*wanted_of("boss", COMMISSION, CAPACITY, ALLOWANCE))
    values = {one: Value(d(at), None) for at, one in enumerate(wanted.values(), 5)}
    gold = placed("gold")
    assert basis_of(wanted, values, {"service": gold, "other": placed("x")}) == PayBasis(
        bases={"sales": Value(d(5), None)},
        outputs={"profit": {"unit:front": Value(d(6), None)}},
        members=(),
        levels={"service": gold},
    )
    assert basis_of(wanted, values, {}).levels == {"service": None}


def test_a_basis_is_read_back_exactly() -> None:
    bases = {
        "net_sales": Value(d("12345678901234.567891"), None),
        "gross_profit": Value(None, NoValue.NO_ROWS),
        "tiny": Value(d("0.000001"), None),
    }
    outputs = {"sales": {"unit:u-1": Value(d("1"), None)}, "profit": {}}
    levels = {"service": placed("gold"), "trade": placed(None), "craft": None}
    basis = PayBasis(bases, outputs, ("e-1", "e-2"), levels)
    document = basis_document(basis)
    assert read_basis(document) == basis
    turned = PayBasis(
        dict(reversed(bases.items())),
        dict(reversed(outputs.items())),
        ("e-1", "e-2"),
        dict(reversed(levels.items())),
    )
    assert basis_document(turned) == document
    assert b"E-" not in document


STATED = StatedValue("sales", None, d(7), "dsp_1")


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ((), None),
        ((replace(STATED, item="other"),), None),
        ((STATED,), [d(7), d(7)]),
        ((replace(STATED, segment=2),), [None, d(7)]),
        ((STATED, replace(STATED, segment=1, value=d(9))), [d(9), d(7)]),
    ],
)
def test_the_lines_that_a_commission_is_paid_on_and_what_was_stated_of_them(
    values: tuple[StatedValue, ...], lines: list[Decimal | None] | None
) -> None:
    plan, setting = wanted_of("e-1", COMMISSION, {**COMMISSION, "indicator": "profit"})
    found = lines_paid_on(replace(plan, stated=Stated(values=values)), setting.schemes)
    if lines is None:
        assert found == {}
        return
    assert set(found) == {"sales"}
    assert [(one.start, one.end, stated) for one, stated in found["sales"]] == [
        (date(2026, 10, 3), MIDDLE, lines[0]),
        (MIDDLE, END, lines[1]),
    ]
    assert {(one.indicator, one.scope) for one, _ in found["sales"]} == {("sales", Scope.OWN)}


def test_the_first_item_with_an_indicator_is_the_line_that_is_paid_on() -> None:
    plan, _ = wanted_of("e-1", COMMISSION)
    first, second = (
        item(code, "50", indicator="sales", scope=scope)
        for code, scope in (("one", "shops"), ("two", "own"))
    )
    schemes = {("lead", 1): scheme_of(flat(first, second, pay=[COMMISSION]))}
    for code, expected in (("one", {"sales"}), ("two", set[str]())):
        stated = Stated(values=(replace(STATED, item=code),))
        found = lines_paid_on(replace(plan, stated=stated), schemes)
        assert set(found) == expected
        assert {one.scope for own in found.values() for one, _ in own} <= {Scope.SHOPS}


UNKNOWN = Value(None, NoValue.FX_RATE_MISSING)


@pytest.mark.parametrize(
    ("base", "lines", "paid"),
    [
        # A refund of later is taken from the base alone: it stays taken.
        (Value(d(140), None), [(Value(d(160), None), d(250))], Value(d(230), None)),
        (
            Value(d(140), None),
            [(Value(d(100), None), d(250)), (Value(d(60), None), None)],
            Value(d(290), None),
        ),
        (
            Value(None, NoValue.NO_ROWS),
            [(Value(None, NoValue.NO_ROWS), d(250))],
            Value(d(250), None),
        ),
        (UNKNOWN, [(UNKNOWN, d(250))], Value(d(250), None)),
        (UNKNOWN, [(UNKNOWN, d(250)), (Value(d(5), None), None)], UNKNOWN),
    ],
)
def test_what_was_stated_of_a_line_reaches_the_commission(
    base: Value, lines: list[tuple[Value, Decimal | None]], paid: Value
) -> None:
    basis = PayBasis({"sales": base, "profit": base}, {}, (), {})
    assert paid_as_stated(basis, {"sales": lines}).bases == {"sales": paid, "profit": base}
