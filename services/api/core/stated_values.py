"""Values of lines that HR stated as disputes were upheld, in the place of what was measured."""

from collections.abc import Sequence
from dataclasses import replace

from services.schema.shapes.indicators import Explained, Value
from services.schema.shapes.scorecards import ItemInput, SegmentInput, StatedValue


def with_values(
    segments: Sequence[SegmentInput], values: Sequence[StatedValue]
) -> Sequence[SegmentInput]:
    """Segments with these values; of several for a line the last holds.

    A value without a segment is of each that has the item: the card had one when it was stated.
    """
    if not values:
        return segments
    return [
        replace(
            segment,
            items={
                code: _with(each, [v for v in values if v.item == code and v.segment in {None, at}])
                for code, each in segment.items.items()
            },
        )
        for at, segment in enumerate(segments, 1)
    ]


def _with(given: ItemInput, values: Sequence[StatedValue]) -> ItemInput:
    """It is told like a posted value: no formula, and a link to the dispute in place of facts."""
    if not values:
        return given
    last = values[-1]
    value = Value(last.value, None)
    version = 0 if given.explained is None else given.explained.version
    links = () if last.dispute is None else (f"/v1/disputes/{last.dispute}",)
    return replace(given, value=value, explained=Explained(value, None, version, (), None, links))
