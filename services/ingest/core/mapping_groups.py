"""How rows of one order become that order: what each says once is said of all, lines are joined.

Exports have a row for each article bought. Some repeat what is of the whole order in every row,
others state it in the first alone, and some give each row its part of an amount.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from services.ingest.core.cells import EXACT
from services.ingest.core.fields import Unfit
from services.ingest.core.mapping_values import CellUnfit
from services.ingest.core.mappings import CellsOfRow, Document, MappedRow
from services.schema.money import plain

SUMMED = frozenset({"paid_amount", "discount_amount", "cost_amount"})
"""Amounts of an order that may come in parts."""


def last_rows(rows: Iterable[MappedRow]) -> dict[str, int]:
    """In which row of the file each order is mentioned last."""
    return {order: row.line for row in rows if (order := order_of(row)) is not None}


def order_of(row: MappedRow) -> str | None:
    """The id of its order; null where the row names none, or is no fact."""
    known_by = row.documents[0].get("id") if row.documents else None
    return known_by if isinstance(known_by, str) else None


def group_rows(
    rows: Iterable[MappedRow], last: Mapping[str, int], sums: Collection[str]
) -> Iterator[MappedRow]:
    """Each order once, as soon as its last row was read: only orders that are begun are held.

    An order with a row at fault, or with rows that contradict each other, is refused whole.
    """
    begun: dict[str, _Order] = {}
    for row in rows:
        order = order_of(row)
        if order is None:
            yield row
            continue
        if order in begun:
            begun[order].add(row, sums)
        else:
            begun[order] = _Order(row.line, dict(row.documents[0]), _fault_of(row), list(row.came))
        if row.line == last[order]:
            yield begun.pop(order).whole()


@dataclass(slots=True)
class _Order:
    """An order as far as it was read."""

    line: int
    """Of the file, where it stands first."""
    document: Document
    fault: tuple[int, CellUnfit] | None = None
    """The first one, and in which row."""
    came: list[CellsOfRow] = field(default_factory=list)
    lines: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = list(self.document.get("lines", ()))

    def add(self, row: MappedRow, sums: Collection[str]) -> None:
        self.came += row.came
        self.fault = self.fault or _fault_of(row)
        if self.fault is not None:
            return
        (document,) = row.documents
        self.lines += document.get("lines", ())
        for name, value in document.items():
            if name not in self.document:
                self.document[name] = value
            elif name in sums:
                stated = Decimal(self.document[name])
                self.document[name] = plain(EXACT.add(stated, Decimal(value)))
            elif name != "lines" and self.document[name] != value:
                self.fault = row.line, self._contradiction(name, value)
                return

    def whole(self) -> MappedRow:
        """At fault it is told by the row where the fault is."""
        if "lines" in self.document:
            self.document["lines"] = self.lines
        if self.fault is not None:
            line, unfit = self.fault
            return MappedRow(line, (self.document,), unfit, came=tuple(self.came))
        return MappedRow(self.line, (self.document,), came=tuple(self.came))

    def _contradiction(self, name: str, value: Any) -> CellUnfit:
        """What stands there is not told of a buyer: faults are kept."""
        detail = f"Of {name} it says something else than row {self.line} of the same order."
        cell = "" if name == "buyer" else str(value)
        return CellUnfit(Unfit("rows_contradict", detail), field=name, column="", cell=cell)


def _fault_of(row: MappedRow) -> tuple[int, CellUnfit] | None:
    return None if row.unfit is None else (row.line, row.unfit)
