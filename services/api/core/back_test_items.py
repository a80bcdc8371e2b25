"""What each item of a draft comes to over a population: data, targets, steps and cliffs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from services.api.core.cliffs import Edge, NearEdge, edges_of, near_edge
from services.api.core.outcomes import attainments_of, own_mark_of
from services.api.core.rules import apply_rule
from services.schema.shapes.back_tests import Tried
from services.schema.shapes.schemes import Item, Scheme, Section, Steps
from services.schema.shapes.scorecards import ItemInput, Line
from services.schema.words import LineStatus

_REACHED = Decimal(1)


@dataclass(slots=True)
class CliffTally:
    """An edge, and the lines that stand just short of it."""

    edge: Edge
    near: Counter[Decimal | None] = field(default_factory=Counter)
    """By the least percent within which they lie; null are those of one occurrence more."""
    least_gain: Decimal | None = None
    most_gain: Decimal | None = None

    def add(self, near: NearEdge) -> None:
        self.near[near.percent] += 1
        self.least_gain = near.gain if self.least_gain is None else min(self.least_gain, near.gain)
        self.most_gain = near.gain if self.most_gain is None else max(self.most_gain, near.gain)


@dataclass(slots=True)
class ItemTally:
    """The lines of one item."""

    section: str
    item: Item
    full_mark: Decimal
    cliffs: tuple[CliffTally, ...]
    lines: int = 0
    no_data: int = 0
    no_target: int = 0
    scored: int = 0
    full: int = 0
    """Lines with the full mark or more."""
    held_against: int = 0
    """Lines that have an attainment."""
    reached: int = 0
    """Those of them that attain 100 %."""
    steps: Counter[str] = field(default_factory=Counter)

    @property
    def nobody_reached(self) -> bool:
        """Whether the target, or the full mark of what has none, was reached by nobody."""
        return bool(self.scored) and not (self.reached if self.held_against else self.full)

    @property
    def everybody_reached(self) -> bool:
        """Whether all who are held against it reached it."""
        if self.held_against:
            return self.reached == self.held_against
        return bool(self.scored) and self.full == self.scored

    def add(self, scheme: Scheme, line: Line, given: ItemInput) -> None:
        self.lines += 1
        self.no_data += line.status is LineStatus.NO_DATA
        self.no_target += line.status is LineStatus.NO_TARGET
        if line.attainment is not None:
            self.held_against += 1
            self.reached += line.attainment >= _REACHED
        if line.status is not LineStatus.OK or line.score is None:
            return
        self.scored += 1
        self.full += line.score >= self.full_mark
        if isinstance(self.item.rule, Steps):
            self.steps[self._step(self.item.rule, scheme, given)] += 1
        for cliff in self.cliffs:
            if (near := near_edge(scheme, self.item, cliff.edge, given, line)) is not None:
                cliff.add(near)

    def _step(self, rule: Steps, scheme: Scheme, given: ItemInput) -> str:
        """Which step gave the score: the twin in columns does not say."""
        value = given.value.value
        assert value is not None, "a line that a rule scored has a value"
        own_mark = own_mark_of(self.item, scheme)
        return apply_rule(rule, own_mark, value, attainments_of(given)).step


class ItemTallies:
    """Every item of a scheme, by its code."""

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self._tallies = {
            item.code: _tally_of(scheme, section, item)
            for section in scheme.sections
            for item in section.items
        }

    def __iter__(self) -> Iterator[ItemTally]:
        return iter(self._tallies.values())

    def add(self, tried: Tried) -> None:
        """The lines of a card; those of a segment under another scheme are not the draft's."""
        for given, scored in zip(tried.inputs, tried.score.segments, strict=True):
            if given.scheme is not self._scheme:
                continue
            for line in scored.lines:
                self._tallies[line.item].add(self._scheme, line, given.items[line.item])


def _tally_of(scheme: Scheme, section: Section, item: Item) -> ItemTally:
    cliffs = tuple(CliffTally(edge) for edge in edges_of(scheme, section, item))
    return ItemTally(section.code, item, scheme.full_mark, cliffs)
