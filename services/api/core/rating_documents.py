"""How the rules that describe levels are written: ratings and ladders of people, and rubrics."""

from decimal import Decimal

from services.api.core.fields import FORMULA_CODE, VALUE_DIGITS, Fields
from services.api.core.names import name_to_wire, read_name, read_names
from services.schema.money import SCORE_PLACES, VALUE_PLACES, plain
from services.schema.shapes.schemes import (
    Ladder,
    MarkLevel,
    MarkScale,
    Rater,
    Rating,
    Rubric,
    RubricCondition,
    RubricLevel,
)
from services.schema.words import Of, Quantifier, RaterRole

MOST_LEVELS = 50
MOST_CONDITIONS = 20

_BOUNDS = ("at_least", "at_most", "below")


def read_rating(fields: Fields) -> Rating:
    raters = fields.parts("raters", most=len(RaterRole))
    levels = fields.parts("levels", most=MOST_LEVELS)
    marks = fields.part("marks")
    return Rating(
        tuple(
            Rater(part.needed_word("role", RaterRole), part.needed_decimal("weight", SCORE_PLACES))
            for part in raters
        ),
        tuple(
            MarkLevel(
                part.needed_decimal("mark", SCORE_PLACES), read_name(part.needed_part("text"))
            )
            for part in levels
        ),
        None if marks is None else _read_scale(marks),
    )


def rating_to_wire(rule: Rating) -> dict[str, object]:
    levels = [
        {"mark": plain(level.mark), "text": name_to_wire(level.text)} for level in rule.levels
    ]
    return {
        "kind": "rating",
        "raters": [{"role": each.role, "weight": plain(each.weight)} for each in rule.raters],
        "levels": levels or None,
        "marks": None if rule.marks is None else _scale_to_wire(rule.marks),
    }


def read_ladder(fields: Fields) -> Ladder:
    return Ladder(
        read_names(fields, "behaviours", most=MOST_LEVELS),
        fields.decimals("marks", SCORE_PLACES, most=MOST_LEVELS),
    )


def ladder_to_wire(rule: Ladder) -> dict[str, object]:
    return {
        "kind": "ladder",
        "behaviours": [name_to_wire(behaviour) for behaviour in rule.behaviours],
        "marks": [plain(mark) for mark in rule.marks],
    }


def read_rubric(fields: Fields) -> Rubric:
    levels = fields.parts("levels", most=MOST_LEVELS)
    return Rubric(tuple(_read_level(part) for part in levels))


def rubric_to_wire(rule: Rubric) -> dict[str, object]:
    return {"kind": "rubric", "levels": [_level_to_wire(level) for level in rule.levels]}


def _read_scale(fields: Fields) -> MarkScale:
    return MarkScale(
        fields.needed_decimal("from", SCORE_PLACES),
        fields.needed_decimal("to", SCORE_PLACES),
        fields.needed_decimal("step", SCORE_PLACES),
    )


def _scale_to_wire(scale: MarkScale) -> dict[str, object]:
    return {"from": plain(scale.start), "to": plain(scale.end), "step": plain(scale.step)}


def _read_level(fields: Fields) -> RubricLevel:
    """A level with `all` or `any` of its conditions, and a `score` or a `range`."""
    fields.one_of(tuple(Quantifier))
    fields.one_of(("score", "range"))
    stated = {each: fields.parts(each, most=MOST_CONDITIONS) for each in Quantifier}
    quantifier = Quantifier.ANY if stated[Quantifier.ANY] else Quantifier.ALL
    conditions = tuple(_read_condition(part) for part in stated[quantifier])
    score = fields.decimal("score", SCORE_PLACES)
    span = fields.decimals("range", SCORE_PLACES, most=2)
    if score is not None or len(span) != 2:
        if fields.peek("range") is not None:
            fields.fault("range", "pair_expected", "A list of two numbers is expected.")
        span = (score or Decimal(0),) * 2
    return RubricLevel(quantifier, conditions, *span)


def _level_to_wire(level: RubricLevel) -> dict[str, object]:
    conditions = [_condition_to_wire(condition) for condition in level.conditions]
    span = [plain(level.low), plain(level.high)]
    gives = {"score": span[0]} if level.low == level.high else {"range": span}
    return {level.quantifier.value: conditions, **gives}


def _read_condition(fields: Fields) -> RubricCondition:
    fields.one_of(_BOUNDS)
    at_least, at_most, below = (
        fields.decimal(name, VALUE_PLACES, digits=VALUE_DIGITS) for name in _BOUNDS
    )
    return RubricCondition(
        indicator=fields.needed_code("indicator", FORMULA_CODE),
        of=fields.word("of", Of) or Of.VALUE,
        at_least=at_least,
        at_most=at_most,
        below=below,
    )


def _condition_to_wire(condition: RubricCondition) -> dict[str, object]:
    bounds = {
        "at_least": condition.at_least,
        "at_most": condition.at_most,
        "below": condition.below,
    }
    stated = {name: plain(bound) for name, bound in bounds.items() if bound is not None}
    return {"indicator": condition.indicator, "of": condition.of, **stated}
