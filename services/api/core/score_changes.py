"""The change of a subject's total from one card to another, split by line and by cause.

A line's part is what it gives of the total now less what it gave then: the points that stand on
the two cards. Within a line, points are score x weight / 100, so that a weight has what its change
gives at the mean of both scores, and the score what its change gives at the mean of both weights.
The score goes from then to now in three strides: the new value under the old target and rule, then
the new target, then the new rule. Causes are brought to 4 decimals by largest remainder.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from services.api.core.documents import plain_or_null
from services.api.core.rules import Measured
from services.api.core.scorecards import line_of
from services.api.core.told_cards import ToldCard, ToldLine, own_mark_of, score_with
from services.schema.money import SCORE_PLACES, round_half_up, split_signed
from services.schema.shapes.score_changes import (
    Cause,
    ChangedPart,
    ChangeMark,
    LineChange,
    LineThen,
    ScoreChange,
)
from services.schema.shapes.scorecards import ItemInput, Score
from services.schema.words import LineStatus

_ZERO = Decimal(0)
Own = list[ToldLine]
"""The lines of one item in all segments of a card."""


def change_of(before: ToldCard, after: ToldCard) -> ScoreChange | None:
    """The change between two cards; null where one of them has no total."""
    then, now = score_with(before, {}), score_with(after, {})
    if then.total is None or now.total is None:
        return None
    lines = tuple(_line_changes(before, after))
    adjustments = _adjusted(now) - _adjusted(then)
    gates = round_half_up(_held(now) - _held(then), SCORE_PLACES)
    stated = sum((line.part for line in lines), _ZERO) + adjustments + gates
    return ScoreChange(
        before=then.total,
        after=now.total,
        lines=lines,
        adjustments=adjustments,
        gates=gates,
        rounding=now.total - then.total - stated,
    )


def marks_between(before: ToldCard, after: ToldCard) -> tuple[ChangeMark, ...]:
    """All that is not the same for both cards besides what people did (requirement 29)."""
    return (*_marks_of_card(before, after), *_marks_of_lines(before, after))


def _marks_of_card(before: ToldCard, after: ToldCard) -> Iterator[ChangeMark]:
    then, now = before.segments[-1].segment, after.segments[-1].segment
    if then.scheme != now.scheme:
        yield ChangeMark(ChangedPart.SCHEME, None, then.scheme, now.scheme)
    elif then.scheme_version != now.scheme_version:
        versions = str(then.scheme_version), str(now.scheme_version)
        yield ChangeMark(ChangedPart.VERSION, None, *versions)
    days = tuple(sum(each.segment.days for each in card.segments) for card in (before, after))
    if days[0] != days[1]:
        yield ChangeMark(ChangedPart.PERIOD, None, str(days[0]), str(days[1]))


def _marks_of_lines(before: ToldCard, after: ToldCard) -> Iterator[ChangeMark]:
    then, now = _by_item(before), _by_item(after)
    for code in _codes(then, now):
        if code not in now:
            yield ChangeMark(ChangedPart.REMOVED, code, None, None)
        elif code not in then:
            yield ChangeMark(ChangedPart.ADDED, code, None, None)
        else:
            yield from _marks_of_line(before, then[code][-1], after, now[code][-1])


def _marks_of_line(
    before: ToldCard, then: ToldLine, after: ToldCard, now: ToldLine
) -> Iterator[ChangeMark]:
    code = now.item.code
    if _is_redefined(then, now):
        versions = (str(then.version), str(now.version))
        if then.line.indicator != now.line.indicator:
            versions = (str(then.line.indicator), str(now.line.indicator))
        yield ChangeMark(ChangedPart.DEFINITION, code, *versions)
    if _rule_of(before, then) != _rule_of(after, now):
        yield ChangeMark(ChangedPart.RULE, code, None, None)
    figures = (
        (ChangedPart.WEIGHT, then.line.weight, now.line.weight),
        (ChangedPart.TARGET, then.line.target, now.line.target),
    )
    for what, old, new in figures:
        if old != new:
            yield ChangeMark(what, code, plain_or_null(old), plain_or_null(new))


def _line_changes(before: ToldCard, after: ToldCard) -> Iterator[LineChange]:
    then, now = _by_item(before), _by_item(after)
    for code in _codes(then, now):
        old, new = _then(before, then.get(code)), _then(after, now.get(code))
        part = (_ZERO if new is None else new.points) - (_ZERO if old is None else old.points)
        whole, exact = _causes(before, then.get(code, []), after, now.get(code, []), part)
        shares = split_signed(part, exact, SCORE_PLACES)
        shown = now.get(code) or then[code]
        yield LineChange(
            item=code,
            indicator=shown[-1].line.indicator,
            before=old,
            after=new,
            part=part,
            causes=tuple(
                (cause, share) for cause, share in zip(whole, shares, strict=True) if share
            ),
        )


def _causes(
    before: ToldCard, then: Own, after: ToldCard, now: Own, part: Decimal
) -> tuple[tuple[Cause, ...], tuple[Fraction, ...]]:
    """Causes of a line's part and what each did, exactly but for the rounding of points."""
    single: Cause | None = None
    if not then or not now:
        single = Cause.VANISHED if not now else Cause.APPEARED
    elif len(before.segments) > 1 or len(after.segments) > 1:
        single = Cause.SEGMENTS
    elif then[0].line.status is not LineStatus.OK or now[0].line.status is not LineStatus.OK:
        single = Cause.MISSING
    if single is not None:
        return (single,), (Fraction(part),)
    old, new = then[0].line, now[0].line
    assert old.score is not None, "a line that is in order has a score"
    assert new.score is not None, "the other too"
    scores = Fraction(new.score) + Fraction(old.score)
    weights = Fraction(new.weight) + Fraction(old.weight)
    by_weight = (Fraction(new.weight) - Fraction(old.weight)) * scores / 200
    strides = _strides(before, then[0], after, now[0], old.score, new.score)
    by_score = tuple(stride * weights / 200 for _, stride in strides)
    return (*(cause for cause, _ in strides), Cause.WEIGHT), (*by_score, by_weight)


