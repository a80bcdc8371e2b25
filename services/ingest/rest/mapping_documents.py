"""Mappings on the wire and in the files of the built-in ones: strict models and their shapes."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from services.door.wire import Code, FormulaCode, Model, Text, Timezone, at_most
from services.ingest import mappings
from services.ingest.core.cells import cell_text
from services.ingest.core.tables import DELIMITERS, ENCODINGS
from services.schema.shapes.mappings import (
    CellUnit,
    Combined,
    Condition,
    Constant,
    DayOrder,
    Elements,
    FileMapping,
    FromColumn,
    Members,
    Operation,
    StatedDay,
    Value,
)
from services.schema.shapes.reconciliations import Basis
from services.schema.words import FactKind

MOST_FIELDS = 100
MOST_WORDS = 2000
MOST_PARTS = 8
MOST_NOTES = 200

Heading = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Note = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Word = Annotated[str, StringConstraints(max_length=200), AfterValidator(cell_text)]
ScalarIn = str | int | bool
Words = Annotated[dict[Word, ScalarIn | None], Field(max_length=MOST_WORDS), at_most(MOST_WORDS)]


def _one_of(known: tuple[str, ...]) -> Any:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"one of {', '.join(map(repr, known))} is expected")
        return value

    return AfterValidator(check)


class ValueIn(Model):
    """Where a field comes from: a column, a constant, or a few values made one.

    Of `column`, `constant`, `sum`, `product`, `difference`, `first`, `join`, `members` and
    `items` exactly one is stated. The rest says how a column is read.
    """

    column: Heading | Annotated[list[Heading], Field(min_length=1, max_length=20)] | None = None
    """Its heading, or several that exports have for it: the first that is there is read."""
    constant: ScalarIn | None = None
    sum: "Parts | None" = None
    product: "Parts | None" = None
    difference: "Parts | None" = None
    """The first less all others."""
    first: "Parts | None" = None
    """The first that is stated: numbers that exports write in several columns or units."""
    join: "Parts | None" = None
    """Texts one after another, with a space between: a day and a time."""
    members: "Fields | None" = None
    items: "Annotated[list[ValueIn], Field(max_length=MOST_PARTS)] | None" = None
    optional: bool = False
    """Whether the file may be without the column."""
    unit: Annotated[CellUnit, Field(strict=False)] | None = None
    words: Words | None = None
    """What each word of the column stands for; `*` is all others, and what stands for itself."""
    order: Annotated[DayOrder, Field(strict=False)] | None = None
    of_time: bool = False
    """Whether the day of a moment is meant."""
    of_day: bool = False
    """Whether the first moment of a day is meant."""
    is_day: bool = False
    """Whether a text is a day, to be written the same however the file writes it: in an id."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        names = ("column", "constant", *Operation, "members", "items")
        stated = [name for name in names if getattr(self, name) is not None]
        if len(stated) != 1:
            raise ValueError(f"exactly one of {', '.join(names)} is stated")
        of_column = self.unit or self.words is not None or self.order
        flags = self.of_time or self.of_day or self.is_day or self.optional
        if stated != ["column"] and (of_column or flags):
            raise ValueError("how a column is read is said of a column alone")
        return self

    def to_shape(self) -> Value:
        if self.column is not None:
            return FromColumn(
                names=(self.column,) if isinstance(self.column, str) else tuple(self.column),
                optional=self.optional,
                unit=self.unit,
                words=self.words,
                order=self.order or DayOrder.YEAR_FIRST,
                of_time=self.of_time,
                of_day=self.of_day,
                is_day=self.is_day,
            )
        if self.members is not None:
            return Members({name: each.to_shape() for name, each in self.members.items()})
        if self.items is not None:
            return Elements(tuple(each.to_shape() for each in self.items))
        for operation in Operation:
            parts: list[ValueIn] | None = getattr(self, operation)
            if parts is not None:
                return Combined(operation, tuple(part.to_shape() for part in parts))
        assert self.constant is not None, "exactly one is stated"
        return Constant(self.constant)


Fields = Annotated[dict[Name, ValueIn], Field(max_length=MOST_FIELDS), at_most(MOST_FIELDS)]
Parts = Annotated[list[ValueIn], Field(min_length=2, max_length=MOST_PARTS)]
ValueIn.model_rebuild()


class ConditionIn(Model):
    """That a column holds one of some words; a column that is not there holds the empty one."""

    column: Heading | Annotated[list[Heading], Field(min_length=1, max_length=20)]
    words: Annotated[list[Word], Field(min_length=1, max_length=MOST_WORDS)]

    def to_shape(self) -> Condition:
        names = (self.column,) if isinstance(self.column, str) else tuple(self.column)
        return Condition(names, frozenset(self.words))


