"""The fast twin of `core.scorecards`: every card of a population by one scheme, column by column.

Figures are whole numbers of their smallest unit in 64 bits, so that nothing is rounded but where
the core rounds. What does not fit takes the way of the core: a card with figures beyond 64 bits,
an item whose rule no column can hold, or, for a scheme that is out of all bounds, everybody. How a
rule got to its score (`step`, `before`, `after`) is for explanations and is left to the core.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from services.api.core.gates import best_first
from services.api.core.rules import levels_of
from services.api.core.scorecards import bounded_sum, line_of, score
from services.api.fast.columns import (
    NO_DATA,
    NO_TARGET,
    OK,
    STATUSES,
    Column,
    Columns,
    ItemColumns,
    LineColumns,
    read_columns,
)
from services.api.fast.gates import (
    BiteColumn,
    Sections,
    bands_of,
    cap_totals,
    gate_column,
    limit_grades,
)
from services.api.fast.numbers import MOST, Flags, Integers, Unfit, half_up, quotients, units_of
from services.api.fast.rules import score_column
from services.api.fast.weights import weight_columns
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, VALUE_PLACES
from services.schema.shapes.schemes import Grade, Item, Scheme, Section
from services.schema.shapes.scorecards import (
    Adjustment,
    GateBite,
    Line,
    Score,
    SectionScore,
    SegmentInput,
    SegmentScore,
)
from services.schema.words import Better, LineStatus, Missing, TargetLevel

_HUNDRED = 100 * 10**SCORE_PLACES
_TO_TOTAL = 10 ** (SCORE_PLACES - TOTAL_PLACES)


@dataclass(frozen=True, slots=True)
class ScoreColumns:
    """What the rules make of a population: everything that is shown, in whole units."""

    lines: tuple[LineColumns, ...]
    sections: Sections
    """Of each section its weight and its score."""
    bites: tuple[BiteColumn, ...]
    means: Column
    adjusted: Integers
    totals: Integers
    grades: tuple[Grade, ...]
    """Best first."""
    bands: Integers
    """Places in `grades`."""
    places: Integers
    """The same once gates have set the grade."""
    unfit: Flags
    """Cards of which nothing here holds."""


class Population:
    """The scores of cards by one scheme, computed together and given one by one."""

    def __init__(
        self, cards: Sequence[SegmentInput], adjustments: Sequence[Sequence[Adjustment]] = ()
    ) -> None:
        assert all(card.scheme is cards[0].scheme for card in cards), "one scheme for all"
        self._cards = cards
        self._adjustments = adjustments or [()] * len(cards)
        self._columns = self._score() if cards else None

    def card(self, number: int) -> Score:
        """A card's score; what the core computed is whole, else steps are left out."""
        columns = self._columns
        if columns is None or columns.unfit[number]:
            return score([self._cards[number]], self._adjustments[number])
        return _card(columns, number, self._cards[number], self._adjustments[number])

    def _score(self) -> ScoreColumns | None:
        scheme = self._cards[0].scheme
        try:
            columns = read_columns(self._cards)
            return score_columns(scheme, columns, cards=self._cards, adjustments=self._adjustments)
        except Unfit:
            return None


def scores_of(
    cards: Sequence[Sequence[SegmentInput]], adjustments: Sequence[Sequence[Adjustment]]
) -> list[Score]:
    """The scores of cards in their order: those of one segment together, others one by one."""
    together: dict[int, list[int]] = {}
    scores: dict[int, Score] = {}
    for number, (segments, stated) in enumerate(zip(cards, adjustments, strict=True)):
        if len(segments) == 1:
            together.setdefault(id(segments[0].scheme), []).append(number)
        else:
            scores[number] = score(segments, stated)
    for numbers in together.values():
        population = Population(
            [cards[number][0] for number in numbers], [adjustments[number] for number in numbers]
        )
        for place, number in enumerate(numbers):
            scores[number] = population.card(place)
    return [scores[number] for number in range(len(cards))]


