"""Ratings, ladders and rubrics as they are read and written: every place at fault is named."""

import json
from decimal import Decimal

import pytest

from services.api.core.documents import to_bytes
from services.api.core.rule_documents import rule_to_wire
from services.api.core.schemes import parse_scheme, scheme_to_wire
from services.schema.errors import Invalid
from services.schema.shapes.schemes import (
    Ladder,
    MarkLevel,
    MarkScale,
    Name,
    Rater,
    Rating,
    Rubric,
    RubricCondition,
    RubricLevel,
    Rule,
)
from services.schema.words import Of, Quantifier, RaterRole
from tests.api.core.rated import LEVELS, SELF_AND_MANAGER, ladder, rated, rating, rubric
from tests.api.core.scoring import Document, flat, item

d = Decimal

PLACE = "/sections/0/items/0"
CONDITION: Document = {"indicator": "conversion_rate", "of": "value", "at_least": "0.036"}


def read(stated: Document) -> Rule:
    return parse_scheme(flat(stated)).sections[0].items[0].rule


def faults_of(stated: Document) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        parse_scheme(flat(stated))
    return [(fault.pointer.removeprefix(PLACE), fault.code) for fault in refusal.value.faults]


def test_a_rating_is_read() -> None:
    assert read(rated("team", "100", rating(levels=LEVELS))) == Rating(
        (Rater(RaterRole.SELF, d("20")), Rater(RaterRole.MANAGER, d("80"))),
        (
            MarkLevel(d("100"), Name("优", "excellent")),
            MarkLevel(d("60"), Name("可", "fair")),
            MarkLevel(d("0"), Name("差", "poor")),
        ),
    )
    steps = {"from": "2.5", "to": "4.5", "step": "0.25"}
    assert read(rated("team", "100", rating([], marks=steps))) == Rating(
        (), marks=MarkScale(d("2.5"), d("4.5"), d("0.25"))
    )


def test_a_ladder_is_read_and_a_bare_text_is_its_name_in_both_languages() -> None:
    bare: Document = {"kind": "ladder", "behaviours": ["等待", "acts"], "marks": ["1", 5]}
    read_ladder = read(rated("initiative", "100", bare))
    assert read_ladder == Ladder((Name("等待", "等待"), Name("acts", "acts")), (d("1"), d("5")))
    assert rule_to_wire(read_ladder) == {
        "kind": "ladder",
        "behaviours": [{"zh": "等待", "en": "等待"}, {"zh": "acts", "en": "acts"}],
        "marks": ["1", "5"],
    }


def test_a_rubric_is_read() -> None:
    stated = rubric(
        {"all": [{"indicator": "a", "at_least": "0.036"}], "score": "3.5"},
        {"any": [{"indicator": "b", "of": "attainment", "below": "0.8"}], "range": ["3", "3.25"]},
        {"all": [{"indicator": "b", "at_most": "2"}], "score": "0"},
    )
    assert read(item("a", "100", stated)) == Rubric(
        (
            RubricLevel(
                Quantifier.ALL,
                (RubricCondition("a", Of.VALUE, at_least=d("0.036")),),
                d("3.5"),
                d("3.5"),
            ),
            RubricLevel(
                Quantifier.ANY,
                (RubricCondition("b", Of.ATTAINMENT, below=d("0.8")),),
                d("3"),
                d("3.25"),
            ),
            RubricLevel(
                Quantifier.ALL, (RubricCondition("b", Of.VALUE, at_most=d("2")),), d("0"), d("0")
            ),
        )
    )


@pytest.mark.parametrize(
    "stated",
    [
        rated("a", "100", rating(levels=LEVELS, marks=None)),
        rated(
            "a",
            "100",
            rating(levels=None, marks={"from": "2.5", "to": "4.5", "step": "0.25"}),
        ),
        rated("a", "100", rating(levels=None, marks=None)),
        rated("a", "100", ladder("1", "2.5")),
        item(
            "a",
            "100",
            rubric(
                {"all": [CONDITION, {**CONDITION, "of": "attainment"}], "score": "3.5"},
                {"any": [CONDITION], "range": ["3", "3.25"]},
            ),
        ),
    ],
)
def test_what_is_written_back_is_what_was_read(stated: Document) -> None:
    scheme = parse_scheme(flat(stated))
    written = scheme_to_wire(scheme)
    assert json.loads(to_bytes(written)) == written
    assert rule_to_wire(scheme.sections[0].items[0].rule) == stated["rule"]
    assert parse_scheme(written) == scheme


