"""How one value of a mapping is read from the cells of a row, as its field needs it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any
from zoneinfo import ZoneInfo

from services.ingest.core.cells import (
    EXACT,
    NOTHING,
    Doubtful,
    cell_text,
    heading,
    read_day,
    read_flag,
    read_instant,
    read_number,
    shown,
)
from services.ingest.core.fields import Fields, Unfit, amount, count
from services.schema.money import plain
from services.schema.shapes.mappings import (
    Combined,
    Constant,
    Elements,
    FromColumn,
    Members,
    Operation,
    Value,
)

Cells = Sequence[str]
Schema = Mapping[str, Any]
Reader = Callable[[Cells, ZoneInfo], Any]
_TextReader = Callable[[str, ZoneInfo], Any]

AMOUNT: Schema = {"anyOf": [{"type": "string"}, {"type": "number"}]}
TOTALS: Fields = {"orders": count(), "amount": amount(negative=True)}
"""What a row may say of its shop's day."""
OTHERS = "*"
"""Among the words of a column: all that are not named; as a meaning: as they stand."""
_INEXACT = "is a number of more than 4 decimals or 15 digits in a spreadsheet: keep it as text."
_TEXT: Schema = {"type": "string"}
_COMPUTES: Mapping[Operation, Callable[[Decimal, Decimal], Decimal]] = {
    Operation.SUM: EXACT.add,
    Operation.DIFFERENCE: EXACT.subtract,
    Operation.PRODUCT: EXACT.multiply,
    Operation.FIRST: lambda first, _others: first,
}


class CellUnfit(Unfit):
    """A cell that cannot be read: in which column, and what stands there."""

    def __init__(self, unfit: Unfit, *, field: str, column: str, cell: str) -> None:
        super().__init__(unfit.code, unfit.detail, f"/{field}")
        self.column = column
        self.cell = cell

    def untold(self) -> "CellUnfit":
        """The same without what stands there: it may tell who a buyer is, and faults are kept."""
        detail = f"Column {shown(self.column)} cannot be read as a text."
        unfit = Unfit(self.code, detail)
        return CellUnfit(unfit, field=self.pointer[1:], column=self.column, cell="")


class Header:
    """The headings of a file, and which of its columns are read for which field."""

    def __init__(self, cells: Cells) -> None:
        self.headings = [cell_text(cell) for cell in cells]
        self.fields: dict[int, dict[str, None]] = {}
        """By place, in the order of the mapping."""
        self.absent: dict[str, dict[str, None]] = {}
        self._places: dict[str, int] = {}
        for place, cell in enumerate(self.headings):
            self._places.setdefault(heading(cell), place)

    def find(self, names: Sequence[str]) -> int | None:
        """The place of the first of some headings that is there."""
        places = (self._places.get(heading(name)) for name in names)
        return next((place for place in places if place is not None), None)

    def use(self, column: FromColumn, field: str) -> int | None:
        """The same, noting what the column is for."""
        place = self.find(column.names)
        if place is None:
            self.absent.setdefault(column.names[0], {})[field] = None
        else:
            self.fields.setdefault(place, {})[field] = None
        return place


def columns_of(value: Value) -> Iterator[FromColumn]:
    """Every column that a value reads."""
    if isinstance(value, FromColumn):
        yield value
    for part in parts_of(value):
        yield from columns_of(part)


def parts_of(value: Value) -> tuple[Value, ...]:
    """The values that a value is made of."""
    if isinstance(value, Combined):
        return value.parts
    if isinstance(value, Members):
        return tuple(value.members.values())
    return value.elements if isinstance(value, Elements) else ()


def cell_at(texts: Cells, place: int) -> str:
    """Rows may end before their last columns."""
    return texts[place] if place < len(texts) else ""


def reader_of(
    value: Value, schema: Schema, field: str, header: Header, missing: frozenset[str]
) -> Reader:
    """What reads the value from each row of the file; null is not stated."""

    def inner(part: Value, schema: Schema, field: str) -> Reader:
        return reader_of(part, schema, field, header, missing)

    if isinstance(value, Constant):
        return lambda _texts, _zone: value.value
    if isinstance(value, FromColumn):
        return _column(value, schema, field, header, NOTHING | missing)
    if isinstance(value, Combined):
        part_schema = _TEXT if value.operation is Operation.JOIN else AMOUNT
        readers = [inner(part, part_schema, field) for part in value.parts]
        if value.operation is Operation.JOIN:
            return _joined(readers, schema, field)
        return _computed(readers, value.operation, schema, field)
    if isinstance(value, Members):
        known = schema["properties"]
        return _members(
            {
                name: inner(part, stated_schema(known[name]), f"{field}/{name}")
                for name, part in value.members.items()
            }
        )
    assert isinstance(value, Elements), "that are all kinds of values"
    return _elements(
        [
            inner(part, stated_schema(schema["items"]), f"{field}/{number}")
            for number, part in enumerate(value.elements)
        ]
    )


