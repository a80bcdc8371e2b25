"""Figures of a card that was closed, moved by the difference that a changed fact makes.

The card keeps the facts that it had: what came since its data were closed goes in by HR's decision
alone. So a figure moves from how it stood by as much as the same figure, read with all facts that
there are now, is another with the fact changed. Where no other fact came since, that is the figure
with the fact changed; for sums it always is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction

from services.api.core.amounts import EXACT
from services.api.core.computed import computed
from services.api.core.formulas import Formula, Leaf, parse_formula
from services.api.core.indicators import is_additive
from services.api.core.late_facts import Asked
from services.api.core.measures import built_in_measures
from services.api.core.told_cards import ToldCard
from services.schema.errors import Conflict
from services.schema.shapes.indicators import (
    Explained,
    Indicator,
    MeasureAmount,
    Value,
    Wanted,
)
from services.schema.shapes.measures import Adds
from services.schema.shapes.payouts import PayBasis
from services.schema.shapes.scorecards import ItemInput, SegmentInput
from services.schema.words import NoValue

Values = Mapping[Wanted, Explained]
_SUMMED = frozenset({Adds.SUM, Adds.POSTED})


def move_card(
    card: ToldCard, asked: Asked, *, without: Values, now: Values
) -> tuple[SegmentInput, ...]:
    """What the card is scored from, each value moved by what it is `now` and was `without`."""

    def moved(place: tuple[int, str], indicator: str, given: ItemInput) -> ItemInput:
        wanted, then = asked.get((*place, indicator)), given.explained
        if wanted is None or then is None:
            return given
        explained = move(then, without=without[wanted], now=now[wanted])
        return replace(given, value=explained.value, explained=explained)

    def moved_whole(number: int, code: str, given: ItemInput) -> ItemInput:
        indicator = own_of[number, code]
        if indicator is None:
            return given
        place = number, code
        others = {each: moved(place, each, own) for each, own in given.others.items()}
        return replace(moved(place, indicator, given), others=others)

    own_of = {line.place: line.item.indicator for line in card.each_line()}
    return tuple(
        replace(
            segment,
            items={code: moved_whole(number, code, given) for code, given in segment.items.items()},
        )
        for number, segment in enumerate(card.segments, 1)
    )


def move(then: Explained, *, without: Explained, now: Explained) -> Explained:
    """A value as it was told, moved by what `now` differs from `without`.

    What was posted or stated, and a figure whose definition was changed since, no fact moves.
    """
    told = then.formula, then.version
    if now.formula is None or told != (now.formula, now.version) or _are_alike(without, now):
        return then
    if _are_alike(then, without):
        return now
    formula = parse_formula(now.formula)
    amounts = _moved(formula, then, without, now)
    return replace(
        now,
        value=_evaluated(formula, amounts, then, now),
        measures=amounts,
        links=tuple(dict.fromkeys((*then.links, *now.links))),
    )


def move_basis(
    then: PayBasis, indicators: Mapping[str, Indicator], *, without: PayBasis, now: PayBasis
) -> PayBasis:
    """What a card is paid by, moved alike; who was led and which level was held stay."""

    def moved(code: str, stood: Value, less: Value, new: Value) -> Value:
        return move_value(indicators[code], stood, without=less, now=new)

    return replace(
        then,
        bases={
            code: moved(code, value, without.bases[code], now.bases[code])
            for code, value in then.bases.items()
        },
        outputs={
            code: {
                # Of who was led as data closed and is not now nothing else is known.
                whose: moved(code, value, without.outputs[code][whose], now.outputs[code][whose])
                if whose in now.outputs[code]
                else value
                for whose, value in own.items()
            }
            for code, own in then.outputs.items()
        },
    )


def move_value(indicator: Indicator, then: Value, *, without: Value, now: Value) -> Value:
    """A value of which no measures were kept, moved alike."""
    if without == now:
        return then
    if then == without:
        return now
    known = [part for each in (then, now, without) if (part := _or_nothing(each)) is not None]
    if len(known) < 3 or not _is_linear(indicator):
        raise _late_in_the_way(indicator.code)
    return Value(_sum(known[0], known[1], -known[2]), None)


def _are_alike(one: Explained, other: Explained) -> bool:
    return one.value == other.value and all(map(_are_same, one.measures, other.measures))


def _are_same(one: MeasureAmount, other: MeasureAmount) -> bool:
    return (one.amount, one.records) == (other.amount, other.records)


def _moved(
    formula: Formula, then: Explained, without: Explained, now: Explained
) -> tuple[MeasureAmount, ...]:
    """The measures of a formula, in its order: those of sums move whatever else has come in."""
    measures = [*formula.amounts, *(None for _ in formula.calendars)]
    found = []
    for amount, stood, less, new in zip(
        measures, then.measures, without.measures, now.measures, strict=True
    ):
        if _are_same(less, new):
            found.append(stood)
        elif _are_same(stood, less):
            found.append(new)
        else:
            known = [each.amount for each in (stood, new, less) if each.amount is not None]
            if amount is None or len(known) < 3 or not _is_summed(amount.measure):
                raise _late_in_the_way(stood.measure)
            found.append(
                replace(
                    stood,
                    amount=_sum(known[0], known[1], -known[2]),
                    records=stood.records + new.records - less.records,
                )
            )
    return tuple(found)


def _evaluated(
    formula: Formula, measures: Sequence[MeasureAmount], then: Explained, now: Explained
) -> Value:
    if any(each.amount is None for each in measures):
        return then.value if then.value.value is None else now.value
    leaves: tuple[Leaf, ...] = (*formula.amounts, *formula.calendars)
    values = {leaf: Fraction(each.amount or 0) for leaf, each in zip(leaves, measures, strict=True)}
    return computed(formula, values)


def _is_linear(indicator: Indicator) -> bool:
    """Whether a fact adds to the value whatever the others are: sums, and no count of persons."""
    if indicator.formula is None or not is_additive(indicator):
        return False
    return all(_is_summed(each.measure) for each in parse_formula(indicator.formula).amounts)


def _is_summed(measure: str) -> bool:
    known = built_in_measures().get(measure)
    return known is None or known.adds in _SUMMED


def _sum(*parts: Decimal) -> Decimal:
    with localcontext(EXACT):
        return sum(parts, Decimal(0))


def _or_nothing(value: Value) -> Decimal | None:
    """Without any fact a sum is 0."""
    return Decimal(0) if value.reason is NoValue.NO_ROWS else value.value


def _late_in_the_way(what: str) -> Conflict:
    detail = (
        f"Facts came after data were closed, and what the fact makes of {what} hangs on them: "
        "decide on them first, or have the line contested."
    )
    return Conflict("late_facts_waiting", detail)
