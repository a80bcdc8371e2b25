"""Lines that people rate, and rubrics: recounted from what the receipt says was stated.

Nobody is named there: of a role it says how many rated, how many must have, and the sum of their
marks where as many have.
"""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from services.verify.arithmetic import Json, Unreadable, half_up, number, number_or_null, shortened
from services.verify.rules import SCORES, Mark, within

Figures = Mapping[tuple[str, str], Fraction]
"""Of an indicator its `value` and its `attainment`."""


def rated(line: Json) -> tuple[Mark | None, dict[str, Any]]:
    """The weighted mean by role, null without one; and what the receipt must say of each role."""
    rule, missing, full_mark = line["rule"], line["missing"], number(line["full_mark"])
    stated = {str(each["role"]): each for each in line["marks"]}
    told, weighed, weights, silent = [], Fraction(0), Fraction(0), 0
    for rater in rule["raters"]:
        own = stated[rater["role"]]
        mean = _mean_of(own)
        if mean is None:
            silent += 1
            mean = {"zero": Fraction(0), "full": full_mark}.get(missing)
        if mean is not None:
            weighed += number(rater["weight"]) * mean
            weights += number(rater["weight"])
        kept = None if mean is None else half_up(mean, SCORES)
        told.append({**rater, "mean": shortened(kept, SCORES)})
    found = {"marks": told}
    if silent == len(told) or (silent and missing == "block"):
        return None, found
    score = weighed / weights
    return Mark(score, score, "mean of marks"), found


def climbed(line: Json) -> Mark | None:
    """The mark of the highest behaviour below which none is missing; null: nobody judged."""
    held = line["behaviours"]
    if held is None:
        return None
    height = 0
    for number_of in range(1, len(line["rule"]["marks"]) + 1):
        if number_of not in held:
            break
        height = number_of
    if height == 0:
        return Mark(Fraction(0), Fraction(0), "no behaviour")
    score = number(line["rule"]["marks"][height - 1])
    return Mark(score, score, f"behaviour {height}")


def conditions_of(rule: Json) -> set[tuple[str, str]]:
    """Every figure that a rubric reads."""
    return {
        (str(each["indicator"]), str(each["of"]))
        for level in rule["levels"]
        for each in (level.get("all") or level.get("any") or ())
    }


def judged(line: Json, figures: Figures) -> Mark:
    """The score of the first level of a rubric that holds."""
    for place, level in enumerate(line["rule"]["levels"], 1):
        every = "all" in level
        held = [
            within(each, figures[each["indicator"], each["of"]])
            for each in level["all" if every else "any"]
        ]
        if not (all(held) if every else any(held)):
            continue
        if level.get("score") is not None:
            score = number(level["score"])
            return Mark(score, score, f"level {place}")
        low, high = (number(end) for end in level["range"])
        chosen = number_or_null(line["chosen"])
        if chosen is not None and low <= chosen <= high:
            return Mark(chosen, chosen, f"level {place}, chosen")
        return Mark(low, low, f"level {place}, low end")
    return Mark(Fraction(0), Fraction(0), "no level")


def _mean_of(stated: Json) -> Fraction | None:
    """Of one role; a sum of nobody, or of fewer than must have rated, is no statement."""
    raters, together = stated["raters"], number_or_null(stated["sum"])
    needed = stated.get("needed", 1)
    if not (isinstance(raters, int) and isinstance(needed, int) and raters >= 0 and needed > 0):
        raise Unreadable(f"{raters!r} of {needed!r} raters is no number of people")
    if (raters < needed) != (together is None):
        raise Unreadable(f"{raters!r} raters cannot have given {stated['sum']!r}")
    return None if together is None else together / raters
