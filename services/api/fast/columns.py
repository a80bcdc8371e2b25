"""What cards of one scheme are computed from, turned from rows of decimals into columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.api.fast.numbers import Flags, Integers, read_column
from services.schema.shapes.schemes import Item
from services.schema.shapes.scorecards import ItemInput, SegmentInput
from services.schema.words import Better, LineStatus, TargetLevel

STATUSES = (LineStatus.OK, LineStatus.NO_DATA, LineStatus.NO_TARGET)
"""By their places in a column."""
OK, NO_DATA, NO_TARGET = range(len(STATUSES))


@dataclass(frozen=True, slots=True)
class Column:
    """Figures in whole units, and where there is one; 0 elsewhere."""

    units: Integers
    known: Flags


@dataclass(frozen=True, slots=True)
class ItemColumns:
    """The values of one item and its targets by level, in millionths."""

    values: Column
    targets: Mapping[TargetLevel, Column]
    better: Better


@dataclass(frozen=True, slots=True)
class Columns:
    """The inputs of every item of so many cards."""

    count: int
    items: Mapping[str, ItemColumns]
    unfit: Flags
    """Cards with an input that no column holds."""


@dataclass(frozen=True, slots=True)
class LineColumns:
    """One item's lines, in ten-thousandths but for attainments, which are in millionths."""

    section: str
    item: Item
    statuses: Integers
    """Places in `STATUSES`."""
    attainments: Column
    scores: Column
    weights: Integers
    points: Integers
    shown: TargetLevel


def read_columns(cards: Sequence[SegmentInput]) -> Columns:
    """The inputs of cards whose scheme is one and the same."""
    scheme = cards[0].scheme
    unfit = np.zeros(len(cards), np.bool_)
    items = {}
    for section in scheme.sections:
        for item in section.items:
            inputs = [card.items[item.code] for card in cards]
            items[item.code] = _read_item(inputs, unfit)
    return Columns(len(cards), items, unfit)


def _read_item(inputs: Sequence[ItemInput], unfit: Flags) -> ItemColumns:
    """The columns of one item; cards that do not fit them are marked."""
    values, known, beyond = read_column([each.value.value for each in inputs])
    unfit |= beyond
    targets = {}
    for level in {level for each in inputs for level in each.targets}:
        stated = [each.targets.get(level) for each in inputs]
        figures = [None if each is None else each.value for each in stated]
        units, there, beyond = read_column(figures)
        unfit |= beyond
        targets[level] = Column(units, there)
    better = inputs[0].better
    if any(each.better is not better for each in inputs):
        unfit |= np.fromiter((each.better is not better for each in inputs), np.bool_, len(inputs))
    return ItemColumns(Column(values, known), targets, better)
