"""What the rules refuse of a ladder, each with its place, and what they let pass."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.level_faults import check_ladder
from services.api.core.measures import built_in_measures
from services.schema.errors import Conflict
from services.schema.shapes.levels import Criterion, LadderLevel, LevelLadder
from services.schema.shapes.schemes import Name
from services.schema.words import Of
from tests.api.core.ladders import service_agent

NAME = Name("级", "Level")


def criterion(code: str = "c", **fields: Any) -> Criterion:
    given: dict[str, Any] = {"indicator": "net_sales", "at_least": Decimal(1)} | fields
    return Criterion(code, NAME, given.pop("months", 1), **given)


def ladder(*levels: tuple[str, list[Criterion]]) -> LevelLadder:
    made = tuple(LadderLevel(code, NAME, tuple(criteria)) for code, criteria in levels)
    return LevelLadder(NAME, (), made, None)


def faults_of(made: LevelLadder) -> list[tuple[str, str]]:
    try:
        check_ladder(made, built_in_indicators(), built_in_measures())
    except Conflict as refusal:
        return [(fault.pointer, fault.code) for fault in refusal.faults]
    return []


def test_the_template_can_be_kept_as_it_is() -> None:
    assert faults_of(service_agent()) == []


def test_a_ladder_has_a_level() -> None:
    assert faults_of(ladder()) == [("/levels", "levels_missing")]
    with pytest.raises(Conflict) as refusal:
        check_ladder(ladder(), built_in_indicators(), built_in_measures())
    assert (refusal.value.code, refusal.value.detail) == (
        "levels_missing",
        "A ladder has a level at least.",
    )


def test_codes_stand_once() -> None:
    twice = [criterion("c"), criterion("c")]
    assert faults_of(ladder(("gold", []), ("silver", twice), ("gold", []))) == [
        ("/levels", "code_repeated"),
        ("/levels/1/criteria", "code_repeated"),
    ]


def test_an_indicator_is_known() -> None:
    made = ladder(("gold", []), ("silver", [criterion("a"), criterion(indicator="nobody")]))
    assert faults_of(made) == [("/levels/1/criteria/1/indicator", "indicator_unknown")]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"indicator": "turnover_rate", "months": 1}, None),
        ({"indicator": "turnover_rate", "months": 2}, ("/months", "window_not_additive")),
        ({"indicator": "attendance_faults", "months": 2}, None),
        ({"indicator": "conversion_rate", "months": 2}, None),
        ({"indicator": "conversion_rate", "of": Of.ATTAINMENT, "months": 1}, None),
        (
            {"indicator": "conversion_rate", "of": Of.ATTAINMENT, "months": 2},
            ("/of", "attainment_not_additive"),
        ),
        ({"indicator": "net_sales", "of": Of.ATTAINMENT, "months": 2}, None),
    ],
)
def test_what_cannot_be_put_together_looks_back_one_month(
    fields: dict[str, Any], fault: tuple[str, str] | None
) -> None:
    found = faults_of(ladder(("gold", [criterion(**fields)])))
    assert found == ([] if fault is None else [(f"/levels/0/criteria/0{fault[0]}", fault[1])])


@pytest.mark.parametrize(
    ("indicator", "refused"),
    [
        ("inquiry_conversion_rate", False),
        ("unanswered_rate", False),
        ("net_sales", True),
        ("attendance_faults", True),
        ("order_bounce_rate", True),
    ],
)
def test_only_what_comes_of_chats_is_sampled(indicator: str, *, refused: bool) -> None:
    found = faults_of(ladder(("gold", [criterion(indicator=indicator, sample=30)])))
    assert found == ([("/levels/0/criteria/0/sample", "not_of_chats")] if refused else [])


@pytest.mark.parametrize(
    ("higher", "lower", "crossed"),
    [
        ({"at_least": Decimal("0.9")}, {"at_least": Decimal("0.9")}, False),
        ({"at_least": Decimal("0.9")}, {"at_least": Decimal("0.900001")}, True),
        (
            {"at_least": None, "at_most": Decimal(3)},
            {"at_least": None, "at_most": Decimal(3)},
            False,
        ),
        (
            {"at_least": None, "at_most": Decimal(3)},
            {"at_least": None, "at_most": Decimal("2.9")},
            True,
        ),
        ({"at_least": Decimal(1)}, {"at_least": None, "at_most": Decimal(0)}, False),
        ({"at_least": Decimal(1)}, {"at_least": Decimal(2), "indicator": "orders"}, False),
        ({"at_least": Decimal(1)}, {"at_least": Decimal(2), "of": Of.ATTAINMENT}, False),
    ],
)
def test_a_lower_level_asks_for_no_more_of_the_same(
    higher: dict[str, Any], lower: dict[str, Any], *, crossed: bool
) -> None:
    others = [criterion("other")]
    made = ladder(("gold", [criterion(**higher)]), ("silver", [*others, criterion(**lower)]))
    expected = [("/levels/1/criteria/1", "levels_crossed")] if crossed else []
    assert faults_of(made) == expected


def test_levels_are_compared_with_the_one_right_above() -> None:
    asks = [criterion(at_least=Decimal(number)) for number in (3, 1, 2)]
    made = ladder(*((f"l{number}", [each]) for number, each in enumerate(asks)))
    assert faults_of(made) == [("/levels/2/criteria/0", "levels_crossed")]


def test_a_behaviour_needs_no_indicator() -> None:
    seen = replace(criterion(), indicator=None, at_least=None, behaviour="helps", months=6)
    assert faults_of(ladder(("gold", [seen]), ("silver", [seen]))) == []
