"""What the rules make of a subject's inputs: lines, section scores, total and grade.

The order is that of `domain.md`, section 5: lines, total, adjustments, gates that cap, grade by
bands, gates that set the grade. Each figure is rounded once, from the kept figures before it.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from services.api.core.gates import cap_total, gates_that_bite, grade_of, limit_grade
from services.api.core.outcomes import attainments_of, outcome_of, own_mark_of
from services.api.core.rules import levels_of, to_scale
from services.api.core.weights import line_weights, redistribute
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, round_half_up, round_percent
from services.schema.shapes.schemes import Bounds, Item, Scheme
from services.schema.shapes.scorecards import (
    Adjustment,
    ItemInput,
    Line,
    Score,
    SectionScore,
    SegmentInput,
    SegmentScore,
)
from services.schema.words import (
    CycleStatus,
    LineStatus,
    Missing,
    ScorecardStatus,
    TargetLevel,
)

_ZERO = Decimal(0)


def score(segments: Sequence[SegmentInput], adjustments: Sequence[Adjustment] = ()) -> Score:
    """The score of one card; its last segment is scored by the scheme of the card's own cycle.

    With several segments a cap acts inside its segment, a failure or limit in any holds for the
    card; adjustments and bands are those of the last segment's scheme.
    """
    return score_lines(segments, [lines_of_segment(each) for each in segments], adjustments)


def score_lines(
    segments: Sequence[SegmentInput],
    lines: Sequence[Sequence[Line]],
    adjustments: Sequence[Adjustment] = (),
) -> Score:
    """What the lines of a card's segments make together: sections, gates, total and grade."""
    assert segments, "a card has a segment"
    several = len(segments) > 1
    scored = tuple(
        _sum_up(segment, tuple(own), several=several)
        for segment, own in zip(segments, lines, strict=True)
    )
    mean = _mean_by_days(scored)
    unscored = Score(scored, mean, tuple(adjustments), None, None, None, None, None)
    if mean is None:
        return unscored
    own = segments[-1].scheme
    adjusted = max(_ZERO, mean + bounded_sum(adjustments, own.adjustments))
    total = adjusted if several else cap_total(adjusted, scored[0].gates)
    band = grade_of(total, own.grades)
    if band is None:
        return replace(unscored, adjusted=adjusted, total=total)
    bites = (
        (segment.scheme, bite)
        for segment, each in zip(segments, scored, strict=True)
        for bite in each.gates
    )
    grade = limit_grade(band, bites, own.grades)
    return replace(
        unscored,
        adjusted=adjusted,
        total=total,
        band=band.grade,
        grade=grade.grade,
        coefficient=grade.coefficient,
    )


def status_of(cycle: CycleStatus, card: Score) -> ScorecardStatus:
    """What a reader may think of a card's figures while its cycle stands where it does."""
    if not card.complete:
        return ScorecardStatus.INCOMPLETE
    match cycle:
        case CycleStatus.DRAFT | CycleStatus.OPEN:
            return ScorecardStatus.LIVE
        case CycleStatus.CLOSED | CycleStatus.REVIEW | CycleStatus.CALIBRATION:
            return ScorecardStatus.IN_REVIEW
        case CycleStatus.APPROVED:
            return ScorecardStatus.APPROVED
        case CycleStatus.PUBLISHED:
            return ScorecardStatus.PUBLISHED


def bounded_sum(adjustments: Sequence[Adjustment], bounds: Bounds | None) -> Decimal:
    """Rewards and penalties together, within what the scheme allows; without bounds nothing."""
    if bounds is None:
        return _ZERO
    whole = sum((each.points for each in adjustments), _ZERO)
    return min(max(whole, bounds.minimum), bounds.maximum)


