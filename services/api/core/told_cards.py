"""A card read back from its explanation, and what it would come to if a line stood otherwise.

The explanation is what was computed, also of what is frozen: the facts are not asked again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from services.api.core import outcomes
from services.api.core.rules import levels_of
from services.api.core.scorecards import line_of, score_lines, weigh
from services.schema.shapes.indicators import Explained, MeasureAmount, Value
from services.schema.shapes.people import parse_subject
from services.schema.shapes.schemes import Item, Scheme
from services.schema.shapes.scorecards import (
    Adjustment,
    ItemInput,
    Line,
    Mark,
    Score,
    Segment,
    SegmentInput,
)
from services.schema.shapes.targets import TargetInForce
from services.schema.words import Better, LineStatus, Missing, NoValue, TargetLevel

Document = Mapping[str, Any]
Schemes = Mapping[tuple[str, int], Scheme]
Place = tuple[int, str]
"""A line of a card: its segment, counted from 1, and its item."""


@dataclass(frozen=True, slots=True)
class ToldLine:
    """A line as it was scored, and what it was scored from."""

    segment: int
    item: Item
    given: ItemInput
    line: Line
    formula: str | None
    """Null: its value was posted, or people rate."""
    version: int | None
    """Of the indicator's definition; null where no source is told."""

    @property
    def place(self) -> Place:
        return self.segment, self.item.code


@dataclass(frozen=True, slots=True)
class ToldCard:
    """A card as it was scored; each segment's lines in the order of its scheme."""

    segments: tuple[SegmentInput, ...]
    lines: tuple[tuple[ToldLine, ...], ...]
    adjustments: tuple[Adjustment, ...]
    grade: str | None
    """As it stands on the card: calibration may have set another than its band."""
    is_ranked: bool = False
    """Its grade was given by its place among others, not by bands."""

    def each_line(self) -> tuple[ToldLine, ...]:
        return tuple(line for own in self.lines for line in own)


def read_told(explanation: Document, schemes: Schemes) -> ToldCard:
    """The card that an explanation tells; the schemes hold every version that it names."""
    segments = []
    lines = []
    for number, told in enumerate(explanation["segments"], 1):
        scheme = schemes[told["scheme"], told["scheme_version"]]
        items = {item.code: item for section in scheme.sections for item in section.items}
        own = tuple(_line(number, items[each["item"]], each) for each in told["lines"])
        given = {line.item.code: line.given for line in own}
        segments.append(SegmentInput(_segment(told), scheme, given))
        lines.append(own)
    adjustments = tuple(
        Adjustment(Decimal(each["points"]), each["reason"], each["author"])
        for each in explanation["adjustments"]["stated"]
    )
    calibration = explanation.get("calibration")
    return ToldCard(
        tuple(segments),
        tuple(lines),
        adjustments,
        explanation["grade"],
        is_ranked=calibration is not None and calibration["unforced"] is None,
    )


def score_with(card: ToldCard, changed: Mapping[Place, Line]) -> Score:
    """The card where some of its lines stand otherwise; all else stays as it was scored."""
    lines = [[changed.get(told.place, told.line) for told in own] for own in card.lines]
    return score_lines(card.segments, lines, card.adjustments)


def line_at(card: ToldCard, told: ToldLine, value: Decimal) -> Line:
    """A line whose indicator has another value."""
    given = replace(told.given, value=Value(value, None))
    scheme = card.segments[told.segment - 1].scheme
    return weigh(line_of(scheme, told.line.section, told.item, given), told.line.weight)


def line_scoring(told: ToldLine, score: Decimal) -> Line:
    """A line to which people give another score, on the scale of the card."""
    return weigh(replace(told.line, score=score), told.line.weight)


def own_mark_of(card: ToldCard, told: ToldLine) -> Decimal:
    """The full mark on whose scale the line's rule scores."""
    return outcomes.own_mark_of(told.item, card.segments[told.segment - 1].scheme)


def inputs_with(card: ToldCard, marks: Sequence[Mark]) -> list[SegmentInput]:
    """What a card was scored from, to the last record, and what people state of it by now."""
    return [
        replace(
            segment,
            items={
                code: replace(each, marks=tuple(mark for mark in marks if mark.item == code))
                for code, each in segment.items.items()
            },
        )
        for segment in card.segments
    ]


def segments_of(document: Document) -> tuple[Segment, ...]:
    """The stretches that a card or its explanation tells, first to last."""
    return tuple(_segment(each) for each in document["segments"])


def _segment(told: Document) -> Segment:
    return Segment(
        start=date.fromisoformat(told["from"]),
        end=date.fromisoformat(told["to"]),
        position=told["position"],
        unit=told["unit"],
        scheme=told["scheme"],
        scheme_version=told["scheme_version"],
    )


def _line(number: int, item: Item, told: Document) -> ToldLine:
    given = _given(told)
    levels = levels_of(item.rule)
    shown = TargetLevel.CHALLENGE if levels == {TargetLevel.CHALLENGE} else TargetLevel.BUDGET
    target = given.targets.get(shown)
    source = told["source"]
    line = Line(
        section=told["section"],
        item=told["item"],
        indicator=told["indicator"],
        value=given.value.value,
        target=None if target is None else target.value,
        attainment=_decimal(told["attainments"].get(shown)),
        score=_decimal(told["score"]),
        weight=Decimal(told["weight"]),
        points=_decimal(told["points"]),
        status=LineStatus(told["status"]),
        policy=None if told["policy"] is None else Missing(told["policy"]),
        step=told["step"],
        before=_decimal(told["before"]),
        after=_decimal(told["after"]),
    )
    return ToldLine(
        segment=number,
        item=item,
        given=given,
        line=line,
        formula=None if source is None else source["formula"],
        version=None if source is None else source["definition_version"],
    )


def _given(told: Document) -> ItemInput:
    reason = told["reason"]
    value = Value(_decimal(told["value"]), None if reason is None else NoValue(reason))
    return ItemInput(
        value=value,
        targets={TargetLevel(each["level"]): _target(each) for each in told["targets"]},
        better=Better(told["better"]),
        explained=None if told["source"] is None else _explained(value, told["source"]),
        others={each["indicator"]: _given(each) for each in told.get("others", ())},
    )


def _explained(value: Value, told: Document) -> Explained:
    return Explained(
        value=value,
        formula=told["formula"],
        version=told["definition_version"],
        measures=tuple(
            MeasureAmount(
                each["measure"], each["filters"], _decimal(each["amount"]), each["records"]
            )
            for each in told["measures"]
        ),
        fx=told["fx"],
        links=tuple(told["links"]),
    )


def _target(told: Document) -> TargetInForce:
    owner = told["from"]
    return TargetInForce(
        value=Decimal(told["value"]),
        stated=Decimal(told["stated"]),
        owner=None if owner == "scheme" else parse_subject(owner),
        days=told["days"],
        of_days=told["of_days"],
        weight=Decimal(told["weight"]),
        of_weight=Decimal(told["of_weight"]),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
