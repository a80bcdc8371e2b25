"""Whether a mark, a reward or a penalty may be stated for a card, and what of them is in force."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from services.api.core.ratings import JUDGES, has_behaviours, has_range, mark_given
from services.schema.errors import Closed, Conflict, Fault
from services.schema.money import plain
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.ratings import KeptAdjustment
from services.schema.shapes.schemes import Bounds, Item, Ladder, Rating, Rubric
from services.schema.shapes.scorecards import Adjustment, Mark
from services.schema.words import CycleStatus

MOST_RATINGS = 2_000
"""Of one card, those among them that were replaced."""
MOST_ADJUSTMENTS = 100
"""Of one card, counterparts among them."""

TAKING = frozenset({CycleStatus.OPEN, CycleStatus.CLOSED, CycleStatus.REVIEW})
"""The stages in which people rate."""


def check_takes(cycle: Cycle) -> None:
    """Marks and points are stated until grades are given by rank or approved.

    From there on the way leads back to open, with a reason.
    """
    if cycle.status not in TAKING:
        detail = f"{cycle.code} is {cycle.status}; people rate it from opening to review."
        raise Closed("cycle_not_open", detail)


def check_mark(items: Sequence[tuple[Item, Decimal]], stated: Mark, *, earlier: int) -> None:
    """A mark that the rule of its item takes, in one segment of the card at least.

    The items are those of that code, each with the full mark on whose scale it scores.
    """
    if not items:
        detail = f"The card has no item {stated.item}."
        raise _refused("/item", "item_unknown", detail)
    faults = [_fault_of(item, own_mark, stated) for item, own_mark in items]
    if all(faults):
        found = faults[-1]
        assert found is not None, "every one is a fault"
        raise Conflict(found.code, found.detail, [found])
    if earlier >= MOST_RATINGS:
        raise Conflict("too_many_ratings", f"A card has at most {MOST_RATINGS} marks.")


def check_points(points: Decimal, bounds: Bounds | None, earlier: Sequence[KeptAdjustment]) -> None:
    """Points that keep the sum of all within what the scheme allows."""
    if bounds is None:
        detail = "The scheme of this card knows no rewards and penalties."
        raise Conflict("adjustments_not_allowed", detail)
    if not points:
        raise _refused("/points", "points_zero", "A reward is above 0, a penalty below.")
    check_count(earlier)
    whole = sum((each.points for each in earlier), points)
    if not bounds.minimum <= whole <= bounds.maximum:
        detail = (
            f"Rewards and penalties would come to {plain(whole)}; the scheme allows"
            f" {plain(bounds.minimum)} to {plain(bounds.maximum)}."
        )
        raise _refused("/points", "adjustments_out_of_bounds", detail)


def check_count(earlier: Sequence[KeptAdjustment]) -> None:
    if len(earlier) >= MOST_ADJUSTMENTS:
        detail = f"A card has at most {MOST_ADJUSTMENTS} rewards and penalties."
        raise Conflict("too_many_adjustments", detail)


def counterpart_of(withdrawn: str, earlier: Sequence[KeptAdjustment]) -> Decimal:
    """The points that take one of a card back, once."""
    found = next((each for each in earlier if each.id == withdrawn), None)
    if found is None or found.withdraws is not None:
        detail = "There is no such reward or penalty on this card."
        raise _refused("/withdraws", "unknown_adjustment", detail)
    if any(each.withdraws == withdrawn for each in earlier):
        raise _refused("/withdraws", "already_withdrawn", "It was withdrawn before.")
    return -found.points


def in_force(adjustments: Collection[KeptAdjustment]) -> tuple[Adjustment, ...]:
    """What stands on the card: neither what was withdrawn nor what withdrew it."""
    withdrawn = {each.withdraws for each in adjustments}
    return tuple(
        Adjustment(each.points, each.reason, each.author)
        for each in adjustments
        if each.withdraws is None and each.id not in withdrawn
    )


def _fault_of(item: Item, own_mark: Decimal, stated: Mark) -> Fault | None:
    match item.rule:
        case Rating() as rule:
            return _fault_of_rating(rule, item.code, own_mark, stated)
        case Ladder() | Rubric() if stated.role not in JUDGES:
            detail = f"Managers and HR judge {item.code}, not a {stated.role}."
            return Fault("/role", "role_not_asked", detail)
        case Ladder() as rule:
            return _fault_of_ladder(rule, stated)
        case Rubric() as rule:
            detail = "No level of the rubric leaves this mark to choose."
            fits = has_range(rule, stated.mark)
            return None if fits else Fault("/mark", "mark_out_of_bounds", detail)
        case _:
            detail = f"{item.code} is measured: nobody rates it."
            return Fault("/item", "item_not_rated", detail)


def _fault_of_rating(rule: Rating, item: str, own_mark: Decimal, stated: Mark) -> Fault | None:
    if stated.role not in {rater.role for rater in rule.raters}:
        detail = f"The rating of {item} does not ask for a {stated.role}."
        return Fault("/role", "role_not_asked", detail)
    if mark_given(rule, stated, own_mark) is not None:
        return None
    if rule.levels:
        detail = f"A level from 1 to {len(rule.levels)} is expected."
        return Fault(
            "/level", "level_unknown" if stated.level is not None else "level_expected", detail
        )
    if stated.mark is None:
        return Fault("/mark", "mark_expected", "A mark is expected.")
    low, high, step = Decimal(0), own_mark, ""
    if rule.marks is not None:
        low, high, step = rule.marks.start, rule.marks.end, f" by {plain(rule.marks.step)}"
    detail = f"A mark from {plain(low)} to {plain(high)}{step} is expected."
    return Fault("/mark", "mark_out_of_bounds", detail)


def _fault_of_ladder(rule: Ladder, stated: Mark) -> Fault | None:
    if stated.mark is not None:
        detail = "Of a ladder it is said how high, or which behaviours hold."
        return Fault("/mark", "level_expected", detail)
    if has_behaviours(rule, stated):
        return None
    place = "/level" if stated.behaviours is None else "/behaviours"
    return Fault(place, "level_unknown", f"The ladder has {len(rule.behaviours)} behaviours.")


def _refused(pointer: str, code: str, detail: str) -> Conflict:
    return Conflict(code, detail, [Fault(pointer, code, detail)])
