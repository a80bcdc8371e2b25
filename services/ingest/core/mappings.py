"""How rows of cells become rows of facts by a mapping: values in, values out.

A mapping is bound to the headings of one file; each row then gives no fact, one, or of posted
measures several, or it is at fault in a column that is named with what stands there.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.core.cells import cell_text, shown
from services.ingest.core.facts import FIELDS
from services.ingest.core.fields import Unfit
from services.ingest.core.mapping_values import (
    AMOUNT,
    TOTALS,
    Cells,
    CellUnfit,
    Header,
    Schema,
    cell_at,
    columns_of,
    reader_of,
    stated_schema,
)
from services.schema.shapes.facts import TrafficForm
from services.schema.shapes.mappings import Condition, FileMapping
from services.schema.shapes.reconciliations import DayStatement
from services.schema.words import FactKind

HEADER_ROWS = 40
"""Rows among which the headings are looked for."""
Document = dict[str, Any]


class HeadingsMissing(Exception):
    """No row of the file holds the headings that a mapping asks for."""

    def __init__(self, detail: str, missing: int) -> None:
        super().__init__(detail)
        self.missing = missing
        """How many the nearest row is without."""


class CellsOfRow(NamedTuple):
    """A row of the file as it came."""

    line: int
    cells: Cells


@dataclass(slots=True)
class MappedRow:
    """What a row of the file became."""

    line: int
    """As the file's own rows are numbered, from 1."""
    documents: tuple[Document, ...] = ()
    unfit: CellUnfit | None = None
    """Then there is one document, which says what could be read."""
    said: DayStatement | None = None
    """Of its shop's day, for ours to be held against; nothing where the row is at fault."""
    came: tuple[CellsOfRow, ...] = field(default=(), compare=False, repr=False)
    """The rows that it was made of; none where it is no fact."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What whoever brings a file says of all its rows."""

    shop: str | None
    at: str
    """When the file was written: so old are rows that do not say when they changed."""
    zones: Mapping[str, ZoneInfo]
    """Of shops by code."""
    home: ZoneInfo
    """Of what belongs to no shop."""


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """A column of a file, and what it became."""

    heading: str
    place: int | None
    """From 0; null is not in the file."""
    fields: tuple[str, ...]
    """None: it is left out."""
    sample: str | None = None
    """What stands in it where it first says something."""
    note: str | None = None


