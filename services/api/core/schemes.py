"""How a scheme is written (`api.md`, section 4): its document read into a shape, and back."""

from collections.abc import Mapping
from decimal import Decimal

from services.api.core.distribution_documents import distribution_to_wire, read_distribution
from services.api.core.documents import plain_or_null
from services.api.core.fields import FORMULA_CODE, VALUE_DIGITS, Fields, Reading
from services.api.core.pay_documents import RATE_PLACES, pay_to_wire, read_pay
from services.api.core.rule_documents import read_rule, rule_to_wire
from services.schema.money import SCORE_PLACES, TOTAL_PLACES, VALUE_PLACES, plain
from services.schema.shapes.schemes import (
    Bounds,
    Gate,
    Grade,
    Item,
    ItemTarget,
    Name,
    Scheme,
    Section,
)
from services.schema.words import (
    Approver,
    CycleKind,
    GateOf,
    Missing,
    Scope,
    TargetKind,
)

USUAL_FULL_MARK = Decimal(100)
LONGEST_NAME = 200
LONGEST_NOTE = 2000
MOST_SECTIONS = 50
MOST_ITEMS = 100
MOST_GATES = 50
MOST_GRADES = 50
MOST_PLANS = 20


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
        name=_read_name(fields.needed_part("name")),
        cycle=fields.needed_word("cycle", CycleKind),
        full_mark=USUAL_FULL_MARK if full_mark is None else full_mark,
        sections=tuple(
            _read_section(part) for part in fields.parts("sections", most=MOST_SECTIONS)
        ),
        gates=tuple(_read_gate(part) for part in fields.parts("gates", most=MOST_GATES)),
        adjustments=_read_bounds(fields.part("adjustments")),
        grades=tuple(sorted(grades, key=lambda grade: grade.start, reverse=True)),
        distribution=read_distribution(fields.part("distribution")),
        approval=fields.words("approval", Approver, most=len(Approver)),
        pay=tuple(read_pay(part) for part in fields.parts("pay", most=MOST_PLANS)),
        note=fields.text("note", longest=LONGEST_NOTE),
    )
    reading.finish()
    return scheme


def scheme_to_wire(scheme: Scheme) -> dict[str, object]:
    """The document that states a scheme; reading it gives the same scheme again."""
    bounds, distribution = scheme.adjustments, scheme.distribution
    return {
        "name": _name_to_wire(scheme.name),
        "cycle": scheme.cycle,
        "full_mark": plain(scheme.full_mark),
        "sections": [_section_to_wire(section) for section in scheme.sections],
        "gates": [gate_to_wire(gate) for gate in scheme.gates],
        "adjustments": None if bounds is None else bounds_to_wire(bounds),
        "grades": [grade_to_wire(grade) for grade in scheme.grades],
        "distribution": None if distribution is None else distribution_to_wire(distribution),
        "approval": list(scheme.approval),
        "pay": [pay_to_wire(pay) for pay in scheme.pay],
        "note": scheme.note,
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


def _read_name(fields: Fields) -> Name:
    return Name(
        fields.needed_text("zh", longest=LONGEST_NAME),
        fields.needed_text("en", longest=LONGEST_NAME),
    )


def _name_to_wire(name: Name | None) -> dict[str, object] | None:
    return None if name is None else {"zh": name.zh, "en": name.en}


def _read_section(fields: Fields) -> Section:
    name = fields.part("name")
    return Section(
        code=fields.needed_code("code"),
        name=None if name is None else _read_name(name),
        weight=fields.needed_decimal("weight", SCORE_PLACES),
        items=tuple(_read_item(part) for part in fields.parts("items", most=MOST_ITEMS)),
    )


def _section_to_wire(section: Section) -> dict[str, object]:
    return {
        "code": section.code,
        "name": _name_to_wire(section.name),
        "weight": plain(section.weight),
        "items": [_item_to_wire(item) for item in section.items],
    }


def _read_item(fields: Fields) -> Item:
    name, target = fields.part("name"), fields.part("target")
    rule = read_rule(fields.needed_part("rule"))
    return Item(
        code=fields.needed_code("code"),
        name=None if name is None else _read_name(name),
        indicator=fields.needed_code("indicator", FORMULA_CODE),
        weight=fields.needed_decimal("weight", SCORE_PLACES),
        scope=fields.word("scope", Scope) or Scope.OWN,
        target=None if target is None else _read_target(target),
        rule=rule,
        missing=fields.word("missing", Missing) or Missing.BLOCK,
        full_mark=fields.decimal("full_mark", SCORE_PLACES),
    )


def _item_to_wire(item: Item) -> dict[str, object]:
    return {
        "code": item.code,
        "name": _name_to_wire(item.name),
        "indicator": item.indicator,
        "weight": plain(item.weight),
        "scope": item.scope,
        "target": None if item.target is None else _target_to_wire(item.target),
        "rule": rule_to_wire(item.rule),
        "missing": item.missing,
        "full_mark": plain_or_null(item.full_mark),
    }


def _read_target(fields: Fields) -> ItemTarget:
    if fields.needed_word("kind", TargetKind) is TargetKind.SET:
        return ItemTarget(TargetKind.SET)
    return ItemTarget(
        TargetKind.FIXED,
        fields.needed_decimal("value", VALUE_PLACES, digits=VALUE_DIGITS),
        fields.decimal("challenge", VALUE_PLACES, digits=VALUE_DIGITS),
    )


def _target_to_wire(target: ItemTarget) -> dict[str, object]:
    if target.kind is TargetKind.SET:
        return {"kind": target.kind}
    challenge = plain_or_null(target.challenge)
    return {"kind": target.kind, "value": plain_or_null(target.value), "challenge": challenge}


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