def score_columns(
    scheme: Scheme,
    columns: Columns,
    *,
    cards: Sequence[SegmentInput] = (),
    adjustments: Sequence[Sequence[Adjustment]] = (),
) -> ScoreColumns:
    """The arithmetic alone; rows are needed for items whose rule no column can hold."""
    unfit = columns.unfit.copy()
    unweighed = [
        _line(scheme, section, item, columns.items[item.code], cards, unfit)
        for section in scheme.sections
        for item in section.items
    ]
    lines = _weigh(scheme, unweighed)
    by_section = [
        [line for line in lines if line.section == section.code] for section in scheme.sections
    ]
    sections = tuple(_section(own) for own in by_section)
    bites = tuple(gate_column(gate, scheme, columns, lines, sections) for gate in scheme.gates)
    means = Column(_sum_of_points(lines), _closed(lines))
    adjusted = np.maximum(0, means.units + _adjusted_by(scheme, columns.count, adjustments))
    totals = cap_totals(adjusted, bites)
    grades = tuple(best_first(scheme.grades))
    bands = bands_of(totals, grades)
    return ScoreColumns(
        lines=lines,
        sections=sections,
        bites=bites,
        means=means,
        adjusted=adjusted,
        totals=totals,
        grades=grades,
        bands=bands,
        places=limit_grades(bands, bites, grades),
        unfit=unfit,
    )


def _line(
    scheme: Scheme,
    section: Section,
    item: Item,
    given: ItemColumns,
    cards: Sequence[SegmentInput],
    unfit: Flags,
) -> LineColumns:
    """The lines of an item before they have a weight."""
    levels = levels_of(item.rule)
    shown = TargetLevel.CHALLENGE if levels == {TargetLevel.CHALLENGE} else TargetLevel.BUDGET
    attained = {level: _attain(given, level, unfit) for level in {shown, *levels}}
    values = given.values
    statuses = np.where(values.known, OK, NO_DATA)
    for level in levels:
        statuses[values.known & ~attained[level].known] = NO_TARGET
    own_mark = scheme.full_mark if item.full_mark is None else item.full_mark
    figures = {level: each.units for level, each in attained.items()}
    try:
        scores = score_column(item.rule, own_mark, scheme.full_mark, values.units, figures)
    except Unfit:
        scores, statuses = _scored_by_core(scheme, section, item, cards)
    scored = statuses == OK
    if item.missing in {Missing.ZERO, Missing.FULL}:
        policy = Decimal(0) if item.missing is Missing.ZERO else scheme.full_mark
        scores = np.where(scored, scores, units_of(policy, SCORE_PLACES))
        scored = np.ones_like(scored)
    nothing = np.zeros_like(scores)
    return LineColumns(
        section=section.code,
        item=item,
        statuses=statuses,
        attainments=attained[shown],
        scores=Column(np.where(scored, scores, 0), scored),
        weights=nothing,
        points=nothing,
        shown=shown,
    )


def _attain(given: ItemColumns, level: TargetLevel, unfit: Flags) -> Column:
    """The attainments against a level; none without a value, nor of a target of zero."""
    values = given.values
    target = given.targets.get(level)
    if target is None:
        return Column(np.zeros_like(values.units), np.zeros_like(values.known))
    known = values.known & (target.units != 0)
    divisors = np.where(known, target.units, 1)
    higher = given.better is Better.HIGHER
    numerators = values.units if higher else 2 * divisors - values.units
    attained, beyond = quotients(np.where(known, numerators, 0), divisors)
    unfit |= beyond
    return Column(attained, known)


def _scored_by_core(
    scheme: Scheme, section: Section, item: Item, cards: Sequence[SegmentInput]
) -> tuple[Integers, Integers]:
    """Scores and statuses of an item whose rule no column can hold."""
    if not cards:
        raise Unfit
    lines = [line_of(scheme, section.code, item, card.items[item.code]) for card in cards]
    scores = [units_of(line.score, SCORE_PLACES) if line.score is not None else 0 for line in lines]
    statuses = [STATUSES.index(line.status) for line in lines]
    return np.array(scores, np.int64), np.array(statuses, np.int64)


def _weigh(scheme: Scheme, unweighed: Sequence[LineColumns]) -> tuple[LineColumns, ...]:
    """The lines with their weights and points."""
    largest = sum(int(np.abs(line.scores.units).max(initial=0)) for line in unweighed)
    if largest * _HUNDRED >= MOST:
        raise Unfit
    weights = weight_columns(scheme, unweighed)
    return tuple(
        LineColumns(
            section=line.section,
            item=line.item,
            statuses=line.statuses,
            attainments=line.attainments,
            scores=line.scores,
            weights=own,
            points=half_up(line.scores.units * own, _HUNDRED),
            shown=line.shown,
        )
        for line, own in zip(unweighed, weights, strict=True)
    )


