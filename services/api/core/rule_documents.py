"""How a rule is written in a scheme's document (`api.md`, section 4): read, and written back."""

from decimal import Decimal

from services.api.core.documents import plain_or_null
from services.api.core.fields import VALUE_DIGITS, Fields
from services.api.core.rating_documents import (
    ladder_to_wire,
    rating_to_wire,
    read_ladder,
    read_rating,
    read_rubric,
    rubric_to_wire,
)
from services.schema.money import SCORE_PLACES, VALUE_PLACES, plain
from services.schema.shapes.schemes import (
    Curve,
    Deduct,
    Ladder,
    Pass,
    Rating,
    Ratio,
    Rubric,
    Rule,
    Step,
    Steps,
)
from services.schema.words import Of, RuleKind, TargetLevel

MOST_STEPS = 100

_ZERO = Decimal(0)


def read_rule(fields: Fields) -> Rule:  # noqa: PLR0911  one for each kind
    match fields.needed_word("kind", RuleKind):
        case RuleKind.RATIO:
            floor = fields.decimal("floor", SCORE_PLACES) or _ZERO
            return Ratio(floor, fields.decimal("cap", SCORE_PLACES))
        case RuleKind.STEPS:
            of = _read_of(fields)
            steps = fields.parts("steps", most=MOST_STEPS)
            return Steps(tuple(_read_step(step, of) for step in steps), of)
        case RuleKind.CURVE:
            places = (VALUE_PLACES, SCORE_PLACES)
            return Curve(fields.points("points", places=places, most=MOST_STEPS), _read_of(fields))
        case RuleKind.DEDUCT:
            return Deduct(
                fields.needed_decimal("per_occurrence", SCORE_PLACES),
                fields.decimal("free", VALUE_PLACES, digits=VALUE_DIGITS) or _ZERO,
                fields.decimal("floor", SCORE_PLACES) or _ZERO,
            )
        case RuleKind.PASS:
            at_least, at_most = _read_bounds(fields)
            return Pass(at_least, at_most, _read_of(fields))
        case RuleKind.RATING:
            return read_rating(fields)
        case RuleKind.LADDER:
            return read_ladder(fields)
        case RuleKind.RUBRIC:
            return read_rubric(fields)


def rule_to_wire(rule: Rule) -> dict[str, object]:  # noqa: PLR0911  one for each kind
    match rule:
        case Ratio():
            return {"kind": "ratio", "floor": plain(rule.floor), "cap": plain_or_null(rule.cap)}
        case Steps():
            steps = [_step_to_wire(step, rule.of) for step in rule.steps]
            return {"kind": "steps", "of": rule.of, "steps": steps}
        case Curve():
            points = [[plain(figure), plain(score)] for figure, score in rule.points]
            return {"kind": "curve", "of": rule.of, "points": points}
        case Deduct():
            return {
                "kind": "deduct",
                "per_occurrence": plain(rule.per_occurrence),
                "free": plain(rule.free),
                "floor": plain(rule.floor),
            }
        case Pass():
            return {"kind": "pass", "of": rule.of, **_bounds_to_wire(rule)}
        case Rating():
            return rating_to_wire(rule)
        case Ladder():
            return ladder_to_wire(rule)
        case Rubric():
            return rubric_to_wire(rule)


def _read_of(fields: Fields) -> Of:
    return fields.word("of", Of) or Of.VALUE


def _read_step(fields: Fields, of: Of) -> Step:
    level = fields.word("level", TargetLevel) or TargetLevel.BUDGET
    if of is Of.VALUE and level is not TargetLevel.BUDGET:
        detail = 'A step names a level only where the rule is of "attainment".'
        fields.fault("level", "level_without_attainment", detail)
    at_least, at_most = _read_bounds(fields)
    return Step(fields.needed_decimal("score", SCORE_PLACES), at_least, at_most, level)


def _step_to_wire(step: Step, of: Of) -> dict[str, object]:
    level = {"level": step.level} if of is Of.ATTAINMENT else {}
    return {**level, **_bounds_to_wire(step), "score": plain(step.score)}


def _read_bounds(fields: Fields) -> tuple[Decimal | None, Decimal | None]:
    """The one bound that is stated, as `at_least` or `at_most`."""
    fields.one_of(("at_least", "at_most"))
    return (
        fields.decimal("at_least", VALUE_PLACES, digits=VALUE_DIGITS),
        fields.decimal("at_most", VALUE_PLACES, digits=VALUE_DIGITS),
    )


def _bounds_to_wire(condition: Step | Pass) -> dict[str, object]:
    if condition.at_least is not None:
        return {"at_least": plain(condition.at_least)}
    return {"at_most": plain_or_null(condition.at_most)}
