"""Whether grades meet their quotas, and the smallest set of moves after which they do."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

from services.api.core.distribution import Forced, held_in


@dataclass(frozen=True, slots=True)
class Allowed:
    """How many people may have one of the best grades, up to and including each.

    That is the sum of the quotas; where a tie took the better grade or gates kept people from it,
    anything between that and what forcing gives.
    """

    least: tuple[int, ...]
    most: tuple[int, ...]
    forced: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A move that would help to meet the quotas."""

    person: int
    from_grade: int
    to_grade: int


def allowed_by(quotas: Sequence[int], forced: Forced) -> Allowed:
    """What quotas allow, given what forcing makes of them."""
    stated = tuple(accumulate(quotas))
    given = tuple(accumulate(held_in(forced.grades, len(quotas))))
    pairs = list(zip(stated, given, strict=True))
    return Allowed(tuple(map(min, pairs)), tuple(map(max, pairs)), given)


def meets(allowed: Allowed, grades: Sequence[int]) -> bool:
    """Whether grades are what the quotas ask for."""
    held = accumulate(held_in(grades, len(allowed.forced)))
    bounds = zip(allowed.least, held, allowed.most, strict=True)
    return all(least <= count <= most for least, count, most in bounds)


def keeps_within(allowed: Allowed, grades: Sequence[int]) -> bool:
    """Whether no better grades hold more people than quotas allow; fewer are none too many."""
    held = accumulate(held_in(grades, len(allowed.forced)))
    return all(count <= most for count, most in zip(held, allowed.most, strict=True))


def propose(
    allowed: Allowed,
    grades: Sequence[int],
    *,
    limits: Sequence[int],
    places: Sequence[int],
    decided: Collection[int] = (),
) -> tuple[Proposal, ...]:
    """The smallest set of moves after which the grades meet the quotas; none where they do.

    Counted are steps of one grade, so that nobody is passed: from the best grade down, at each
    boundary the lowest placed go down, or the highest placed come up whom no gate keeps back.
    Whoever people have `decided` about is the last of those who are equally near.
    """
    now = list(grades)
    last = len(allowed.forced) - 1
    reached = 0
    for grade in range(last):
        held = sum(each <= grade for each in now)
        wanted = max(reached, _nearest(allowed, grade, held))
        order = [(at in decided, places[at], at) for at in range(len(now)) if now[at] == grade]
        down = sorted(order, key=lambda each: (each[0], -each[1], each[2]))
        for _, _, at in down[: max(0, held - wanted)]:
            now[at] = grade + 1
        waiting = [at for at in range(len(now)) if now[at] > grade and limits[at] <= grade]
        up = sorted(waiting, key=lambda at: (now[at], at in decided, places[at], at))
        for at in up[: max(0, wanted - held)]:
            now[at] = grade
        reached = wanted
    return tuple(
        Proposal(at, before, after)
        for at, (before, after) in enumerate(zip(grades, now, strict=True))
        if before != after
    )


def _nearest(allowed: Allowed, grade: int, held: int) -> int:
    """How many are to have this or a better grade: as many as now, or else as forcing gives."""
    if allowed.least[grade] <= held <= allowed.most[grade]:
        return held
    return allowed.forced[grade]