class BoundMapping:
    """A mapping over the headings of one file."""

    def __init__(self, mapping: FileMapping, header_row: int, header: Cells) -> None:
        self.mapping = mapping
        self.header_row = header_row
        self._header = Header(header)
        self._samples: dict[int, str] = {}
        schemas = {name: field.schema for name, field in FIELDS[mapping.kind].items()}
        missing = mapping.missing
        self._readers = {
            name: reader_of(value, stated_schema(schemas[name]), name, self._header, missing)
            # The shop comes first: its zone is the one of the row's times.
            for name, value in sorted(mapping.fields.items(), key=lambda item: item[0] != "shop")
        }
        self._measures = {
            name: reader_of(value, AMOUNT, name, self._header, missing)
            for name, value in mapping.measures.items()
        }
        self._days = DaysOf(mapping, self._header)
        self._skip = [self._condition(each) for each in mapping.skip]
        self._only = [self._condition(each) for each in mapping.only]
        self._zone = ZoneInfo(mapping.timezone) if mapping.timezone else None
        self._takes_shop = takes_shop(mapping)

    def columns(self) -> list[ReadColumn]:
        """Each column of the file by its place, and those of the mapping that it is without."""
        header, notes = self._header, self.mapping.notes
        found = [
            ReadColumn(
                name,
                place,
                tuple(header.fields.get(place, ())),
                self._samples.get(place),
                notes.get(name),
            )
            for place, name in enumerate(header.headings)
            if name
        ]
        return found + [
            ReadColumn(name, None, tuple(fields), None, notes.get(name))
            for name, fields in header.absent.items()
        ]

    def cells_of(self, came: Iterable[CellsOfRow]) -> list[Document]:
        """What stood in rows of the file, to the letter: of each column that is read, but for one
        that tells of buyers; of all others the headings.
        """
        header = self._header
        read, withheld = [], []
        for place, name in enumerate(header.headings):
            if place in header.fields and "buyer" not in header.fields[place]:
                read.append((place, name))
            elif name:
                withheld.append(name)
        return [
            {
                "row": line,
                "cells": {name: cell_at(cells, place) for place, name in read},
                "withheld": withheld,
            }
            for line, cells in came
        ]

    def read(self, line: int, cells: Cells, stated: Stated) -> MappedRow:
        """The row as facts; without any where it is empty, skipped or states nothing."""
        texts = [cell_text(cell) for cell in cells]
        if not any(texts) or self._is_skipped(texts):
            return MappedRow(line)
        self._sample(texts)
        came = (CellsOfRow(line, cells),)
        document, unfit = self._fill(texts, stated)
        if self.mapping.kind is not FactKind.MEASURES:
            try:
                said = None if unfit else self._days.read(texts, document, stated)
            except CellUnfit as error:
                return MappedRow(line, (document,), error, came=came)
            return MappedRow(line, (document,), unfit, said, came)
        rows = []
        for name, reader in self._measures.items():
            try:
                amount = reader(texts, stated.home)
            except CellUnfit as error:
                unfit = unfit or error
            else:
                if amount is not None:
                    rows.append({**document, "measure": name, "amount": amount})
        return MappedRow(line, (document,) if unfit else tuple(rows), unfit, came=came)

    def _fill(self, texts: Cells, stated: Stated) -> tuple[Document, CellUnfit | None]:
        """All fields that can be read, and the first fault; what is at fault is kept as it stands,
        unless it may name a buyer.
        """
        mapping = self.mapping
        document: Document = {"source": mapping.source or mapping.code}
        if self._takes_shop and stated.shop is not None:
            document["source"] += f":{stated.shop}"
            document["shop"] = stated.shop
        if "modified_at" not in mapping.fields:
            document["modified_at"] = stated.at
        unfit: CellUnfit | None = None
        for name, read in self._readers.items():
            zone = self._zone or stated.zones.get(str(document.get("shop")), stated.home)
            try:
                value = read(texts, zone)
            except CellUnfit as error:
                if name == "buyer":
                    unfit = unfit or error.untold()
                else:
                    unfit = unfit or error
                    document[name] = error.cell
            else:
                if value is not None:
                    document[name] = value
        return document, unfit

    def _is_skipped(self, texts: Cells) -> bool:
        skipped = any(test(texts) for test in self._skip)
        return skipped or not all(test(texts) for test in self._only)

    def _condition(self, condition: Condition) -> Callable[[Cells], bool]:
        """A column that is not there holds nothing."""
        place, words = self._header.find(condition.names), condition.words
        if place is None:
            return lambda _texts: "" in words
        return lambda texts: cell_at(texts, place) in words

    def _sample(self, texts: Cells) -> None:
        """Soon full: only columns that nobody has seen anything in are looked at."""
        if len(self._samples) < len(self._header.headings):
            for place, text in enumerate(texts):
                if text and place not in self._samples:
                    self._samples[place] = text


class DaysOf:
    """What rows say of their shops' days, by the headings over them."""

    def __init__(self, mapping: FileMapping, header: Header) -> None:
        self._mapping = mapping
        self._totals = {
            name: reader_of(value, TOTALS[name].schema, f"states/{name}", header, mapping.missing)
            for name, value in (mapping.states.totals if mapping.states else {}).items()
        }

    def read(self, texts: Cells, document: Document, stated: Stated) -> DayStatement | None:
        """What a row says of its shop's day; null where it says nothing, or of no day."""
        states = self._mapping.states
        if states is None or not document.keys() >= {"shop", "day"}:
            return None
        shop = str(document["shop"])
        zone = stated.zones.get(shop, stated.home)
        found: dict[str, Any] = {}
        for name, read in self._totals.items():
            value = read(texts, zone)
            if value is not None:
                found[name] = _total(name, value)
        try:
            day = FIELDS[self._mapping.kind]["day"].read(document["day"])
        except Unfit:
            # As a fact the row is refused for it.
            return None
        if not found:
            return None
        return DayStatement(
            source=self._mapping.source or self._mapping.code,
            shop=shop,
            day=day,
            basis=states.basis,
            timezone=states.timezone or zone.key,
            stated_at=datetime.fromisoformat(stated.at),
            orders=found.get("orders"),
            amount=found.get("amount"),
            net_of_refunds=states.net_of_refunds,
            with_excluded=states.with_excluded,
        )