class StatedDayIn(Model):
    """What each row says of its shop's whole day: `/v1/reconciliations` holds it against ours."""

    basis: Annotated[Basis, Field(strict=False)]
    """By which day it counts orders."""
    orders: ValueIn | None = None
    """A count of orders: one of sub-orders or of articles is none."""
    amount: ValueIn | None = None
    """In the shop's currency."""
    timezone: Timezone | None = None
    """By whose midnight it cuts its days; the shop's unless stated."""
    net_of_refunds: bool = False
    """Whether what was paid back on the day is taken off."""
    with_excluded: bool = True
    """Whether orders count that are excluded here."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.orders is None and self.amount is None:
            raise ValueError("orders or amount is stated")
        return self

    def to_shape(self) -> StatedDay:
        totals = {"orders": self.orders, "amount": self.amount}
        return StatedDay(
            basis=self.basis,
            totals={name: value.to_shape() for name, value in totals.items() if value is not None},
            timezone=self.timezone,
            net_of_refunds=self.net_of_refunds,
            with_excluded=self.with_excluded,
        )


class MappingName(Model):
    zh: Text
    en: Text


class StatedMapping(Model):
    """How the rows of a file become facts of one kind."""

    name: MappingName
    kind: Annotated[FactKind, Field(strict=False)]
    fields: Fields
    """By the names of `POST /v1/facts/{kind}`."""
    measures: Annotated[
        dict[FormulaCode, ValueIn], Field(max_length=MOST_FIELDS), at_most(MOST_FIELDS)
    ] = Field(default_factory=dict)
    """Of posted measures: what each amounts to."""
    note: Note | None = None
    notes: Annotated[dict[Heading, Note], Field(max_length=MOST_NOTES), at_most(MOST_NOTES)] = (
        Field(default_factory=dict)
    )
    """By heading: what is uncertain (`?`), or why a column is left out."""
    source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,63}$")] | None = None
    """The mapping's code unless stated; `:` and the shop follow where the call names it."""
    timezone: Timezone | None = None
    """Of times without an offset; the shop's unless stated."""
    encoding: Annotated[str, _one_of(ENCODINGS)] | None = None
    delimiter: Annotated[str, _one_of(DELIMITERS)] | None = None
    sheet: Text | None = None
    header_row: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Found among the first forty unless stated; the same of encoding and delimiter."""
    missing: Annotated[list[Word], Field(max_length=50)] = Field(default_factory=list)
    """What stands for nothing, besides empty cells and dashes."""
    skip: Annotated[list[ConditionIn], Field(max_length=20)] = Field(default_factory=list)
    only: Annotated[list[ConditionIn], Field(max_length=20)] = Field(default_factory=list)
    grouped: bool = False
    """Whether rows of the same id are one order, each with lines of it, wherever they stand."""
    sums: Annotated[list[Name], Field(max_length=MOST_FIELDS)] = Field(default_factory=list)
    """Of grouped rows: the amounts of which each row states a part; of all others, the whole."""
    states: StatedDayIn | None = None
    """Of traffic of whole days: what its rows say of the day besides."""

    def to_shape(self, code: str, *, built_in: bool = False) -> FileMapping:
        return FileMapping(
            code=code,
            kind=self.kind,
            zh=self.name.zh,
            en=self.name.en,
            fields={name: value.to_shape() for name, value in self.fields.items()},
            measures={name: value.to_shape() for name, value in self.measures.items()},
            note=self.note,
            notes=self.notes,
            source=self.source,
            timezone=self.timezone,
            encoding=self.encoding,
            delimiter=self.delimiter,
            sheet=self.sheet,
            header_row=self.header_row,
            missing=frozenset(self.missing),
            skip=tuple(each.to_shape() for each in self.skip),
            only=tuple(each.to_shape() for each in self.only),
            grouped=self.grouped,
            sums=frozenset(self.sums),
            states=None if self.states is None else self.states.to_shape(),
            built_in=built_in,
        )


class MappingDocument(StatedMapping):
    """A mapping, built in or the tenant's own, as it was put."""

    code: Code
    built_in: bool


@cache
def built_in_mappings() -> Mapping[str, StatedMapping]:
    """The mappings that every tenant has, by code."""
    found = {}
    for file in files(mappings).iterdir():
        if file.name.endswith(".json"):
            text = file.read_text(encoding="utf-8")
            found[file.name.removesuffix(".json")] = StatedMapping.model_validate_json(text)
    return dict(sorted(found.items()))


def document_of(code: str, stated: StatedMapping) -> MappingDocument:
    """As it is shown: what was not stated is null or empty."""
    return MappingDocument(
        code=code,
        built_in=code in built_in_mappings(),
        **{name: getattr(stated, name) for name in StatedMapping.model_fields},
    )
