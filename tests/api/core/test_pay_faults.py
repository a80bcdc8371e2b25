"""What stands against the pay of a scheme, with the place."""

import pytest

from services.api.core.pay_faults import faults_of_pay
from services.api.core.schemes import parse_scheme
from tests.api.core.scoring import Document, flat, item

KNOWN = {"a", "sales"}


def faults_of(*plans: Document, **more: object) -> list[tuple[str, str]]:
    untargeted = item("b", "40", target=None)
    stated = flat(item("a", "60"), untargeted, pay=list(plans), **more)
    return [(fault.pointer, fault.code) for fault in faults_of_pay(parse_scheme(stated), KNOWN)]


@pytest.mark.parametrize(
    ("plan", "faults"),
    [
        ({"plan": "leader_mean"}, []),
        ({"plan": "leader_mean", "task": "0"}, []),
        ({"plan": "leader_mean", "task": "-0.1"}, [("/task", "coefficient_negative")]),
        ({"plan": "leader_mean", "business": {"of": "grade"}}, []),
        ({"plan": "leader_mean", "staffing": {"item": "a"}}, []),
        (
            {"plan": "leader_mean", "staffing": {"item": "b"}},
            [("/staffing/item", "target_missing")],
        ),
        ({"plan": "leader_mean", "staffing": {"item": "c"}}, [("/staffing/item", "item_unknown")]),
        ({"plan": "leader_capacity", "indicator": "sales"}, []),
        ({"plan": "leader_capacity", "indicator": "x"}, [("/indicator", "indicator_unknown")]),
        (
            {"plan": "leader_capacity", "indicator": "sales", "incentive": "-1"},
            [("/incentive", "coefficient_negative")],
        ),
        ({"plan": "level_allowance", "ladder": "s"}, [("/amounts", "amounts_missing")]),
        (
            {
                "plan": "level_allowance",
                "ladder": "s",
                "amounts": [
                    {"level": "gold", "amount": "0"},
                    {"level": "silver", "amount": "-1"},
                    {"level": "gold", "amount": "1"},
                ],
            },
            [("/amounts/1/amount", "amount_negative"), ("/amounts", "level_repeated")],
        ),
        ({"plan": "adjustment"}, []),
        ({"plan": "adjustment", "minimum": "0", "maximum": "0"}, []),
        ({"plan": "adjustment", "minimum": "1"}, [("", "adjustments_unordered")]),
        ({"plan": "adjustment", "maximum": "-1"}, [("", "adjustments_unordered")]),
    ],
)
def test_plans_are_complete(plan: Document, faults: list[tuple[str, str]]) -> None:
    assert faults_of(plan) == [(f"/pay/0{pointer}", code) for pointer, code in faults]


def test_without_grades_nothing_is_multiplied_by_them() -> None:
    by_grade = {"of": "grade"}
    plans: list[Document] = [
        {"plan": "leader_mean", "task": by_grade, "business": {"of": "score"}},
        {"plan": "leader_capacity", "indicator": "sales", "incentive": by_grade},
    ]
    assert faults_of(*plans, grades=[]) == [
        ("/pay/0/task", "grades_missing"),
        ("/pay/1/incentive", "grades_missing"),
    ]


def test_rewards_and_penalties_are_one_plan() -> None:
    assert faults_of({"plan": "adjustment"}, {"plan": "adjustment"}) == [("/pay", "plan_repeated")]
    assert faults_of({"plan": "leader_mean"}, {"plan": "leader_mean"}) == []
