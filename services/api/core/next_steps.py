"""What would raise a card: for each line the way to every better score, and what it gives.

Every figure is found by scoring the card again as it would stand, so that gates, caps, segments and
rounding count as they will (`domain.md`, section 5).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.api.core.aims import aims_of, rounded_to_better, slope_of
from services.api.core.gates import best_first
from services.api.core.indicators import is_additive
from services.api.core.rubric_needs import needs_of, percent_of, shown_percent
from services.api.core.rules import Measured
from services.api.core.told_cards import (
    Place,
    ToldCard,
    ToldLine,
    line_at,
    line_scoring,
    own_mark_of,
    score_with,
)
from services.schema.money import SCORE_PLACES, VALUE_PLACES, round_half_up
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.next_steps import (
    Alone,
    Expected,
    LineSteps,
    Need,
    NextStep,
    NextSteps,
    NoPace,
    NoStep,
    Pace,
    Reached,
    StepKind,
)
from services.schema.shapes.schemes import Grade, Ladder, Pass, Rating, Rubric, Steps
from services.schema.shapes.scorecards import Line, Score
from services.schema.words import Better, IndicatorUnit, LineStatus

Paces = Mapping[Place, Pace | NoPace]
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Way:
    """A figure that somebody aims at, and the line as it then stands."""

    kind: StepKind
    number: int | None
    value: Decimal | None
    line: Line
    needs: tuple[Need, ...] = ()


def next_steps_of(
    card: ToldCard, indicators: Mapping[str, Indicator], paces: Paces, *, day: date | None
) -> NextSteps:
    """The next steps of a card; a line without a pace among `paces` has none to tell.

    `day` is today where the cycle still runs: earlier segments are over then.
    """
    now = score_with(card, {})
    grades = card.segments[-1].scheme.grades
    # Who was graded by place is not told of bands: they give nothing any more.
    band, following = (None, None) if card.is_ranked else _bands(now, grades)
    at_pace = _lines_at_pace(card, paces)
    lines = tuple(
        _steps_of_line(
            card,
            told,
            now,
            indicators.get(told.line.indicator or ""),
            paces.get(told.place, NoPace.OVER),
            at_pace.get(told.place),
            needed=None if following is None else following.start,
            over=day is None or card.segments[told.segment - 1].segment.end <= day,
        )
        for told in card.each_line()
    )
    grade = next((each for each in grades if each.grade == card.grade), None)
    lowest = band is None or band is best_first(grades)[-1]
    return NextSteps(
        day=day,
        total=now.total,
        grade=grade,
        band=band,
        next_grade=following,
        to_next=None if following is None or now.total is None else following.start - now.total,
        spare=None if band is None or lowest or now.total is None else now.total - band.start,
        held_by=tuple(
            (number, bite) for number, each in enumerate(now.segments, 1) for bite in each.gates
        ),
        lines=lines,
        effort=_by_effort(lines, running=day is not None),
        expected=_expected(card, at_pace, now),
    )


def _steps_of_line(
    card: ToldCard,
    told: ToldLine,
    now: Score,
    indicator: Indicator | None,
    pace: Pace | NoPace,
    ends: tuple[Line, Line, Line] | None,
    *,
    needed: Decimal | None,
    over: bool,
) -> LineSteps:
    whole = _is_whole(indicator)
    ways = sorted(_ways(card, told, whole=whole), key=_distance_to(told))
    steps = tuple(_step(card, told, now, way) for way in _rising(ways, told))
    slope = _points_per_unit(card, told)
    value = told.line.value
    return LineSteps(
        segment=told.segment,
        line=told.line,
        unit=None if indicator is None else indicator.unit,
        over=over,
        reason=_why_none(told, steps),
        points_per_unit=slope,
        points_per_percent=(
            None if slope is None or value is None else slope * abs(Fraction(value)) / 100
        ),
        steps=steps,
        alone=_alone(card, told, steps, needed, whole=whole),
        pace=pace,
        expected=None if ends is None else _each_reached(card, told, now, ends),
    )


def _ways(card: ToldCard, told: ToldLine, *, whole: bool) -> Iterator[_Way]:
    """Every figure of the rule with the line as it then stands, worse ones among them."""
    if told.line.status is not LineStatus.OK:
        return
    mark = own_mark_of(card, told)
    value = told.line.value
    match told.item.rule:
        case Rating(levels=levels):
            marks = [level.mark for level in levels] or [mark]
            kind = StepKind.LEVEL if levels else StepKind.MARK
            yield from _marked(card, told, kind, marks)
        case Ladder(marks=marks):
            yield from _marked(card, told, StepKind.BEHAVIOUR, marks)
        case Rubric() as rubric:
            for number, level in enumerate(rubric.levels, 1):
                if needs := needs_of(level, told.item.indicator, told.given):
                    line = _marked_line(card, told, level.low)
                    yield _Way(StepKind.LEVEL, number, None, line, needs)
        case rule if value is not None:
            for aim in aims_of(rule, mark, value):
                target = told.given.targets.get(aim.level)
                stated = None if target is None else target.value
                reached = aim.value(stated, told.given.better, whole=whole)
                if reached is not None:
                    yield _Way(aim.kind, aim.number, reached, line_at(card, told, reached))


def _marked(
    card: ToldCard, told: ToldLine, kind: StepKind, marks: tuple[Decimal, ...] | list[Decimal]
) -> Iterator[_Way]:
    """What people may give instead."""
    for number, mark in enumerate(marks, 1):
        numbered = None if kind is StepKind.MARK else number
        yield _Way(kind, numbered, None, _marked_line(card, told, mark))


def _marked_line(card: ToldCard, told: ToldLine, mark: Decimal) -> Line:
    """A line with another mark, which stands on the item's own scale."""
    scheme = card.segments[told.segment - 1].scheme
    scale = Fraction(scheme.full_mark) / Fraction(own_mark_of(card, told))
    return line_scoring(told, round_half_up(Fraction(mark) * scale, SCORE_PLACES))


