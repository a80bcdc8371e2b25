"""What the reasons against a scheme share: where an item is, what sums to 100, what is known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import TypeVar

from services.schema.errors import Fault
from services.schema.money import plain
from services.schema.shapes.schemes import Item, Scheme

_WHOLE = Decimal(100)

Value = TypeVar("Value", str, Decimal)


def items_of(scheme: Scheme) -> Iterator[tuple[str, Item]]:
    """Each item with its place."""
    for at, section in enumerate(scheme.sections):
        for index, item in enumerate(section.items):
            yield f"/sections/{at}/items/{index}", item


def faults_of_sum(pointer: str, weights: Sequence[Decimal], what: str) -> Iterator[Fault]:
    """One validator for every set of weights: above 0, and 100 together, exactly."""
    for index, weight in enumerate(weights):
        if weight <= 0:
            detail = f"A weight is above 0, not {plain(weight)}."
            yield Fault(f"{pointer}/{index}/weight", "weight_not_positive", detail)
    if (whole := sum(weights, Decimal(0))) != _WHOLE:
        detail = f"{what} weigh {plain(whole)} together, not 100."
        yield Fault(pointer, "weights_not_100", detail)


def repeated(values: Iterable[Value]) -> list[Value]:
    return [value for value, count in Counter(values).items() if count > 1]


def unknown_indicator(pointer: str, code: str) -> Fault:
    return Fault(pointer, "indicator_unknown", f"There is no indicator {code!r}.")


def unknown_grade(pointer: str, grade: str) -> Fault:
    return Fault(pointer, "grade_unknown", f"There is no grade {grade}.")
