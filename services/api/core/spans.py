"""Between which two scores an item, a section and a total can lie, whatever is measured."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from services.api.core.trials import Tried
from services.api.core.weights import line_weights
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, round_half_up
from services.schema.shapes.schemes import Item, Ladder, Rating, Scheme
from services.schema.words import Missing

_ZERO = Decimal(0)
_SLACK = Decimal("0.02")
"""What the rounding of weights that are shared out anew may add to a section or a total."""


@dataclass(frozen=True, slots=True)
class Span:
    """The least and the greatest score that are possible."""

    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Spans:
    """The scores of a scheme, on its own scale."""

    items: Mapping[str, Span]
    sections: Mapping[str, Span]
    total: Span
    """With all adjustments that the scheme allows."""


@dataclass(frozen=True, slots=True)
class _Part:
    weight: Decimal
    span: Span
    may_leave: bool


def spans_of(scheme: Scheme, tried: Mapping[str, Tried | None]) -> Spans:
    """Read off the trials of each item; items that people rate have none."""
    items = {
        item.code: _span_of_item(scheme, item, tried[item.code])
        for section in scheme.sections
        for item in section.items
    }
    lines = {
        section.code: [
            _Part(weight, items[item.code], item.missing is Missing.REDISTRIBUTE)
            for item, weight in zip(section.items, weights, strict=True)
        ]
        for section, weights in zip(scheme.sections, line_weights(scheme), strict=True)
    }
    sections = {code: _mean(parts) for code, parts in lines.items()}
    return Spans(items, sections, _adjusted(scheme, _total(scheme, lines, sections)))


def _total(
    scheme: Scheme, lines: Mapping[str, Sequence[_Part]], sections: Mapping[str, Span]
) -> Span:
    """Where lines may leave, the mean of the sections, of which one may leave with all its lines;
    else that of the lines: then it is exact.
    """
    every = [part for parts in lines.values() for part in parts]
    if not any(part.may_leave for part in every):
        return _mean(every)
    return _mean(
        [
            _Part(
                section.weight,
                sections[section.code],
                all(part.may_leave for part in lines[section.code]),
            )
            for section in scheme.sections
        ]
    )


def _span_of_item(scheme: Scheme, item: Item, tried: Tried | None) -> Span:
    """What its rule gives, and its policy where there is nothing to hold the rule against."""
    own_mark = scheme.full_mark if item.full_mark is None else item.full_mark
    scores = [_scaled(score, own_mark, scheme.full_mark) for score in _ends(item, own_mark, tried)]
    by_policy = {Missing.ZERO: _ZERO, Missing.FULL: scheme.full_mark}.get(item.missing)
    if by_policy is not None:
        scores.append(by_policy)
    return Span(min(scores), max(scores))


def _ends(item: Item, own_mark: Decimal, tried: Tried | None) -> Iterable[Decimal | Fraction]:
    match item.rule:
        case Rating(levels=()) as rating:
            marks = rating.marks
            return (_ZERO, own_mark) if marks is None else (marks.start, marks.end)
        case Rating(levels=levels):
            return [level.mark for level in levels]
        case Ladder(marks=marks):
            return (_ZERO, *marks)
        case _:
            assert tried is not None, "a rule that nobody rates was tried"
            return (tried.low, tried.high)


def _scaled(score: Decimal | Fraction, own_mark: Decimal, full_mark: Decimal) -> Decimal:
    return round_half_up(Fraction(score) * Fraction(full_mark) / Fraction(own_mark), SCORE_PLACES)


def _mean(parts: Sequence[_Part]) -> Span:
    """The least and the greatest mean by weight, rounded as a card rounds points and scores.

    Lines that leave their weight to others are left out where that widens the span.
    """
    slack = _SLACK if any(part.may_leave for part in parts) else _ZERO
    low = -_best([(part, -part.span.low) for part in parts])
    high = _best([(part, part.span.high) for part in parts])
    return Span(low - slack, high + slack)


def _best(scored: Sequence[tuple[_Part, Decimal]]) -> Decimal:
    """The greatest mean over all lines that stay and any of those that may leave."""
    chosen = [(part.weight, score) for part, score in scored if not part.may_leave]
    leaving = sorted(
        ((part.weight, score) for part, score in scored if part.may_leave),
        key=lambda each: each[1],
        reverse=True,
    )
    for each in leaving:
        if not chosen or _mean_of([*chosen, each]) > _mean_of(chosen):
            chosen.append(each)
    return _mean_of(chosen)


def _mean_of(weighed: Sequence[tuple[Decimal, Decimal]]) -> Decimal:
    points = sum(
        (
            round_half_up(Fraction(weight) * Fraction(score) / 100, SCORE_PLACES)
            for weight, score in weighed
        ),
        _ZERO,
    )
    whole = sum((weight for weight, _ in weighed), _ZERO)
    return round_half_up(Fraction(points) * 100 / Fraction(whole), TOTAL_PLACES)


def _adjusted(scheme: Scheme, total: Span) -> Span:
    bounds = scheme.adjustments
    if bounds is None:
        return total
    return Span(max(_ZERO, total.low + bounds.minimum), total.high + bounds.maximum)
