"""What cards of one scheme are computed from, turned from rows of decimals into columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from services.api.fast.numbers import Flags, Integers, read_column, read_repeated
from services.schema.shapes.schemes import Item
from services.schema.shapes.scorecards import SegmentInput
from services.schema.words import Better, LineStatus, TargetLevel

STATUSES = (LineStatus.OK, LineStatus.NO_DATA, LineStatus.NO_TARGET)
"""By their places in a column."""
OK, NO_DATA, NO_TARGET = range(len(STATUSES))
_AT_ONCE = 500
"""Cards read together: so many inputs stay at hand while value and targets are picked from them."""


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
    """The inputs of cards whose scheme is one and the same.

    They are read card after card, some at a time, as they lie in memory: item by item costs several
    times as much, for each input is then fetched from afar.
    """
    codes = [item.code for section in cards[0].scheme.sections for item in section.items]
    better = [cards[0].items[code].better for code in codes]
    values = _Grid(len(cards), len(codes))
    targets = {level: _Grid(len(cards), len(codes)) for level in TargetLevel}
    unfit = np.zeros((len(cards), len(codes)), np.bool_)
    for start in range(0, len(cards), _AT_ONCE):
        some = cards[start : start + _AT_ONCE]
        rows = slice(start, start + len(some))
        inputs = [each for card in some for each in map(card.items.__getitem__, codes)]
        unfit[rows] |= values.fill(rows, read_column([each.value.value for each in inputs]))
        for level, grid in targets.items():
            stated = [each.targets.get(level) for each in inputs]
            if any(stated):
                figures = [None if each is None else each.value for each in stated]
                unfit[rows] |= grid.fill(rows, read_repeated(figures))
        ways = [each.better for each in inputs]
        if ways != better * len(some):
            odd = [way is not better[place % len(codes)] for place, way in enumerate(ways)]
            unfit[rows] |= np.array(odd).reshape(-1, len(codes))
    by_level = {level: grid.columns() for level, grid in targets.items() if grid.filled}
    items = {
        code: ItemColumns(own, {level: each[place] for level, each in by_level.items()}, way)
        for place, (code, own, way) in enumerate(zip(codes, values.columns(), better, strict=True))
    }
    return Columns(len(cards), items, np.any(unfit, axis=1, keepdims=True).ravel())


class _Grid:
    """Figures of so many cards by so many items, filled some rows of cards at a time."""

    def __init__(self, cards: int, items: int) -> None:
        self._units = np.zeros((cards, items), np.int64)
        self._known = np.zeros((cards, items), np.bool_)
        self.filled = False

    def fill(self, rows: slice, read: tuple[Integers, Flags, Flags]) -> Flags:
        """Put down what was read of some cards; gives where it did not fit."""
        units, known, unfit = read
        shape = self._units[rows].shape
        self._units[rows], self._known[rows] = units.reshape(shape), known.reshape(shape)
        self.filled = True
        return unfit.reshape(shape)

    def columns(self) -> list[Column]:
        """A column of each item."""
        units, known = np.ascontiguousarray(self._units.T), np.ascontiguousarray(self._known.T)
        return [Column(*each) for each in zip(units, known, strict=True)]
