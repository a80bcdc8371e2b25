"""The stretches of a cycle that a card is scored by: one for each position, unit and set of shops.

Of `domain.md`, section 4: a card lies in the cycle whose population holds the person last; an
earlier segment is scored by the scheme of the cycle of the same period that held them then, or,
without one, by this cycle's.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from services.api.core.populations import Span, held_until, holds_assignment, span_within
from services.schema.shapes.cycles import Cycle
from services.schema.shapes.people import Assignment, Employee, Unit
from services.schema.shapes.scorecards import Segment


def segments_of_employee(
    employee: Employee,
    cycle: Cycle,
    cycles: Sequence[Cycle],
    units: Mapping[str, Unit],
) -> tuple[Segment, ...]:
    """The segments of someone's card in a cycle, first to last; none where no card lies in it.

    `cycles` are those that have a version of their scheme; of them the ones of the same period
    count. Days without an assignment belong to no segment, nor do days after the population has
    last held the person.
    """
    others = [other for other in cycles if _is_beside(other, cycle)]
    end = held_until(cycle.population, employee, cycle.period, units)
    ends = [held_until(other.population, employee, cycle.period, units) for other in others]
    if end is None or any(other > end for other in ends if other is not None):
        return ()
    spans = _assigned_spans(employee, cycle, end)
    stretches = [
        _stretch(span, employee, active, (cycle, *others), units)
        for span, active in _elementary(spans)
    ]
    return tuple(_joined(stretches))


def segments_of_unit(unit: str, cycle: Cycle) -> tuple[Segment, ...]:
    """The one segment of a unit's card: the whole period."""
    return (_segment((cycle.period.start, cycle.period.end), cycle, None, unit),)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Days on which nothing changes, and all that would make a new segment if it did."""

    segment: Segment
    shops: frozenset[str]


def _is_beside(other: Cycle, cycle: Cycle) -> bool:
    """Whether another cycle lies over the same days and may score them."""
    same = (other.period.start, other.period.end) == (cycle.period.start, cycle.period.end)
    return same and other.code != cycle.code and other.scheme_version is not None


def _assigned_spans(employee: Employee, cycle: Cycle, until: date) -> list[tuple[Span, Assignment]]:
    """Each assignment with its days in the period, up to the last that the card counts."""
    spans = []
    for assignment in employee.assignments:
        span = span_within(employee, assignment, cycle.period)
        if span is not None and span[0] < until:
            spans.append(((span[0], min(span[1], until)), assignment))
    return spans


def _elementary(
    spans: Sequence[tuple[Span, Assignment]],
) -> Iterator[tuple[Span, list[Assignment]]]:
    """The days cut wherever an assignment begins or ends, with those in force; gaps left out."""
    cuts = sorted({day for span, _ in spans for day in span})
    for start, end in pairwise(cuts):
        active = [assignment for span, assignment in spans if span[0] <= start and end <= span[1]]
        if active:
            yield (start, end), active


def _stretch(
    span: Span,
    employee: Employee,
    active: Sequence[Assignment],
    cycles: Sequence[Cycle],
    units: Mapping[str, Unit],
) -> _Stretch:
    """The days under the first cycle that holds one of the assignments, else under the card's own.

    Of several assignments that it holds, the one that began first names position and unit.
    """
    ordered = sorted(active, key=lambda each: (each.start, each.position, each.unit))
    shops = frozenset(share.shop for each in active for share in each.shops)
    for cycle in (cycles[0], *sorted(cycles[1:], key=lambda each: each.code)):
        for assignment in ordered:
            if holds_assignment(cycle.population, employee, assignment, units):
                return _Stretch(_segment(span, cycle, assignment.position, assignment.unit), shops)
    first = ordered[0]
    return _Stretch(_segment(span, cycles[0], first.position, first.unit), shops)


def _joined(stretches: Sequence[_Stretch]) -> list[Segment]:
    """Neighbours between which nothing changes become one."""
    segments: list[Segment] = []
    last: _Stretch | None = None
    for stretch in stretches:
        if last is not None and _goes_on(last, stretch):
            segments[-1] = replace(segments[-1], end=stretch.segment.end)
        else:
            segments.append(stretch.segment)
        last = stretch
    return segments


def _goes_on(last: _Stretch, following: _Stretch) -> bool:
    before, after = last.segment, following.segment
    alike = replace(before, start=after.start, end=after.end) == after
    return alike and before.end == after.start and last.shops == following.shops


def _segment(span: Span, cycle: Cycle, position: str | None, unit: str) -> Segment:
    assert cycle.scheme_version is not None, "a cycle scores by a version of its scheme"
    return Segment(span[0], span[1], position, unit, cycle.scheme, cycle.scheme_version)