def _strides(
    before: ToldCard, then: ToldLine, after: ToldCard, now: ToldLine, old: Decimal, new: Decimal
) -> tuple[tuple[Cause, Fraction], ...]:
    """How the score went from then to now: by the value, the target and the rule."""
    cause = Cause.DEFINITION if _is_redefined(then, now) else Cause.VALUE
    same = _rule_of(before, then) == _rule_of(after, now)
    if not isinstance(then.item.rule, Measured) or not isinstance(now.item.rule, Measured):
        return ((cause if same else Cause.RULE, Fraction(new) - Fraction(old)),)
    valued = _scored(before, then, replace(then.given, value=now.given.value))
    aimed = _scored(before, then, replace(now.given, better=then.given.better))
    if valued is None or aimed is None:
        return ((Cause.RULE, Fraction(new) - Fraction(old)),)
    return (
        (cause, Fraction(valued) - Fraction(old)),
        (Cause.TARGET, Fraction(aimed) - Fraction(valued)),
        (Cause.RULE, Fraction(new) - Fraction(aimed)),
    )


def _scored(card: ToldCard, told: ToldLine, given: ItemInput) -> Decimal | None:
    """The score of other inputs under a line's own rule; null where that rule has none."""
    line = line_of(card.segments[0].scheme, told.line.section, told.item, given)
    return line.score if line.status is LineStatus.OK else None


def _is_redefined(then: ToldLine, now: ToldLine) -> bool:
    known = then.version is not None and now.version is not None
    other = then.line.indicator != now.line.indicator
    return other or (known and then.version != now.version)


def _rule_of(card: ToldCard, told: ToldLine) -> tuple[object, ...]:
    """All that makes a score of a value and a target, and its scale."""
    scheme = card.segments[told.segment - 1].scheme
    return told.item.rule, own_mark_of(card, told), scheme.full_mark, told.given.better


def _then(card: ToldCard, own: Own | None) -> LineThen | None:
    if not own:
        return None
    if len(card.segments) == 1:
        line = own[0].line
        return LineThen(line.value, line.target, line.score, line.weight, line.points or _ZERO)
    days = sum(each.segment.days for each in card.segments)
    given = sum(
        (
            Fraction(told.line.points or 0) * card.segments[told.segment - 1].segment.days
            for told in own
        ),
        Fraction(0),
    )
    return LineThen(None, None, None, None, round_half_up(given / days, SCORE_PLACES))


def _by_item(card: ToldCard) -> dict[str, Own]:
    found: dict[str, Own] = {}
    for told in card.each_line():
        found.setdefault(told.item.code, []).append(told)
    return found


def _codes(then: dict[str, Own], now: dict[str, Own]) -> tuple[str, ...]:
    """Items in the order of the newer card, then those that are gone."""
    return tuple(dict.fromkeys((*now, *then)))


def _adjusted(score: Score) -> Decimal:
    """What rewards and penalties gave, and the floor of 0 kept."""
    assert score.adjusted is not None, "a card with a total was adjusted"
    assert score.mean is not None, "and has a mean"
    return score.adjusted - score.mean


def _held(score: Score) -> Fraction:
    """What caps took: of the total, and of each segment by its days."""
    assert score.total is not None, "a card with a total"
    assert score.adjusted is not None, "was adjusted"
    days = sum(each.segment.days for each in score.segments)
    held = Fraction(score.total) - Fraction(score.adjusted)
    for each in score.segments:
        assert each.total is not None, "no segment is open where the card is not"
        assert each.points is not None, "and each has points"
        held += (Fraction(each.total) - Fraction(each.points)) * each.segment.days / days
    return held
