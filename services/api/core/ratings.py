"""What people stated of an item, what of it counts, and what a rating or a ladder makes of it.

Of `domain.md`, section 5. A mark of a rating is given or picked as a level, by role; several of one
role count as their mean, and a role of many of whom too few have rated is a missing one. What
behaviours of a ladder hold, and what a rubric's range gives, is judged by a manager or by HR: of
these the last statement counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.api.core.raters import raters_needed
from services.api.core.rules import Outcome
from services.schema.money import SCORE_PLACES, places_of
from services.schema.shapes.schemes import Ladder, Rating, Rubric
from services.schema.shapes.scorecards import Mark
from services.schema.words import Missing, RaterRole

JUDGES = frozenset({RaterRole.MANAGER, RaterRole.HR})
"""Who judges a ladder's behaviours and chooses in a rubric's range."""


@dataclass(frozen=True, slots=True)
class RoleMarks:
    """What the people of one role gave together, by their number and sum alone."""

    role: RaterRole
    weight: Decimal
    raters: int
    needed: int
    """How many must have rated: in a role of many a sum of fewer would tell who gave what."""
    sum: Decimal | None
    """Null where fewer have."""
    mean: Fraction | None
    """Null where a missing role leaves its weight to the others, or waits to be supplied."""


def marks_by_role(
    rule: Rating, marks: Sequence[Mark], *, own_mark: Decimal, missing: Missing
) -> tuple[RoleMarks, ...]:
    """The marks of each role that the rule asks for, in its order.

    A missing role follows the item's policy: no mark, the full one, or its weight to the others.
    """
    by_policy = {Missing.ZERO: Fraction(0), Missing.FULL: Fraction(own_mark)}.get(missing)
    found = []
    for rater in rule.raters:
        given = [
            mark
            for stated in marks
            if stated.role is rater.role
            and (mark := mark_given(rule, stated, own_mark)) is not None
        ]
        needed = raters_needed(rater.role)
        whole = None if len(given) < needed else sum(given, Decimal(0))
        mean = by_policy if whole is None else Fraction(whole) / len(given)
        found.append(RoleMarks(rater.role, rater.weight, len(given), needed, whole, mean))
    return tuple(found)


def rate(
    rule: Rating, marks: Sequence[Mark], *, own_mark: Decimal, missing: Missing
) -> Outcome | None:
    """The weighted mean of the roles; null where all are missing, or one that blocks is."""
    roles = marks_by_role(rule, marks, own_mark=own_mark, missing=missing)
    counted = [each.sum is not None for each in roles]
    if not any(counted) or (missing is Missing.BLOCK and not all(counted)):
        return None
    weighed, weights = Fraction(0), Fraction(0)
    for each in roles:
        if each.mean is not None:
            weighed += Fraction(each.weight) * each.mean
            weights += Fraction(each.weight)
    mean = weighed / weights
    return Outcome(mean, mean, "mean of marks")


def climb(rule: Ladder, marks: Sequence[Mark]) -> Outcome | None:
    """The mark of the highest behaviour of which all lower ones hold too; null: nobody judged."""
    behaviours = behaviours_held(rule, marks)
    if behaviours is None:
        return None
    height = 0
    while height + 1 in behaviours:
        height += 1
    if not height:
        return Outcome(Fraction(0), Fraction(0), "no behaviour")
    mark = Fraction(rule.marks[height - 1])
    return Outcome(mark, mark, f"behaviour {height}")


def behaviours_held(rule: Ladder, marks: Iterable[Mark]) -> tuple[int, ...] | None:
    """The behaviours that hold by the last judgement, from 1; a level stands for all up to it."""
    held = None
    for stated in marks:
        if stated.role in JUDGES and has_behaviours(rule, stated):
            held = stated.behaviours
            if held is None:
                held = tuple(range(1, (stated.level or 0) + 1))
    return held


def has_behaviours(rule: Ladder, stated: Mark) -> bool:
    """Whether a statement speaks of behaviours that the ladder has."""
    most = len(rule.behaviours)
    if stated.behaviours is not None:
        return all(1 <= each <= most for each in stated.behaviours)
    return stated.level is not None and 0 <= stated.level <= most


def mark_given(rule: Rating, stated: Mark, own_mark: Decimal) -> Decimal | None:
    """The mark that a statement gives; null where it is none that the rule knows."""
    if rule.levels:
        known = stated.level is not None and 1 <= stated.level <= len(rule.levels)
        return rule.levels[stated.level - 1].mark if known and stated.level else None
    mark, scale = stated.mark, rule.marks
    if mark is None:
        return None
    if scale is None:
        fits = 0 <= mark <= own_mark and places_of(mark) <= SCORE_PLACES
    else:
        fits = scale.start <= mark <= scale.end and not (mark - scale.start) % scale.step
    return mark if fits else None


def chosen_mark(rule: Rubric, marks: Iterable[Mark]) -> Decimal | None:
    """The last choice that lies within the range of any level."""
    chosen = None
    for stated in marks:
        if stated.role in JUDGES and has_range(rule, stated.mark):
            chosen = stated.mark
    return chosen


def has_range(rule: Rubric, mark: Decimal | None) -> bool:
    """Whether some level leaves a mark to choose."""
    return mark is not None and any(
        level.low < level.high and level.low <= mark <= level.high for level in rule.levels
    )