def _rising(ways: list[_Way], told: ToldLine) -> Iterator[_Way]:
    """Those that are better than all nearer ones: what takes more must give more."""
    best = told.line.score
    for way in ways:
        score = way.line.score
        if best is None or score is None or score <= best or not _is_ahead(way, told):
            continue
        best = score
        yield way


def _is_ahead(way: _Way, told: ToldLine) -> bool:
    if way.value is None or told.line.value is None:
        return way.value is None
    if told.given.better is Better.HIGHER:
        return way.value > told.line.value
    return way.value < told.line.value


def _distance_to(told: ToldLine) -> Callable[[_Way], tuple[Decimal, Decimal]]:
    """The nearer first; of those that are equally far the better."""

    def distance(way: _Way) -> tuple[Decimal, Decimal]:
        score = way.line.score or _ZERO
        if way.value is None or told.line.value is None:
            return score, _ZERO
        return abs(way.value - told.line.value), -score

    return distance


def _step(card: ToldCard, told: ToldLine, now: Score, way: _Way) -> NextStep:
    reached = _reached(card, told, now, way.line)
    value = told.line.value
    distance = None if way.value is None or value is None else way.value - value
    percent = None
    if distance is not None and value is not None and way.value is not None:
        percent = percent_of(distance, value, way.value)
    gain = reached.gain if reached.total_gain is None else reached.total_gain
    return NextStep(
        kind=way.kind,
        number=way.number,
        value=way.value,
        attainment=None if way.value is None else way.line.attainment,
        distance=distance,
        percent=None if percent is None else round_half_up(percent, SCORE_PLACES),
        needs=way.needs,
        reached=reached,
        effect=None if not percent else round_half_up(Fraction(gain) / percent, SCORE_PLACES),
    )


def _reached(card: ToldCard, told: ToldLine, now: Score, line: Line) -> Reached:
    made = score_with(card, {told.place: line})
    assert line.score is not None, "a line that is scored otherwise has a score"
    assert line.points is not None, "and points"
    total_gain = None
    if made.total is not None and now.total is not None:
        total_gain = made.total - now.total
    return Reached(
        score=line.score,
        points=line.points,
        gain=line.points - (told.line.points or _ZERO),
        total=made.total,
        total_gain=total_gain,
        grade=made.grade,
    )


def _each_reached(
    card: ToldCard, told: ToldLine, now: Score, ends: tuple[Line, Line, Line]
) -> tuple[Reached, Reached, Reached]:
    forecast, worse, better = (_reached(card, told, now, line) for line in ends)
    return forecast, worse, better


def _points_per_unit(card: ToldCard, told: ToldLine) -> Fraction | None:
    """The line's own points for a unit better, exactly; null where no value is scored."""
    value = told.line.value
    if told.line.status is not LineStatus.OK or value is None or told.line.indicator is None:
        return None
    scheme, mark = card.segments[told.segment - 1].scheme, own_mark_of(card, told)
    slope = slope_of(
        told.item.rule,
        mark,
        value=value,
        attainment=told.line.attainment,
        target=told.line.target,
        better=told.given.better,
    )
    scale = Fraction(scheme.full_mark) / Fraction(mark)
    return slope * scale * Fraction(told.line.weight) / 100