def stated_schema(schema: Schema) -> Schema:
    """What a field that may be null is where it is stated."""
    (first, *others) = schema.get("anyOf", [schema])
    return first if others == [{"type": "null"}] else schema


def _column(
    value: FromColumn, schema: Schema, field: str, header: Header, nothing: frozenset[str]
) -> Reader:
    place = header.use(value, field)
    if place is None:
        return lambda _texts, _zone: None
    column = header.headings[place]
    words = value.words
    read = _text_reader(value, schema)

    def read_cell(texts: Cells, zone: ZoneInfo) -> Any:
        text = cell_at(texts, place)
        if words is not None and text in words:
            return words[text]
        if text in nothing:
            return None
        try:
            if isinstance(text, Doubtful):
                raise Unfit("number_inexact", f"{shown(text)} {_INEXACT}")
            if words is None or words.get(OTHERS) == OTHERS:
                return read(text, zone)
            if OTHERS in words:
                return words[OTHERS]
            raise Unfit("word_unknown", f"{shown(text)} is no word of the mapping.")
        except Unfit as unfit:
            named = Unfit(unfit.code, f"Column {shown(column)}: {unfit.detail}")
            raise CellUnfit(named, field=field, column=column, cell=text) from None

    return read_cell


def _joined(readers: Sequence[Reader], schema: Schema, field: str) -> Reader:
    read = _text_reader(FromColumn(()), schema)

    def join(texts: Cells, zone: ZoneInfo) -> Any:
        parts = [reader(texts, zone) for reader in readers]
        if None in parts:
            return None
        text = " ".join(map(str, parts))
        try:
            return read(text, zone)
        except Unfit as unfit:
            raise CellUnfit(unfit, field=field, column=field, cell=text) from None

    return join


def _computed(
    readers: Sequence[Reader], operation: Operation, schema: Schema, field: str
) -> Reader:
    compute, finish = _COMPUTES[operation], _finisher(schema)

    def work_out(texts: Cells, zone: ZoneInfo) -> Any:
        parts = [reader(texts, zone) for reader in readers]
        known = [part for part in parts if part is not None]
        if not known or (len(known) < len(parts) and operation is not Operation.FIRST):
            return None
        number = reduce(compute, map(Decimal, known))
        try:
            return finish(number)
        except Unfit as unfit:
            raise CellUnfit(unfit, field=field, column=field, cell=plain(number)) from None

    return work_out


def _members(readers: Mapping[str, Reader]) -> Reader:
    def read(texts: Cells, zone: ZoneInfo) -> Any:
        found = {name: reader(texts, zone) for name, reader in readers.items()}
        return {name: each for name, each in found.items() if each is not None} or None

    return read


def _elements(readers: Sequence[Reader]) -> Reader:
    def read(texts: Cells, zone: ZoneInfo) -> Any:
        found = [reader(texts, zone) for reader in readers]
        return [each for each in found if each is not None]

    return read


def _text_reader(value: FromColumn, schema: Schema) -> _TextReader:
    """By what the field holds."""
    expected, form = schema.get("type"), schema.get("format")
    if expected == "boolean":
        return lambda text, _zone: read_flag(text)
    if form == "date" or value.is_day:
        return lambda text, _zone: read_day(text, value.order, of_time=value.of_time).isoformat()
    if form == "date-time":
        return lambda text, zone: read_instant(text, value.order, zone, of_day=value.of_day)
    if expected == "string":
        return lambda text, _zone: text
    finish = _finisher(schema)
    return lambda text, _zone: finish(read_number(text, value.unit))


def _finisher(schema: Schema) -> Callable[[Decimal], Any]:
    """A number as the field takes it: a count is whole, an amount has its decimals as they are."""
    return _whole if schema.get("type") == "integer" else plain


def _whole(number: Decimal) -> int:
    if number != number.to_integral_value():
        raise Unfit("count_invalid", f"{plain(number)} is no whole number.")
    return int(number)
