"""The built-in schemes: each can be adopted as it is, with the figures of `domain.md`, 6."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from importlib.resources import files
from itertools import groupby
from typing import Any

import pytest

from services.api.core.indicators import built_in_indicators
from services.api.core.publishing import check_publishable
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.api.core.weights import line_weights
from services.api.templates import FAMILIES, interview_form, templates
from services.schema.money import plain
from services.schema.shapes.schemes import (
    Curve,
    Deduct,
    Gate,
    Item,
    ItemTarget,
    Ladder,
    Pass,
    Rating,
    Ratio,
    Rubric,
    RubricCondition,
    Rule,
    Scheme,
    Step,
    Steps,
)
from services.schema.words import Of, Quantifier, TargetKind, TargetLevel
from tests.api.template_figures import DOUBTFUL, figures

CODES = sorted(figures())
POSITIONS = (
    "operations_manager", "live_operations", "live_host", "operations_specialist",
    "promotion_specialist", "pre_sales_agent", "after_sales_agent", "copywriter", "designer",
)  # fmt: skip


def scheme_of(code: str) -> Scheme:
    return parse_scheme(part(templates()[code], "scheme"))


def part(document: Mapping[str, object], name: str) -> dict[str, Any]:
    found = document[name]
    assert isinstance(found, dict)
    return found


def rows(document: Mapping[str, object], name: str) -> list[dict[str, Any]]:
    found = document[name]
    assert isinstance(found, list)
    return found


def test_every_template_is_here_once() -> None:
    assert list(templates()) == CODES
    assert {document["family"] for document in templates().values()} == set(FAMILIES)


@pytest.mark.parametrize("code", CODES)
def test_a_template_can_be_published_as_it_is(code: str) -> None:
    scheme = scheme_of(code)
    check_publishable(scheme, built_in_indicators())
    assert parse_scheme(scheme_to_wire(scheme)) == scheme


@pytest.mark.parametrize("code", CODES)
def test_a_template_has_the_figures_of_its_source(code: str) -> None:
    assert "\n".join(_figures_of(code, scheme_of(code))) == figures()[code]


@pytest.mark.parametrize("code", CODES)
def test_a_template_is_written_as_it_is_served(code: str) -> None:
    """What a tenant gets is what the file says: nothing is added or left out on the way."""
    stated = part(templates()[code], "scheme")
    assert json.loads(json.dumps(scheme_to_wire(parse_scheme(stated)))) == stated


@pytest.mark.parametrize("code", CODES)
def test_a_template_speaks_both_languages_and_says_what_is_ours(code: str) -> None:
    template = templates()[code]
    names = list(_names_in(template))
    assert len(names) > 10
    for name in names:
        assert set(name) == {"zh", "en"}
        assert all(isinstance(text, str) and text.strip() for text in name.values())
    note = part(template, "note")
    assert "(?)" in note["zh"]
    assert "(?)" in note["en"]
    scheme = scheme_of(code)
    assert all(section.name and section.items for section in scheme.sections)
    assert all(item.name is not None for section in scheme.sections for item in section.items)


@pytest.mark.parametrize("code", CODES)
def test_a_template_says_of_each_item_where_its_target_is_from(code: str) -> None:
    items = [item for section in scheme_of(code).sections for item in section.items]
    sources = {source["item"]: source for source in rows(templates()[code], "sources")}
    assert list(sources) == [item.code for item in items]
    for item in items:
        source = sources[item.code]
        assert source["mark"] in {"s", "p", "p?", "?", None}
        assert (source["mark"] is not None) or item.target is None, item.code
        if "?" in (source["mark"] or ""):
            assert "(?)" in source["note"]["zh"]
            assert "(?)" in source["note"]["en"]


@pytest.mark.parametrize("code", DOUBTFUL)
def test_each_doubt_of_the_source_has_its_place_in_a_note(code: str) -> None:
    sources = {source["item"]: source for source in rows(templates()[code], "sources")}
    for item in DOUBTFUL[code]:
        note = sources[item]["note"]
        assert note is not None, item
        assert "(?)" in note["zh"], item
        assert "(?)" in note["en"], item


def test_the_design_template_names_the_other_reading_of_its_source() -> None:
    note = part(templates()["design_manager_sections"], "note")
    for text in note.values():
        assert all(figure in text for figure in ("80 %", "200-400 %", "130-180 %"))


@pytest.mark.parametrize("code", ["viewers_per_session", "live_conversion_rate"])
def test_doubtful_published_figures_keep_both_marks(code: str) -> None:
    for position in ("live_operations", "live_host"):
        sources = {each["item"]: each["mark"] for each in rows(templates()[position], "sources")}
        assert sources[code] == "p?"


@pytest.mark.parametrize(
    ("position", "marks"),
    [
        ("operations_manager", "ppspss-"),
        ("live_operations", "ppp??pp-"),
        ("live_host", "pp?p?ppp"),
        ("operations_specialist", "pssp?ps-"),
        ("promotion_specialist", "ppppppp-"),
        ("pre_sales_agent", "pppppp"),
        ("after_sales_agent", "pp??ssp"),
        ("copywriter", "?pp?s?p"),
        ("designer", "psppsssp"),
    ],
)
def test_positions_mark_their_targets_as_the_library_does(position: str, marks: str) -> None:
    """`-` is rated; a published figure in doubt is shown here as `?`."""
    stated = [each["mark"] or "-" for each in rows(templates()[position], "sources")]
    assert "".join("?" if mark == "p?" else mark for mark in stated) == marks


def test_each_position_says_how_it_is_appraised() -> None:
    guided = [code for code in CODES if templates()[code]["guide"] is not None]
    assert guided == sorted(POSITIONS)
    for code in guided:
        guide = part(templates()[code], "guide")
        assert list(guide) == ["contents", "method", "feedback", "use", "calculation"]


def test_every_template_brings_the_interview_form() -> None:
    form = interview_form()
    assert form["within_days"] == 7
    assert [question["code"] for question in rows(form, "questions")] == [
        "succeeded", "to_improve", "cause", "training", "own_standing", "opinion", "help_wanted",
        "measures", "remarks", "employee_signature", "superior_signature",
    ]  # fmt: skip
    assert all(document["interview"] == form for document in templates().values())


def test_departments_name_their_sub_units() -> None:
    named = {
        code: [unit["code"] for unit in rows(document, "sub_units")]
        for code, document in templates().items()
        if document["sub_units"]
    }
    assert named == {
        "operations_service_centre": ["category", "product_planning", "service_logistics"],
        "marketing_centre": ["campaigns", "media", "data_analysis"],
        "business_cooperation_centre": ["channels", "institutions", "ecommerce_partners"],
        "operations_support": ["shop_operation", "planning", "guides", "it"],
        "rear_support": ["warehouse_orders", "hr", "finance"],
    }


def test_a_scheme_of_another_length_differs_in_that_alone() -> None:
    quarter = part(templates()["five_point_quarter"], "scheme")
    for kind in ("half", "year"):
        other = part(templates()[f"five_point_{kind}"], "scheme")
        assert other["cycle"] == kind
        assert {**other, "cycle": "quarter", "name": quarter["name"]} == quarter


def test_values_that_fail_fail_the_whole() -> None:
    for kind in ("quarter", "half", "year"):
        scheme = scheme_of(f"five_point_{kind}")
        assert scheme.gates == (_values_gate(),)
    assert scheme_of("five_point_performance").gates == ()


def test_every_template_asks_for_two_approvals_and_hr_s_last() -> None:
    """The manager's, or of the five points "1 over 1": nobody is paid by one person's word."""
    for code in templates():
        first = "second_level" if code.startswith("five_point") else "manager"
        assert [str(each) for each in scheme_of(code).approval] == [first, "hr"], code


def test_the_points_of_a_team_leader_are_those_of_the_source() -> None:
    """Weights of sections and items make exactly 30, 15, 15, 10, and four times 7.5."""
    weights = [
        weight for section in line_weights(scheme_of("team_leader_360")) for weight in section
    ]
    assert weights == [Decimal(each) for each in ("30", "15", "15", "10", *["7.5"] * 4)]


def test_the_conversion_rubric_is_the_source_s() -> None:
    item = scheme_of("five_point_quarter").sections[0].items[0]
    assert isinstance(item.rule, Rubric)
    stated = [
        (
            level.quantifier,
            [_condition_of(each) for each in level.conditions],
            level.low,
            level.high,
        )
        for level in item.rule.levels
    ]
    short = ["conversion_rate < 0.036", "dwell_seconds < 140"]
    far = ["conversion_rate <= 0.0288", "dwell_seconds <= 112"]
    reached = ["conversion_rate >= 0.036", "dwell_seconds >= 140"]
    assert stated == [
        (Quantifier.ALL, reached, Decimal("3.5"), Decimal("3.5")),
        (Quantifier.ALL, short, Decimal("2.5"), Decimal("2.5")),
        (Quantifier.ANY, far, Decimal(3), Decimal("3.25")),
        (Quantifier.ANY, short, Decimal("3.25"), Decimal("3.25")),
    ]
    assert Decimal("0.036") * Decimal("0.8") == Decimal("0.0288")
    assert Decimal(140) * Decimal("0.8") == Decimal(112)


def test_templates_cannot_be_added_to() -> None:
    with pytest.raises(TypeError):
        templates()["mine"] = {}  # type: ignore[index]  # the mistake itself


def test_every_file_is_read() -> None:
    folder = files("services.api.templates")
    names = {entry.name for entry in folder.iterdir() if entry.name.endswith(".json")}
    assert names == {f"{code}.json" for code in CODES}


def _values_gate() -> Gate:
    (gate,) = parse_scheme(
        {
            **scheme_to_wire(scheme_of("five_point_performance")),
            "gates": [{"when": {"section": "values", "below": "3"}, "then": {"fail": True}}],
        }
    ).gates
    return gate


def _names_in(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        if "zh" in value or "en" in value:
            yield value
        for each in value.values():
            yield from _names_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from _names_in(each)


def _figures_of(code: str, scheme: Scheme) -> Iterator[str]:
    """A scheme in the words of `template_figures`."""
    grades = " ".join(f"{grade.grade}{plain(grade.start)}" for grade in scheme.grades)
    yield f"{code} {scheme.cycle} {plain(scheme.full_mark)} {grades}"
    for section in scheme.sections:
        yield f"  [{section.code} {plain(section.weight)}]"
        for item in section.items:
            yield f"    {_item_of(item)}"


def _item_of(item: Item) -> str:
    mark = "" if item.full_mark is None else f"{plain(item.full_mark)}: "
    named = item.code if item.indicator in {None, item.code} else f"{item.code}={item.indicator}"
    return f"{mark}{named} {plain(item.weight)} {_target_of(item.target)} {_rule_of(item.rule)}"


def _target_of(target: ItemTarget | None) -> str:
    if target is None:
        return "-"
    if target.kind is TargetKind.SET:
        return "set"
    levels = [level for level in (target.value, target.challenge) if level is not None]
    return "/".join(plain(level) for level in levels)


def _rule_of(rule: Rule) -> str:
    words: list[str] = []
    match rule:
        case Ratio():
            assert rule.floor == 0
            words = ["ratio.." + plain(rule.cap or Decimal(-1))]
        case Steps():
            words = _steps_of(rule)
        case Curve():
            assert rule.of is Of.VALUE
            words = ["curve", *(f"{plain(at)}:{plain(mark)}" for at, mark in rule.points)]
        case Deduct():
            assert rule.floor == 0
            words = [f"-{plain(rule.per_occurrence)}", "over", plain(rule.free)]
        case Pass():
            assert rule.at_least is not None
            assert rule.of is Of.VALUE
            words = ["pass>=", plain(rule.at_least)]
        case Rating():
            words = _rating_of(rule)
        case Ladder():
            assert len(rule.behaviours) == len(rule.marks)
            words = ["ladder", *(plain(mark) for mark in rule.marks)]
        case Rubric():
            marks = [sorted({level.low, level.high}) for level in rule.levels]
            words = ["rubric", *("-".join(plain(mark) for mark in each) for each in marks)]
    return " ".join(words)


def _steps_of(rule: Steps) -> list[str]:
    words: list[str] = []
    for sign, steps in groupby(
        rule.steps, key=lambda step: "<=" if step.at_least is None else ">="
    ):
        words += [f"{rule.of}{sign}", *(_step_of(step) for step in steps)]
    return words


def _step_of(step: Step) -> str:
    bound = step.at_most if step.at_least is None else step.at_least
    assert bound is not None
    level = "c" if step.level is TargetLevel.CHALLENGE else ""
    return f"{level}{plain(bound)}:{plain(step.score)}"


def _rating_of(rule: Rating) -> list[str]:
    words = ["by", *(f"{rater.role}:{plain(rater.weight)}" for rater in rule.raters)]
    if rule.levels:
        words.append(f"[{' '.join(plain(level.mark) for level in rule.levels)}]")
    if rule.marks is not None:
        marks = rule.marks
        words.append(f"[{plain(marks.start)}..{plain(marks.end)}/{plain(marks.step)}]")
    return words


def _condition_of(condition: RubricCondition) -> str:
    assert condition.of is Of.VALUE
    signs = {">=": condition.at_least, "<=": condition.at_most, "<": condition.below}
    ((sign, bound),) = [(sign, bound) for sign, bound in signs.items() if bound is not None]
    return f"{condition.indicator} {sign} {plain(bound)}"
