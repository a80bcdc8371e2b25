"""What a scheme must be before it may score anybody: every reason against it, with its place."""

from collections.abc import Iterator, Mapping

from services.api.core.distribution_faults import faults_of_distribution
from services.api.core.faults import faults_of_sum, items_of, repeated, unknown_grade
from services.api.core.pay_faults import faults_of_pay
from services.api.core.proofs import faults_of_proof
from services.api.core.rule_faults import faults_of_items
from services.schema.errors import Conflict, Fault
from services.schema.money import plain
from services.schema.shapes.indicators import Indicator
from services.schema.shapes.schemes import Scheme

MOST_FAULTS = 50
MOST_LINES = 200
"""Items of a scheme in all: what one card may cost to score and to read."""


def check_publishable(scheme: Scheme, known_indicators: Mapping[str, Indicator]) -> None:
    """Refuse a scheme that could not score or pay everybody as `domain.md`, 5 and 8, say."""
    faults = list(faults_of_form(scheme, known_indicators))
    # What cannot be read as meant cannot be tried.
    faults = faults or list(faults_of_proof(scheme, known_indicators))
    if not faults:
        return
    detail = faults[0].detail
    if len(faults) > 1:
        detail = f"{len(faults)} reasons stand against this scheme, the first is: {detail}"
    raise Conflict(faults[0].code, detail, faults[:MOST_FAULTS])


def faults_of_form(scheme: Scheme, known_indicators: Mapping[str, Indicator]) -> Iterator[Fault]:
    """What is wrong with a part for itself, before figures are tried on it."""
    yield from _faults_of_weights(scheme)
    yield from _faults_of_codes(scheme)
    yield from faults_of_items(scheme, known_indicators)
    yield from _faults_of_gates(scheme)
    yield from _faults_of_grades(scheme)
    yield from faults_of_distribution(scheme, known_indicators)
    yield from faults_of_pay(scheme, known_indicators)


def _faults_of_weights(scheme: Scheme) -> Iterator[Fault]:
    if not scheme.sections:
        yield Fault("/sections", "sections_missing", "A scheme needs a section.")
        return
    yield from faults_of_sum(
        "/sections", [section.weight for section in scheme.sections], "The sections"
    )
    for index, section in enumerate(scheme.sections):
        pointer = f"/sections/{index}/items"
        if not section.items:
            detail = f"The section {section.code} needs an item."
            yield Fault(pointer, "items_missing", detail)
            continue
        weights = [item.weight for item in section.items]
        yield from faults_of_sum(pointer, weights, f"The items of section {section.code}")


def _faults_of_codes(scheme: Scheme) -> Iterator[Fault]:
    sections = [section.code for section in scheme.sections]
    items = [item.code for _, item in items_of(scheme)]
    if len(items) > MOST_LINES:
        detail = f"A scheme has at most {MOST_LINES} items, not {len(items)}."
        yield Fault("/sections", "too_many_items", detail)
    grades = [grade.grade for grade in scheme.grades]
    for pointer, what, codes in (
        ("/sections", "section", sections),
        ("/sections", "item", items),
        ("/grades", "grade", grades),
    ):
        for code in repeated(codes):
            yield Fault(pointer, f"{what}_repeated", f"The {what} {code} stands there twice.")


def _faults_of_gates(scheme: Scheme) -> Iterator[Fault]:
    sections = {section.code for section in scheme.sections}
    items = {item.code for _, item in items_of(scheme)}
    grades = {grade.grade for grade in scheme.grades}
    for index, gate in enumerate(scheme.gates):
        pointer = f"/gates/{index}"
        if gate.section is not None and gate.section not in sections:
            detail = f"There is no section {gate.section}."
            yield Fault(f"{pointer}/when/section", "section_unknown", detail)
        if gate.item is not None and gate.item not in items:
            detail = f"There is no item {gate.item}."
            yield Fault(f"{pointer}/when/item", "item_unknown", detail)
        if gate.cap is not None and gate.cap < 0:
            yield Fault(f"{pointer}/then/cap", "cap_negative", "A cap is from 0 up.")
        if gate.grade is not None and gate.grade not in grades:
            yield unknown_grade(f"{pointer}/then/grade", gate.grade)
        if gate.fail and not grades:
            detail = "A gate that fails the whole needs grades to set the lowest of."
            yield Fault(f"{pointer}/then/fail", "grades_missing", detail)


def _faults_of_grades(scheme: Scheme) -> Iterator[Fault]:
    for start in repeated([grade.start for grade in scheme.grades]):
        detail = f"Two grades begin at {plain(start)}."
        yield Fault("/grades", "grade_bands_overlap", detail)
    for grade in scheme.grades:
        if grade.start < 0:
            detail = f"The band of grade {grade.grade} begins below 0."
            yield Fault("/grades", "grade_band_negative", detail)
        if grade.coefficient < 0:
            detail = f"The coefficient of grade {grade.grade} is below 0."
            yield Fault("/grades", "coefficient_negative", detail)
    bounds = scheme.adjustments
    if bounds is not None and not bounds.minimum <= 0 <= bounds.maximum:
        detail = "Adjustments are bounded from 0 or less to 0 or more."
        yield Fault("/adjustments", "adjustments_unordered", detail)
