"""What the reasons against a scheme have in common: where an item stands, and what is not known."""

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import TypeVar

from services.schema.errors import Fault
from services.schema.shapes.schemes import Item, Scheme

Value = TypeVar("Value", str, Decimal)


def items_of(scheme: Scheme) -> Iterator[tuple[str, Item]]:
    """Each item with its place."""
    for at, section in enumerate(scheme.sections):
        for index, item in enumerate(section.items):
            yield f"/sections/{at}/items/{index}", item


def repeated(values: Iterable[Value]) -> list[Value]:
    return [value for value, count in Counter(values).items() if count > 1]


def unknown_indicator(pointer: str, code: str) -> Fault:
    return Fault(pointer, "indicator_unknown", f"There is no indicator {code!r}.")


def unknown_grade(pointer: str, grade: str) -> Fault:
    return Fault(pointer, "grade_unknown", f"There is no grade {grade}.")
