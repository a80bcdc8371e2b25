"""Gates that can bite and can be passed, and grades that somebody can reach."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from services.api.core.faults import items_of
from services.api.core.gates import best_first
from services.api.core.rules import holds
from services.api.core.spans import Span, Spans
from services.api.core.trials import attainment_axis, bounds_of, fixed_targets, value_axis
from services.schema.errors import Fault
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, VALUE_PLACES, plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.schemes import Gate, Item, Scheme
from services.schema.words import Better, GateOf, TargetLevel


@dataclass(frozen=True, slots=True)
class _Read:
    """What a gate reads: which way it is better, and between which figures it can lie."""

    named: str
    better: Better
    places: int
    low: Decimal | None
    high: Decimal | None


def faults_of_bites(
    scheme: Scheme, indicators: Mapping[str, Indicator], spans: Spans
) -> Iterator[Fault]:
    """A gate trips for some and not for all, takes something, and never for being better."""
    items = {item.code: item for _, item in items_of(scheme)}
    for at, gate in enumerate(scheme.gates):
        pointer = f"/gates/{at}"
        read = _read_of(gate, items, indicators, spans)
        if read is None:
            detail = f"The item {gate.item} has no {gate.of} that a gate could read."
            yield Fault(f"{pointer}/when", "gate_never_trips", detail)
            continue
        yield from _faults_of_condition(f"{pointer}/when", gate, read)
        yield from _faults_of_effect(f"{pointer}/then", gate, scheme, spans.total)


def faults_of_bands(scheme: Scheme, spans: Spans) -> Iterator[Fault]:
    """Each grade is reached by some total, and pays no less than the grade below it."""
    total, grades = spans.total, best_first(scheme.grades)
    for grade in grades:
        if grade.start > total.high:
            detail = f"Grade {grade.grade} is from {plain(grade.start)}; {_lie('totals', total)}."
            yield Fault("/grades", "grade_unreachable", detail)
    # A gate may lead below every total, and a distribution to any grade.
    by_bands_alone = not scheme.gates and scheme.distribution is None
    for better, worse in pairwise(grades):
        if by_bands_alone and better.start <= total.low:
            detail = f"Grade {worse.grade} ends at {plain(better.start)}; {_lie('totals', total)}."
            yield Fault("/grades", "grade_unreachable", detail)
        if better.coefficient < worse.coefficient:
            detail = (
                f"The better grade pays less: {better.grade} gives {plain(better.coefficient)},"
                f" {worse.grade} gives {plain(worse.coefficient)}."
            )
            yield Fault("/grades", "coefficient_falls", detail)


def _read_of(
    gate: Gate, items: Mapping[str, Item], indicators: Mapping[str, Indicator], spans: Spans
) -> _Read | None:
    """Null where the item has no such figure."""
    if gate.section is not None:
        span = spans.sections[gate.section]
        named = f"scores of section {gate.section}"
        return _Read(named, Better.HIGHER, TOTAL_PLACES, span.low, span.high)
    item = items[gate.item or ""]
    if gate.of is GateOf.SCORE:
        span = spans.items[item.code]
        named = f"scores of {item.code}"
        return _Read(named, Better.HIGHER, SCORE_PLACES, span.low, span.high)
    if item.indicator is None:
        return None
    axis = value_axis(indicators[item.indicator], ())
    if gate.of is GateOf.ATTAINMENT:
        if item.target is None or fixed_targets(item.target) == {}:
            return None
        axis = attainment_axis(indicators[item.indicator], TargetLevel.BUDGET, ())
    named = f"{gate.of}s of {item.indicator}"
    return _Read(named, axis.better, VALUE_PLACES, axis.least, axis.most)


def _faults_of_condition(pointer: str, gate: Gate, read: _Read) -> Iterator[Fault]:
    ((name, bound),) = bounds_of(gate).items()
    upward = name == "at_least"
    first, last = (read.high, read.low) if upward else (read.low, read.high)
    if first is not None and not _trips(gate, first):
        detail = f"No gate of {plain(bound)} trips here: {_lie(read.named, read)}."
        yield Fault(f"{pointer}/{name}", "gate_never_trips", detail)
    elif last is not None and _trips(gate, last):
        detail = f"A gate of {plain(bound)} trips for all: {_lie(read.named, read)}."
        yield Fault(f"{pointer}/{name}", "gate_always_trips", detail)
    elif upward is (read.better is Better.HIGHER):
        trips, passes = _either_side(gate, bound, read.places, upward=upward)
        detail = (
            f"Better performance trips this gate: of the {read.named},"
            f" {plain(passes)} passes and {plain(trips)} trips it."
        )
        yield Fault(f"{pointer}/{name}", "gate_punishes", detail)


def _faults_of_effect(pointer: str, gate: Gate, scheme: Scheme, total: Span) -> Iterator[Fault]:
    if gate.cap is not None and gate.cap >= total.high:
        detail = f"A cap of {plain(gate.cap)} takes nothing: {_lie('totals', total)}."
        yield Fault(f"{pointer}/cap", "gate_without_effect", detail)
    best = best_first(scheme.grades)[0].grade if scheme.grades else None
    if gate.grade is not None and gate.grade == best:
        detail = f"No better than {best}, which is the best grade, takes nothing."
        yield Fault(f"{pointer}/grade", "gate_without_effect", detail)
    if gate.fail and len(scheme.grades) == 1:
        detail = "Where there is one grade alone, to fail takes nothing."
        yield Fault(f"{pointer}/fail", "gate_without_effect", detail)


def _trips(gate: Gate, figure: Decimal) -> bool:
    return holds(figure, at_least=gate.at_least, at_most=gate.at_most, below=gate.below)


def _either_side(
    gate: Gate, bound: Decimal, places: int, *, upward: bool
) -> tuple[Decimal, Decimal]:
    """The last figure that trips a gate and the first beyond it that does not."""
    unit = Decimal(1).scaleb(-places)
    if gate.below is not None:
        return bound - unit, bound
    return bound, bound - unit if upward else bound + unit


def _lie(named: str, span: Span | _Read) -> str:
    ends = [
        f"{word} {plain(end)}"
        for word, end in (("from", span.low), ("to", span.high))
        if end is not None
    ]
    return f"{named} lie {' '.join(ends)}"