def _alone(
    card: ToldCard,
    told: ToldLine,
    steps: tuple[NextStep, ...],
    needed: Decimal | None,
    *,
    whole: bool,
) -> Alone | None:
    """The nearest value at which the total comes to what is needed: one of its steps, or found by
    halving the way to it. Publishing has proved that better is never worse: there is one such.
    """
    value = told.line.value
    if needed is None or value is None:
        return None

    def suffices(reached: Decimal) -> bool:
        total = score_with(card, {told.place: line_at(card, told, reached)}).total
        return total is not None and total >= needed

    reaching = [step for step in steps if (step.reached.total or _ZERO) >= needed]
    if not reaching or reaching[0].value is None:
        return None
    first = reaching[0].value
    places = 0 if whole else VALUE_PLACES
    worse = Better.LOWER if told.given.better is Better.HIGHER else Better.HIGHER
    high = int(first.scaleb(places))
    low = high
    if not isinstance(told.item.rule, Steps | Pass):
        low = int(rounded_to_better(value, worse, places=places).scaleb(places))
    while abs(high - low) > 1:
        middle = (low + high) // 2
        if suffices(Decimal(middle).scaleb(-places)):
            high = middle
        else:
            low = middle
    reached = Decimal(high).scaleb(-places)
    return Alone(reached, reached - value, shown_percent(reached - value, value, reached))


def _lines_at_pace(card: ToldCard, paces: Paces) -> dict[Place, tuple[Line, Line, Line]]:
    """Each line that has a pace at its forecast, at the worse end and at the better one."""
    found = {}
    for told in card.each_line():
        pace = paces.get(told.place)
        by_value = isinstance(told.item.rule, Measured) and told.line.status is LineStatus.OK
        if isinstance(pace, Pace) and by_value:
            low, high = pace.low, pace.high
            if told.given.better is Better.LOWER:
                low, high = high, low
            forecast, worse, better = (
                line_at(card, told, value) for value in (pace.forecast, low, high)
            )
            found[told.place] = (forecast, worse, better)
    return found


def _expected(
    card: ToldCard, at_pace: Mapping[Place, tuple[Line, Line, Line]], now: Score
) -> tuple[Expected, Expected, Expected] | None:
    """The card with all lines at their forecasts, then at their worse and at their better ends."""
    if now.total is None or not at_pace:
        return None
    made = []
    for end in range(3):
        ended = score_with(card, {place: lines[end] for place, lines in at_pace.items()})
        assert ended.total is not None, "no line lost its score"
        made.append(Expected(ended.total, ended.grade))
    return made[0], made[1], made[2]


def _is_whole(indicator: Indicator | None) -> bool:
    """Whether it counts things, of which there is no half."""
    counts = indicator is not None and indicator.unit is IndicatorUnit.COUNT
    return counts and indicator is not None and is_additive(indicator)


def _why_none(told: ToldLine, steps: tuple[NextStep, ...]) -> NoStep | None:
    if told.line.status is LineStatus.NO_DATA:
        return NoStep.NO_DATA
    if told.line.status is LineStatus.NO_TARGET:
        return NoStep.NO_TARGET
    return None if steps else NoStep.BEST


def _bands(now: Score, grades: tuple[Grade, ...]) -> tuple[Grade | None, Grade | None]:
    """The band that the total reaches, and the one above it."""
    ordered = best_first(grades)
    place = next((at for at, each in enumerate(ordered) if each.grade == now.band), None)
    if place is None:
        return None, None
    return ordered[place], ordered[place - 1] if place else None


def _by_effort(lines: tuple[LineSteps, ...], *, running: bool) -> tuple[tuple[int, str, int], ...]:
    """The step of each line that gives most for a percent of distance; the best line first."""
    found = []
    for line in lines:
        steps = [(step.effect, at) for at, step in enumerate(line.steps) if step.effect is not None]
        if not steps or (running and line.over):
            continue
        effect, at = max(steps, key=lambda each: (each[0], -each[1]))
        if effect > 0:
            found.append((effect, (line.segment, line.line.item, at)))
    found.sort(key=lambda each: -each[0])
    return tuple(place for _, place in found)
