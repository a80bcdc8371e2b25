"""How a stored fact is shown: the fields it was posted with, and the day it counts on."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from services.ingest.core.facts import FIELDS, REQUIRED
from services.ingest.store.facts import NO_DAY
from services.schema.money import fixed, minor_places, places_of, plain
from services.schema.words import FactKind

_MONEY = frozenset(
    {"paid_amount", "discount_amount", "cost_amount", "ad_cost", "stock_value", "target_amount"}
)
# What a refund takes from its order, and every amount from its shop.
_ADDED: dict[FactKind, tuple[str, ...]] = {
    FactKind.ORDERS: ("day",),
    FactKind.REFUNDS: ("currency", "salesperson", "channel", "campaign", "counts", "day"),
    FactKind.RATINGS: ("day",),
    FactKind.CHATS: ("day",),
    FactKind.TRAFFIC: ("currency",),
    FactKind.STOCK: ("currency",),
    FactKind.CAMPAIGNS: ("currency", "day"),
    FactKind.MEASURES: ("currency",),
}
_DECIMAL = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}
_NEVER_NULL = frozenset({"currency", "counts"})


def fact_document(kind: FactKind, row: Mapping[str, Any]) -> dict[str, Any]:
    """A stored fact; a buyer is the keyed hash that is kept."""
    names = (*FIELDS[kind], *(name for name in _ADDED[kind] if name not in FIELDS[kind]))
    return {name: _shown(kind, name, row) for name in names}


def fact_schema(kind: FactKind) -> dict[str, Any]:
    """The JSON schema of a stored fact: every field is there."""
    properties = {
        name: _stored_schema(field.schema, null=name not in REQUIRED[kind])
        for name, field in FIELDS[kind].items()
    }
    for name in _ADDED[kind]:
        word = {"type": "boolean" if name == "counts" else "string"}
        properties.setdefault(name, _stored_schema(word, null=name not in _NEVER_NULL))
    return {
        "title": kind.value,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _stored_schema(schema: Mapping[str, Any], *, null: bool) -> dict[str, Any]:
    """A decimal is always a text on its way out."""
    stored = _DECIMAL if "anyOf" in schema else dict(schema)
    return {"anyOf": [stored, {"type": "null"}]} if null else stored


def _shown(kind: FactKind, name: str, row: Mapping[str, Any]) -> Any:
    if name == "lines":
        return [_line(line, row["currency"]) for line in row["lines"]]
    value: object
    if name == "day":
        value = row["counted_on"] if row["counted_on"] != NO_DAY else None
    else:
        value = row["order_id" if name == "order" else name]
    if isinstance(value, Decimal):
        is_money = name in _MONEY or (name == "amount" and kind is FactKind.REFUNDS)
        return money(value, row["currency"]) if is_money else plain(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return None if value == "" else value


def _line(line: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {**line, "amount": money(Decimal(line["amount"]), currency)}


def money(value: Decimal, currency: str) -> str:
    """The currency's decimals, and as many more as were stated."""
    return fixed(value, max(minor_places(currency), places_of(value)))
