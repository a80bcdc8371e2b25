"""Which gates bite, and what they leave of a total and of a grade."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from services.api.core.rules import holds
from services.schema.shapes.schemes import Gate, Grade, Scheme
from services.schema.shapes.scorecards import GateBite, Line, SectionScore
from services.schema.words import GateOf


def gates_that_bite(
    scheme: Scheme, lines: Sequence[Line], sections: Sequence[SectionScore]
) -> tuple[GateBite, ...]:
    """The gates whose condition holds, in the scheme's order; what has no figure trips none."""
    scores = {section.section: section.score for section in sections}
    by_item = {line.item: line for line in lines}
    bites = []
    for gate in scheme.gates:
        actual = _figure(gate, scores, by_item)
        if actual is not None and holds(
            actual, at_least=gate.at_least, at_most=gate.at_most, below=gate.below
        ):
            bites.append(GateBite(gate, actual))
    return tuple(bites)


def cap_total(total: Decimal, bites: Iterable[GateBite]) -> Decimal:
    """The total under the strictest cap."""
    caps = (bite.gate.cap for bite in bites if bite.gate.cap is not None)
    return min((total, *caps))


def grade_of(total: Decimal, grades: Sequence[Grade]) -> Grade | None:
    """The band that the shown total reaches, else the lowest; none where there are no grades."""
    ordered = best_first(grades)
    return next((grade for grade in ordered if total >= grade.start), None) or _last(ordered)


def limit_grade(
    reached: Grade, bites: Iterable[tuple[Scheme, GateBite]], grades: Sequence[Grade]
) -> Grade:
    """The reached grade, or a lower one that a gate of any segment sets; the strictest wins.

    A gate of an earlier segment may name a grade that the card's own scheme has not: then it limits
    to the grade at the same place from the top, or the lowest.
    """
    ordered = best_first(grades)
    places = [ordered.index(reached)]
    for scheme, bite in bites:
        if bite.gate.fail:
            places.append(len(ordered) - 1)
        elif bite.gate.grade is not None:
            places.append(_place(bite.gate.grade, ordered, best_first(scheme.grades)))
    return ordered[max(places)]


def best_first(grades: Sequence[Grade]) -> list[Grade]:
    return sorted(grades, key=lambda grade: grade.start, reverse=True)


def _place(name: str, ordered: Sequence[Grade], stated_in: Sequence[Grade]) -> int:
    for own in (ordered, stated_in):
        for place, grade in enumerate(own):
            if grade.grade == name:
                return min(place, len(ordered) - 1)
    return len(ordered) - 1


def _figure(
    gate: Gate, scores: dict[str, Decimal | None], lines: dict[str, Line]
) -> Decimal | None:
    """What a gate reads, after the policy for missing data; null where there is none."""
    if gate.section is not None:
        return scores.get(gate.section)
    line = lines.get(gate.item or "")
    if line is None:
        return None
    match gate.of:
        case GateOf.SCORE:
            return line.score
        case GateOf.VALUE:
            return line.value
        case GateOf.ATTAINMENT:
            return line.attainment


def _last(grades: Sequence[Grade]) -> Grade | None:
    return grades[-1] if grades else None
