"""How each pay plan is read and written back."""

from decimal import Decimal

import pytest

from services.api.core.fields import Fields, Reading
from services.api.core.pay_documents import MOST_LEVELS, pay_to_wire, read_pay
from services.schema.errors import Invalid
from services.schema.shapes.pay_plans import (
    Factor,
    GradeBonus,
    LeaderCapacity,
    LeaderMean,
    LevelAllowance,
    LevelAmount,
    MoneyAdjustments,
    Pay,
)
from services.schema.words import CoefficientOf
from tests.api.core.scoring import Document

d = Decimal
ONE = Factor(number=d(1))


def read(document: Document) -> Pay:
    reading = Reading()
    pay = read_pay(Fields(document, reading))
    reading.finish()
    return pay


@pytest.mark.parametrize(
    ("document", "pay", "written"),
    [
        (
            {"plan": "leader_mean"},
            LeaderMean(ONE, ONE, ONE),
            {
                "plan": "leader_mean",
                "task": {"number": "1"},
                "business": {"number": "1"},
                "staffing": {"number": "1"},
            },
        ),
        (
            {
                "plan": "leader_mean",
                "task": "1.250",
                "business": {"of": "grade"},
                "staffing": {"item": "staff.kept"},
            },
            LeaderMean(
                Factor(number=d("1.25")),
                Factor(of=CoefficientOf.GRADE),
                Factor(item="staff.kept"),
            ),
            {
                "plan": "leader_mean",
                "task": {"number": "1.25"},
                "business": {"of": "grade"},
                "staffing": {"item": "staff.kept"},
            },
        ),
        (
            {"plan": "leader_capacity", "indicator": "net_sales", "incentive": {"of": "score"}},
            LeaderCapacity("net_sales", Factor(of=CoefficientOf.SCORE)),
            {"plan": "leader_capacity", "indicator": "net_sales", "incentive": {"of": "score"}},
        ),
        (
            {"plan": "leader_capacity", "indicator": "net_sales", "incentive": 0},
            LeaderCapacity("net_sales", Factor(number=d(0))),
            {"plan": "leader_capacity", "indicator": "net_sales", "incentive": {"number": "0"}},
        ),
        (
            {"plan": "grade_bonus", "base": "10.50"},
            GradeBonus(d("10.5")),
            {"plan": "grade_bonus", "base": "10.5"},
        ),
        (
            {
                "plan": "level_allowance",
                "ladder": "service",
                "amounts": [{"level": "gold", "amount": "500"}],
            },
            LevelAllowance("service", (LevelAmount("gold", d(500)),)),
            {
                "plan": "level_allowance",
                "ladder": "service",
                "amounts": [{"level": "gold", "amount": "500"}],
            },
        ),
        (
            {"plan": "adjustment", "minimum": "-500", "maximum": None},
            MoneyAdjustments(d(-500), None),
            {"plan": "adjustment", "minimum": "-500", "maximum": None},
        ),
        (
            {"plan": "adjustment"},
            MoneyAdjustments(),
            {"plan": "adjustment", "minimum": None, "maximum": None},
        ),
    ],
)
def test_a_plan_is_read_and_written_back(document: Document, pay: Pay, written: Document) -> None:
    assert read(document) == pay
    assert pay_to_wire(pay) == written
    assert read(written) == pay


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({}, [("/plan", "required")]),
        ({"plan": "salary", "base": "1"}, [("/plan", "word_unknown")]),
        ({"plan": "leader_mean", "task": "x"}, [("/task", "decimal_invalid")]),
        ({"plan": "leader_mean", "task": "0.0000001"}, [("/task", "too_many_decimals")]),
        ({"plan": "leader_mean", "task": {}}, [("/task", "one_expected")]),
        (
            {"plan": "leader_mean", "business": {"of": "score", "item": "a"}},
            [("/business", "one_expected")],
        ),
        ({"plan": "leader_mean", "task": {"item": "a b"}}, [("/task/item", "code_invalid")]),
        ({"plan": "leader_mean", "task": {"of": "luck"}}, [("/task/of", "word_unknown")]),
        ({"plan": "leader_mean", "base": "1"}, [("/base", "unknown_field")]),
        ({"plan": "leader_capacity"}, [("/indicator", "required")]),
        ({"plan": "level_allowance", "amounts": []}, [("/ladder", "required")]),
        (
            {"plan": "level_allowance", "ladder": "s", "amounts": [{"level": "gold"}]},
            [("/amounts/0/amount", "required")],
        ),
        (
            {
                "plan": "level_allowance",
                "ladder": "s",
                "amounts": [{"level": "x", "amount": "1"}] * (MOST_LEVELS + 1),
            },
            [("/amounts", "list_invalid")],
        ),
        ({"plan": "adjustment", "minimum": "1.00001"}, [("/minimum", "too_many_decimals")]),
        ({"plan": "adjustment", "reason": "x"}, [("/reason", "unknown_field")]),
    ],
)
def test_a_plan_at_fault(document: Document, faults: list[tuple[str, str]]) -> None:
    with pytest.raises(Invalid) as refusal:
        read(document)
    assert [(fault.pointer, fault.code) for fault in refusal.value.faults] == faults


def test_as_many_levels_as_may_be() -> None:
    amounts = [{"level": f"l{number}", "amount": "1"} for number in range(MOST_LEVELS)]
    pay = read({"plan": "level_allowance", "ladder": "s", "amounts": amounts})
    assert isinstance(pay, LevelAllowance)
    assert len(pay.amounts) == MOST_LEVELS
