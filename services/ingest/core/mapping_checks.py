"""What a mapping must be before any file is read by it: each fault with its place."""

from collections.abc import Iterator, Mapping
from typing import Any

from services.ingest.core.facts import FIELDS, REQUIRED
from services.ingest.core.fields import Unfit
from services.ingest.core.mapping_groups import SUMMED
from services.ingest.core.mapping_values import (
    AMOUNT,
    TOTALS,
    Schema,
    columns_of,
    parts_of,
    stated_schema,
)
from services.schema.errors import Fault, Invalid
from services.schema.shapes.mappings import (
    Combined,
    Constant,
    DayOrder,
    Elements,
    FileMapping,
    FromColumn,
    Members,
    Operation,
    Value,
)
from services.schema.words import FactKind

DEPTH = 4
"""Of values in values."""
# What a mapping says once, or whoever brings the file.
_GIVEN = frozenset({"source", "modified_at", "shop"})
_OF_MEASURES = frozenset({"measure", "amount"})


def check_mapping(mapping: FileMapping) -> None:
    """Refuse a mapping by which no row could ever become a fact, naming every place."""
    faults = list(_faults(mapping))
    if faults:
        raise Invalid("mapping_invalid", faults[0].detail, faults)


def _faults(mapping: FileMapping) -> Iterator[Fault]:
    fields, kind = FIELDS[mapping.kind], mapping.kind
    of_measures = kind is FactKind.MEASURES
    taken = {"source"} | (_OF_MEASURES if of_measures else set())
    for name, value in mapping.fields.items():
        place = f"/fields/{name}"
        if name not in fields or name in taken:
            yield Fault(place, "unknown_field", f"A mapping of {kind} states no field {name}.")
            continue
        yield from _of_value(value, stated_schema(fields[name].schema), place, 1)
        if isinstance(value, Constant):
            yield from _of_constant(value, fields[name].read, place)
    for name in REQUIRED[kind]:
        if name not in mapping.fields and name not in _GIVEN | taken:
            yield Fault(f"/fields/{name}", "missing", f"Every row of {kind} states {name}.")
    for name, value in mapping.measures.items():
        yield from _of_value(value, AMOUNT, f"/measures/{name}", 1)
    yield from _of_groups(mapping)
    yield from _of_stated_day(mapping)
    if of_measures != bool(mapping.measures):
        detail = "A mapping of measures names them, and no other does."
        yield Fault("/measures", "measures_expected", detail)
    values = [*mapping.fields.values(), *mapping.measures.values()]
    if not any(True for value in values for _ in columns_of(value)):
        yield Fault("/fields", "no_column", "A mapping reads at least one column.")


def _of_groups(mapping: FileMapping) -> Iterator[Fault]:
    if mapping.grouped and (mapping.kind is not FactKind.ORDERS or "lines" not in mapping.fields):
        yield Fault("/grouped", "value_unfit", "Rows are grouped to orders with lines alone.")
    if mapping.sums and not mapping.grouped:
        yield Fault("/sums", "value_unfit", "Only of grouped rows amounts are added up.")
    for name in sorted(mapping.sums - (SUMMED & mapping.fields.keys())):
        yield Fault("/sums", "unknown_field", f"The mapping states no amount {name}.")


def _of_stated_day(mapping: FileMapping) -> Iterator[Fault]:
    """Only a row that is of a shop's whole day can state it."""
    if mapping.states is None:
        return
    if mapping.kind is not FactKind.TRAFFIC or mapping.fields.keys() & {"channel", "campaign"}:
        yield Fault("/states", "value_unfit", "Only rows of a shop's whole day state it.")
    for name, value in mapping.states.totals.items():
        place = f"/states/{name}"
        yield from _of_value(value, TOTALS[name].schema, place, 1)
        if isinstance(value, Constant):
            yield Fault(place, "value_unfit", "What a day comes to stands in a column.")


def _of_value(value: Value, schema: Schema, place: str, depth: int) -> Iterator[Fault]:
    if depth > DEPTH:
        yield Fault(place, "too_deep", f"Values are nested at most {DEPTH} deep.")
    elif isinstance(value, Members) or schema.get("type") == "object":
        yield from _of_members(value, schema, place, depth)
    elif isinstance(value, Elements) or schema.get("type") == "array":
        if not isinstance(value, Elements) or schema.get("type") != "array":
            yield Fault(place, "value_unfit", "A list is expected here, or none.")
            return
        inner = stated_schema(schema["items"])
        for number, part in enumerate(value.elements):
            yield from _of_value(part, inner, f"{place}/items/{number}", depth + 1)
    elif isinstance(value, Combined):
        yield from _of_combined(value, schema, place, depth)
    elif isinstance(value, FromColumn):
        yield from _of_column(value, schema, place)


def _of_members(value: Value, schema: Schema, place: str, depth: int) -> Iterator[Fault]:
    known: Mapping[str, Any] | None = schema.get("properties")
    if not isinstance(value, Members) or known is None:
        yield Fault(place, "value_unfit", "An object is expected here, or none.")
        return
    for name, part in value.members.items():
        inner = f"{place}/members/{name}"
        if name not in known:
            yield Fault(inner, "unknown_field", f"There is no field {name} here.")
        else:
            yield from _of_value(part, stated_schema(known[name]), inner, depth + 1)


def _of_combined(value: Combined, schema: Schema, place: str, depth: int) -> Iterator[Fault]:
    is_text = schema.get("type") == "string"
    if is_text is not (value.operation is Operation.JOIN):
        yield Fault(place, "value_unfit", "Numbers are computed, texts and times are joined.")
        return
    inner: Schema = {"type": "string"} if is_text else AMOUNT
    for number, part in enumerate(parts_of(value)):
        yield from _of_value(part, inner, f"{place}/{value.operation}/{number}", depth + 1)


def _of_column(value: FromColumn, schema: Schema, place: str) -> Iterator[Fault]:
    is_number = "anyOf" in schema or schema.get("type") == "integer"
    if value.unit is not None and not is_number:
        yield Fault(f"{place}/unit", "value_unfit", "Only numbers have a unit.")
    form = schema.get("format")
    if value.is_day and (form is not None or schema.get("type") != "string"):
        yield Fault(f"{place}/is_day", "value_unfit", "Only a text may be a day besides.")
    is_day = form == "date" or value.is_day
    if value.order is not DayOrder.YEAR_FIRST and not (is_day or form == "date-time"):
        yield Fault(f"{place}/order", "value_unfit", "Only days and times have an order.")
    if value.of_time and not is_day:
        yield Fault(f"{place}/of_time", "value_unfit", "Only a day may be that of a time.")
    if value.of_day and form != "date-time":
        yield Fault(f"{place}/of_day", "value_unfit", "Only a time may be that of a day.")


def _of_constant(value: Constant, read: Any, place: str) -> Iterator[Fault]:
    try:
        read(value.value)
    except Unfit as unfit:
        yield Fault(f"{place}/constant", unfit.code, unfit.detail)