def _closed(lines: Sequence[LineColumns]) -> Flags:
    """Where no line blocks, and one is left: there the points can be summed."""
    closed = np.zeros_like(lines[0].scores.known)
    for line in lines:
        closed |= line.weights != 0
    for line in lines:
        if line.item.missing is Missing.BLOCK:
            closed &= line.scores.known
    return closed


def _section(lines: Sequence[LineColumns]) -> tuple[Integers, Column]:
    """The weight, and the sum of the points x 100 / the weight."""
    weights = np.sum([line.weights for line in lines], axis=0)
    points = np.sum([line.points for line in lines], axis=0)
    closed = _closed(lines)
    scores = half_up(points * 100 * 10**TOTAL_PLACES, np.where(closed, weights, 1))
    return weights, Column(np.where(closed, scores, 0), closed)


def _sum_of_points(lines: Sequence[LineColumns]) -> Integers:
    return half_up(np.sum([line.points for line in lines], axis=0), _TO_TOTAL)


def _adjusted_by(
    scheme: Scheme, count: int, adjustments: Sequence[Sequence[Adjustment]]
) -> Integers:
    if not any(adjustments):
        return np.full(count, units_of(bounded_sum((), scheme.adjustments), TOTAL_PLACES))
    sums = [units_of(bounded_sum(each, scheme.adjustments), TOTAL_PLACES) for each in adjustments]
    return np.array(sums, np.int64)


def _card(
    columns: ScoreColumns, number: int, given: SegmentInput, adjustments: Sequence[Adjustment]
) -> Score:
    complete = bool(columns.means.known[number])
    mean = _figure(columns.means, number, TOTAL_PLACES)
    segment = SegmentScore(
        segment=given.segment,
        lines=tuple(_line_of_card(line, number, given) for line in columns.lines),
        sections=tuple(
            SectionScore(
                section.code,
                _decimal(weights[number], SCORE_PLACES),
                _figure(scores, number, TOTAL_PLACES),
            )
            for section, (weights, scores) in zip(
                given.scheme.sections, columns.sections, strict=True
            )
        ),
        points=mean,
        total=mean,
        gates=tuple(
            GateBite(each.gate, _decimal(each.figures[number], each.places))
            for each in columns.bites
            if each.bites[number]
        ),
    )
    grades = columns.grades if complete else ()
    grade = grades[columns.places[number]] if grades else None
    return Score(
        segments=(segment,),
        mean=mean,
        adjustments=tuple(adjustments),
        adjusted=_decimal(columns.adjusted[number], TOTAL_PLACES) if complete else None,
        total=_decimal(columns.totals[number], TOTAL_PLACES) if complete else None,
        band=grades[columns.bands[number]].grade if grades else None,
        grade=None if grade is None else grade.grade,
        coefficient=None if grade is None else grade.coefficient,
    )


def _line_of_card(line: LineColumns, number: int, given: SegmentInput) -> Line:
    inputs = given.items[line.item.code]
    target = inputs.targets.get(line.shown)
    status = STATUSES[line.statuses[number]]
    scored = line.scores.known[number]
    return Line(
        section=line.section,
        item=line.item.code,
        indicator=line.item.indicator,
        value=inputs.value.value,
        target=None if target is None else target.value,
        attainment=_figure(line.attainments, number, VALUE_PLACES),
        score=_figure(line.scores, number, SCORE_PLACES),
        weight=_decimal(line.weights[number], SCORE_PLACES),
        points=_decimal(line.points[number], SCORE_PLACES) if scored else None,
        status=status,
        policy=None if status is LineStatus.OK else line.item.missing,
        step=None,
        before=None,
        after=None,
    )


def _figure(column: Column, number: int, places: int) -> Decimal | None:
    return _decimal(column.units[number], places) if column.known[number] else None


def _decimal(units: np.int64, places: int) -> Decimal:
    return Decimal(int(units)).scaleb(-places)
