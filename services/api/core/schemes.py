"""How a scheme is written (`api.md`, section 4): its document read into a shape, and back."""

from collections.abc import Mapping
from decimal import Decimal

from services.api.core.distribution_documents import distribution_to_wire, read_distribution
from services.api.core.fields import VALUE_DIGITS, Fields, Reading
from services.api.core.item_documents import read_section, section_to_wire
from services.api.core.names import name_to_wire, read_name
from services.api.core.pay_documents import RATE_PLACES, pay_to_wire, read_pay
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, VALUE_PLACES, plain
from services.schema.shapes.schemes import (
    Bounds,
    Gate,
    Grade,
    Scheme,
)
from services.schema.words import (
    Approver,
    CycleKind,
    GateOf,
)

USUAL_FULL_MARK = Decimal(100)
LONGEST_NOTE = 2000
MOST_SECTIONS = 50
MOST_GATES = 50
MOST_GRADES = 50
MOST_PLANS = 20
MOST_APPEAL_DAYS = 366


def parse_scheme(document: Mapping[str, object]) -> Scheme:
    """The scheme that a document states; every fault of form is refused with its place.

    What the rules refuse (weights, unknown indicators ...) is for `publishing`: a draft may still
    be on its way there.
    """
    reading = Reading()
    fields = Fields(document, reading)
    full_mark = fields.decimal("full_mark", SCORE_PLACES)
    grades = (_read_grade(part) for part in fields.parts("grades", most=MOST_GRADES))
    scheme = Scheme(
        name=read_name(fields.needed_part("name")),
        cycle=fields.needed_word("cycle", CycleKind),
        full_mark=USUAL_FULL_MARK if full_mark is None else full_mark,
        sections=tuple(read_section(part) for part in fields.parts("sections", most=MOST_SECTIONS)),
        gates=tuple(_read_gate(part) for part in fields.parts("gates", most=MOST_GATES)),
        adjustments=_read_bounds(fields.part("adjustments")),
        grades=tuple(sorted(grades, key=lambda grade: grade.start, reverse=True)),
        distribution=read_distribution(fields.part("distribution")),
        approval=fields.words("approval", Approver, most=len(Approver)),
        pay=tuple(read_pay(part) for part in fields.parts("pay", most=MOST_PLANS)),
        note=fields.text("note", longest=LONGEST_NOTE),
        appeal_days=fields.count("appeal_days", most=MOST_APPEAL_DAYS),
    )
    reading.finish()
    return scheme


def scheme_to_wire(scheme: Scheme) -> dict[str, object]:
    """The document that states a scheme; reading it gives the same scheme again."""
    bounds, distribution = scheme.adjustments, scheme.distribution
    more: dict[str, object] = {}
    if scheme.appeal_days is not None:
        more["appeal_days"] = scheme.appeal_days
    return {
        "name": name_to_wire(scheme.name),
        "cycle": scheme.cycle,
        "full_mark": plain(scheme.full_mark),
        "sections": [section_to_wire(section) for section in scheme.sections],
        "gates": [gate_to_wire(gate) for gate in scheme.gates],
        "adjustments": None if bounds is None else bounds_to_wire(bounds),
        "grades": [grade_to_wire(grade) for grade in scheme.grades],
        "distribution": None if distribution is None else distribution_to_wire(distribution),
        "approval": list(scheme.approval),
        "pay": [pay_to_wire(pay) for pay in scheme.pay],
        "note": scheme.note,
        **more,
    }


def gate_to_wire(gate: Gate) -> dict[str, object]:
    """A gate's condition and effect, without what it leaves open."""
    place = {"section": gate.section} if gate.section is not None else {"item": gate.item}
    bounds = {"below": gate.below, "at_least": gate.at_least, "at_most": gate.at_most}
    then: dict[str, object] = {"grade": gate.grade}
    if gate.fail:
        then = {"fail": True}
    elif gate.cap is not None:
        then = {"cap": plain(gate.cap)}
    stated = {name: plain(bound) for name, bound in bounds.items() if bound is not None}
    return {"when": {**place, "of": gate.of, **stated}, "then": then}


def grade_to_wire(grade: Grade) -> dict[str, object]:
    return {
        "grade": grade.grade,
        "from": plain(grade.start),
        "coefficient": plain(grade.coefficient),
    }


def bounds_to_wire(bounds: Bounds) -> dict[str, object]:
    return {"minimum": plain(bounds.minimum), "maximum": plain(bounds.maximum)}


def _read_gate(fields: Fields) -> Gate:
    when, then = fields.needed_part("when"), fields.needed_part("then")
    when.one_of(("section", "item"))
    when.one_of(("below", "at_least", "at_most"))
    then.one_of(("fail", "cap", "grade"))
    of = when.word("of", GateOf) or GateOf.SCORE
    section = when.code("section")
    if section is not None and of is not GateOf.SCORE:
        when.fault("of", "section_score_only", "A section has a score only.")
    fail = then.flag("fail")
    if not fail and then.peek("fail") is not None:
        then.fault("fail", "fail_is_true", "Leave it out where the gate does not fail.")
    places, digits = (SCORE_PLACES, 6) if of is GateOf.SCORE else (VALUE_PLACES, VALUE_DIGITS)
    return Gate(
        section=section,
        item=when.code("item"),
        of=of,
        below=when.decimal("below", places, digits=digits),
        at_least=when.decimal("at_least", places, digits=digits),
        at_most=when.decimal("at_most", places, digits=digits),
        fail=fail,
        cap=then.decimal("cap", TOTAL_PLACES),
        grade=then.text("grade", longest=64),
    )


def _read_bounds(fields: Fields | None) -> Bounds | None:
    if fields is None:
        return None
    minimum = fields.needed_decimal("minimum", TOTAL_PLACES)
    return Bounds(minimum, fields.needed_decimal("maximum", TOTAL_PLACES))


def _read_grade(fields: Fields) -> Grade:
    return Grade(
        fields.needed_text("grade", longest=64),
        fields.needed_decimal("from", TOTAL_PLACES),
        fields.needed_decimal("coefficient", RATE_PLACES),
    )
