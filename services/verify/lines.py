"""One line of a receipt recomputed, from the measures behind its value to the score of its rule."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from services.verify.arithmetic import (
    Json,
    Unreadable,
    half_up,
    number,
    number_or_null,
    shortened,
)
from services.verify.formulas import NoDenominator, value_of
from services.verify.ratings import climbed, conditions_of, judged, rated
from services.verify.rules import (
    SCORES,
    VALUES,
    Figures,
    Mark,
    attainment_of,
    levels_needed,
    mark_of,
)

_BEYOND = 10**20
"""The least that is too large to be kept as a value."""
Found = dict[str, Any]
"""Figures as they were recomputed, in the places where the receipt states them."""


def recount_line(line: Json, full_mark: Fraction) -> Found:
    """All that a line states between its inputs and its score, before it has a weight."""
    found = _measured(line)
    others = [_measured(other) for other in line.get("others", ())]
    if others:
        found["others"] = others
    mark: Mark | str
    match line["rule"]["kind"]:
        case "rating":
            rating, told = rated(line)
            found |= told
            mark = rating or "no_data"
        case "ladder":
            mark = climbed(line) or "no_data"
        case "rubric":
            mark = _by_rubric(line, [found, *others])
        case _:
            mark = _by_value(line, found)
    if isinstance(mark, str):
        return {**found, "status": mark, **_by_policy(line["missing"], full_mark)}
    return {**found, "status": "ok", **_scored(mark, line, full_mark)}


def _measured(line: Json) -> Found:
    """A value, its targets and attainments."""
    value = number_or_null(line["value"])
    attained = _attainments(line, value)
    return {
        **_value(line),
        "targets": [_target(target) for target in line["targets"]],
        "attainments": {level: shortened(each, VALUES) for level, each in attained.items()},
    }


def _by_value(line: Json, found: Found) -> Mark | str:
    """What a rule of one indicator gives, or why it gives nothing."""
    value = number_or_null(line["value"])
    attained = {level: number(each) for level, each in found["attainments"].items()}
    if value is None:
        return "no_data"
    if not levels_needed(line["rule"]) <= attained.keys():
        return "no_target"
    return mark_of(line["rule"], Figures(value, attained, number(line["full_mark"])))


def _by_rubric(line: Json, found: Sequence[Found]) -> Mark | str:
    """The same of a rubric, over the line's own indicator and the others that it names."""
    figures: dict[tuple[str, str], Fraction] = {}
    for stated, own in zip([line, *line.get("others", ())], found, strict=True):
        if stated["value"] is None:
            return "no_data"
        code = str(stated["indicator"])
        figures[code, "value"] = number(stated["value"])
        if (attained := own["attainments"].get("budget")) is not None:
            figures[code, "attainment"] = number(attained)
    if not conditions_of(line["rule"]) <= figures.keys():
        return "no_target"
    return judged(line, figures)


def _value(line: Json) -> Found:
    """What the formula makes of the measures, where the receipt has both."""
    source = line["source"]
    if source is None or source["formula"] is None:
        return {}
    try:
        exact = value_of(source["formula"], source["measures"])
    except NoDenominator:
        return {"value": None, "reason": "no_denominator"}
    if exact is None:
        # Which of them came in, and whether a rate was missing, only the facts can tell.
        return {"value": None}
    value = half_up(exact, VALUES)
    if abs(value) >= _BEYOND:
        return {"value": None, "reason": "too_large"}
    return {"value": shortened(value, VALUES), "reason": None}


def _target(target: Json) -> Found:
    """What the days weigh of all days, as part of what was stated."""
    weight, whole = number(target["weight"]), number(target["of_weight"])
    if not (0 < weight <= whole and 0 < target["days"] <= target["of_days"]):
        raise Unreadable(f"a target is shared by {target['weight']} of {target['of_weight']}")
    share = number(target["stated"]) * weight / whole
    return {"value": shortened(half_up(share, VALUES), VALUES)}


def _attainments(line: Json, value: Fraction | None) -> dict[str, Fraction]:
    found = {}
    for target in line["targets"]:
        aim = number(target["value"])
        attained = None if value is None else attainment_of(value, aim, line["better"])
        if attained is not None:
            found[str(target["level"])] = attained
    return found


def _scored(mark: Mark, line: Json, full_mark: Fraction) -> Found:
    own_mark = number(line["full_mark"])
    return {
        "step": mark.step,
        "before": shortened(half_up(mark.before, SCORES), SCORES),
        "after": shortened(half_up(mark.after, SCORES), SCORES),
        "policy": None,
        "score": shortened(half_up(mark.after * full_mark / own_mark, SCORES), SCORES),
    }


def _by_policy(policy: str, full_mark: Fraction) -> Found:
    scores = {"zero": Fraction(0), "full": full_mark, "block": None, "redistribute": None}
    if policy not in scores:
        raise Unreadable(f"there is no policy {policy!r}")
    score = shortened(scores[policy], SCORES)
    return {"step": None, "before": None, "after": None, "policy": policy, "score": score}