def say_again(
    mapping: FileMapping, cells: Mapping[str, str], document: Document, stated: Stated
) -> DayStatement | None:
    """What a row that was kept says of its shop's day, by a mapping as it stands now.

    Raises CellUnfit where it cannot be read, or reads what was not kept of the row.
    """
    header = Header(list(cells))
    for value in mapping.states.totals.values() if mapping.states else ():
        for column in columns_of(value):
            if not column.optional and header.find(column.names) is None:
                detail = f"Column {shown(column.names[0])} was not kept of this row: post its file."
                unfit = Unfit("column_missing", detail)
                raise CellUnfit(unfit, field="states", column=column.names[0], cell="")
    texts = [cell_text(cell) for cell in cells.values()]
    return DaysOf(mapping, header).read(texts, document, stated)


def takes_shop(mapping: FileMapping) -> bool:
    """Whether its rows leave open of which shop they are."""
    of_people = {"unit", "employee"} if mapping.kind is FactKind.MEASURES else set()
    return not mapping.fields.keys() & {"shop", *of_people}


def form_of(document: Mapping[str, Any]) -> TrafficForm:
    """Whether a row of traffic is all of its shop's day, or a part."""
    is_part = document.get("channel") or document.get("campaign")
    return TrafficForm.PARTS if is_part else TrafficForm.WHOLE


def bind(mapping: FileMapping, rows: Iterator[tuple[int, list[str]]]) -> BoundMapping:
    """The mapping over the file's headings; the rows that follow them are still to come."""
    totals = mapping.states.totals if mapping.states else {}
    values = [*mapping.fields.values(), *mapping.measures.values(), *totals.values()]
    wanted = [
        column.names for value in values for column in columns_of(value) if not column.optional
    ]
    nearest: list[str] | None = None
    last = mapping.header_row or HEADER_ROWS
    for line, cells in rows:
        if line > last:
            break
        if line < (mapping.header_row or 1):
            continue
        header = Header(cells)
        missing = [names[0] for names in wanted if header.find(names) is None]
        if not missing:
            return BoundMapping(mapping, line, cells)
        if nearest is None or len(missing) < len(nearest):
            nearest = missing
        if line == last:
            break
    where = f"Row {last}" if mapping.header_row else f"None of the first {last} rows"
    lacking = dict.fromkeys([names[0] for names in wanted] if nearest is None else nearest)
    verb = "lacks" if mapping.header_row else "holds all headings of the mapping; the nearest lacks"
    raise HeadingsMissing(f"{where} {verb} {', '.join(lacking)}.", len(lacking))


def _total(name: str, value: Any) -> Any:
    """As the day of a shop holds it."""
    try:
        return TOTALS[name].read(value)
    except Unfit as unfit:
        raise CellUnfit(unfit, field=f"states/{name}", column="", cell=str(value)) from None


def row_text(document: Document) -> str:
    """A row as the JSON object that it stands for."""
    return json.dumps(document, ensure_ascii=False)


def totals_of(said: DayStatement | None) -> Iterator[tuple[str, Decimal]]:
    """What a row says of its shop's day, as a check names it."""
    for name in TOTALS if said is not None else ():
        value = getattr(said, name)
        if value is not None:
            yield f"states/{name}", Decimal(value)


def numbers_of(kind: FactKind, document: Mapping[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Every number that a row states by its field; of posted measures by the measure."""
    if kind is FactKind.MEASURES:
        yield str(document["measure"]), Decimal(document["amount"])
        return
    schemas = {name: stated_schema(field.schema) for name, field in FIELDS[kind].items()}
    yield from _numbers(document, schemas, "")


def _numbers(
    document: Mapping[str, Any], schemas: Mapping[str, Schema], prefix: str
) -> Iterator[tuple[str, Decimal]]:
    for name, value in document.items():
        schema = schemas[name]
        if "properties" in schema:
            inner = {key: stated_schema(each) for key, each in schema["properties"].items()}
            yield from _numbers(value, inner, f"{prefix}{name}/")
        elif "anyOf" in schema or (schema.get("type") == "integer" and "enum" not in schema):
            yield f"{prefix}{name}", Decimal(value)
