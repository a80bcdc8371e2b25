"""How sections and items are written in a scheme's document (`api.md`, section 4)."""

from services.api.core.documents import plain_or_null
from services.api.core.fields import FORMULA_CODE, VALUE_DIGITS, Fields
from services.api.core.names import name_to_wire, read_name
from services.api.core.rule_documents import read_rule, rule_to_wire
from services.schema.money import SCORE_PLACES, VALUE_PLACES, plain
from services.schema.shapes.schemes import Item, ItemTarget, Ladder, Rating, Rule, Section
from services.schema.words import Missing, Scope, TargetKind

MOST_ITEMS = 100


def read_section(fields: Fields) -> Section:
    name = fields.part("name")
    return Section(
        code=fields.needed_code("code"),
        name=None if name is None else read_name(name),
        weight=fields.needed_decimal("weight", SCORE_PLACES),
        items=tuple(_read_item(part) for part in fields.parts("items", most=MOST_ITEMS)),
    )


def section_to_wire(section: Section) -> dict[str, object]:
    return {
        "code": section.code,
        "name": None if section.name is None else name_to_wire(section.name),
        "weight": plain(section.weight),
        "items": [_item_to_wire(item) for item in section.items],
    }


def _read_item(fields: Fields) -> Item:
    name, target = fields.part("name"), fields.part("target")
    rule = read_rule(fields.needed_part("rule"))
    return Item(
        code=fields.needed_code("code"),
        name=None if name is None else read_name(name),
        indicator=_read_indicator(fields, rule),
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
        "name": None if item.name is None else name_to_wire(item.name),
        "indicator": item.indicator,
        "weight": plain(item.weight),
        "scope": item.scope,
        "target": None if item.target is None else _target_to_wire(item.target),
        "rule": rule_to_wire(item.rule),
        "missing": item.missing,
        "full_mark": plain_or_null(item.full_mark),
    }


def _read_indicator(fields: Fields, rule: Rule) -> str | None:
    if not isinstance(rule, Rating | Ladder):
        return fields.needed_code("indicator", FORMULA_CODE)
    if fields.code("indicator", FORMULA_CODE) is not None:
        detail = "An item that people rate has no indicator."
        fields.fault("indicator", "indicator_of_rating", detail)
    return None


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
