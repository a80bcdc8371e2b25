"""The built-in ladders: `service_agent` has each figure of `domain.md`, section 6.7."""

from decimal import Decimal

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.level_documents import ladder_to_wire, parse_ladder
from services.api.core.level_faults import check_ladder
from services.api.core.measures import built_in_measures
from services.api.templates.ladders import ladder_templates
from services.schema.shapes.levels import Criterion, LevelLadder
from services.schema.words import Of

# What is held against which bound, how many months back, and whether it is sampled; gold, silver.
Row = tuple[str, str, int, bool]
FIGURES: dict[str, tuple[Row, Row]] = {
    "service_awareness": (("seen", "", 2, False), ("seen", "", 2, False)),
    "team_activities": (("seen", "", 2, False), ("seen", "", 2, False)),
    "attendance": (
        ("attendance_faults", "<= 0", 2, False),
        ("attendance_faults", "<= 3", 2, False),
    ),
    "sales": (("net_sales %", ">= 0.9", 2, False), ("net_sales %", ">= 0.7", 1, False)),
    "inquiry_conversion": (
        ("inquiry_conversion_rate", ">= 0.5", 1, True),
        ("inquiry_conversion_rate", ">= 0.45", 1, True),
    ),
    "average_response": (
        ("average_response_seconds", "<= 30", 1, True),
        ("average_response_seconds", "<= 35", 1, True),
    ),
    "service_slips": (("service_slips", "<= 3", 1, False), ("service_slips", "<= 5", 1, False)),
    "product_knowledge": (
        ("knowledge_errors", "<= 2", 1, False),
        ("knowledge_errors", "<= 4", 1, False),
    ),
    "communication": (("seen", "", 1, False), ("seen", "", 1, False)),
}


def ladder_of(code: str) -> LevelLadder:
    document = ladder_templates()[code]["ladder"]
    assert isinstance(document, dict)
    return parse_ladder(document)


def row_of(criterion: Criterion) -> Row:
    if criterion.behaviour is not None:
        assert criterion.behaviour == criterion.code
        return ("seen", "", criterion.months, False)
    name = f"{criterion.indicator}{' %' if criterion.of is Of.ATTAINMENT else ''}"
    sign, bound = (
        ("<=", criterion.at_most) if criterion.at_least is None else (">=", criterion.at_least)
    )
    assert isinstance(bound, Decimal)
    return (name, f"{sign} {bound}", criterion.months, criterion.sample is not None)


def test_every_ladder_is_here_once() -> None:
    assert list(ladder_templates()) == ["service_agent"]


def test_the_service_ladder_has_the_figures_of_its_source() -> None:
    ladder = ladder_of("service_agent")
    assert [level.code for level in ladder.levels] == ["gold", "silver", "bronze"]
    for place, level in enumerate(ladder.levels[:2]):
        assert {each.code: row_of(each) for each in level.criteria} == {
            code: rows[place] for code, rows in FIGURES.items()
        }
    assert ladder.levels[2].criteria == ()


@pytest.mark.parametrize("code", list(ladder_templates()))
def test_a_ladder_can_be_kept_as_it_is_and_says_what_is_ours(code: str) -> None:
    template = ladder_templates()[code]
    assert set(template) == {"code", "name", "note", "ladder"}
    note = template["note"]
    assert isinstance(note, dict)
    assert "(?)" in note["zh"]
    assert "(?)" in note["en"]
    ladder = ladder_of(code)
    check_ladder(ladder, built_in_indicators(), built_in_measures())
    assert ladder_to_wire(parse_ladder(ladder_to_wire(ladder))) == ladder_to_wire(ladder)


def test_templates_cannot_be_added_to() -> None:
    with pytest.raises(TypeError):
        ladder_templates()["mine"] = {}  # type: ignore[index]  # the mistake itself
