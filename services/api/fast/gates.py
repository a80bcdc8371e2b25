"""The fast twin of `core.gates`: where gates bite, and what they leave of totals and grades."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.api.fast.columns import Column, Columns, LineColumns
from services.api.fast.numbers import Flags, Integers, Unfit, units_of
from services.api.fast.rules import holds_in
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, VALUE_PLACES
from services.schema.shapes.schemes import Gate, Grade, Scheme
from services.schema.words import GateOf

Sections = Sequence[tuple[Integers, Column]]
"""Of each section its weights and its scores."""


@dataclass(frozen=True, slots=True)
class BiteColumn:
    """Where a gate bit, and what it read."""

    gate: Gate
    bites: Flags
    figures: Integers
    places: int


def gate_column(
    gate: Gate,
    scheme: Scheme,
    columns: Columns,
    lines: Sequence[LineColumns],
    sections: Sections,
) -> BiteColumn:
    """Where a gate's condition holds; what has no figure trips none."""
    read, places = _read_by(gate, scheme, columns, lines, sections)
    held = holds_in(
        read.units, places, at_least=gate.at_least, at_most=gate.at_most, below=gate.below
    )
    return BiteColumn(gate, held & read.known, read.units, places)


def cap_totals(adjusted: Integers, bites: Sequence[BiteColumn]) -> Integers:
    totals = adjusted
    for each in bites:
        if each.gate.cap is not None:
            cap = units_of(each.gate.cap, TOTAL_PLACES)
            totals = np.where(each.bites, np.minimum(totals, cap), totals)
    return totals


def bands_of(totals: Integers, grades: Sequence[Grade]) -> Integers:
    """The place of the band that each total reaches, else of the lowest."""
    reached = [holds_in(totals, TOTAL_PLACES, at_least=grade.start) for grade in grades]
    places = [np.int64(place) for place in range(len(grades))]
    if not grades:
        return np.zeros_like(totals)
    return np.select(reached, places, np.int64(len(grades) - 1))


def limit_grades(bands: Integers, bites: Sequence[BiteColumn], grades: Sequence[Grade]) -> Integers:
    """The places once gates have set the grade; the strictest wins."""
    if not grades:
        return bands
    lowest = len(grades) - 1
    names = [grade.grade for grade in grades]
    places = bands
    for each in bites:
        named = each.gate.grade
        if not each.gate.fail and named is None:
            continue
        at = lowest if each.gate.fail or named not in names else names.index(named or "")
        places = np.where(each.bites, np.maximum(places, at), places)
    return places


def _read_by(
    gate: Gate,
    scheme: Scheme,
    columns: Columns,
    lines: Sequence[LineColumns],
    sections: Sections,
) -> tuple[Column, int]:
    """What a gate reads, after the policy for missing data, and its decimals."""
    for section, (_, scores) in zip(scheme.sections, sections, strict=True):
        if gate.section == section.code:
            return scores, TOTAL_PLACES
    for line in lines:
        if gate.section is None and gate.item == line.item.code:
            match gate.of:
                case GateOf.SCORE:
                    return line.scores, SCORE_PLACES
                case GateOf.VALUE:
                    return columns.items[line.item.code].values, VALUE_PLACES
                case GateOf.ATTAINMENT:
                    return line.attainments, VALUE_PLACES
    raise Unfit
