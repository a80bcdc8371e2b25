"""Small teams pooled up the tree of units until they are large enough for a quota."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.api.core.populations import units_upward
from services.schema.shapes.people import Unit

Who = TypeVar("Who", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Pool(Generic[Who]):
    """People of one or several units who are ranked together."""

    unit: str | None
    """The lowest unit that holds them all as they were pooled; null is the company."""
    members: tuple[str, ...]
    """The units whose people are in it."""
    people: tuple[Who, ...]


def pool_by_unit(
    people: Mapping[Who, str], units: Mapping[str, Unit], *, minimum: int
) -> list[Pool[Who]]:
    """A pool for each unit of enough people; the people of smaller ones go up to the next.

    There they are joined by those of their siblings that were too small as well, and by the unit's
    own. What is still too small at the top is a pool of the company, whatever its size.
    """
    waiting: dict[str | None, list[Who]] = defaultdict(list)
    for who, unit in people.items():
        waiting[unit].append(who)
    pools: list[Pool[Who]] = []
    above = {code: tuple(units_upward(code, units)) for code in set(people.values())}
    depths = {code: len(path) - at for path in above.values() for at, code in enumerate(path)}
    for code in sorted(depths, key=lambda code: (-depths[code], code)):
        held = waiting.pop(code, [])
        if held and len(held) >= minimum:
            pools.append(_pool(code, held, people))
        elif held:
            parent = units[code].parent if code in units else None
            waiting[parent if parent in depths else None] += held
    if left := waiting.pop(None, []):
        pools.append(_pool(None, left, people))
    assert not waiting, "everyone is in a pool"
    return pools


def _pool(unit: str | None, held: list[Who], people: Mapping[Who, str]) -> Pool[Who]:
    order = {who: at for at, who in enumerate(people)}
    members = tuple(sorted({people[who] for who in held}))
    return Pool(unit, members, tuple(sorted(held, key=lambda who: order[who])))
