"""How the people of a population stand to each other, and the grades that quotas give them.

Grades are places in the scheme's order, the best is 0. A limit is the best grade that gates leave
somebody; whoever nothing limits has 0.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from typing import TypeVar

from services.schema.money import share_out

Who = TypeVar("Who", bound=Hashable)
Key = tuple[tuple[bool, Decimal], ...]
"""What somebody is ranked by, the total first; greater is better."""


@dataclass(frozen=True, slots=True)
class BoundaryTie:
    """Equal people for whom a grade had too few places: they have it all the same."""

    grade: int
    people: tuple[int, ...]
    places: int
    """Those that were left for them."""


@dataclass(frozen=True, slots=True)
class Forced:
    """The grade of each, in the order in which they were given, and the ties that were met."""

    grades: tuple[int, ...]
    ties: tuple[BoundaryTie, ...]


def rank_by_total(totals: Mapping[Who, Decimal | None]) -> dict[Who, int | None]:
    """Standard competition: 90, 85, 85 and 0 are 1, 2, 2 and 4; without a total no rank."""
    places = rank([((True, total),) for total in totals.values() if total is not None])
    left = iter(places)
    return {who: None if total is None else next(left) for who, total in totals.items()}


def rank(keys: Sequence[Key]) -> tuple[int, ...]:
    """The place of each by standard competition: equal keys share the better place."""
    places: dict[Key, int] = {}
    for place, key in enumerate(sorted(keys, reverse=True), 1):
        places.setdefault(key, place)
    return tuple(places[key] for key in keys)


def key_of(
    total: Decimal, tie_breakers: Sequence[Decimal | None], *, lower_is_better: Sequence[bool]
) -> Key:
    """What somebody is ranked by: the total, then each tie-breaker; no value is the worst."""
    rest = (
        (False, Decimal(0)) if value is None else (True, -value if lower else value)
        for value, lower in zip(tie_breakers, lower_is_better, strict=True)
    )
    return ((True, total), *rest)


def quotas_of(shares: Sequence[Decimal], people: int) -> tuple[int, ...]:
    """Shares of people, best grade first, by largest remainder; equal ones to the better grade."""
    return tuple(int(each) for each in share_out(Decimal(people), shares, 0))


def force(keys: Sequence[Key], limits: Sequence[int], quotas: Sequence[int]) -> Forced:
    """Grades by rank and quota (`domain.md`, section 5).

    From the best grade down each takes the best of those whom no gate keeps from it, up to the
    places of its own and all better quotas. A tie at the boundary takes the better grade, and the
    next grades give up the places; places that nobody may have pass to the next grade.
    """
    assert sum(quotas) == len(keys) == len(limits), "quotas are of these people"
    grades = [len(quotas) - 1] * len(keys)
    ties: list[BoundaryTie] = []
    waiting = sorted(range(len(keys)), key=lambda at: keys[at], reverse=True)
    for grade, places in enumerate(accumulate(quotas)):
        free = places - (len(keys) - len(waiting))
        allowed = [at for at in waiting if limits[at] <= grade]
        if free <= 0 or not allowed:
            continue
        taken = allowed[:free]
        tied = [at for at in allowed[free:] if keys[at] == keys[taken[-1]]]
        if tied:
            equal = [at for at in taken if keys[at] == keys[taken[-1]]]
            ties.append(BoundaryTie(grade, tuple(sorted([*equal, *tied])), len(equal)))
        for at in (*taken, *tied):
            grades[at] = grade
        chosen = {*taken, *tied}
        waiting = [at for at in waiting if at not in chosen]
    assert all(limit <= grade for limit, grade in zip(limits, grades, strict=True))
    return Forced(tuple(grades), tuple(ties))


def held_in(grades: Sequence[int], so_many: int) -> tuple[int, ...]:
    """How many people have each of so many grades."""
    counts = [0] * so_many
    for grade in grades:
        counts[grade] += 1
    return tuple(counts)
