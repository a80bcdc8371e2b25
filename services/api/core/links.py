"""Links: where the facts behind a value can be read, as paths of the facts door."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from services.api.core.amounts import Part
from services.api.core.measures import EMPLOYEE, KEPT, SHOP, UNIT
from services.schema.shapes.indicators import Slice
from services.schema.shapes.measures import Condition, Measure
from services.schema.words import FactKind

MOST_LINKS = 50
"""Links of one value; a unit of more people and shops has these of them."""

_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_FILTERED = ("channel", "campaign")


def links_of(parts: Sequence[Part]) -> tuple[str, ...]:
    """A link for each shop and each person whose facts count, each once."""
    found = dict.fromkeys(
        link
        for part in parts
        for one in part.selection.slices
        for link in _links(part.measure, part.filter.conditions, one)
    )
    return tuple(found)[:MOST_LINKS]


@lru_cache(maxsize=2000)
def _links(measure: Measure, conditions: tuple[Condition, ...], one: Slice) -> tuple[str, ...]:
    """Kept, because many people's values are made of the same slice.

    Nobody is named whom facts of the kind do not name: traffic knows shops and no person.
    """
    kind = measure.kind
    days = [("from", one.start.isoformat()), ("to", one.end.isoformat())]
    path = f"/v1/facts/{kind}"
    filters = [pair for condition in conditions for pair in _filter(condition)]
    if kind is FactKind.MEASURES:
        filters.append(("measure", measure.code))
    if one.shops is None and one.employees is None:
        return (_link(path, [*filters, *days]),)
    named = ((SHOP, one.shops), (EMPLOYEE, one.employees), (UNIT, one.units))
    whose = [
        (name, code) for name, codes in named if name in KEPT[kind] for code in sorted(codes or ())
    ]
    return tuple(_link(path, [who, *filters, *days]) for who in whose[:MOST_LINKS])


def _filter(condition: Condition) -> Iterator[tuple[str, str]]:
    """What the facts door can filter by: one channel or campaign; it shows more for the rest."""
    single = len(condition.values) == 1 and condition.values[0] and not condition.negated
    if single and condition.dimension in _FILTERED:
        yield condition.dimension, condition.values[0]


def _link(path: str, query: Sequence[tuple[str, str]]) -> str:
    return f"{path}?{'&'.join(f'{name}={_quoted(value)}' for name, value in query)}"


def _quoted(text: str) -> str:
    if _PLAIN.issuperset(text):
        return text
    return "".join(
        letter if letter in _PLAIN else "".join(f"%{byte:02X}" for byte in letter.encode())
        for letter in text
    )