@pytest.mark.parametrize(
    ("rule", "faults"),
    [
        (rating([{}]), [("/raters/0/role", "required"), ("/raters/0/weight", "required")]),
        (
            rating([{"role": "boss", "weight": "1.00001"}]),
            [("/raters/0/role", "word_unknown"), ("/raters/0/weight", "too_many_decimals")],
        ),
        (rating(SELF_AND_MANAGER * 6), [("/raters", "list_invalid")]),
        (
            rating(levels=[{"mark": "1"}]),
            [
                ("/levels/0/text", "required"),
                ("/levels/0/text/en", "required"),
                ("/levels/0/text/zh", "required"),
            ],
        ),
        (
            rating(levels=[{"text": {"zh": "优", "en": "good"}}]),
            [("/levels/0/mark", "required")],
        ),
        (rating(levels=LEVELS * 17), [("/levels", "list_invalid")]),
        (
            rating(marks={"from": "0"}),
            [("/marks/step", "required"), ("/marks/to", "required")],
        ),
        (rating(marks={"to": "1", "step": "1"}), [("/marks/from", "required")]),
        (rating(behaviours=[]), [("/behaviours", "unknown_field")]),
        (
            {"kind": "ladder", "behaviours": ["", 5], "marks": ["1", "x"]},
            [
                ("/behaviours/0/en", "text_invalid"),
                ("/behaviours/0/zh", "text_invalid"),
                ("/behaviours/1", "object_expected"),
                ("/behaviours/1/en", "required"),
                ("/behaviours/1/zh", "required"),
                ("/marks/1", "decimal_invalid"),
            ],
        ),
        (rubric({"score": "1"}), [("/levels/0", "one_expected")]),
        (rubric({"all": [CONDITION], "any": [], "score": "1"}), [("/levels/0", "one_expected")]),
        (rubric({"all": [CONDITION]}), [("/levels/0", "one_expected")]),
        (
            rubric({"all": [CONDITION], "score": "1", "range": ["1", "2"]}),
            [("/levels/0", "one_expected"), ("/levels/0/range", "pair_expected")],
        ),
        (
            rubric({"all": [CONDITION], "range": ["1"]}),
            [("/levels/0/range", "pair_expected")],
        ),
        (
            rubric({"all": [CONDITION], "range": ["1", "2", "3"]}),
            [("/levels/0/range", "list_invalid"), ("/levels/0/range", "pair_expected")],
        ),
        (
            rubric({"any": [{"indicator": "A"}], "score": "1"}),
            [
                ("/levels/0/any/0", "one_expected"),
                ("/levels/0/any/0/indicator", "code_invalid"),
            ],
        ),
        (
            rubric({"all": [{**CONDITION, "below": "1"}], "score": "1"}),
            [("/levels/0/all/0", "one_expected")],
        ),
        (
            rubric({"all": [{"below": "0.0000001"}], "score": "1"}),
            [
                ("/levels/0/all/0/below", "too_many_decimals"),
                ("/levels/0/all/0/indicator", "required"),
            ],
        ),
    ],
)
def test_a_rule_at_fault(rule: Document, faults: list[tuple[str, str]]) -> None:
    stated = item("a", "100", rule)
    if rule["kind"] != "rubric":
        stated = rated("a", "100", rule)
    assert faults_of(stated) == [(f"/rule{pointer}", code) for pointer, code in faults]


@pytest.mark.parametrize("rule", [rating(), ladder("1")])
def test_what_people_rate_has_no_indicator(rule: Document) -> None:
    assert faults_of(item("a", "100", rule)) == [("/indicator", "indicator_of_rating")]
    left_out: Document = {"code": "a", "weight": "100", "rule": rule}
    assert parse_scheme(flat(left_out)).sections[0].items[0].indicator is None


@pytest.mark.parametrize("rule", [{"kind": "ratio"}, rubric()])
def test_all_else_has_an_indicator(rule: Document) -> None:
    assert faults_of(rated("a", "100", rule)) == [("/indicator", "required")]