def lines_of_segment(given: SegmentInput) -> tuple[Line, ...]:
    """The lines of a segment, each with its weight and points."""
    scheme = given.scheme
    unweighed = [
        [line_of(scheme, section.code, item, given.items[item.code]) for item in section.items]
        for section in scheme.sections
    ]
    keeps = [[line.policy is not Missing.REDISTRIBUTE for line in section] for section in unweighed]
    weights = redistribute(line_weights(scheme), keeps)
    return tuple(
        weigh(line, weight)
        for lines, own in zip(unweighed, weights, strict=True)
        for line, weight in zip(lines, own, strict=True)
    )


def _sum_up(given: SegmentInput, lines: tuple[Line, ...], *, several: bool) -> SegmentScore:
    scheme = given.scheme
    sections = tuple(
        _section_score(section.code, [line for line in lines if line.section == section.code])
        for section in scheme.sections
    )
    points = None if _is_open(lines) else _sum_of_points(lines)
    bites = gates_that_bite(scheme, lines, sections)
    capped = points if points is None or not several else cap_total(points, bites)
    return SegmentScore(given.segment, lines, sections, points, capped, bites)


def line_of(scheme: Scheme, section: str, item: Item, given: ItemInput) -> Line:
    """The line of an item before it has a weight."""
    levels = levels_of(item.rule)
    shown = TargetLevel.CHALLENGE if levels == {TargetLevel.CHALLENGE} else TargetLevel.BUDGET
    attainments = attainments_of(given)
    target = given.targets.get(shown)
    line = Line(
        section=section,
        item=item.code,
        indicator=item.indicator,
        value=given.value.value,
        target=None if target is None else target.value,
        attainment=attainments.get(shown),
        score=None,
        weight=_ZERO,
        points=None,
        status=LineStatus.OK,
        policy=None,
        step=None,
        before=None,
        after=None,
    )
    own_mark = own_mark_of(item, scheme)
    outcome = outcome_of(item, own_mark, given)
    if isinstance(outcome, LineStatus):
        return _by_policy(line, outcome, item.missing, scheme.full_mark)
    return replace(
        line,
        score=to_scale(outcome, own_mark=own_mark, full_mark=scheme.full_mark),
        step=outcome.step,
        before=round_half_up(outcome.before, SCORE_PLACES),
        after=round_half_up(outcome.after, SCORE_PLACES),
    )


def _by_policy(line: Line, status: LineStatus, policy: Missing, full_mark: Decimal) -> Line:
    """A line whose rule has nothing to hold against: its policy scores it, or leaves it open."""
    scores = {Missing.ZERO: _ZERO, Missing.FULL: full_mark}
    return replace(line, status=status, policy=policy, score=scores.get(policy))


def weigh(line: Line, weight: Decimal) -> Line:
    """A line with its share of the whole, and the points that its score then gives."""
    if line.score is None:
        return replace(line, weight=weight)
    return replace(line, weight=weight, points=round_percent(line.score, weight, SCORE_PLACES))


def _is_open(lines: Sequence[Line]) -> bool:
    """Whether a line blocks, or none is left: then there is nothing to sum."""
    blocked = any(line.policy is Missing.BLOCK for line in lines)
    return blocked or not any(line.weight for line in lines)


def _section_score(code: str, lines: Sequence[Line]) -> SectionScore:
    """The sum of the points x 100 / the weight; null where a line blocks or none is left."""
    weight = sum((line.weight for line in lines), _ZERO)
    if _is_open(lines):
        return SectionScore(code, weight, None)
    points = sum((Fraction(line.points or 0) for line in lines), Fraction(0))
    return SectionScore(code, weight, round_half_up(points * 100 / Fraction(weight), TOTAL_PLACES))


def _sum_of_points(lines: Sequence[Line]) -> Decimal:
    return round_half_up(sum((line.points or _ZERO for line in lines), _ZERO), TOTAL_PLACES)


def _mean_by_days(segments: Sequence[SegmentScore]) -> Decimal | None:
    """The mean of the segments' totals by days; null where one of them has none."""
    weighed = Fraction(0)
    for each in segments:
        if each.total is None:
            return None
        weighed += Fraction(each.total) * each.segment.days
    days = sum(each.segment.days for each in segments)
    return round_half_up(weighed / days, TOTAL_PLACES)
